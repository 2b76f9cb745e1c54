"""People's orders, given: each is a row that every process obeys within one poll, and an entry on the timelines that it touches."""

from guard.decision.orders import Block, Pause
from guard.engine import Engine
from guard.errors import UsageError
from guard.incidents.events import Kind, said
from guard.store.incident_rows import GUARD
from webstore.models import Item
from webstore.versions import Version

_LONGEST_NAME = 120
_WHO = "say who you are, such as --by alice"


class NotOrdered(UsageError):
    """There is no such order to take back."""

    hint = "see `release-guard status` for what is paused, and `release-guard release list` for what is blocked"


def name_of(text: str) -> str:
    """A person's name, as the timeline keeps it.

    Raises:
        UsageError: it is empty, far too long, or what the guard itself is called there.
    """
    name = " ".join(text.split())
    if not 0 < len(name) <= _LONGEST_NAME:
        raise UsageError(f"a name has 1 to {_LONGEST_NAME} letters").advise(_WHO)
    if name.casefold() == GUARD:
        raise UsageError("that is what the guard itself is called").advise(_WHO)
    return name


def reason_of(text: str) -> str:
    """A reason, as the timeline keeps it.

    Raises:
        UsageError: it is empty.
    """
    if not text.strip():
        raise UsageError("the reason is empty").advise("say why with --reason, for those who read it at night")
    return text.strip()


def pause(engine: Engine, item: Item | None, by: str, reason: str) -> tuple[Pause, bool]:
    """Stop everything automatic for an item, or for all. False when it was paused already.

    Raises:
        UsageError: name or reason are empty.
    """
    ordered, is_new = engine.orders.pause(item, name_of(by), reason_of(reason))
    if is_new:
        _tell(engine, item, "automatic actions paused", ordered.reason, ordered.by)
    return ordered, is_new


def resume(engine: Engine, item: Item | None, by: str) -> list[Pause]:
    """Let the guard act again: for one item, or for all, whatever was paused; what was paused until now.

    Raises:
        UsageError: the name is empty.
        NotOrdered: nothing is paused.
    """
    name = name_of(by)
    ended = engine.orders.resume(item, name)
    if not ended:
        raise NotOrdered("nothing is paused" if item is None else "this extension is not paused by an order of its own")
    for one in ended:
        _tell(engine, one.item, "automatic actions resumed", f"they were paused by {one.by}: {one.reason}", name)
    return ended


def block(engine: Engine, item: Item, version: Version, by: str, reason: str) -> Block:
    """Forbid to go back to a version.

    Raises:
        UsageError: name or reason are empty.
    """
    ordered = engine.orders.block(item, version, name_of(by), reason_of(reason))
    _tell(engine, item, f"{version} blocked: nobody goes back to it", ordered.reason, ordered.by)
    return ordered


def unblock(engine: Engine, item: Item, version: Version, by: str) -> None:
    """Take that order back.

    Raises:
        UsageError: the name is empty.
        NotOrdered: the version is not blocked.
    """
    name = name_of(by)
    if not engine.orders.unblock(item, version):
        raise NotOrdered(f"{version} is not blocked")
    _tell(engine, item, f"{version} unblocked", "", name)


def _tell(engine: Engine, item: Item | None, event: str, evidence: str, by: str) -> None:
    """On the timeline of every open incident that it may matter to."""
    for incident in engine.incidents.all(only_open=True):
        if item is None or incident.item == item:
            engine.incidents.note(incident.id, said(Kind.ORDERED, order=event), evidence=evidence, actor=by)
