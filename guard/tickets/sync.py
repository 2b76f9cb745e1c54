"""Keeps tickets true: opened once, told what happened, closed at the end. Whatever goes wrong here keeps nothing else from its work."""

import dataclasses
import itertools
import weakref
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Final

from guard.engine import Engine
from guard.environment import secret
from guard.errors import ConfigurationError
from guard.incidents.action_items import ActionItem, is_action
from guard.incidents.events import Kind, said
from guard.incidents.incident import Incident, TimelineEntry
from guard.store.action_items import ActionItems
from guard.store.tickets import TicketRecord, Tickets, TicketState
from guard.tables_tickets import TicketsTable
from guard.tickets.body import Ticket, of_action, of_incident, wants_ticket_open
from guard.tickets.client import GitHubIssues
from guard.tickets.errors import (
    TicketAnswerLost,
    TicketGone,
    TicketsError,
    TicketsLimited,
    TicketsRefused,
    TicketsUnreachable,
    TicketTaken,
)
from guard.tickets.writing import Entries, Writer, untold

_REFUSED_WAIT: Final = timedelta(minutes=5)
"""How long a repository that refuses us is left alone: a token or a setting has to be put right first."""
_NOT_KNOWN: Final = 401
_NOT_ALLOWED: Final = frozenset({403, 404, 410})
_FIRST_WAIT: Final = timedelta(seconds=30)
_LONGEST_WAIT: Final = timedelta(hours=1)
_MOST_AT_ONCE: Final = 20
"""Tickets that are written in one go: GitHub takes so many new texts a minute, and who calls has other work."""
_LEFT_OUT: Final = frozenset({Kind.TICKET_OPENED, Kind.MESSAGE_SENT})
"""Events that a ticket does not show: its own, and deliveries, of which there are too many."""
_PACE: Final = timedelta(seconds=20)
"""What changes a ticket's text alone is written no more often than that; events and ends are told at once."""
_UNREACHABLE_WAIT: Final = timedelta(seconds=30)
_BACKLOG: Final = timedelta(hours=1)
"""What changed on GitHub so long before a subject began is not looked through: clocks differ."""

Subject = Incident | ActionItem
_WARNED: weakref.WeakSet[Engine] = weakref.WeakSet()
_LOOKED: weakref.WeakKeyDictionary[Engine, dict[str, object]] = weakref.WeakKeyDictionary()
"""What each subject was like when its ticket was last seen to be true: no timeline is read, and no text made, until that changes."""


def sync_due(engine: Engine) -> int:
    """Write every ticket that is not true any more; how many were written. Nothing is raised for what GitHub does."""
    table = engine.config.tickets
    if table.repository is None:
        return 0
    records = Tickets(engine.database, table.repository, engine.now)
    if records.rests_until():
        return 0
    due = list(itertools.islice(_due(engine, table, records), _MOST_AT_ONCE))
    if not due:
        return 0
    client = _client(engine, table, table.repository)
    if client is None:
        return 0
    written = 0
    try:
        for subject in due:
            written += _sync(engine, records, client, subject)
            if records.rests_until():  # who asked for that answers the next one alike
                break
    finally:
        client.close()
    return written


def _client(engine: Engine, table: TicketsTable, repository: str) -> GitHubIssues | None:
    try:
        token = (secret(table.token_env) or "").strip()
    except ConfigurationError as error:
        _warn_once(engine, f"tickets are not written: {error}")
        return None
    if not token:
        _warn_once(engine, f"tickets are not written: {table.token_env} is not set")
        return None
    return GitHubIssues(table.base_url, repository, token, seconds=table.timeout_seconds, now=engine.now)


def _warn_once(engine: Engine, words: str) -> None:
    """Say what only a person can change; it is looked for every few seconds."""
    if engine not in _WARNED:
        _WARNED.add(engine)
        engine.progress.warn(words)


def _due(engine: Engine, table: TicketsTable, records: Tickets) -> Iterator[Subject]:
    """What has a ticket that is not as it should be, or has none yet; the oldest first. What was over before it ever had one gets none."""
    subjects = _subjects(engine, table, records)
    ids = [subject.id for subject in subjects]
    known, newest, looked = records.of(ids), records.newest_entries(ids), _LOOKED.setdefault(engine, {})
    for subject in subjects:
        record = known.get(subject.id)
        if not (_is_wanted(table, subject) or _is_unfinished(record)):
            continue
        seen = (subject, record, newest.get(subject.id))
        if record is not None and (record.state is TicketState.GONE or looked.get(subject.id) == seen):
            continue
        if _is_due(engine, records, subject, record):
            yield subject
        elif record is not None and record.digest == _ticket(engine, records, subject)[0].digest:
            looked[subject.id] = seen


