"""Health checks of a Chrome extension in a real Chromium."""
