"""The release guard: releases, verdicts, rollbacks and incidents of Chrome extensions."""