def _subjects(engine: Engine, table: TicketsTable, records: Tickets) -> list[Subject]:
    """What may have a ticket that is not true: read by each process every few seconds, so without all that has long been over."""
    found: dict[str, Subject] = {incident.id: incident for incident in reversed(engine.incidents.all(only_open=True))}
    actions = ActionItems(engine.database, engine.now)
    if table.action_items:
        found |= {item.id: item for item in actions.all(only_open=True)}
    for name in [*records.unfinished(), *records.without_postmortem()]:
        if name not in found and (table.action_items or not is_action(name)):
            found[name] = actions.get(name) if is_action(name) else engine.incidents.get(name)
    return list(found.values())


def _is_wanted(table: TicketsTable, subject: Subject) -> bool:
    if isinstance(subject, ActionItem):
        return subject.state.is_open
    return wants_ticket_open(subject) and subject.severity >= table.severity


def _is_unfinished(record: TicketRecord | None) -> bool:
    """Whether a ticket was begun and is not closed yet. One that was wanted and never sent is given up with its subject."""
    if record is None:
        return False
    was_sent = record.asked_at is not None or record.number is not None
    return record.state is TicketState.OPEN or (record.state is TicketState.WANTED and was_sent)


def _is_due(engine: Engine, records: Tickets, subject: Subject, record: TicketRecord | None) -> bool:
    if record is None:
        return True
    if record.state is TicketState.GONE or (record.not_before is not None and record.not_before > engine.now()):
        return False
    ticket, entries = _ticket(engine, records, subject)
    if record.number is None or not record.digest or record.saying is not None or untold(record, entries):
        return True
    if (record.state is TicketState.OPEN) != ticket.is_open:
        return True
    return record.digest != ticket.digest and (record.updated_at is None or record.updated_at <= engine.now() - _PACE)


def _ticket(engine: Engine, records: Tickets, subject: Subject) -> tuple[Ticket, Entries]:
    labels, language = engine.config.tickets.labels, engine.config.language
    if isinstance(subject, ActionItem):
        return of_action(subject, labels, language), []
    entries = [(number, entry) for number, entry in records.entries(subject.id) if entry.kind not in _LEFT_OUT]
    return of_incident(subject, [entry for _, entry in entries], labels, language), entries


def _sync(engine: Engine, records: Tickets, client: GitHubIssues, subject: Subject) -> bool:
    """Bring one ticket up to date; false where another process has it in hand, or it could not be done now."""
    record = records.take(subject.id)
    if record is None:
        return False
    try:
        fresh = _fresh(engine, subject)
        if not _is_due(engine, records, fresh, record):
            return False  # another process was quicker
        ticket, entries = _ticket(engine, records, fresh)
        writer = Writer(records, client, ticket, entries, engine.config.language, _since(fresh), engine.now)
        return writer.write(record, _opened(engine, fresh))
    except TicketsError as error:
        _put_off(engine, records, subject.id, error)
        return False
    finally:
        records.give_back(subject.id)


def _fresh(engine: Engine, subject: Subject) -> Subject:
    """The subject as it is now that its ticket is in hand: an older one must not be written over a newer one."""
    if isinstance(subject, Incident):
        return engine.incidents.get(subject.id)
    return ActionItems(engine.database, engine.now).get(subject.id)


def _since(subject: Subject) -> datetime:
    return (subject.opened_at if isinstance(subject, Incident) else subject.created_at) - _BACKLOG


def _opened(engine: Engine, subject: Subject) -> Callable[[str], TimelineEntry | None]:
    """What the timeline is told of a new ticket; an action item has none."""

    def entry(name: str) -> TimelineEntry | None:
        return engine.incidents.entry(said(Kind.TICKET_OPENED, ticket=name)) if isinstance(subject, Incident) else None

    return entry


def _put_off(engine: Engine, records: Tickets, subject_id: str, error: TicketsError) -> None:
    """Say what went wrong, and when it is tried again."""
    if isinstance(error, TicketTaken):
        return
    now, record = engine.now(), records.get(subject_id)
    engine.progress.warn(f"the ticket of {subject_id} is not written: {error}")
    if isinstance(error, TicketsLimited):
        records.rest(now + timedelta(seconds=error.wait_seconds), str(error))
        return
    if isinstance(error, TicketsUnreachable | TicketAnswerLost):  # the others would wait for it as well, and so would who calls
        records.rest(now + _UNREACHABLE_WAIT, str(error))
    if record is None:
        return
    if isinstance(error, TicketGone):
        records.write(dataclasses.replace(record, state=TicketState.GONE, trouble=str(error)))
        return
    # What is refused to one ticket that is there is its own trouble; what is refused before is everybody's.
    if isinstance(error, TicketsRefused) and (error.code == _NOT_KNOWN or (record.number is None and error.code in _NOT_ALLOWED)):
        records.rest(now + _REFUSED_WAIT, str(error))
    wait = min(_FIRST_WAIT * 2 ** min(record.attempts, 10), _LONGEST_WAIT)
    records.write(dataclasses.replace(record, attempts=record.attempts + 1, not_before=now + wait, trouble=str(error)))
