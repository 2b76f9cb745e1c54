"""The status page as files of a folder that any web server can show: pages, their style, the feed, and the same for programs.

Everything is made before the first file is written. Each file is written beside its place and moved there, so that nobody is ever shown
half of one; the first page comes last, so that what it links to is there. What others keep in the folder is left alone.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup, escape

from guard.errors import UsageError
from guard.incidents.events import Language
from guard.statuspage.feed import FEED, HISTORY, PAGE, anchor_of, feed
from guard.statuspage.public import PublicExtension, PublicIncident, PublicStatus
from guard.statuspage.uptime import DAYS, Condition
from guard.statuspage.wording import Words
from webstore.whole_files import written

STYLE, DATA = "style.css", "status.json"
_TEMPLATES = Path(__file__).parent / "templates"
_MARK = "release-guard status page"
"""What stands near the beginning of each of our files, so that we know it again."""
_BEGINNING = 2000
_MOST_BEFORE, _MOST_IN_ALL = 10, 300


class NotOurPage(UsageError):
    """A file that must not be written over."""

    hint = "name another folder with --html"


class CannotBeWritten(UsageError):
    """The folder cannot be made, or written into."""

    hint = "name another folder with --html"


def write(status: PublicStatus, folder: Path, language: Language, url: str = "") -> list[Path]:
    """Write every file of the page into a folder, which is made where there is none; the first page comes last.

    ``url``: the address that the folder will have, ending in a slash; without it every link is relative.

    Raises:
        NotOurPage: a file of one of our names is there, and is not ours.
        CannotBeWritten: the folder cannot be made, or a file cannot be written.
    """
    files = render(status, language, url)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in files:
            _must_be_ours(folder / name)
        for name, content in files.items():
            with written(folder / name) as file:
                file.write(content)
    except OSError as error:
        raise CannotBeWritten(f"{folder} cannot be written: {error.strerror}") from error
    return [folder / name for name in files]


def render(status: PublicStatus, language: Language, url: str = "") -> dict[str, bytes]:
    """Every file by its name, in the order in which they are to be written."""
    words = Words(language)
    environment = _environment()
    known = {"status": status, "words": words, "generator": _MARK, "days": DAYS, "conditions": list(reversed(Condition))}

    def page(name: str, **more: object) -> bytes:
        return environment.get_template(f"{name}.j2").render(known | more).encode()

    past = [incident for incident in status.incidents if not incident.is_open]
    return {
        STYLE: page(STYLE),
        DATA: _json(status).encode(),
        FEED: feed(status, words, _MARK, url),
        HISTORY: page(HISTORY, all_incidents=status.incidents[:_MOST_IN_ALL], left_out=max(len(status.incidents) - _MOST_IN_ALL, 0)),
        PAGE: page(
            PAGE,
            open_incidents=[incident for incident in status.incidents if incident.is_open],
            past_incidents=past[:_MOST_BEFORE],
            asleep=sum(not extension.is_watched for extension in status.extensions),
        ),
    }


def _environment() -> jinja2.Environment:
    """Every value is escaped where it is put in; a sentence is filled with elements only through `fill`."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    environment.filters["fill"] = _fill
    environment.filters["iso"] = _iso
    environment.filters["anchor"] = anchor_of
    return environment


def _fill(sentence: str, **parts: object) -> Markup:
    """A sentence with its parts; what is no markup already is escaped."""
    return Markup(escape(sentence)).format(**parts)  # noqa: S704 - escaped in the same breath


def _json(status: PublicStatus) -> str:
    """The same for programs. Times are UTC, lengths in seconds, shares from 0 to 1. Later versions add keys, none goes away."""
    document = {
        "generator": _MARK,
        "as_of": _iso(status.at),
        "status": status.name,
        "watched": status.is_watched,
        "extensions": [_extension_json(extension) for extension in status.extensions],
        "incidents": [_incident_json(incident) for incident in status.incidents[:_MOST_IN_ALL]],
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n"


def _extension_json(extension: PublicExtension) -> dict[str, Any]:
    return {
        "id": extension.id,
        "name": extension.name,
        "condition": extension.condition.name.lower(),
        "watched": extension.is_watched,
        "looked_at": _iso(extension.looked_at) if extension.looked_at else None,
        "available": extension.uptime.available,
        "days": [
            {
                "date": day.date.isoformat(),
                "condition": day.condition.name.lower(),
                "known_seconds": day.known.total_seconds(),
                "outage_seconds": day.outage.total_seconds(),
                "degraded_seconds": day.degraded.total_seconds(),
            }
            for day in extension.uptime.days
        ],
    }


def _incident_json(incident: PublicIncident) -> Mapping[str, Any]:
    return {
        "id": incident.reference.urn,
        "extension": incident.name,
        "condition": incident.condition.name.lower(),
        "since": _iso(incident.since),
        "until": _iso(incident.until) if incident.until else None,
        "version": str(incident.version) if incident.version else None,
        "updates": [{"at": _iso(update.at), "stage": update.stage.value, "words": update.words or None} for update in incident.updates],
    }


def _iso(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _must_be_ours(path: Path) -> None:
    """A file that somebody else made stays as it is."""
    try:
        with path.open("rb") as file:
            beginning = file.read(_BEGINNING)
    except FileNotFoundError:
        return
    if _MARK.encode() not in beginning:
        raise NotOurPage(f"{path} is there already, and is no status page of the guard")
