"""Why a release is in breach: the release, the world around it, or what was so before; and what would change that answer."""

import dataclasses
import enum
import re
from collections.abc import Mapping, Sequence

from guard.forms import Form
from guard.judge import sentences
from guard.judge.verdict import SignalVerdict, Verdict
from guard.model import Signal
from healthchecks.differential import Origin, origin_of
from healthchecks.result import CheckName, CheckReport, CheckResult, CheckStatus
from webstore.versions import Version


class Cause(enum.StrEnum):
    """Why a release does badly: the handbook's causes, and those that a rollback cannot cure."""

    DEPLOYMENT = "deployment"
    EXTERNAL = "external"
    PRE_EXISTING = "pre-existing"
    CONFIGURATION = "configuration"
    MEMORY_LEAK = "memory-leak"
    CONNECTION_ISSUE = "connection-issue"
    RESOURCE_EXHAUSTION = "resource-exhaustion"
    CAPACITY = "capacity"
    PERFORMANCE = "performance"
    CODE_BUG = "code-bug"
    LOGIC_ERROR = "logic-error"
    UNKNOWN = "unknown"


@dataclasses.dataclass(frozen=True)
class Candidate:
    """A cause that error texts speak of; it proves nothing, and tells a person where to look first."""

    cause: Cause
    text: str
    """The text that says so."""

    @property
    def words(self) -> str:
        """In one sentence, with what would change it."""
        change = sentences.CANDIDATE_CHANGES[self.cause].say()
        return sentences.CANDIDATE.say(cause=self.cause.value, text=repr(self.text), change=change)


@dataclasses.dataclass(frozen=True)
class Diagnosis:
    """The cause, what says so, and what would change it."""

    cause: Cause
    reason: str
    candidates: tuple[Candidate, ...] = ()

    @property
    def would_change(self) -> str:
        """What evidence would lead to another cause."""
        form = sentences.CHANGES.get(self.cause)
        return form.say() if form else ""


@dataclasses.dataclass(frozen=True)
class Observation:
    """All that was read of one version: a verdict per signal, and the checks when they ran."""

    version: Version
    signals: Mapping[Signal, SignalVerdict]
    checks: CheckReport | None = None
    before: Mapping[Signal, SignalVerdict] = dataclasses.field(default_factory=dict[Signal, SignalVerdict])
    """The verdicts on it before the release: only of a baseline."""


_TEXTS = (
    (Cause.MEMORY_LEAK, re.compile(r"out of memory|allocation fail|heap|memory limit", re.IGNORECASE)),
    (Cause.RESOURCE_EXHAUSTION, re.compile(r"quota|no space|disk full|MAX_\w+_OPERATIONS", re.IGNORECASE)),
    (Cause.CAPACITY, re.compile(r"\b(?:429|503)\b|too many requests|rate.?limit|overload|service unavailable", re.IGNORECASE)),
    (
        Cause.CONNECTION_ISSUE,
        re.compile(r"failed to fetch|networkerror|network request failed|net::err|econn|timed? ?out|load failed", re.IGNORECASE),
    ),
)


def candidates_in(texts: Sequence[str]) -> tuple[Candidate, ...]:
    """Causes that error texts speak of, each once, by the most frequent text (the texts come in that order)."""
    found: dict[Cause, Candidate] = {}
    for text in texts:
        for cause, pattern in _TEXTS:
            if pattern.search(text):
                found.setdefault(cause, Candidate(cause, text))
    return tuple(found.values())


@dataclasses.dataclass
class _Sorted:
    """What is in breach, by where it comes from."""

    own: list[str] = dataclasses.field(default_factory=list[str])
    shared: list[str] = dataclasses.field(default_factory=list[str])
    old: list[str] = dataclasses.field(default_factory=list[str])
    unclear: list[str] = dataclasses.field(default_factory=list[str])


def diagnose(release: Observation, baseline: Observation | None, texts: Sequence[str] = ()) -> Diagnosis:
    """Why a release is in breach. What the baseline shows as well, a rollback cannot cure. ``texts``: its most frequent errors."""
    candidates = candidates_in(texts)
    if baseline is None:
        return Diagnosis(Cause.UNKNOWN, sentences.NO_BASELINE.say(), candidates)
    found = _sort_breaches(release, baseline)

    def shown(form: Form, names: list[str]) -> str:
        return form.say(version=baseline.version, shown=", ".join(names))

    if found.own:
        return Diagnosis(Cause.DEPLOYMENT, shown(sentences.ONLY_NEW, found.own), candidates)
    if found.unclear:
        return Diagnosis(Cause.UNKNOWN, shown(sentences.UNREADABLE, found.unclear), candidates)
    if found.old and not found.shared:
        return Diagnosis(Cause.PRE_EXISTING, shown(sentences.BEFORE_AS_BAD, found.old), candidates)
    return Diagnosis(Cause.EXTERNAL, shown(sentences.FAILS_ALIKE, found.shared + found.old), candidates)


def _sort_breaches(release: Observation, baseline: Observation) -> _Sorted:
    """Names of what only the release shows, what both show, and what cannot be told."""
    found = _Sorted()
    for signal, verdict in release.signals.items():
        if verdict.verdict is not Verdict.BREACH:
            continue
        if signal is Signal.HEALTH:
            for check, result in failed_checks(release.checks).items():
                place = {Origin.EXTERNAL: found.shared, Origin.DEPLOYMENT: found.own}.get(_origin(result, baseline.checks), found.unclear)
                place.append(f"check {check}")
        else:
            _place_of(verdict, baseline, found).append(signal.value)
    if (found.shared or found.old) and failed_checks(baseline.checks):
        # Where the baseline's own checks fail now, a difference in counted errors may only be a difference in who was counted.
        found.unclear += [name for name in found.own if not name.startswith("check ")]
        found.own = [name for name in found.own if name.startswith("check ")]
    return found


def _place_of(verdict: SignalVerdict, baseline: Observation, found: _Sorted) -> list[str]:
    """Where a counted signal in breach belongs."""
    if verdict.is_worse:
        return found.own
    if verdict.signal in {Signal.ACTIVE_USERS, Signal.RATING, Signal.SILENCE}:
        return found.unclear  # a number of all versions together: nothing says which one it is
    if not _is_breach(baseline.signals, verdict.signal):
        return found.own
    return found.old if _is_breach(baseline.before, verdict.signal) else found.shared


def _is_breach(verdicts: Mapping[Signal, SignalVerdict], signal: Signal) -> bool:
    counterpart = verdicts.get(signal)
    return counterpart is not None and counterpart.verdict is Verdict.BREACH


def failed_checks(report: CheckReport | None) -> dict[CheckName, CheckResult]:
    """The checks that failed, by name."""
    return {result.check: result for result in report.checks if result.status is CheckStatus.FAILED} if report else {}


def _origin(failed: CheckResult, baseline: CheckReport | None) -> Origin:
    """What a failed check comes from, by what the baseline does in it; unknown when the baseline was not checked."""
    if baseline is None:
        return Origin.UNKNOWN
    return origin_of(failed, next((result for result in baseline.checks if result.check is failed.check), None))
