"""Recorded or invented samples through detection and decision: what would the guard have done, and when. Pure."""
