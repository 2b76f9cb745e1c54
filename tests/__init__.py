"""Tests of the release guard."""
