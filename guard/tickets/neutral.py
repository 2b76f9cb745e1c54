"""Text from anywhere, made harmless in an issue of GitHub's: it stays what it says, and does nothing there. Pure.

Neither a backslash nor an entity keeps GitHub from mentioning somebody: it looks for mentions and references after Markdown was read.
An invisible space inside does, in the page as well as in the mails that are sent of it.
"""

import re

_SPACE = "\u200b"
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()+!|~$])")
_CUT = "…"


def line(text: str, longest: int = 600) -> str:
    """Text inside one line of Markdown, of bounded length: no markup, mention, reference, link, comment or command is left in it."""
    flat = plain(text, longest)
    # The ampersand first: an entity in the text would be read before mentions are looked for.
    safe = _MARKDOWN.sub(r"\\\1", flat.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))
    return _quiet(safe)


def title(text: str, longest: int) -> str:
    """Text in a title, which knows no Markdown; it goes into mails and into workflows as well."""
    return _quiet(plain(text, longest))


def plain(text: str, longest: int) -> str:
    """Text on one line and of bounded length, without anything that cannot be seen."""
    # What is far too long is cut before it is looked at letter by letter.
    flat = " ".join("".join(letter if letter.isprintable() else " " for letter in text[: 4 * longest]).split())
    return flat if len(flat) <= longest and len(text) <= 4 * longest else flat[:longest].rstrip() + _CUT


def _quiet(text: str) -> str:
    """No mention, no reference to an issue or a commit's issue, no link of its own making, no command to a workflow's runner."""
    quiet = re.sub(r"([@#]|:(?=:|//|$))", rf"\1{_SPACE}", text)
    quiet = re.sub(r"(?i)\b(GH)-(?=\d)", rf"\1{_SPACE}-", quiet)
    return re.sub(r"(?i)\b(www)\.", rf"\1{_SPACE}.", quiet)
