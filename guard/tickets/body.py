"""An incident or an action item as a ticket: its title, text and labels, and the mark by which it is known again. Pure."""

import dataclasses
import hashlib
import json
from collections.abc import Sequence

from guard.incidents.action_items import ActionItem, ActionState, cause_of
from guard.incidents.events import Language, words_of
from guard.incidents.evidence import evidence_words
from guard.incidents.incident import NEEDS_POSTMORTEM, Incident, IncidentState, TimelineEntry
from guard.incidents.terms import Bilingual
from guard.incidents.wording import actor_words, cause_words, facts_in, state_words, title_words
from guard.incidents.wording_actions import incidents_words, priority_words
from guard.incidents.wording_actions import state_words as action_state_words
from guard.judge.diagnosis import Cause
from guard.tickets import wording
from guard.tickets.neutral import line, title

LONGEST_BODY = 60_000
"""Letters; GitHub takes 65 536."""
_LONGEST_TITLE = 200
"""Letters; GitHub takes 256."""
_LONGEST_TEXT = 600
SEVERITY_LABEL = "severity: "
_ACTION_LABEL = "action item"
_FIRST_ENTRIES = 5
"""So many entries of a long timeline are always shown: how it began."""


@dataclasses.dataclass(frozen=True)
class Ticket:
    """What a ticket has to show."""

    subject: str
    """The id of the incident or the action item."""
    mark: str
    """Stands hidden in its text."""
    title: str
    body: str
    labels: tuple[str, ...]
    is_open: bool
    is_completed: bool = True
    """Of a closed one: whether it was brought to its end, or given up."""

    @property
    def digest(self) -> str:
        """Changes when anything of it does."""
        return hashlib.sha256(json.dumps([self.title, self.body, self.labels, self.is_open, self.is_completed]).encode()).hexdigest()


def wants_ticket_open(incident: Incident) -> bool:
    """Whether there is something left to do: until a P2 or P3 is resolved, and until a P0 or P1 has its postmortem as well."""
    if incident.state.is_open:
        return True
    ends = {IncidentState.CLOSED, IncidentState.FALSE_ALARM, IncidentState.POSTMORTEM_DONE}
    return incident.severity >= NEEDS_POSTMORTEM and incident.state not in ends


def of_incident(incident: Incident, timeline: Sequence[TimelineEntry], labels: Sequence[str], language: Language) -> Ticket:
    """The ticket of an incident."""
    mark = _mark(incident.id, incident.fingerprint)
    facts = (
        (wording.SEVERITY, incident.severity.name),
        (wording.STATE, state_words(incident.state, language)),
        (wording.EXTENSION, incident.item.id),
        (wording.VERSION, str(incident.version)),
        (wording.OPENED, f"{incident.opened_at:%Y-%m-%d %H:%M:%S} UTC"),
        (wording.ACKNOWLEDGED, incident.acknowledged_by or wording.NOBODY.in_language(language)),
        (wording.USERS, str(incident.affected_users) if incident.affected_users else wording.NOT_MEASURED.in_language(language)),
        (wording.CAUSE, _cause(incident, language)),
        *([(wording.RESOLUTION, evidence_words(incident.resolution, language))] if incident.resolution else []),
    )
    head = "\n".join(
        [
            mark,
            f"**{line(title_words(incident.title, language))}**",
            "",
            *_table(facts, language),
            "",
            _kept_true(f"incident show {incident.id}", language),
            "",
            f"### {wording.TIMELINE.in_language(language)}",
            "",
        ]
    )
    entries = [_entry(entry, language) for entry in timeline]
    return Ticket(
        subject=incident.id,
        mark=mark,
        title=title(f"[{incident.severity.name}] {incident.id}: {title_words(incident.title, language)}", _LONGEST_TITLE),
        body=head + _bounded(entries, LONGEST_BODY - len(head), language),
        labels=(*labels, f"{SEVERITY_LABEL}{incident.severity.name}"),
        is_open=wants_ticket_open(incident),
        is_completed=incident.state is not IncidentState.FALSE_ALARM,
    )


