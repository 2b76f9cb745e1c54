"""Incidents: their life, their timeline, their postmortem. Pure."""
