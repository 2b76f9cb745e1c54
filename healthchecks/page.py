"""A check report as one HTML page that needs no other file: it can be kept as a CI artifact and opened anywhere."""

import base64
from pathlib import Path

import jinja2

from healthchecks.differential import Differential
from healthchecks.result import CheckReport

_LARGEST_TRACE = 20_000_000


def page(report: CheckReport, differential: Differential | None = None) -> str:
    """The page: findings, screenshots inside it, timings, and both versions side by side when there are two.

    Everything on it may come from an extension or a web page: it is escaped, and no script may run.
    """
    loader = jinja2.FileSystemLoader(Path(__file__).parent / "templates")
    environment = jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["inline"] = _inline
    environment.filters["download"] = _download
    reports = (report, differential.old) if differential else (report,)
    return environment.get_template("check.html").render(report=report, reports=reports, differential=differential)


def _inline(picture: Path) -> str:
    """A screenshot as a data address; nothing where it is gone."""
    return _data(picture, "image/png")


def _download(trace: Path) -> str:
    """A trace as a data address; nothing where it is gone, or too large to be put into a page."""
    return _data(trace, "application/zip") if trace.is_file() and trace.stat().st_size <= _LARGEST_TRACE else ""


def _data(path: Path, kind: str) -> str:
    try:
        return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"
    except OSError:
        return ""