def of_action(item: ActionItem, labels: Sequence[str], language: Language) -> Ticket:
    """The ticket of an action item."""
    mark = _mark(item.id, f"{item.created_at.isoformat()} {item.created_by} {item.title}")
    facts = (
        (wording.OWNER, item.owner),
        (wording.PRIORITY, priority_words(item.priority, language)),
        (wording.STATE, action_state_words(item.state, language)),
        (wording.DUE, item.due_on.isoformat()),
        (wording.INCIDENTS, incidents_words(item, language)),
        *([(wording.PREVENTS, str(item.prevents))] if item.prevents else []),
        *([(wording.ESTIMATE, str(item.estimated_preventions))] if item.estimated_preventions else []),
        *([(wording.REASON, item.reason)] if item.reason else []),
    )
    parts = [mark, f"**{line(item.title)}**", "", *_table(facts, language), "", _kept_true(f"action show {item.id}", language)]
    return Ticket(
        subject=item.id,
        mark=mark,
        title=title(f"{item.id}: {item.title}", _LONGEST_TITLE),
        body="\n".join(parts),
        labels=(*labels, _ACTION_LABEL),
        is_open=item.state.is_open,
        is_completed=item.state is not ActionState.DROPPED,
    )


def comment_mark(ticket: Ticket, number: int) -> str:
    """The hidden mark of a comment that tells everything up to an entry of that number."""
    return ticket.mark.replace(" -->", f" said {number} -->")


def comment_of(ticket: Ticket, told: Sequence[tuple[int, TimelineEntry]], number: int, language: Language) -> str:
    """One comment for several events."""
    head = comment_mark(ticket, number) + "\n"
    return head + _bounded([_entry(entry, language) for _, entry in told], LONGEST_BODY - len(head), language)


def duplicate_words(mark: str, number: int, language: Language) -> str:
    """The comment on a ticket of which there is another one."""
    return f"{mark}\n{wording.DUPLICATE.in_language(language).format(number=number)}"


def _mark(subject: str, identity: str) -> str:
    """Known again by id and content: two databases that number alike do not take each other's tickets for their own."""
    return f"<!-- release-guard {subject} {hashlib.sha256(identity.encode()).hexdigest()[:16]} -->"


def _cause(incident: Incident, language: Language) -> str:
    """The cause: a diagnosis by its name and its reason in the language; a person's own words as they are."""
    cause, (_, _, reason) = cause_of(incident), incident.cause.partition(":")
    if not incident.cause:
        return wording.NOT_KNOWN.in_language(language)
    if cause is Cause.UNKNOWN or language is Language.ENGLISH:
        return evidence_words(incident.cause, language)
    words = evidence_words(reason.strip(), language)
    return f"{cause_words(cause.value, language)}（{words}）" if words else cause_words(cause.value, language)


def _table(facts: Sequence[tuple[Bilingual, str]], language: Language) -> list[str]:
    return ["| | |", "|---|---|", *(f"| {name.in_language(language)} | {line(value, _LONGEST_TEXT)} |" for name, value in facts)]


def _kept_true(command: str, language: Language) -> str:
    return f"_{wording.KEPT_TRUE.in_language(language).format(command=command)}_"


def _entry(entry: TimelineEntry, language: Language) -> str:
    who, what = line(actor_words(entry.actor, language), 120), line(_words(entry, language), _LONGEST_TEXT)
    words = f"- {entry.at:%Y-%m-%d %H:%M:%S} {who}{wording.COLONS[language]}{what}"
    return f"{words} — {line(evidence_words(entry.evidence, language), _LONGEST_TEXT)}" if entry.evidence else words


def _words(entry: TimelineEntry, language: Language) -> str:
    """An event in the language, where it is one that the guard knows with all its facts; else as it was written."""
    try:
        return words_of(entry.kind, facts_in(entry.facts, language), language)
    except (KeyError, ValueError):
        return entry.event


def _bounded(lines: Sequence[str], longest: int, language: Language) -> str:
    """As many lines as there is room for: the first few and the last ones."""
    if sum(len(one) + 1 for one in lines) <= longest:
        return "\n".join(lines)
    first, rest = list(lines[:_FIRST_ENTRIES]), list(lines[_FIRST_ENTRIES:])
    room = longest - sum(len(one) + 1 for one in first) - 100
    last: list[str] = []
    while rest and room - len(rest[-1]) - 1 >= 0:
        room -= len(rest[-1]) + 1
        last.insert(0, rest.pop())
    return "\n".join([*first, wording.LEFT_OUT.in_language(language).format(count=len(rest)), *last])
