"""What of a text that people read in Chinese is still English."""

import re

_KEPT = re.compile(r"`[^`]*`|'[^']*'|\"[^\"]*\"|https?://\S+|\[[a-z.]+\]")
"""Commands, what a page or an extension said in quotes, addresses, names of settings."""
_PHRASES = re.compile(r"service worker|pull request|Manifest V|release-guard \S+")
"""What engineers in Taiwan say in English."""
_RUN = re.compile(r"[A-Za-z][A-Za-z'’-]*(?:[ ,]+[A-Za-z][A-Za-z'’-]*)+")


def untold(text: str) -> list[str]:
    """Two or more English words in a row."""
    return _RUN.findall(_PHRASES.sub("", _KEPT.sub("", text)))
