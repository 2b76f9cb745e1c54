"""The Chrome Web Store: its API, packages and versions, its update service, and a local store."""
