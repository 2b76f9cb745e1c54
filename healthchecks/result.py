"""What checks say: a status, findings with a hint each, and the pictures that show it. Pure."""

import dataclasses
import enum
from pathlib import Path
from typing import Any

FLAKY = "flaky"
"""Code of the finding that a failure did not repeat."""

_LONGEST_TEXT = 400
_MOST_NAMED = 3


class CheckName(enum.StrEnum):
    """The four checks, and a team's own."""

    LOAD = "load"
    EXTRACTION = "extraction"
    UI = "ui"
    DATA = "data"
    CUSTOM = "custom"


class CheckStatus(enum.StrEnum):
    """What came of one. An absent check is not a passed one."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_CONFIGURED = "not_configured"
    ERROR = "error"
    """It could not be run to its end: it says nothing of the extension."""


@dataclasses.dataclass(frozen=True)
class Finding:
    """One thing that was found, in words, and what to do about it."""

    code: str
    """A constant, such as `worker_failed`."""
    message: str
    hint: str = ""
    is_failure: bool = True
    """False for what a person should know but what breaks nothing."""
    detail: str = ""
    """More lines, such as a difference to a golden file."""
    place: str = ""
    """File of the extension and line, such as `worker.js:12`, where they are known."""

    @property
    def words(self) -> str:
        """What was found, and where."""
        return f"{self.message} ({self.place})" if self.place else self.message


DRILL_WORDS = {
    "unknown": "unknown: {rest}",
    "safe": "safe: nothing is lost on the way back to {baseline}",
    "harmful": "unsafe: going back to {baseline} would do harm: {rest}",
    "already harmful": "unsafe: the update does harm that going back to {baseline} does not undo: {rest}",
    "more": "and {count} more",
}
"""What a drill says, for those who tell it in another language."""


class DrillVerdict(enum.StrEnum):
    """Whether a release could be rolled back without losing users' data."""

    SAFE = "safe"
    UNSAFE = "unsafe"
    UNKNOWN = "unknown"


@dataclasses.dataclass(frozen=True)
class Drill:
    """A rollback drill: what an update and the way back to the baseline's code did to a profile."""

    verdict: DrillVerdict
    baseline: str
    """The version that was gone back to."""
    lost_in_update: tuple[str, ...] = ()
    """In words; a rollback stops it from happening to more users, and brings nothing back."""
    lost_on_return: tuple[str, ...] = ()
    """In words; a rollback would do it to every user."""
    reason: str = ""
    """Why it is unknown."""

    @property
    def words(self) -> str:
        """In one sentence."""
        if self.verdict is DrillVerdict.UNKNOWN:
            return DRILL_WORDS["unknown"].format(rest=self.reason)
        if self.lost_on_return:
            return DRILL_WORDS["harmful"].format(baseline=self.baseline, rest=_first(self.lost_on_return))
        if self.lost_in_update:
            return DRILL_WORDS["already harmful"].format(baseline=self.baseline, rest=_first(self.lost_in_update))
        return DRILL_WORDS["safe"].format(baseline=self.baseline)

    def to_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "verdict": self.verdict.value,
            "baseline": self.baseline,
            "lost_in_update": list(self.lost_in_update),
            "lost_on_return": list(self.lost_on_return),
            "reason": self.reason,
            "words": self.words,
        }


@dataclasses.dataclass(frozen=True)
class CheckResult:
    """What came of one check."""

    check: CheckName
    status: CheckStatus
    findings: tuple[Finding, ...] = ()
    seconds: float = 0.0
    screenshots: tuple[Path, ...] = ()
    note: str = ""
    console: tuple[str, ...] = ()
    """What pages logged, oldest first."""
    trace: Path | None = None
    """Playwright's trace of the run that failed; `playwright show-trace` opens it."""
    ready_seconds: float | None = None
    """From the call to load the extension until its worker runs; of the load check."""
    drill: Drill | None = None
    """Of the data check."""

    @classmethod
    def of(cls, check: CheckName, findings: list[Finding], screenshots: list[Path] | None = None, note: str = "") -> "CheckResult":
        """Failed when any finding is a failure."""
        status = CheckStatus.FAILED if any(finding.is_failure for finding in findings) else CheckStatus.PASSED
        return cls(check, status, tuple(findings), screenshots=tuple(screenshots or ()), note=note)

    @classmethod
    def absent(cls, check: CheckName, note: str) -> "CheckResult":
        """Not configured, and how to configure it."""
        return cls(check, CheckStatus.NOT_CONFIGURED, note=note)

    @property
    def is_flaky(self) -> bool:
        """Whether it failed once and passed when it was repeated: neither a failure, nor as good as a pass at once."""
        return any(finding.code == FLAKY for finding in self.findings)

    def to_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "check": self.check.value,
            "status": self.status.value,
            "flaky": self.is_flaky,
            "findings": [finding.message for finding in self.findings],
            "details": [
                {
                    "code": found.code,
                    "message": found.message,
                    "hint": found.hint,
                    "is_failure": found.is_failure,
                    "detail": found.detail,
                    "place": found.place,
                }
                for found in self.findings
            ],
            "screenshots": [str(path) for path in self.screenshots],
            "seconds": round(self.seconds, 3),
            "note": self.note,
            "console": list(self.console),
            "trace": str(self.trace) if self.trace else None,
            "ready_seconds": None if self.ready_seconds is None else round(self.ready_seconds, 3),
            "drill": self.drill.to_json() if self.drill else None,
        }


@dataclasses.dataclass(frozen=True)
class CheckReport:
    """The checks of one version."""

    target: str
    version: str
    checks: tuple[CheckResult, ...]

    @property
    def drill(self) -> Drill | None:
        """The rollback drill of the data check."""
        return next((result.drill for result in self.checks if result.drill), None)

    @property
    def status(self) -> str:
        """Failed when any check failed; else error when one could not be run, or none could pass; else passed."""
        statuses = {result.status for result in self.checks}
        if CheckStatus.FAILED in statuses:
            return "failed"
        if CheckStatus.ERROR in statuses or CheckStatus.PASSED not in statuses:
            return "error"
        return "passed"

    def to_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "target": self.target,
            "version": self.version,
            "status": self.status,
            "checks": [result.to_json() for result in self.checks],
        }


def _first(words: tuple[str, ...]) -> str:
    more = (DRILL_WORDS["more"].format(count=len(words) - _MOST_NAMED),) if len(words) > _MOST_NAMED else ()
    return "; ".join((*words[:_MOST_NAMED], *more))


def plain(text: str) -> str:
    """Text from an extension or a page: on one line, without control characters, of bounded length."""
    flat = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return flat if len(flat) <= _LONGEST_TEXT else flat[:_LONGEST_TEXT] + "…"
