"""The drafted postmortem: what the timeline knows is written down, what only people know is asked."""

import dataclasses
import re
from collections.abc import Sequence
from datetime import timedelta

from guard.incidents.incident import Incident, TimelineEntry

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+!|~])")
_LONGEST_TEXT = 600

SLOW_DETECTION = timedelta(minutes=10)
"""Detection slower than this earns a MONITORING recommendation (DESIGN, section 6)."""


@dataclasses.dataclass(frozen=True)
class Timings:
    """How long each part took; none where it has not happened."""

    to_detect: timedelta | None
    to_mitigate: timedelta | None
    to_resolve: timedelta | None


def escape(text: str) -> str:
    """Text from anywhere, safe inside one line of Markdown and of bounded length."""
    flat = " ".join(text.split())
    if len(flat) > _LONGEST_TEXT:
        flat = flat[:_LONGEST_TEXT] + "…"
    # An escaped angle bracket still begins a tag for some readers of Markdown; an entity never does.
    return _MARKDOWN.sub(r"\\\1", flat).replace("<", "&lt;").replace(">", "&gt;")


def draft(incident: Incident, timeline: Sequence[TimelineEntry], timings: Timings) -> str:
    """The postmortem in Markdown."""
    parts = [
        f"# Postmortem of {incident.id} (draft)",
        f"**{escape(incident.title)}**",
        _facts(incident, timings),
        "## Impact",
        _impact(incident),
        "## Timeline (UTC)",
        _timeline(timeline),
        "## Root cause",
        escape(incident.cause) or "Not known yet.",
        "_To be completed by the team: what in the change did it, and why no test saw it._",
        "## Resolution",
        escape(incident.resolution) or "Not resolved yet.",
        "## What to improve",
        _recommendations(incident, timings),
    ]
    return "\n\n".join(parts) + "\n"


def _facts(incident: Incident, timings: Timings) -> str:
    rows = [
        ("Severity", incident.severity.name),
        ("State", incident.state.value),
        ("Extension", f"{incident.item.id}, version {incident.version}"),
        ("Opened", f"{incident.opened_at:%Y-%m-%d %H:%M:%S}"),
        ("Resolved", f"{incident.resolved_at:%Y-%m-%d %H:%M:%S}" if incident.resolved_at else "not yet"),
        ("Time to detect", _length(timings.to_detect)),
        ("Time to mitigate", _length(timings.to_mitigate)),
        ("Time to resolve", _length(timings.to_resolve)),
    ]
    return "\n".join(["| | |", "|---|---|", *(f"| {name} | {escape(value)} |" for name, value in rows)])


def _impact(incident: Incident) -> str:
    users = f"{incident.affected_users} users had a failure" if incident.affected_users else "The number of affected users was not measured"
    return f"{users} before the version was replaced, as far as the signals could see."


def _timeline(timeline: Sequence[TimelineEntry]) -> str:
    return "\n".join(
        f"- {entry.at:%H:%M:%S} {escape(entry.actor)}: {escape(entry.event)}" + (f" — {escape(entry.evidence)}" if entry.evidence else "")
        for entry in timeline
    )


def _recommendations(incident: Incident, timings: Timings) -> str:
    items = ["_To be completed by the team: what would have kept this release from users?_"]
    if timings.to_detect is not None and timings.to_detect > SLOW_DETECTION:
        items.append(f"MONITORING: detection took {_length(timings.to_detect)}; add a health check that sees this fault sooner.")
    if incident.cause.startswith("deployment"):
        items.append("DEPLOYMENT: run `release-guard check` on the package with these checks before it is published, and publish in steps.")
    return "\n".join(f"- {item}" for item in items)


def _length(value: timedelta | None) -> str:
    if value is None:
        return "not yet"
    seconds = value.total_seconds()
    return f"{seconds:.1f} s" if seconds < 120 else f"{seconds / 60:.0f} min"  # noqa: PLR2004 - as people say it
