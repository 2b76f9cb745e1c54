"""What an automatic rollback may never do (DESIGN, section 7): one named rule each, which says why it forbids or says nothing."""

import dataclasses
from collections.abc import Callable
from datetime import datetime, timedelta

from guard.decision import sentences
from guard.decision.orders import Pause
from guard.decision.repair import Surroundings
from guard.judge.assessment import Assessment
from guard.judge.diagnosis import Cause
from guard.judge.verdict import Verdict
from guard.model import Provenance, Release
from healthchecks.result import Drill

MAX_ATTEMPTS = 3


@dataclasses.dataclass(frozen=True)
class Case:
    """Everything a decision rests on, gathered before it is made."""

    assessment: Assessment
    release: Release
    baseline: Release | None
    window: timedelta
    rollback_was_begun: bool = False
    """Whether a rollback of this very release was begun before, however it ended."""
    automatic_rollbacks_today: int = 0
    max_automatic_rollbacks_a_day: int = 3
    drill: Drill | None = None
    """What the rollback drill of this release and this baseline found."""
    pause: Pause | None = None
    """A person's order that nothing is acted on automatically."""
    called_off: str = ""
    """Who called the rollback of this release off, and why."""
    around: Surroundings = dataclasses.field(default_factory=Surroundings)

    def is_inside_window(self, now: datetime) -> bool:
        """Whether an automatic rollback is still allowed at ``now``."""
        return now - self.release.published_at <= self.window


Safeguard = Callable[[Case, datetime], str | None]


def without_a_breach(case: Case, _now: datetime) -> str | None:
    """Rule 2: no data and inconclusive data are no grounds."""
    return None if case.assessment.verdict is Verdict.BREACH else sentences.NO_BREACH.say(verdict=case.assessment.verdict.value)


def outside_the_window(case: Case, now: datetime) -> str | None:
    """Rule 2: after the window a person decides."""
    if case.is_inside_window(now):
        return None
    return sentences.WINDOW_OVER.say(window=case.window, published=f"{case.release.published_at:%H:%M:%S}")


def when_going_back_cures_nothing(case: Case, _now: datetime) -> str | None:
    """Rule 3: what the baseline shows as well, or nobody understands, a rollback would not cure."""
    diagnosis = case.assessment.diagnosis
    if diagnosis is None or diagnosis.cause in {Cause.DEPLOYMENT, Cause.CONFIGURATION}:
        return None
    return sentences.CURES_NOTHING.say(cause=diagnosis.cause.value, rest=diagnosis.reason)


def without_a_good_target(case: Case, _now: datetime) -> str | None:
    """Rule 4: never back to nothing, or to what was itself bad."""
    if case.baseline is None:
        return sentences.NO_TARGET.say()
    return f"{case.baseline.version} {case.baseline.forbidden}" if case.baseline.forbidden else None


def losing_data_on_return(case: Case, _now: datetime) -> str | None:
    """Rule 4: never where the drill has shown that going back costs users their data.

    What the update itself has lost is no reason to stay: a rollback keeps it from those who have not updated yet.
    """
    if case.drill is None or not case.drill.lost_on_return:
        return None
    return sentences.DRILL_WAS.say(rest=case.drill.words)


def twice(case: Case, _now: datetime) -> str | None:
    """Rule 1: a rollback of a release is begun once; what became of it is for a person to judge."""
    return sentences.BEGUN_ALREADY.say(version=case.release.version) if case.rollback_was_begun else None


def too_often(case: Case, _now: datetime) -> str | None:
    """Rule 5: a guard that rolls back all day is itself the incident."""
    if case.automatic_rollbacks_today < case.max_automatic_rollbacks_a_day:
        return None
    return sentences.TOO_OFTEN.say(count=case.automatic_rollbacks_today, most=case.max_automatic_rollbacks_a_day)


def of_a_rollback(case: Case, _now: datetime) -> str | None:
    """Rule 7: what a rollback put back is not a new release to roll back from."""
    if case.release.provenance is not Provenance.ROLLBACK:
        return None
    return sentences.IS_A_ROLLBACK.say(version=case.release.version, target=case.release.restores)


def while_paused(case: Case, _now: datetime) -> str | None:
    """The kill switch: while a person has paused the guard, it acts on nothing by itself."""
    return case.pause.words if case.pause else None


def against_a_persons_word(case: Case, _now: datetime) -> str | None:
    """What a person has called off is not begun by itself, whatever is seen afterwards."""
    return case.called_off or None


SAFEGUARDS: tuple[Safeguard, ...] = (
    without_a_breach,
    outside_the_window,
    when_going_back_cures_nothing,
    without_a_good_target,
    losing_data_on_return,
    twice,
    too_often,
    of_a_rollback,
    while_paused,
    against_a_persons_word,
)


def raising_the_share(release: Release | None, incident: str | None) -> str | None:
    """Why a release should be given to no more users: it is bad, or has an open ``incident``. The guard itself never raises a share."""
    if release is not None and release.forbidden:
        return f"{release.version} {release.forbidden}"
    return sentences.OPEN_ON_IT.say(incident=incident) if incident else None
