"""What an extension has stored, and what of it was lost between two moments. Pure."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, cast

from healthchecks.result import Finding, plain
from healthchecks.settings import Invariant
from healthchecks.values import holds, size_at, values_at

DATA_LOST = "data_lost"
_UPDATE = "the update"
_RETURN = "going back"
_HINTS = {
    _UPDATE: "compare the migration in `runtime.onInstalled` with what the baseline stores; list a mere cache under `may_shrink`",
    _RETURN: "let the new version leave what the old one stores in a shape that both can read",
}
_DATABASE_HINTS = {
    _UPDATE: "compare `onupgradeneeded` of both versions: a new version number must take the old records along",
    _RETURN: "raise a database's version only in a release that nobody will need to go back from",
}


@dataclasses.dataclass(frozen=True)
class Database:
    """One IndexedDB."""

    version: int
    stores: Mapping[str, int]
    """Records in each of its stores."""


@dataclasses.dataclass(frozen=True)
class Stored:
    """What an extension has stored at one moment."""

    local: Mapping[str, Any]
    """`chrome.storage.local`."""
    databases: Mapping[str, Database]

    @property
    def is_there(self) -> bool:
        """Whether there is anything that could be lost."""
        return bool(self.local or any(database.stores for database in self.databases.values()))


def lost_in_update(before: Stored, after: Stored, may_shrink: Sequence[str]) -> list[Finding]:
    """What the update has lost: keys, entries, databases, records."""
    return compare(before.local, after.local, may_shrink) + compare_databases(before.databases, after.databases)


def lost_on_return(before: Stored, updated: Stored, returned: Stored, may_shrink: Sequence[str]) -> list[Finding]:
    """What going back to the baseline's code has lost of what the update left, or left in a shape that the baseline does not know."""
    return [
        *compare(updated.local, returned.local, may_shrink, _RETURN),
        *compare_databases(updated.databases, returned.databases, _RETURN),
        *_reshaped(before.local, returned.local, may_shrink),
        *_unreadable(before.databases, returned.databases),
    ]


def compare(before: Mapping[str, Any], after: Mapping[str, Any], may_shrink: Sequence[str] = (), by: str = _UPDATE) -> list[Finding]:
    """What was lost: keys that vanished, lists and objects that shrank. Names and sizes only, never what users stored."""
    findings: list[Finding] = []
    for key, value in before.items():
        if key in may_shrink:
            continue
        shown = plain(key)
        if key not in after:
            findings.append(Finding(DATA_LOST, f"{by} loses {shown!r} ({_size(value)})", _HINTS[by]))
        elif _count(after[key]) < _count(value):
            findings.append(Finding(DATA_LOST, f"{by} shrinks {shown!r} from {_size(value)} to {_size(after[key])}", _HINTS[by]))
    return findings


def compare_databases(before: Mapping[str, Database], after: Mapping[str, Database], by: str = _UPDATE) -> list[Finding]:
    """What was lost of IndexedDB: databases and stores that vanished or hold less."""
    findings: list[Finding] = []
    hint = _DATABASE_HINTS[by]
    for name, database in before.items():
        if name not in after:
            findings.append(Finding(DATA_LOST, f"{by} loses the database {plain(name)!r}", hint))
            continue
        for store, records in database.stores.items():
            left = after[name].stores.get(store)
            place = plain(f"{name}/{store}")
            if left is None:
                findings.append(Finding(DATA_LOST, f"{by} loses the store {place!r} ({records} records)", hint))
            elif left < records:
                findings.append(Finding(DATA_LOST, f"{by} shrinks {place!r} from {records} to {left} records", hint))
    return findings


def broken_invariants(invariants: Sequence[Invariant], stored: Stored, before: Stored, moment: str) -> list[Finding]:
    """Declared invariants that do not hold at a moment ("after the update"); ``before`` is what the baseline had stored."""
    return [
        Finding("invariant_broken", f"{moment}, {fault}", "look at what is stored there, or correct the invariant")
        for invariant in invariants
        if (fault := _fault_of(invariant, stored, before))
    ]


def _fault_of(invariant: Invariant, stored: Stored, before: Stored) -> str | None:
    size = size_at(stored.local, invariant.path) or 0
    if invariant.at_least is not None and size < invariant.at_least:
        return f"{invariant.path!r} holds {size}, not at least {invariant.at_least}"
    found = values_at(stored.local, invariant.path)
    if invariant.equals is not None and not (len(found) == 1 and holds(found[0], invariant.equals)):
        return f"{invariant.path!r} is not what it must be"
    if invariant.unchanged and found != values_at(before.local, invariant.path):
        return f"{invariant.path!r} is no longer what the baseline stored"
    return None


def _reshaped(before: Mapping[str, Any], returned: Mapping[str, Any], may_shrink: Sequence[str]) -> list[Finding]:
    """Values of another type than the baseline wrote: its code may not be able to read them."""
    words = "{key!r} is {now} now, and was {then} under the baseline"
    return [
        Finding("data_reshaped", words.format(key=plain(key), now=_type(returned[key]), then=_type(value)), _HINTS[_RETURN])
        for key, value in before.items()
        if key not in may_shrink and key in returned and value is not None and _type(returned[key]) != _type(value)
    ]


def _unreadable(before: Mapping[str, Database], returned: Mapping[str, Database]) -> list[Finding]:
    """Databases whose version is above the one that the baseline opens: IndexedDB refuses it (VersionError)."""
    words = "the database {name!r} is at version {now} and the baseline opens version {then}, which Chromium refuses"
    return [
        Finding(
            "database_unreadable",
            words.format(name=plain(name), now=returned[name].version, then=database.version),
            _DATABASE_HINTS[_RETURN],
        )
        for name, database in before.items()
        if name in returned and returned[name].version > database.version
    ]


def _type(value: Any) -> str:
    kinds = ((bool, "a yes or no"), (int | float, "a number"), (str, "a text"), (list, "a list"), (dict, "an object"))
    return next((words for kind, words in kinds if isinstance(value, kind)), "nothing")


def _count(value: Any) -> int:
    """Entries of a list or object; anything else that is there counts 1, and null 0."""
    return len(cast("list[Any]", value)) if isinstance(value, list | dict) else 0 if value is None else 1


def _size(value: Any) -> str:
    count = _count(value)
    return f"{count} entr{'y' if count == 1 else 'ies'}" if isinstance(value, list | dict) else "nothing" if value is None else "a value"
