"""The report of a period: gathered from the database, and shown as text, JSON, Markdown or a page of its own."""

import base64
import dataclasses
import enum
import hashlib
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import jinja2
from markupsafe import Markup
from rich.cells import cell_len

from guard import plots
from guard.engine import Engine
from guard.incidents.analysis import Case, Spread
from guard.incidents.events import Language
from guard.incidents.figures import Figures, ItemBudget, Prevention, figures_of
from guard.incidents.measured import Line, budget_of, line_of
from guard.incidents.recommendations import Recommendation
from guard.incidents.telling import Section, Told, tell
from guard.incidents.wording import one_line
from guard.model import Interval
from guard.outcome import iso
from guard.postmortems import TEMPLATES, case_of, limits_of, markdown_environment, name_of
from guard.severity import Severity
from guard.store.action_items import ActionItems
from webstore.models import Item

_HORIZON = timedelta(days=2 * 365)
"""What is older says nothing of how well an action item prevents."""

_WIDEST_CELL = 60


class Format(enum.StrEnum):
    """How a report is shown."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
    HTML = "html"


def gather(engine: Engine, days: int) -> Figures:
    """The figures of the last days, up to now."""
    now = engine.now()
    period = Interval(now - timedelta(days=days), now)
    oldest = now - max(_HORIZON, timedelta(days=days))
    cases = [case_of(engine, incident) for incident in engine.incidents.all() if incident.opened_at >= oldest]
    items = _items(engine, cases)
    began = [*(case.incident.opened_at for case in cases), *(one.published_at for item in items for one in engine.releases.all(item))]
    return figures_of(
        cases,
        period,
        items=ActionItems(engine.database, engine.now).all(),
        budgets=list(_budgets(engine, items, period)),
        limits=limits_of(engine),
        known_since=max(min(began, default=period.start), oldest),
    )


def _items(engine: Engine, cases: list[Case]) -> list[Item]:
    """Every extension that is configured, or that an incident is about."""
    return list(dict.fromkeys([*(one.item for one in engine.config.extension), *(case.incident.item for case in cases)]))


def _budgets(engine: Engine, items: list[Item], period: Interval) -> Iterator[ItemBudget]:
    for item in items:
        budget = budget_of(_lines(engine, item, period), engine.config.report.objective)
        if budget:
            yield ItemBudget(item.id, name_of(engine, item), budget)


def _lines(engine: Engine, item: Item, period: Interval) -> Iterator[Line]:
    """What was counted of every release that was seen in the period, and of its baseline in the same minutes."""
    for release in engine.releases.all(item):
        if not period.start <= release.published_at < period.end:
            continue
        baseline = engine.releases.baseline_of(item, release.version)
        polls = engine.samples.polls(release, baseline.version if baseline else None)
        for version in (release.version, *((baseline.version,) if baseline else ())):
            if line := line_of(polls, version, since=release.published_at):
                yield line


def to_json(figures: Figures) -> dict[str, Any]:
    """The document for programs: times in seconds, shares from 0 to 1; the same in every language."""
    settled = {name: figures.met(lambda sla, name=name: getattr(sla, name)) for name in ("response", "resolution")}
    return {
        "from": iso(figures.period.start),
        "to": iso(figures.period.end),
        "incidents": {
            "total": figures.incidents,
            "open": figures.still_open,
            "reopened": figures.reopened,
            "by_severity": {severity.name: count for severity, count in figures.by_severity.items()},
            "by_cause": dict(figures.by_cause),
        },
        "seconds": {name: _spread(found) for name, found in figures.times.items()},
        "targets": {name: {"met": met, "of": of} for name, (met, of) in settled.items()},
        "targets_by_severity": {
            severity.name: {
                name: dict(zip(("met", "of"), figures.met(lambda sla, name=name: getattr(sla, name), severity), strict=True))
                for name in settled
            }
            for severity in figures.by_severity
        },
        "false_alarms": {"total": figures.false_alarms, "by_signal": dict(figures.false_alarms_by_signal)},
        "rollbacks": {
            "done": figures.rollbacks.done,
            "failed": figures.rollbacks.failed,
            "stopped": figures.rollbacks.stopped,
            "by_hand": figures.rollbacks.by_hand,
            "success": figures.rollbacks.success,
            "seconds": _spread(figures.rollbacks.took),
        },
        "error_budgets": [_budget(one) for one in figures.budgets],
        "action_items": dataclasses.asdict(figures.actions),
        "prevention": [_prevention(one) for one in figures.prevention],
        "recommendations": [_recommendation(one) for one in figures.recommendations],
    }


def _spread(found: Spread | None) -> dict[str, float] | None:
    if found is None:
        return None
    seconds = {"mean": found.mean, "median": found.median, "p90": found.p90}
    return {"count": found.count, **{name: round(value.total_seconds(), 3) for name, value in seconds.items()}}


def _budget(one: ItemBudget) -> dict[str, Any]:
    budget = dataclasses.asdict(one.budget)
    return {"item": one.item_id, "name": one.name, **budget, "used": round(one.budget.used, 6)}


def _prevention(one: Prevention) -> dict[str, Any]:
    return {
        "action_item": one.item.id,
        "classes": [str(found) for found in one.classes],
        "days_on_each_side": round(one.window / timedelta(days=1), 3),
        "before": one.before,
        "after": one.after,
        "expected_fewer": round(one.expected, 3),
        "too_early": one.is_too_early,
    }


def _recommendation(one: Recommendation) -> dict[str, Any]:
    return {
        "area": one.area.value,
        "rule": one.rule.value,
        "advice": one.advice(Language.ENGLISH),
        "evidence": one.evidence(Language.ENGLISH),
        "incidents": [earned.incident_id for earned in one.earned],
    }


def to_markdown(figures: Figures, language: Language) -> str:
    """The report for a repository, a wiki or a job's summary."""
    return markdown_environment().get_template("report.md.j2").render(told=tell(figures, language))


