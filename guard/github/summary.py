"""The summary that GitHub shows with a run: what was seen, what was decided, what was done. Markdown, and harmless whatever it holds."""

from collections.abc import Iterator, Sequence
from typing import Any

from guard.github.telling import Ended, checks_of
from guard.incidents.wording import escape

LONGEST = 900_000
"""GitHub takes a mebibyte for a step, and shows nothing of a longer one."""
_MOST_ROWS = 60
_MARKS = {
    "healthy": "✅ healthy",
    "breach": "🛑 breach",
    "inconclusive": "❔ inconclusive",
    "no_data": "▫️ no data",
    "passed": "✅ passed",
    "failed": "🛑 failed",
    "error": "⚠️ error",
    "not_configured": "▫️ not configured",
    "done": "✅ done",
    "completed": "✅ completed",
    "ok": "✅ ok",
    "warning": "⚠️ warning",
    "problem": "🛑 problem",
    "not_checked": "▫️ not checked",
    "held": "🛑 held",
    "rolled_back": "🛑 rolled back",
    "rolling_back": "🛑 rolling back",
}
_BANNERS = {0: "✅", 1: "🛑", 3: "❔"}


def summary_of(ended: Ended, plot: str = "") -> str:
    """The whole summary; ``plot`` is a block of Mermaid that is already harmless."""
    parts = [f"## {_BANNERS.get(ended.code, '⚠️')} release-guard {ended.name}: {ended.meaning}", escape(ended.sentence)]
    parts += _sections(ended, plot)
    text = "\n\n".join(parts) + "\n"
    return text if len(text.encode()) <= LONGEST else text.encode()[:LONGEST].decode(errors="ignore") + "\n\n…\n"


def _sections(ended: Ended, plot: str) -> Iterator[str]:
    found: Any = ended.document
    yield from _extensions(found.get("extensions") or ())
    yield from _findings(found.get("findings") or ())
    yield from _signals(found.get("assessment") or {})
    if plot:
        yield plot
    for version, checks in checks_of(ended):
        yield from _checks(version, checks)
    if drill := found.get("drill"):
        yield f"**Rollback drill:** {escape(str(drill.get('words', '')))}"
    if plan := found.get("plan"):
        yield f"**Plan: {escape(plan['strategy'])}.** {escape(plan['reason'])}"
    if held := found.get("held_because"):
        yield "**Held, and left to a person, because:**\n" + "\n".join(f"- {escape(reason)}" for reason in held)
    rollback: Any = found if "steps" in found else found.get("rollback")
    if rollback:
        yield from _rollback(rollback)
    incident: Any = found.get("incident")
    if isinstance(incident, dict):
        yield from _incident(incident)
    elif incident:
        yield f"**Incident:** {escape(str(incident))}"


def _extensions(extensions: Sequence[Any]) -> Iterator[str]:
    """What was seen of each, of those that were looked at one by one."""
    rows = [
        (one["extension"], one.get("version") or "", _marked(one.get("verdict") or one.get("outcome") or "error"), _words_of(one))
        for one in extensions
        if "extension" in one
    ]
    if rows:
        yield _table(("extension", "version", "came to", "because"), rows)


def _words_of(extension: Any) -> str:
    return str(extension.get("headline") or extension.get("sentence") or extension.get("failure") or "")


def _findings(findings: Sequence[Any]) -> Iterator[str]:
    rows = [(one["id"], one["extension"] or "", _marked(one["status"]), one["message"], one["hint"]) for one in findings]
    if rows:
        yield _table(("what", "extension", "status", "finding", "to do"), rows)


def _signals(assessment: Any) -> Iterator[str]:
    rows = [
        (one["signal"], _marked(one["verdict"]), one["evidence"])
        for one in assessment.get("signals", ())
        if one["verdict"] != "no_data" or one["reason"]
    ]
    if rows:
        yield _table(("signal", "verdict", "evidence"), rows)
    if assessment.get("diagnosis"):
        changes = f" What would change it: {escape(assessment['would_change'])}." if assessment.get("would_change") else ""
        yield f"**Diagnosis:** {escape(assessment['diagnosis'])}.{changes}"


def _checks(version: str, checks: Sequence[Any]) -> Iterator[str]:
    rows: list[Sequence[Any]] = [
        (check["check"], _marked(check["status"]) + (", flaky" if check["flaky"] else ""), words)
        for check in checks
        for words in ([_found(one) for one in check["details"]] or [check["note"] or ""])
    ]
    if rows:
        yield f"### Browser checks of {escape(version)}"
        yield _table(("check", "result", "finding"), rows)


def _found(finding: Any) -> str:
    return f"{finding['message']} ({finding['place']})" if finding["place"] else str(finding["message"])


def _rollback(rollback: Any) -> Iterator[str]:
    was, now, target = (escape(rollback[name]) for name in ("from", "new_version", "target"))
    yield f"### Rollback: {escape(rollback['state'])}"
    yield f"{was} → {now}, the code of {target}. {escape(rollback['reason'])}"
    if rollback.get("approved_by"):
        yield f"**Approved by:** {escape(rollback['approved_by'])}"
    if rollback.get("failure"):
        yield f"**It failed:** {escape(rollback['failure'])}"
    rows = [(step["name"], _marked(step["state"]), step["evidence"]) for step in rollback.get("steps", ())]
    if rows:
        yield _table(("step", "state", "evidence"), rows)


def _incident(incident: Any) -> Iterator[str]:
    yield f"### {escape(incident['id'])} ({escape(incident['severity'])}, {escape(incident['state'])}): {escape(incident['title'])}"
    rows = [(entry["at"], entry["actor"], entry["event"], entry["evidence"]) for entry in incident.get("timeline", ())]
    if rows:
        yield "<details><summary>Timeline</summary>\n\n" + _table(("UTC", "who", "what", "evidence"), rows) + "\n\n</details>"


def _marked(word: str) -> str:
    """A verdict or a state with a sign that can be told apart without its colour."""
    return _MARKS.get(word, word)


def _table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    lines += ["| " + " | ".join(escape(str(cell)) for cell in row) + " |" for row in rows[:_MOST_ROWS]]
    if len(rows) > _MOST_ROWS:
        lines.append(f"| … {len(rows) - _MOST_ROWS} more |" + " |" * (len(columns) - 1))
    return "\n".join(lines)
