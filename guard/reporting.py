"""The report of a guarded release as an HTML page, and the drafted postmortem beside it."""

import dataclasses
import os
from datetime import datetime
from pathlib import Path

import jinja2

from guard.engine import Engine
from guard.incidents import postmortem
from guard.incidents.incident import Incident
from guard.outcome import GuardResult
from guard.rollback.plan import RollbackRecord, StepName

_TEMPLATES = Path(__file__).parent / "templates"


@dataclasses.dataclass(frozen=True)
class Written:
    """Where the files are."""

    report: Path
    postmortem: Path | None


def write_report(engine: Engine, result: GuardResult, folder: Path) -> Written:
    """Write report.html, and postmortem.md when there is an incident."""
    folder.mkdir(parents=True, exist_ok=True)
    # Everything on the page may come from a package, a page or Sentry: it is escaped, and no script may run.
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(_TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined)

    def beside(path: Path) -> str:
        return os.path.relpath(path, folder)

    environment.filters["beside"] = beside
    report = folder / "report.html"
    page = environment.get_template("report.html").render(result=result, seconds=result.timings.seconds(result.rollback))
    report.write_text(page, encoding="utf-8")
    if result.incident is None:
        return Written(report, None)
    draft = folder / "postmortem.md"
    timeline = engine.incidents.timeline(result.incident.id)
    text = postmortem.draft(result.incident, timeline, timings_of(result.incident, result.release.published_at, result.rollback))
    draft.write_text(text, encoding="utf-8")
    return Written(report, draft)


def timings_of(incident: Incident, released_at: datetime, rollback: RollbackRecord | None) -> postmortem.Timings:
    """How long detection, mitigation and resolution took."""
    ended = next((step.finished_at for step in rollback.steps if step.name is StepName.PROPAGATE), None) if rollback else None
    return postmortem.Timings(
        to_detect=incident.opened_at - released_at,
        to_mitigate=ended - incident.opened_at if ended else None,
        to_resolve=incident.resolved_at - incident.opened_at if incident.resolved_at else None,
    )
