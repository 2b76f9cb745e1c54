"""An incident as people read it, in their language, and as one JSON document."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from guard.cli.console import Console
from guard.incidents.clocks import Clock, ClockKind
from guard.incidents.events import Language, words_of
from guard.incidents.evidence import evidence_words
from guard.incidents.incident import Incident, TimelineEntry
from guard.incidents.roles import Role
from guard.incidents.standing import Standing
from guard.incidents.terms import Bilingual, length
from guard.incidents.wording import actor_words, facts_in, state_words, title_words
from guard.outcome import incident_json, iso
from guard.tables_response import Urgency

_URGENCY = Bilingual("Urgency", "急迫程度")
_URGENCIES = {Urgency.CRITICAL: "緊急", Urgency.HIGH: "高", Urgency.MEDIUM: "中", Urgency.LOW: "低"}
_CAUSE = Bilingual("Cause", "原因")
_UNKNOWN = Bilingual("not known yet", "尚不清楚")
_USERS = Bilingual("Affected users", "受影響的使用者")
_UNMEASURED = Bilingual("not measured", "未測得")
_RESOLUTION = Bilingual("Resolution", "處置結果")
_ACKNOWLEDGED = Bilingual("Acknowledged by", "接手者")
_NOBODY = Bilingual("nobody", "無人")
_CHECKLIST = Bilingual("Checklist", "檢查清單")
_TIMELINE = Bilingual("Timeline", "時間軸")
_IN_TIME = Bilingual("in time, with {left} left", "如期，尚餘 {left}")
_TOO_LATE = Bilingual("{over} too late", "逾時 {over}")
_LEFT = Bilingual("{left} left, until {due}", "剩 {left}，至 {due}")
_OVER = Bilingual("missed {over} ago", "已逾時 {over}")
_TO = Bilingual("To {clock}", "{clock}期限")
_COLON = Bilingual(": ", "：")
_SEE = Bilingual("see the timeline", "見時間軸")
_LONG = 200
"""Letters of evidence that a person reads on one line."""
_HEADLINE = Bilingual("{id} ({severity}, {state}): {title}", "{id}（{severity}，{state}）：{title}")


def show_incident(
    console: Console, standing: Standing, timeline: Sequence[TimelineEntry], urgency: Urgency, language: Language, now: datetime
) -> None:
    """Everything about one, the timeline last."""
    shown, colon = standing.incident, _COLON.in_language(language)

    def line(label: Bilingual, text: str) -> None:
        console.print(f"{label.in_language(language)}{colon}{_flat(text)}")

    console.print(headline(shown, language))
    line(_URGENCY, urgency.value if language is Language.ENGLISH else _URGENCIES[urgency])
    line(_CAUSE, evidence_words(shown.cause, language) or _UNKNOWN.in_language(language))
    line(_USERS, str(shown.affected_users or _UNMEASURED.in_language(language)))
    if shown.resolution:
        line(_RESOLUTION, evidence_words(shown.resolution, language))
    line(_ACKNOWLEDGED, shown.acknowledged_by or _NOBODY.in_language(language))
    for role in Role:
        holder = standing.roles.get(role)
        words = role.words.in_language(language)
        line(Bilingual(words.capitalize(), words), holder.name if holder else _NOBODY.in_language(language))
    for clock in standing.clocks.values():
        name = clock.kind.words.in_language(language)
        line(Bilingual(*(text.format(clock=name) for text in (_TO.english, _TO.chinese))), clock_words(clock, language, now))
    console.print(_CHECKLIST.in_language(language))
    phase, long = "", {entry.evidence for entry in timeline if len(entry.evidence) > _LONG}
    for entry, done in standing.checklist:
        if (words := entry.phase.words.in_language(language)) != phase:
            phase = words
            console.print(f"  {phase}")
        console.print(f"    [{'x' if done else ' '}] {entry.key}{colon}{entry.words.in_language(language)}")
        if done:
            words = _SEE.in_language(language) if done.evidence in long else _flat(evidence_words(done.evidence, language))
            console.print(f"        {iso(done.at)} {_flat(actor_words(done.by, language))}{colon + words if words else ''}")
    console.print(_TIMELINE.in_language(language))
    for entry in timeline:
        console.print(_timeline_line(entry, language))
        for indent, words in _parts(entry.evidence, language):
            console.print(f"{indent}{words}")


def _parts(evidence: str, language: Language) -> list[tuple[str, str]]:
    """Evidence in lines, each with its indent: one, or where that is long, such as a plan's, one for each sentence."""
    words = _flat(evidence_words(evidence, language))
    if len(evidence) <= _LONG:
        return [("    ", words)] if words else []
    first, *others = re.split(r"(?<=;) |(?<=；)", words)
    return [("    ", first), *(("      ", other) for other in others)]


