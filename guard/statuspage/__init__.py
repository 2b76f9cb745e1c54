"""The public status page: what is wrong in plain words, ninety days of uptime, and a feed; nothing internal."""
