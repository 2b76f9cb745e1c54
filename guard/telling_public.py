"""What people tell the public of an incident: words of their own on the status page, and back off it."""

from guard.engine import Engine
from guard.errors import UsageError
from guard.incidents.events import Kind, Said, said
from guard.incidents.incident import Incident
from guard.ordering import name_of

LONGEST = 600
"""So many letters are shown (`guard.incidents.wording.one_line`): more are refused, rather than cut off before everybody's eyes."""


def tell(engine: Engine, identifier: str, text: str, by: str) -> Incident:
    """Put a person's words on the status page, as the newest of what is told of the incident. Who said them stays on the timeline.

    Raises:
        NotRecorded: there is no such incident.
        UsageError: the words or the name are empty, or far too long.
    """
    words = " ".join(text.split())
    if not 0 < len(words) <= LONGEST:
        raise UsageError(f"words for the public have 1 to {LONGEST} letters").advise("say in a sentence or two what users should know")
    return _say(engine, identifier, said(Kind.PUBLIC_NOTE, text=words), by)


def withdraw(engine: Engine, identifier: str, by: str) -> Incident:
    """Take all that people have told of it off the status page; the timeline keeps it, and what was read is read.

    Raises:
        NotRecorded: there is no such incident.
        UsageError: the name is empty, or far too long.
    """
    return _say(engine, identifier, said(Kind.PUBLIC_WITHDRAWN), by)


def _say(engine: Engine, identifier: str, event: Said, by: str) -> Incident:
    name = name_of(by)
    with engine.incidents.holding(identifier) as held:
        held.say(event, "", name)
        return held.incident
