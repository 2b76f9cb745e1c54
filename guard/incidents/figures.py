"""The figures of a period: what happened, how quickly, whether targets were met, and whether what was done since has helped. Pure."""

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

from guard.incidents.action_items import ActionItem, ActionState, IncidentClass, cause_of, class_of, signals_of
from guard.incidents.analysis import (
    LIMITS,
    ROLLBACK_ENDED,
    ROLLBACK_FAILED,
    Case,
    Limits,
    Sla,
    Spread,
    Target,
    moments_of,
    sla_of,
    spread,
    spreads,
)
from guard.incidents.events import Kind
from guard.incidents.incident import TimelineEntry
from guard.incidents.measured import Budget
from guard.incidents.recommendations import Recommendation, recommend
from guard.model import Interval
from guard.severity import Severity

YEAR = timedelta(days=365)
TOO_EARLY = timedelta(days=7)
"""Less time on both sides of an action item's end says nothing of what it prevents."""
_ASKED = frozenset({Kind.ASKED_FOR, Kind.APPROVED})
_WORST_FIRST = sorted(Severity, reverse=True)


@dataclasses.dataclass(frozen=True)
class Rollbacks:
    """How the rollbacks of a period ended, by their events: a timeline forgets none that was tried again."""

    done: int
    failed: int
    stopped: int
    """Called off by a person before the store was asked: neither a success nor a failure."""
    by_hand: int
    """Of those that were done: asked for, or approved, by a person."""
    took: Spread | None
    """From the beginning to the proof."""

    @property
    def success(self) -> float | None:
        """Share (0-1) of those taken to an end that were completed."""
        ended = self.done + self.failed
        return self.done / ended if ended else None


@dataclasses.dataclass(frozen=True)
class Actions:
    """How action items stand."""

    open: int
    in_progress: int
    overdue: int
    done: int
    """In the period."""
    done_in_time: int
    dropped: int


@dataclasses.dataclass(frozen=True)
class Prevention:
    """Incidents of a class in equal times before and after an action item was done. A count, and no proof of what caused it."""

    item: ActionItem
    classes: tuple[IncidentClass, ...]
    window: timedelta
    """The time looked at on each side: as long as is known on both."""
    before: int
    after: int

    @property
    def is_too_early(self) -> bool:
        """Whether too little time has passed to say anything."""
        return self.window < TOO_EARLY

    @property
    def expected(self) -> float:
        """How many fewer the team's estimate (a year's) makes of that time."""
        return self.item.estimated_preventions * (self.window / YEAR)


@dataclasses.dataclass(frozen=True)
class ItemBudget:
    """The error budget of one extension."""

    item_id: str
    name: str
    budget: Budget


@dataclasses.dataclass(frozen=True)
class Figures:
    """All figures of a period. Incidents count where they were opened, rollbacks and action items where they ended."""

    period: Interval
    incidents: int
    still_open: int
    reopened: int
    by_severity: Mapping[Severity, int]
    by_cause: Mapping[str, int]
    by_day: Mapping[date, Mapping[Severity, int]]
    times: Mapping[str, Spread | None]
    sla: Mapping[Severity, Sequence[Sla]]
    false_alarms: int
    false_alarms_by_signal: Mapping[str, int]
    rollbacks: Rollbacks
    actions: Actions
    prevention: Sequence[Prevention]
    budgets: Sequence[ItemBudget]
    recommendations: Sequence[Recommendation]

    def met(self, which: Callable[[Sla], Target], severity: Severity | None = None) -> tuple[int, int]:
        """How many met a target, of how many whose time is over or who met it; of one severity, or of all."""
        asked = [which(sla) for one, found in self.sla.items() if severity in {None, one} for sla in found]
        settled = [target for target in asked if target is not Target.PENDING]
        return sum(target is Target.MET for target in settled), len(settled)


def figures_of(
    cases: Sequence[Case],
    period: Interval,
    *,
    items: Sequence[ActionItem] = (),
    budgets: Sequence[ItemBudget] = (),
    known_since: datetime | None = None,
    limits: Limits = LIMITS,
) -> Figures:
    """The figures of a period, at its end.

    ``cases`` are those of the period and whatever is known from before; ``known_since``: when the guard began to keep records.
    """
    mine = [case for case in cases if _is_in(case.incident.opened_at, period)]
    real = [case for case in mine if not case.is_false_alarm]
    alarms = [case for case in mine if case.is_false_alarm]
    return Figures(
        period=period,
        incidents=len(mine),
        still_open=sum(case.incident.state.is_open for case in mine),
        reopened=sum(case.was_reopened for case in mine),
        by_severity={one: sum(case.incident.severity is one for case in mine) for one in _WORST_FIRST},
        by_cause=dict(Counter(cause_of(case.incident).value for case in real).most_common()),
        by_day=_by_day(mine, period),
        times=spreads(real),
        sla={one: [sla_of(case, period.end, limits) for case in real if case.incident.severity is one] for one in _WORST_FIRST},
        false_alarms=len(alarms),
        false_alarms_by_signal=dict(Counter(signal.value for case in alarms for signal in signals_of(case.timeline)).most_common()),
        rollbacks=rollbacks_of(cases, period),
        actions=actions_of(items, period),
        prevention=[one for item in items if (one := prevention_of(item, cases, period.end, known_since or period.start))],
        budgets=budgets,
        recommendations=recommend(mine, period.end, limits),
    )


