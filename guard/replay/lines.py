"""One line of a recording, read and validated by hand: a hundred thousand lines a second, and each fault named with its line and field."""

import dataclasses
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeGuard, cast

from guard.errors import UsageError
from guard.model import Signal
from healthchecks.result import CheckName
from webstore.versions import Version, VersionError

LONGEST_LINE = 64 * 1024
_LARGEST = 10**12
_SIGNALS = frozenset(signal.value for signal in Signal)
_CHECKS = frozenset(check.value for check in CheckName)
_SHARES = frozenset({"error_rate", "api_failures", "response_time", "rating"})
_ADVISED = frozenset({"response_time", "rating"})
"""Shares that may come as one aggregated number instead, which advises."""
_EVENTS = {"extension_crashes": "seconds", "silence": "expected"}
"""Signals that count events, and what beside."""
_DEFAULT_WINDOW = 3600.0
_LONGEST_WINDOW = 90 * 86_400.0
_FIRST_YEAR, _LAST_YEAR = 1970, 2999


class MalformedLine(UsageError):
    """A line of a recording cannot be used."""

    hint = "correct the line; `release-guard replay --help` shows each kind"

    def __init__(self, number: int, field: str, problem: str) -> None:
        where = f"line {number}, field {field!r}" if field else f"line {number}"
        super().__init__(f"{where}: {problem}")


class _Bad(Exception):
    """A field and what is wrong with it."""


@dataclasses.dataclass(frozen=True)
class Opening:
    """The line that opens a release."""

    release: str
    baseline: str | None
    published_at: float
    """Seconds since 1970."""
    window_seconds: float
    signals: frozenset[Signal] | None = None
    """Those that are measured, fixed at the publish; none: not known."""
    required: tuple[Signal, ...] | None = None
    """Those that must be proved healthy."""


_decode = json.JSONDecoder().decode


class Reader:
    """Reads lines in their order; the time of a poll is parsed once."""

    def __init__(self) -> None:
        self._text = ""
        self._at = 0.0

    def read(self, number: int, line: str) -> Mapping[str, Any] | Opening | None:
        """An `Opening`, a sample with `at` in seconds, or none for an empty line.

        Raises:
            MalformedLine: it is neither.
        """
        if len(line) > LONGEST_LINE:
            raise MalformedLine(number, "", f"is longer than {LONGEST_LINE} characters")
        try:
            found: Any = _decode(line)
        except (ValueError, RecursionError):
            if not line.strip():
                return None
            raise MalformedLine(number, "", "is no JSON") from None
        if not isinstance(found, dict):
            raise MalformedLine(number, "", "is no JSON object")
        try:
            values = cast("dict[str, Any]", found)
            return _opening(values) if "release" in values else self._sample(values)
        except _Bad as bad:
            field, problem = bad.args
            raise MalformedLine(number, field, problem) from None

    def _sample(self, values: dict[str, Any]) -> dict[str, Any]:
        text = values.get("at")
        if text != self._text:
            self._at = _moment("at", text)
            self._text = str(text)
        values["at"] = self._at
        signal = values.get("signal")
        if not isinstance(values.get("version"), str):
            raise _Bad("version", "is missing or no text")
        if not isinstance(signal, str) or signal not in _SIGNALS:
            raise _Bad("signal", f"must be one of {', '.join(sorted(_SIGNALS))}")
        _kind(signal, values)
        _optional(values)
        return values


def _kind(signal: str, values: Mapping[str, Any]) -> None:
    """Hold a sample to what its signal counts."""
    if signal in _SHARES and ("value" not in values or signal not in _ADVISED):
        _count(values, "failures")
        _count(values, "total")
    elif signal in _EVENTS:
        _count(values, "events")
        _seconds(values, _EVENTS[signal])
    elif signal == "health":
        if values.get("check") not in _CHECKS:
            raise _Bad("check", f"must be one of {', '.join(sorted(_CHECKS))}")
        if not isinstance(values.get("passed"), bool):
            raise _Bad("passed", "must be true or false")
    elif not _is_number(values.get("value")):
        raise _Bad("value", "is missing or no number")


def _opening(values: Mapping[str, Any]) -> Opening:
    baseline = values.get("baseline")
    release = _version("release", values["release"])
    if baseline is not None:
        baseline = _version("baseline", baseline)
        if baseline == release:
            raise _Bad("baseline", "is the release itself")
    window = values.get("window_seconds", _DEFAULT_WINDOW)
    if not _is_number(window) or not 0 < window <= _LONGEST_WINDOW:
        raise _Bad("window_seconds", f"must be a number above 0 and at most {_LONGEST_WINDOW:.0f}")
    signals, required = _signals("signals", values), _signals("required", values)
    return Opening(
        release,
        baseline,
        _moment("published_at", values.get("published_at")),
        float(window),
        frozenset(signals) if signals else None,
        required,
    )


def _signals(field: str, values: Mapping[str, Any]) -> tuple[Signal, ...] | None:
    given = values.get(field)
    if given is None:
        return None
    if not isinstance(given, list) or not set(cast("list[Any]", given)) <= _SIGNALS:
        raise _Bad(field, f"must be a list of {', '.join(sorted(_SIGNALS))}")
    return tuple(Signal(name) for name in cast("list[str]", given))


def _version(field: str, value: Any) -> str:
    try:
        return str(Version.parse(value)) if isinstance(value, str) else _no_version(field)
    except VersionError:
        return _no_version(field)


def _no_version(field: str) -> str:
    raise _Bad(field, 'must be a version such as "1.3.0"')


def _moment(field: str, value: Any) -> float:
    try:
        found = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise _Bad(field, 'must be a time such as "2026-11-24T01:00:30Z"') from None
    if not _FIRST_YEAR <= found.year <= _LAST_YEAR:
        raise _Bad(field, f"must lie between {_FIRST_YEAR} and {_LAST_YEAR}")
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def _count(values: Mapping[str, Any], field: str) -> None:
    value = values.get(field)
    if type(value) is not int or not -_LARGEST <= value <= _LARGEST:
        raise _Bad(field, "is missing or no whole number")


def _optional(values: Mapping[str, Any]) -> None:
    """What only some samples have."""
    if "unit" in values and not _is_text(values["unit"]):
        raise _Bad("unit", "must be a text")
    if "dispersion" in values:
        _seconds(values, "dispersion")


def _seconds(values: Mapping[str, Any], field: str) -> None:
    value = values.get(field)
    if not _is_number(value) or value < 0:
        raise _Bad(field, "is missing or no number of at least 0")


def _is_text(value: Any) -> bool:
    """Whether it is a text that can be written anywhere: JSON can name halves of characters."""
    return isinstance(value, str) and (value.isascii() or value == value.encode("utf-8", "replace").decode("utf-8"))


def _is_number(value: Any) -> TypeGuard[int | float]:
    return type(value) in {int, float} and value == value and abs(value) <= _LARGEST  # noqa: PLR0124 - NaN is not itself
