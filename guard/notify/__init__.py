"""Telling people: what is told, to whom, when, and how it is delivered."""