def headline(shown: Incident, language: Language) -> str:
    """One in a line."""
    state, title = state_words(shown.state, language), _flat(title_words(shown.title, language))
    return _HEADLINE.in_language(language).format(id=shown.id, severity=shown.severity.name, state=state, title=title)


def show_last(console: Console, shown: Incident, timeline: Sequence[TimelineEntry], language: Language) -> None:
    """How it stands, and what was said last."""
    console.print(headline(shown, language))
    last = timeline[-1]
    console.print(f"  {_timeline_line(last, language)}")


def _timeline_line(entry: TimelineEntry, language: Language) -> str:
    who = _flat(actor_words(entry.actor, language))
    return f"{iso(entry.at)} {who}{_COLON.in_language(language)}{_flat(event_words(entry, language))}"


def event_words(entry: TimelineEntry, language: Language) -> str:
    """What happened, in the reader's language where the guard knows the event by name."""
    return words_of(entry.kind, facts_in(entry.facts, language), language) if entry.kind else entry.event


def clock_words(clock: Clock, language: Language, now: datetime) -> str:
    """How a clock stands."""
    seconds = clock.left(now).total_seconds()
    left = length(abs(seconds), language)
    if clock.stopped_at:
        return (_IN_TIME if seconds >= 0 else _TOO_LATE).in_language(language).format(left=left, over=left)
    due = f"{clock.due_at:%Y-%m-%d %H:%M} UTC"
    return (_LEFT if seconds >= 0 else _OVER).in_language(language).format(left=left, over=left, due=due)


def table_of(console: Console, found: Sequence[Incident]) -> None:
    """Several, each in a row."""
    if found:
        rows = [(row.id, row.severity.name, row.state.value, iso(row.opened_at), _flat(row.title)) for row in found]
        console.table(("incident", "severity", "state", "opened (UTC)", "title"), rows)


def short_json(row: Incident) -> dict[str, Any]:
    """One of several for `--json`."""
    return {key: value for key, value in incident_json(row, ()).items() if key != "timeline"}


def standing_json(standing: Standing, timeline: Sequence[TimelineEntry], urgency: Urgency, now: datetime) -> dict[str, Any]:
    """One for `--json`, with all that `show` shows."""
    shown = standing.incident
    document = incident_json(shown, timeline)
    events = document.pop("timeline")
    return {
        **document,
        "urgency": urgency.value,
        "trigger": shown.trigger.value,
        "acknowledged_by": shown.acknowledged_by or None,
        "acknowledged_at": iso(shown.acknowledged_at) if shown.acknowledged_at else None,
        "roles": {role.value: _holder(standing, role) for role in Role},
        "clocks": {kind.value: _clock(standing.clocks[kind], now) for kind in ClockKind if kind in standing.clocks},
        "checklist": [
            {
                "entry": entry.key,
                "phase": entry.phase.value,
                "words": entry.words.english,
                "done_by": done.by if done else None,
                "done_at": iso(done.at) if done else None,
                "evidence": done.evidence if done else None,
            }
            for entry, done in standing.checklist
        ],
        "timeline": [{**event, "kind": entry.kind or None} for event, entry in zip(events, timeline, strict=True)],
    }


def _holder(standing: Standing, role: Role) -> dict[str, str] | None:
    holder = standing.roles.get(role)
    return {"name": holder.name, "since": iso(holder.since)} if holder else None


def _clock(clock: Clock, now: datetime) -> dict[str, Any]:
    return {
        "started_at": iso(clock.started_at),
        "due_at": iso(clock.due_at),
        "stopped_at": iso(clock.stopped_at) if clock.stopped_at else None,
        "missed": clock.missed_at is not None,
        "escalations": clock.escalations,
        "seconds_left": round(clock.left(now).total_seconds(), 3),
    }


def _flat(text: str) -> str:
    """On one line, so that no text from outside looks like a line of ours."""
    return " ".join(text.split())
