"""From an assessment to what is done about it. Pure."""
