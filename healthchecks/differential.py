"""Two versions checked side by side: what only the new one fails at, what both do, and what that says of the cause. Pure."""

import dataclasses
import enum
from typing import Any

from healthchecks.result import CheckName, CheckReport, CheckResult, CheckStatus


class Origin(enum.StrEnum):
    """Where a difference between two versions, or a fault of both, comes from; the gravest last."""

    NONE = "none"
    """Neither fails."""
    FIXED = "fixed"
    """Only the old version fails."""
    UNKNOWN = "unknown"
    """One of them could not be checked, or each fails in its own way."""
    EXTERNAL = "external"
    """Both fail alike: the site or the backend has changed."""
    DEPLOYMENT = "deployment"
    """Only the new version fails."""


@dataclasses.dataclass(frozen=True)
class Difference:
    """One check of both versions."""

    check: CheckName
    new: CheckResult
    old: CheckResult | None
    """None for what only a new version has: the data check, which updates from the old one."""
    origin: Origin


@dataclasses.dataclass(frozen=True)
class Differential:
    """Both versions' reports, check by check."""

    new: CheckReport
    old: CheckReport
    differences: tuple[Difference, ...]

    @property
    def origin(self) -> Origin:
        """The gravest of all checks."""
        order = list(Origin)
        return max((difference.origin for difference in self.differences), key=order.index, default=Origin.NONE)

    @property
    def words(self) -> str:
        """The diagnosis in one sentence."""
        named = ", ".join(difference.check.value for difference in self.differences if difference.origin is self.origin)
        return {
            Origin.NONE: f"{self.new.version} and {self.old.version} are both well",
            Origin.FIXED: f"{self.new.version} is well where {self.old.version} fails ({named})",
            Origin.UNKNOWN: f"what fails in {self.new.version} cannot be told from what {self.old.version} does ({named})",
            Origin.EXTERNAL: f"{self.new.version} and {self.old.version} fail alike ({named}): something outside has changed",
            Origin.DEPLOYMENT: f"only {self.new.version} fails so ({named}): {self.old.version} does not",
        }[self.origin]

    def to_json(self) -> dict[str, Any]:
        """For `--json`."""
        origins = {difference.check.value: difference.origin.value for difference in self.differences}
        return {"origin": self.origin.value, "words": self.words, "checks": origins}


def compare(new: CheckReport, old: CheckReport) -> Differential:
    """Hold the new version's checks against the old one's."""
    of_old = {result.check: result for result in old.checks}
    differences = tuple(
        Difference(result.check, result, of_old.get(result.check), origin_of(result, of_old.get(result.check))) for result in new.checks
    )
    return Differential(new, old, differences)


def origin_of(new: CheckResult, old: CheckResult | None) -> Origin:
    """Where a check's result comes from, by what the old version does in the same check.

    The data check compares with the old version by itself, so its failure is the new one's own. Two that fail each in its own way
    prove nothing of each other.
    """
    if new.status is CheckStatus.ERROR or (old and old.status is CheckStatus.ERROR):
        return Origin.UNKNOWN
    if new.status is not CheckStatus.FAILED:
        return Origin.FIXED if old and old.status is CheckStatus.FAILED else Origin.NONE
    if new.check is CheckName.DATA or (old and old.status is CheckStatus.PASSED):
        return Origin.DEPLOYMENT
    alike = old is not None and bool(_codes(new) & _codes(old))
    return Origin.EXTERNAL if alike else Origin.UNKNOWN


def _codes(result: CheckResult) -> set[str]:
    return {finding.code for finding in result.findings if finding.is_failure}
