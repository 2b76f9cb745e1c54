"""Tickets: GitHub issues that are kept true, for incidents and action items."""
