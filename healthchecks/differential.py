"""Two versions checked side by side: what only the new one fails at, what both do, and what that says of the cause. Pure."""

import dataclasses
import enum
from typing import Any

from healthchecks.result import CheckName, CheckReport, CheckResult, CheckStatus


class Cause(enum.StrEnum):
    """Where a difference between two versions, or a fault of both, comes from; the gravest last."""

    NONE = "none"
    """Neither fails."""
    FIXED = "fixed"
    """Only the old version fails."""
    UNKNOWN = "unknown"
    """One of them could not be checked."""
    EXTERNAL = "external"
    """Both fail alike: the site or the backend has changed."""
    DEPLOYMENT = "deployment"
    """Only the new version fails, or it fails in a way of its own."""


@dataclasses.dataclass(frozen=True)
class Difference:
    """One check of both versions."""

    check: CheckName
    new: CheckResult
    old: CheckResult | None
    """None for what only a new version has: the data check, which updates from the old one."""
    cause: Cause


@dataclasses.dataclass(frozen=True)
class Differential:
    """Both versions' reports, check by check."""

    new: CheckReport
    old: CheckReport
    differences: tuple[Difference, ...]

    @property
    def cause(self) -> Cause:
        """The gravest of all checks."""
        order = list(Cause)
        return max((difference.cause for difference in self.differences), key=order.index, default=Cause.NONE)

    @property
    def words(self) -> str:
        """The diagnosis in one sentence."""
        named = ", ".join(difference.check.value for difference in self.differences if difference.cause is self.cause)
        return {
            Cause.NONE: f"{self.new.version} and {self.old.version} are both well",
            Cause.FIXED: f"{self.new.version} is well where {self.old.version} fails ({named})",
            Cause.UNKNOWN: f"not all of both versions could be checked ({named})",
            Cause.EXTERNAL: f"{self.new.version} and {self.old.version} fail alike ({named}): something outside has changed",
            Cause.DEPLOYMENT: f"only {self.new.version} fails so ({named}): {self.old.version} does not",
        }[self.cause]

    def to_json(self) -> dict[str, Any]:
        """For `--json`."""
        causes = {difference.check.value: difference.cause.value for difference in self.differences}
        return {"cause": self.cause.value, "words": self.words, "checks": causes}


def compare(new: CheckReport, old: CheckReport) -> Differential:
    """Hold the new version's checks against the old one's."""
    of_old = {result.check: result for result in old.checks}
    differences = tuple(
        Difference(result.check, result, of_old.get(result.check), _cause(result, of_old.get(result.check))) for result in new.checks
    )
    return Differential(new, old, differences)


def _cause(new: CheckResult, old: CheckResult | None) -> Cause:
    statuses = {new.status, old.status} if old else {new.status}
    if CheckStatus.ERROR in statuses:
        return Cause.UNKNOWN
    if new.status is CheckStatus.FAILED:
        alike = old is not None and old.status is CheckStatus.FAILED and bool(_codes(new) & _codes(old))
        return Cause.EXTERNAL if alike else Cause.DEPLOYMENT
    return Cause.FIXED if old and old.status is CheckStatus.FAILED else Cause.NONE


def _codes(result: CheckResult) -> set[str]:
    return {finding.code for finding in result.findings if finding.is_failure}
