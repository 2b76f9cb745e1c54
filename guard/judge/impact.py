"""What an assessment says of how bad it is: what is proved, and how many users it reaches."""

import dataclasses
import math

from guard.judge import sentences
from guard.judge.assessment import Assessment
from guard.judge.verdict import Verdict
from guard.model import Signal
from guard.severity import Facts
from healthchecks.result import CheckName, CheckStatus


@dataclasses.dataclass(frozen=True)
class Reach:
    """How many users an extension has, by the store, and how many of them the counting source hears of in a day."""

    active_users: int
    heard_users: int | None = None

    def of_all(self, affected: int) -> int:
        """Affected users among all, where ``affected`` of those heard of are; never more than there are."""
        if not self.heard_users or self.heard_users >= self.active_users:
            return min(affected, self.active_users) if self.active_users else affected
        return min(math.ceil(affected * self.active_users / self.heard_users), self.active_users)

    def words(self, affected: int) -> str:
        """How a number of affected users is meant."""
        if not self.heard_users or self.heard_users >= self.active_users:
            return sentences.SEEN_OF_ALL.say(seen=affected, active=self.active_users)
        return sentences.SEEN_OF_HEARD.say(seen=affected, heard=self.heard_users, active=self.active_users)


def facts_of(assessment: Assessment, reach: Reach | None = None) -> Facts:
    """What an assessment says about severity. Only texts from outside are handed on: our own say "breach" all the time.

    Shares count as far as they are proved, and never by the raw ratio.
    """
    errors = assessment.release.signals.get(Signal.ERROR_RATE)
    is_breach = errors is not None and errors.verdict is Verdict.BREACH
    checks = assessment.release.checks.checks if assessment.release.checks else ()
    failed = [result for result in checks if result.status is CheckStatus.FAILED]
    texts = [result.check.value for result in failed] + [finding.message for result in failed for finding in result.findings]
    ran = any(result.check is CheckName.LOAD and result.status in {CheckStatus.PASSED, CheckStatus.FAILED} for result in checks)
    starts = not any(result.check is CheckName.LOAD for result in failed)
    silence = assessment.release.signals.get(Signal.SILENCE)
    is_dead = silence is not None and silence.verdict is Verdict.BREACH and silence.is_worse
    affected = errors.affected_users if errors and is_breach else 0
    return Facts(
        error_rate_above=errors.proved_above if errors and is_breach else 0.0,
        availability=0.0 if is_dead else float(starts) if ran else None,
        affected_users=reach.of_all(affected) if reach and affected else affected,
        texts=texts,
    )
