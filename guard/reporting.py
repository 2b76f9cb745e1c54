"""The report of a guarded release as an HTML page, and the drafted postmortem beside it."""

import dataclasses
import os
from pathlib import Path

import jinja2

from guard import postmortems
from guard.engine import Engine
from guard.incidents.incident import Incident
from guard.incidents.sections import owner_of
from guard.outcome import GuardResult

_TEMPLATES = Path(__file__).parent / "templates"


@dataclasses.dataclass(frozen=True)
class Written:
    """Where the files are."""

    report: Path
    postmortem: Path | None


def write_report(engine: Engine, result: GuardResult, folder: Path) -> Written:
    """Write report.html, and postmortem.md with its plot when there is an incident."""
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
    draft = _free(folder / "postmortem.md", engine, result.incident)
    return Written(report, postmortems.write(engine, result.incident, draft, engine.config.language))


def _free(path: Path, engine: Engine, incident: Incident) -> Path:
    """The place of the postmortem: what stands there of another incident, or in another language, is kept under a name of its own."""
    if path.exists():
        text = path.read_text(encoding="utf-8", errors="replace")
        owner = owner_of(text)
        if owner is None or owner.about != incident.id or owner.language is not engine.config.language:
            name = f"{owner.about}.{owner.language.value}" if owner else f"before-{engine.now():%Y%m%dT%H%M%S.%f}"
            path.rename(path.with_name(f"postmortem-{name}.md"))
    return path
