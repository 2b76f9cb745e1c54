"""Writes one ticket that is in hand: opens it once, tells it what happened, makes its text true.

What would be there twice if it was sent twice is written down before it is sent, and looked for before it is sent again: its answer may
have been lost.
"""

import dataclasses
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from guard.incidents.events import Language
from guard.incidents.incident import TimelineEntry
from guard.store.tickets import TicketRecord, Tickets, TicketState
from guard.tickets.body import SEVERITY_LABEL, Ticket, comment_mark, comment_of, duplicate_words
from guard.tickets.client import GitHubIssues, Issue
from guard.tickets.errors import TicketAnswerLost, TicketsError, TicketTaken
from guard.tickets.wording import TOLD

SETTLE: Final = timedelta(minutes=1)
"""How long what was sent without an answer has to show, before it is sent again."""
_CLOCKS_DIFFER: Final = timedelta(minutes=10)

Entries = Sequence[tuple[int, TimelineEntry]]
"""A timeline, each entry with its number."""


def untold(record: TicketRecord, entries: Entries) -> Entries:
    """The events that the ticket still gets a comment for."""
    return [(number, entry) for number, entry in entries if number > record.said and entry.kind in TOLD]


@dataclasses.dataclass(frozen=True)
class Writer:
    """Writes one ticket."""

    records: Tickets
    client: GitHubIssues
    ticket: Ticket
    entries: Entries
    language: Language
    since: datetime
    """Nothing of this ticket is older."""
    now: Callable[[], datetime]

    def write(self, record: TicketRecord, opened: Callable[[str], TimelineEntry | None]) -> bool:
        """Bring the ticket up to date; false where that has to wait. ``opened``: what an incident's timeline is told of its new ticket.

        Raises:
            TicketsError: it could not be done.
        """
        if record.digest:
            record = self._tell(record)
            if record.digest != self.ticket.digest or record.state is not self._state:
                self._renew(record)
            done = record
        else:
            found = self._open(record) if record.number is None else record
            if found is None:
                return False
            done = self._only_one(found)
            self._renew(done)
            done = dataclasses.replace(done, said=max((number for number, _ in self.entries), default=0))
        waits = done.not_before if done.saying is not None else None
        asked_at = done.asked_at if done.saying is not None else None
        done = dataclasses.replace(
            done, state=self._state, digest=self.ticket.digest, attempts=0, trouble="", not_before=waits, asked_at=asked_at
        )
        self._keep(done, None if record.digest else opened(done.name))
        return True

    @property
    def _state(self) -> TicketState:
        return TicketState.OPEN if self.ticket.is_open else TicketState.CLOSED

    def _keep(self, record: TicketRecord, entry: TimelineEntry | None = None) -> TicketRecord:
        """Write what is known, and stop where the ticket is not in our hands any more.

        Raises:
            TicketTaken: another process has taken it over.
        """
        if not (self.records.write_with(record, entry) if entry else self.records.write(record)):
            raise TicketTaken(f"another process has taken the ticket of {record.subject_id} over")
        return record

    def _marked(self) -> list[Issue]:
        return self.client.marked(self.ticket.mark, self.ticket.labels[0], self.since)

    def _open(self, record: TicketRecord) -> TicketRecord | None:
        """The ticket with its number: of one that is there already, or of a new one; none where it waits, or is not wanted any more."""
        there = self._marked()
        if there:
            return self._keep(dataclasses.replace(record, number=there[0].number))
        if not self.ticket.is_open:
            self._keep(dataclasses.replace(record, asked_at=None, not_before=None))
            return None
        if record.asked_at is not None and self.now() < record.asked_at + SETTLE:
            self._keep(dataclasses.replace(record, not_before=record.asked_at + SETTLE))
            return None
        asked = self._keep(dataclasses.replace(record, asked_at=self.now()))
        try:
            issue = self.client.create(self.ticket.title, self.ticket.body, self.ticket.labels)
        except TicketAnswerLost:
            raise
        except TicketsError:
            self._keep(dataclasses.replace(asked, asked_at=None))
            raise
        # Written down before anything else is asked: what fails from here on opens no second one.
        return self._keep(dataclasses.replace(asked, number=issue.number))

    def _only_one(self, record: TicketRecord) -> TicketRecord:
        """Where processes with databases of their own have opened several at once, the oldest is the ticket, and the others are closed."""
        there = self._marked()
        numbers = sorted({issue.number for issue in there} | ({record.number} if record.number else set()))
        for issue in there:
            if issue.number != numbers[0] and issue.state == "open":
                self.client.comment(issue.number, duplicate_words(comment_mark(self.ticket, 0), numbers[0], self.language))
                # Without the mark it is nobody's ticket, and is not taken for one again.
                body = (issue.body or "").removeprefix(self.ticket.mark).lstrip()
                self.client.change(issue.number, {"state": "closed", "state_reason": "not_planned", "body": body})
        return record if record.number == numbers[0] else self._keep(dataclasses.replace(record, number=numbers[0]))

    def _renew(self, record: TicketRecord) -> None:
        """Make text, labels and state true. People's labels stay; what people closed or opened stays so until that changes here."""
        number = _number(record)
        issue = self.client.read(number)
        values: dict[str, Any] = {"title": self.ticket.title, "body": self.ticket.body}
        kept = [name for name in issue.label_names if not name.startswith(SEVERITY_LABEL)]
        labels = list(dict.fromkeys([*kept, *self.ticket.labels]))
        if set(labels) != set(issue.label_names):
            values["labels"] = labels
        if record.state is not self._state and issue.state != self._state.value:
            values["state"] = self._state.value
            closed = "completed" if self.ticket.is_completed else "not_planned"
            values["state_reason"] = "reopened" if self.ticket.is_open else closed
        if (
            (issue.body or "").replace("\r\n", "\n") != self.ticket.body
            or set(values) - {"title", "body"}
            or issue.title != self.ticket.title
        ):
            self.client.change(number, values)

    def _tell(self, record: TicketRecord) -> TicketRecord:
        """Comment on what happened since the last comment: all of it at once. One whose answer was lost is looked for first."""
        number, pending = _number(record), record.saying
        if pending is not None and record.asked_at is not None:
            if self.client.has_comment(number, comment_mark(self.ticket, pending), record.asked_at - _CLOCKS_DIFFER):
                record = self._keep(dataclasses.replace(record, said=pending, saying=None, asked_at=None))
                pending = None
            elif self.now() < record.asked_at + SETTLE:
                return dataclasses.replace(record, not_before=record.asked_at + SETTLE)
        told = [(at, entry) for at, entry in untold(record, self.entries) if pending is None or at <= pending]
        if not told:
            return dataclasses.replace(record, saying=None)
        last = told[-1][0]
        record = self._keep(dataclasses.replace(record, saying=last, asked_at=self.now()))
        try:
            self.client.comment(number, comment_of(self.ticket, told, last, self.language))
        except TicketAnswerLost:
            raise
        except TicketsError:
            self._keep(dataclasses.replace(record, saying=None, asked_at=None))
            raise
        return self._keep(dataclasses.replace(record, said=last, saying=None, asked_at=None))


def _number(record: TicketRecord) -> int:
    if record.number is None:
        raise TicketsError(f"the ticket of {record.subject_id} has no number yet")
    return record.number
