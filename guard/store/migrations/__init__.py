"""Schema changes, in their order."""
