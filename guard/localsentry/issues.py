"""Answers of `…/issues/`: errors that are alike, by type and text."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from guard.localsentry import search
from guard.localsentry.aggregates import KNOWN_FIELDS
from guard.localsentry.questions import Query, QueryRefused, asked_range
from guard.localsentry.records import Field, Record
from guard.localsentry.state import LocalSentry

DEFAULT_QUERY = "is:unresolved"
_FIRST_RELEASE = ("firstRelease", "first_release", "first-release")
_KNOWN = KNOWN_FIELDS["errors"] | {"is", *_FIRST_RELEASE}
_NEW_SECONDS = 7 * 86_400
_SORTS = ("date", "new", "freq", "user")

# Nobody looks after the local Sentry: what people do to an issue stays as it was on the first day.
_UNTOUCHED: Mapping[str, Any] = {
    "annotations": [],
    "assignedTo": None,
    "derivedData": {
        "blocker": "none",
        "progress": "not_started",
        "status": "open",
        "viewCount": 0,
        "hasOpenFixPr": False,
        "isAssigned": False,
        "hasRootCause": False,
        "lastCompletedAutofixStep": "none",
        "lastProgressedAt": None,
    },
    "filtered": None,
    "hasSeen": False,
    "integrationIssues": [],
    "isBookmarked": False,
    "isPublic": False,
    "isSubscribed": False,
    "issueCategory": "error",
    "issueType": "error",
    "latestEventHasAttachments": False,
    "logger": None,
    "matchingEventEnvironment": None,
    "matchingEventId": None,
    "numComments": 0,
    "platform": "javascript",
    "priority": "medium",
    "priorityLockedAt": None,
    "seerAutofixLastTriggered": None,
    "seerExplorerAutofixLastTriggered": None,
    "seerFixabilityScore": None,
    "sentryAppIssues": [],
    "sessionCount": 0,
    "shareId": None,
    "status": "unresolved",
    "statusDetails": {},
    "subscriptionDetails": None,
}


def issues(sentry: LocalSentry, query: Query, project: Mapping[str, Any], base_url: str) -> tuple[list[dict[str, Any]], bool]:
    """Issues with events that match, and whether there are more. Counts are those of the matching events.

    Raises:
        QueryRefused: something in the question is not known here.
    """
    if query.order and query.order not in _SORTS:
        raise QueryRefused(f"sort {query.order[:20]!r} is not known here")
    wanted = search.parse(query.query, _KNOWN)
    start, end = (moment.timestamp() for moment in asked_range(sentry.now(), query))
    found: dict[str, list[Record]] = {}
    lifetimes = _by_kind(sentry.rows("errors").all())
    for kind, rows in lifetimes.items():
        first = min(rows, key=lambda row: row.moment)
        beside: dict[str, Field] = {"is": "unresolved", **dict.fromkeys(_FIRST_RELEASE, first.release)}
        matched = [
            row
            for row in rows
            if start <= row.moment < end
            and (not query.environments or row.environment in query.environments)
            and wanted.matches({**row.fields, **beside})
        ]
        if matched:
            found[kind] = matched
    told = [_issue(kind, rows, lifetimes[kind], sentry.now().timestamp()) for kind, rows in found.items()]
    told.sort(key=lambda issue: _rank(issue, query.order), reverse=True)
    for issue in told:
        issue |= {"project": project, "permalink": f"{base_url}/organizations/local/issues/{issue['id']}/"}
    return told[query.offset : query.offset + query.per_page], len(told) > query.offset + query.per_page


def _by_kind(rows: Sequence[Record]) -> dict[str, list[Record]]:
    found: dict[str, list[Record]] = {}
    for row in rows:
        found.setdefault(f"{row.fields.get('error.type')}\n{row.message}", []).append(row)
    return found


def _rank(issue: Mapping[str, Any], order: str) -> Any:
    match order:
        case "freq":
            return int(issue["count"])
        case "user":
            return issue["userCount"]
        case "new":
            return issue["firstSeen"]
        case _:
            return issue["lastSeen"]


def _issue(kind: str, rows: Sequence[Record], lifetime: Sequence[Record], now: float) -> dict[str, Any]:
    number = int.from_bytes(hashlib.sha256(kind.encode()).digest()[:4], "big")
    last = max(rows, key=lambda row: row.moment)
    counts, whole = _counts(rows), _counts(lifetime)
    is_new = min(row.moment for row in lifetime) > now - _NEW_SECONDS
    kind_of_error = last.fields.get("error.type")
    return {
        **_UNTOUCHED,
        **counts,
        "id": str(number),
        "shortId": f"EXTENSION-{number:X}",
        "title": str(last.fields.get("title") or "<unlabeled event>"),
        "culprit": str(last.fields.get("transaction") or ""),
        "level": _level(last),
        "type": "error" if kind_of_error else "default",
        "metadata": {"type": kind_of_error, "value": last.message} if kind_of_error else {"title": str(last.fields.get("title") or "")},
        "substatus": "new" if is_new else "ongoing",
        "isUnhandled": any(row.is_unhandled for row in lifetime),
        "stats": {},
        "lifetime": {**whole, "stats": {}},
        "inbox": {"reason": 0, "reason_details": None, "date_added": whole["firstSeen"]},
        "owners": {"type": "ownershipRule", "owner": "", "date_added": whole["firstSeen"]},
    }


def _counts(rows: Sequence[Record]) -> dict[str, Any]:
    return {
        "count": str(len(rows)),
        "userCount": len({row.user for row in rows if row.user is not None}),
        "firstSeen": min(rows, key=lambda row: row.moment).at.isoformat(),
        "lastSeen": max(rows, key=lambda row: row.moment).at.isoformat(),
    }


def _level(row: Record) -> str:
    level = str(row.fields.get("level"))
    return level if level in {"debug", "info", "warning", "error", "fatal"} else "unknown"
