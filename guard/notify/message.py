"""A message to people, as it waits to be delivered. Pure."""

import dataclasses
import enum
from collections.abc import Mapping
from datetime import datetime

from guard.incidents.events import Language
from guard.severity import Severity

CHANNELS: Mapping[Severity, tuple[str, ...]] = {
    Severity.P0: ("slack-critical", "email-management", "sms"),
    Severity.P1: ("slack-alerts", "email-team"),
    Severity.P2: ("slack-general",),
    Severity.P3: ("ticket-system",),
}
"""Who is told of which severity (DESIGN, section 6)."""


class TargetKind(enum.StrEnum):
    """How a target is reached."""

    SLACK_BOT = "slack-bot"
    """By a bot's token: one thread for each incident."""
    SLACK_WEBHOOK = "slack-webhook"
    """By an incoming webhook, which can make no threads."""
    EMAIL = "email"
    SMS = "sms"
    APPRISE = "apprise"
    """By anything else that apprise speaks."""


class MessageState(enum.StrEnum):
    """Where a message stands."""

    PENDING = "pending"
    SENDING = "sending"
    """A process has it in hand; if that dies, whether it was sent is not known."""
    SENT = "sent"
    UNSURE = "unsure"
    """It may have been sent, and the service offers no way to find out: it was sent again, marked as perhaps the second."""
    FAILED = "failed"
    """Given up."""
    DROPPED = "dropped"
    """Not sent on purpose: a silence, or a daily limit; its delivery log says which."""


@dataclasses.dataclass(frozen=True)
class Message:
    """What one target is told, once. Its text is neutralised for that target already."""

    key: str
    """What makes two messages the same one: it is put down once, however many processes want to tell it."""
    event: str
    """The named event that it tells (`guard.incidents.events.Kind`), or another name of what it is."""
    channel: str
    """The channel's name, such as "slack-critical"."""
    target: str
    """Which of the channel's targets, by its name in the configuration."""
    subject: str
    body: str
    not_before: datetime
    incident_id: str | None = None


class Outcome(enum.StrEnum):
    """What came of one attempt to deliver."""

    SENT = "sent"
    PASSING = "failed"
    """It did not arrive, and may the next time."""
    REFUSED = "refused"
    """It did not arrive, and never will as things are."""
    UNSURE = "unsure"
    """Nobody knows whether it arrived."""
    POSTPONED = "postponed"
    DROPPED = "dropped"


@dataclasses.dataclass(frozen=True)
class Attempt:
    """One attempt to deliver, and what came of it. No address and no secret is in its words."""

    outcome: Outcome
    words: str
    thread: str = ""
    """What the service knows the message by: later ones of the same incident are hung on it."""
    wait_seconds: float | None = None
    """How long the service asks to be left alone."""


@dataclasses.dataclass(frozen=True)
class Parcel:
    """A message on its way."""

    subject: str
    body: str
    key: str
    """The same for each attempt: a service that knows such keys takes the message once."""
    language: Language = Language.ENGLISH
    incident_id: str = ""
    thread: str = ""
    """What the incident's first message is known by at the service."""
    is_urgent: bool = False
