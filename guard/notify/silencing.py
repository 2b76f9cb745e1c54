"""A person keeps the guard from telling people for a while, and ends that. The timelines of open incidents say so."""

from datetime import datetime, timedelta

from guard.engine import Engine
from guard.errors import UsageError
from guard.incidents.events import Kind, said
from guard.ordering import name_of, reason_of
from guard.store.silences import Silence, SilenceKind
from webstore.models import Item

_LONGEST = timedelta(days=90)


def silence(
    engine: Engine, item: Item | None, kind: SilenceKind, by: str, reason: str, *, starts_at: datetime, ends_at: datetime
) -> Silence:
    """Tell nobody of incidents of an item, or of any, between two times.

    Raises:
        UsageError: name or reason are empty, or the times make no sense.
    """
    if ends_at <= max(starts_at, engine.now()):
        raise UsageError("the silence would be over before it begins").advise("give a later --until, or a time with --for such as 2h")
    if ends_at - starts_at > _LONGEST:
        raise UsageError(f"a silence lasts {_LONGEST.days} days at most").advise("give an earlier end; it can be added again")
    added = engine.silences.add(item, kind, name_of(by), reason_of(reason), starts_at, ends_at)
    _tell(engine, added, f"people are not told until {ends_at:%Y-%m-%d %H:%M} UTC", added.by)
    return added


def end_silence(engine: Engine, number: int, by: str) -> tuple[Silence, bool]:
    """End a silence before its time. False when it was over already.

    Raises:
        UsageError: the name is empty.
        NotRecorded: there is none of that number.
    """
    name = name_of(by)
    ended, is_new = engine.silences.end(number, name)
    if is_new:
        _tell(engine, ended, "people are told again", name)
    return ended, is_new


def _tell(engine: Engine, about: Silence, words: str, by: str) -> None:
    for incident in engine.incidents.all(only_open=True):
        if about.item in {None, incident.item}:
            engine.incidents.note(incident.id, said(Kind.ORDERED, order=words), evidence=about.reason, actor=by)
