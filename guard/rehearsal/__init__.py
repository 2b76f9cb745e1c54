"""The rehearsal: the whole story on this machine, with the sample extension, a local store and a local Sentry."""
