"""What checks say: a status, findings with a hint each, and the pictures that show it. Pure."""

import dataclasses
import enum
from pathlib import Path
from typing import Any

FLAKY = "flaky"
"""Code of the finding that a failure did not repeat."""

_LONGEST_TEXT = 400


class CheckName(enum.StrEnum):
    """The four checks."""

    LOAD = "load"
    EXTRACTION = "extraction"
    UI = "ui"
    DATA = "data"


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


@dataclasses.dataclass(frozen=True)
class CheckResult:
    """What came of one check."""

    check: CheckName
    status: CheckStatus
    findings: tuple[Finding, ...] = ()
    seconds: float = 0.0
    screenshots: tuple[Path, ...] = ()
    note: str = ""

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
                {"code": found.code, "message": found.message, "hint": found.hint, "is_failure": found.is_failure}
                for found in self.findings
            ],
            "screenshots": [str(path) for path in self.screenshots],
            "seconds": round(self.seconds, 3),
            "note": self.note,
        }


@dataclasses.dataclass(frozen=True)
class CheckReport:
    """The checks of one version."""

    target: str
    version: str
    checks: tuple[CheckResult, ...]

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


def plain(text: str) -> str:
    """Text from an extension or a page: on one line, without control characters, of bounded length."""
    flat = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return flat if len(flat) <= _LONGEST_TEXT else flat[:_LONGEST_TEXT] + "…"
