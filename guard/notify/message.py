"""A message to people, as it waits to be delivered. Pure."""

import dataclasses
import enum
from datetime import datetime


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
    """What one target is told, once."""

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
