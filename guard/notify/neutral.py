"""Text from anywhere, made harmless for where it goes: of bounded length, on one line, and unable to call people or pass for ours. Pure."""

import unicodedata
from collections.abc import Callable, Mapping

from guard.notify.message import TargetKind

LONGEST = 400
"""Letters of any one text from outside; who reads at night needs its beginning."""
_LONGEST_READ = 10_000
_SMS_PLAIN = 306
"""Letters of two text messages joined to one."""
_SMS_WIDE = 134
"""The same where a letter needs two bytes, as Chinese does."""
_LOOKALIKES = str.maketrans(
    {
        "*": "\N{ASTERISK OPERATOR}",
        "~": "\N{TILDE OPERATOR}",
        "`": "\N{MODIFIER LETTER GRAVE ACCENT}",
        "|": "\N{DIVIDES}",
        "[": "\N{FULLWIDTH LEFT SQUARE BRACKET}",
        "]": "\N{FULLWIDTH RIGHT SQUARE BRACKET}",
    }
)
"""What begins bold, struck out, code, a spoiler or a link in chats, replaced by what only looks the same."""

Escape = Callable[[str], str]


def plain(text: str, longest: int = LONGEST) -> str:
    """One line without what could move a cursor, turn the direction of writing, or hide."""
    shown = "".join(letter if letter.isprintable() else " " for letter in text[:_LONGEST_READ])
    flat = " ".join(unicodedata.normalize("NFC", shown).split())
    return flat if len(flat) <= longest else flat[:longest].rstrip() + "…"


def chat(text: str) -> str:
    """For a chat of any kind: nobody is called by it, and nothing in it is bold, a link or code."""
    # Services differ in what a mention is; an at sign that is followed by something that takes no room is none to any of them.
    return plain(text).translate(_LOOKALIKES).replace("@", "@\u2060").replace("://", ":\u2060//")


def mail(text: str) -> str:
    """For e-mail, whose programs make links of addresses; its HTML is escaped when it is made."""
    return plain(text).replace("://", ":\u2060//")


def phone(text: str) -> str:
    """For a text message, in which one letter that is not plain would make it half as long."""
    return plain(text).replace("://", ": //")


def slack(text: str) -> str:
    """For Slack, where mentions and links stand in angle brackets."""
    return chat(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def sms(text: str) -> str:
    """A whole text message, of two parts at most."""
    flat = plain(text, _LONGEST_READ)
    longest = _SMS_PLAIN if flat.isascii() else _SMS_WIDE
    return flat if len(flat) <= longest else flat[: longest - 1].rstrip() + ("…" if longest == _SMS_WIDE else ".")


_ESCAPES: Mapping[TargetKind, Escape] = {
    TargetKind.SLACK_BOT: slack,
    TargetKind.SLACK_WEBHOOK: slack,
    TargetKind.EMAIL: mail,
    TargetKind.SMS: phone,
    TargetKind.APPRISE: chat,
}


def escape_for(kind: TargetKind) -> Escape:
    """How texts from outside are made harmless for a kind of target."""
    return _ESCAPES[kind]
