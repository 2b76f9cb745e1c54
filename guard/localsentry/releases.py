"""Releases and deploys: a release is there from the first event or session that names it, or once it is created."""

import dataclasses
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from guard.localsentry.envelope import EnvelopeError
from guard.localsentry.items import clean, moment_of
from guard.localsentry.questions import QueryRefused, iso

_LONGEST_NAME = 200
_LONGEST_ENVIRONMENT = 64
_MOST_DEPLOYS = 1_000


@dataclasses.dataclass
class _Known:
    number: int
    created: float
    released: float | None = None
    url: str | None = None
    ref: str | None = None
    first_event: float | None = None
    last_event: float | None = None
    deploys: list[dict[str, Any]] = dataclasses.field(default_factory=list[dict[str, Any]])


class Releases:
    """All releases of the organization."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._known: dict[str, _Known] = {}

    def seen(self, version: str, moment: float) -> None:
        """Something was reported under this release."""
        known = self._known.get(version)
        if known is None:
            known = self._known[version] = self._new()
        known.first_event = moment if known.first_event is None else min(known.first_event, moment)
        known.last_event = moment if known.last_event is None else max(known.last_event, moment)

    def found(self, text: str, project: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Releases whose version contains a text, the newest first."""
        found = [version for version in self._known if text.lower() in version.lower()]
        return [self.tell(version, project) for version in sorted(found, key=lambda one: -self._known[one].number)]

    def create(self, values: Mapping[str, Any], slug: str) -> bool:
        """Create a release, or leave it as it is; whether it is new.

        Raises:
            QueryRefused: its version or its projects make no sense.
        """
        version, projects = values.get("version"), values.get("projects")
        if not isinstance(version, str) or not _is_version(version):
            raise QueryRefused("Release with this name is not valid")
        if projects != [slug]:
            raise QueryRefused("Invalid project ids or slugs")
        is_new = version not in self._known
        known = self._known.setdefault(version, self._new())
        known.released = _time(values, "dateReleased") or known.released
        known.url, known.ref = _text(values, "url") or known.url, _text(values, "ref") or known.ref
        return is_new

    def deploy(self, version: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """Note that a release was deployed.

        Raises:
            QueryRefused: there is no such release, or the environment makes no sense.
        """
        known = self._release(version)
        environment = values.get("environment")
        if not isinstance(environment, str) or not re.fullmatch(rf"[^\n\r\f/]{{1,{_LONGEST_ENVIRONMENT}}}", environment):
            raise QueryRefused("environment: this field is required, and holds no slashes")
        if len(known.deploys) >= _MOST_DEPLOYS:
            raise QueryRefused("too many deploys")
        started = _time(values, "dateStarted")
        found = {
            "id": str(len(known.deploys) + 1),
            "environment": clean(environment),
            "name": _text(values, "name"),
            "url": _text(values, "url"),
            "dateStarted": None if started is None else iso(started),
            "dateFinished": iso(_time(values, "dateFinished") or self._now().timestamp()),
        }
        known.deploys.append(found)
        return found

    def deploys(self, version: str) -> list[dict[str, Any]]:
        """Deploys of a release, the newest first.

        Raises:
            QueryRefused: there is no such release.
        """
        return self._release(version).deploys[::-1]

    def tell(self, version: str, project: Mapping[str, Any]) -> dict[str, Any]:
        """A release as the API tells it.

        Raises:
            QueryRefused: there is none.
        """
        known = self._release(version)
        has_events = known.first_event is not None
        return {
            "id": known.number,
            "version": version,
            "shortVersion": version,
            "status": "open",
            "versionInfo": _version_info(version),
            "ref": known.ref,
            "url": known.url,
            "dateReleased": _told(known.released),
            "dateCreated": iso(known.created),
            "data": {},
            "newGroups": 0,
            "owner": None,
            "commitCount": 0,
            "lastCommit": None,
            "deployCount": len(known.deploys),
            "lastDeploy": known.deploys[-1] if known.deploys else None,
            "authors": [],
            "projects": [{**project, "id": int(project["id"]), "platforms": ["javascript"], "hasHealthData": has_events, "newGroups": 0}],
            "firstEvent": _told(known.first_event),
            "lastEvent": _told(known.last_event),
            "currentProjectMeta": {},
            "userAgent": None,
        }

    def _release(self, version: str) -> _Known:
        if version not in self._known:
            raise QueryRefused("The requested resource does not exist", 404)
        return self._known[version]

    def _new(self) -> _Known:
        return _Known(len(self._known) + 1, self._now().timestamp())


def _is_version(text: str) -> bool:
    return text.strip() not in {"", ".", "..", "latest"} and len(text) <= _LONGEST_NAME and not re.search(r"[/\\\n\t\r\ud800-\udfff]", text)


def _version_info(version: str) -> dict[str, Any]:
    package, _, number = version.rpartition("@")
    parts = number.split(".")
    raw: dict[str, Any] = {"raw": number}
    if all(part.isdecimal() and part.isascii() for part in parts):
        raw = {"raw": number, "pre": None, "buildCode": None, "components": len(parts)}
    return {"package": package or None, "version": raw, "description": number, "buildHash": None}


def _text(values: Mapping[str, Any], key: str) -> str | None:
    value = values.get(key)
    return clean(value) if isinstance(value, str) and value else None


def _time(values: Mapping[str, Any], key: str) -> float | None:
    try:
        return moment_of(values[key]) if values.get(key) is not None else None
    except EnvelopeError as error:
        raise QueryRefused(f"{key}: {error}") from None


def _told(moment: float | None) -> str | None:
    return None if moment is None else datetime.fromtimestamp(moment, UTC).isoformat()
