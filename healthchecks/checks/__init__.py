"""The four checks."""