def _is_in(at: datetime | None, period: Interval) -> bool:
    return at is not None and period.start <= at < period.end


def _by_day(cases: Iterable[Case], period: Interval) -> dict[date, dict[Severity, int]]:
    days = (period.end.date() - period.start.date()).days + 1
    found = {period.start.date() + timedelta(days=day): dict.fromkeys(_WORST_FIRST, 0) for day in range(days)}
    for case in cases:
        found[case.incident.opened_at.date()][case.incident.severity] += 1
    return found


def rollbacks_of(cases: Iterable[Case], period: Interval) -> Rollbacks:
    """How the rollbacks that ended in a period did so."""
    ends = [(case, entry) for case in cases for entry in case.all(ROLLBACK_ENDED) if _is_in(entry.at, period)]
    done = [(case, entry) for case, entry in ends if entry.kind == Kind.ROLLBACK_DONE]
    return Rollbacks(
        done=len(done),
        failed=sum(entry.kind in ROLLBACK_FAILED for _, entry in ends),
        stopped=sum(entry.kind == Kind.ROLLBACK_STOPPED for _, entry in ends),
        by_hand=sum(_was_asked_for(case, entry) for case, entry in done),
        took=spread(_took(case, entry) for case, entry in done),
    )


def _since_the_last_end(case: Case, end: TimelineEntry, kinds: frozenset[Kind]) -> list[TimelineEntry]:
    """What happened towards this end of a rollback, and not towards an earlier one."""
    earlier = [entry.at for entry in case.all(ROLLBACK_ENDED) if entry.at < end.at]
    return [entry for entry in case.all(kinds) if max(earlier, default=entry.at) <= entry.at <= end.at]


def _was_asked_for(case: Case, end: TimelineEntry) -> bool:
    return bool(_since_the_last_end(case, end, _ASKED))


def _took(case: Case, end: TimelineEntry) -> timedelta | None:
    begun = _since_the_last_end(case, end, frozenset({Kind.ROLLBACK_BEGUN}))
    # One whose process died is begun again: what users waited for is counted from the first.
    return end.at - begun[0].at if begun else None


def actions_of(items: Sequence[ActionItem], period: Interval) -> Actions:
    """How action items stand at the end of a period, and what ended in it."""
    ended = [item for item in items if _is_in(item.ended_at, period)]
    done = [item for item in ended if item.state is ActionState.DONE]
    return Actions(
        open=sum(item.state is ActionState.OPEN for item in items),
        in_progress=sum(item.state is ActionState.IN_PROGRESS for item in items),
        overdue=sum(item.is_overdue(period.end.date()) for item in items),
        done=len(done),
        done_in_time=sum(item.ended_at is not None and item.ended_at.date() <= item.due_on for item in done),
        dropped=sum(item.state is ActionState.DROPPED for item in ended),
    )


def prevention_of(item: ActionItem, cases: Sequence[Case], now: datetime, known_since: datetime) -> Prevention | None:
    """What came before and after an action item was done; none for one that is not done, or is of no class.

    The class is the one that the team has named, else the classes of the incidents that it came of. False alarms are no incidents here.
    """
    if item.state is not ActionState.DONE or item.ended_at is None:
        return None
    classes = (item.prevents,) if item.prevents else _classes(item, cases)
    if not classes:
        return None
    ended = item.ended_at
    window = max(min(now - ended, ended - known_since), timedelta())
    alike = [_began(case) for case in cases if not case.is_false_alarm and _is_of(case, classes)]
    before = sum(ended - window <= at < ended for at in alike)
    return Prevention(item, classes, window, before, sum(ended <= at < ended + window for at in alike))


def _began(case: Case) -> datetime:
    return moments_of(case).detected


def _classes(item: ActionItem, cases: Sequence[Case]) -> tuple[IncidentClass, ...]:
    related = [case for case in cases if case.incident.id in item.incidents]
    return tuple(dict.fromkeys(class_of(case.incident, case.timeline) for case in related))


def _is_of(case: Case, classes: Sequence[IncidentClass]) -> bool:
    signals = signals_of(case.timeline)
    return any(one.covers(case.incident, signals) for one in classes)