def to_html(figures: Figures, language: Language) -> str:
    """A page that holds all it needs, runs no script and asks nobody for anything."""
    # What people have written stands on it: everything is escaped, and the policy names the one style that is its own.
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined, finalize=_visible
    )
    environment.filters["coded"] = _coded
    told = tell(figures, language)
    style = f"{environment.get_template('report.css.j2').render()}\n{plots.style('.plot')}"
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return environment.get_template("report.html.j2").render(
        told=told, style=style, digest=digest, plot=_days(figures, told), severities=list(_severities(figures))
    )


def _visible(value: object) -> object:
    """Text without what turns the direction of what follows; what is marked as safe is our own."""
    return one_line(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _severities(figures: Figures) -> list[str]:
    return [severity.name for severity in figures.by_severity]


def _days(figures: Figures, told: Told) -> str:
    """Incidents by day, as bars."""
    kinds = list(figures.by_severity)

    def counts(found: dict[Severity, int]) -> tuple[int, ...]:
        return tuple(found[severity] for severity in kinds)

    entries = [plots.Bar(f"{day:%m-%d}", counts(dict(found))) for day, found in figures.by_day.items()]
    return plots.bars(told.days, entries, len(kinds))


def _coded(text: str) -> Markup:
    """A sentence of ours for a page; what stands in backticks is code."""
    parts = text.split("`")
    return Markup("").join(Markup("<code>{}</code>").format(part) if place % 2 else part for place, part in enumerate(parts))


def to_text(figures: Figures, language: Language) -> str:
    """The report for a terminal: columns are as wide as their words, and a Chinese letter is two wide."""
    told = tell(figures, language)
    lines = [told.title, "", *(f"{figure}  {words}" for figure, words in told.lead)]
    for section in told.sections:
        lines += ["", section.heading, *_table(section)]
        lines += [section.note] if section.note else []
    return "\n".join(lines) + "\n"


def _table(section: Section) -> Iterator[str]:
    if not section.rows:
        yield f"  {section.empty}"
        return
    rows = [[one_line(cell) for cell in row] for row in (section.columns, *section.rows)]
    if any(cell_len(cell) > _WIDEST_CELL for row in rows for cell in row):
        # Sentences make no columns: each row is told below its first cell.
        for row in rows[1:]:
            yield from (f"  {row[0]}", *(f"    {cell}" for cell in row[1:]))
        return
    widths = [max(cell_len(row[place]) for row in rows) for place in range(len(section.columns))]
    for row in rows:
        yield "  " + "  ".join(cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True)).rstrip()
