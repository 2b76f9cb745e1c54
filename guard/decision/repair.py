"""A repair plan in full: what will be done step by step, who is reached, whether data is at risk, and what it will not do."""

import dataclasses
import shlex
from collections.abc import Collection, Mapping

from guard.decision.strategies import HOTFIX, INFRASTRUCTURE_SCALE, ROLLBACK, SERVICE_RESTART, DataRisk, RepairPlan, Strategy
from guard.model import Release
from guard.rollback.plan import EVERYBODY, STEP_WORDS
from healthchecks.result import Drill, DrillVerdict
from webstore.versions import MAX_PART, Version, lowest_free_above

_MAY_BE_RUN = {SERVICE_RESTART: "service_restart_command", INFRASTRUCTURE_SCALE: "infrastructure_scale_command"}
"""The strategies that a team may give a command for, and the setting under ``[repair]`` that holds it."""
_WORK = {
    SERVICE_RESTART: "restart the service that the extension talks to",
    INFRASTRUCTURE_SCALE: "give the service that the extension talks to more capacity",
}


@dataclasses.dataclass(frozen=True)
class Surroundings:
    """What the steps of a plan depend on besides the verdict, read before the plan is made."""

    known: tuple[Version, ...] = ()
    """Every version number that was ever used."""
    pending: str | None = None
    """What waits for review or for its publisher, such as "1.4.0 (in review)"; empty for nothing, none where nobody looked."""
    commands: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict[str, tuple[str, ...]])
    """The team's command of each strategy that has one, by the strategy's name."""
    item_flag: str = ""
    """What a command line needs to say which extension is meant, with a space before it."""


def in_full(plan: RepairPlan, release: Release, target: Release | None, drill: Drill | None, around: Surroundings) -> RepairPlan:
    """The plan with everything that a person must know before saying yes. ``target``: what a rollback goes back to."""
    if plan.strategy is ROLLBACK:
        steps, limits = _rollback_steps(release, target, around), _rollback_limits(release)
    elif plan.strategy is HOTFIX:
        steps, limits = _hotfix_steps(release, around), _hotfix_limits(release)
    else:
        steps, limits = _command_steps(plan.strategy, around), _command_limits(release)
    return dataclasses.replace(
        plan, data=_data_risk(plan.strategy, target, drill), reach=_reach(release, target), steps=steps, limits=limits
    )


def may_be_run(strategy: Strategy) -> bool:
    """Whether a team may give a command for it."""
    return strategy in _MAY_BE_RUN


def free_for_the_team(version: Version, taken: Collection[Version] = ()) -> Version:
    """The team's own next number above ``version``, which no rollback takes while a fourth component has room: 1.3.1 after 1.3.0."""
    occupied = {known.padded for known in taken}
    parts = list(version.padded[:3])
    while True:
        for position in (2, 1, 0):
            if parts[position] < MAX_PART:
                parts[position] += 1
                break
            parts[position] = 0
        else:
            return lowest_free_above(version, taken)
        if (*parts, 0) not in occupied:
            return Version.parse(".".join(map(str, parts)))


def _reach(release: Release, target: Release | None) -> str:
    share = release.deploy_percentage
    if share >= EVERYBODY:
        return f"reaches: {release.version} is published to all users, each of whom gets it when the browser next updates"
    others = f"still get {target.version}" if target else "do not get it"
    return f"reaches: {release.version} is rolled out to {share} % of users; the other {EVERYBODY - share} % {others}"


def _data_risk(strategy: Strategy, target: Release | None, drill: Drill | None) -> DataRisk:
    if strategy is not ROLLBACK:
        return DataRisk(DrillVerdict.UNKNOWN, f"unknown: {strategy.name} is not drilled; nobody is taken back to an older version")
    if target is None:
        return DataRisk(DrillVerdict.UNKNOWN, "unknown: there is no version to go back to")
    if drill is None:
        return DataRisk(DrillVerdict.UNKNOWN, f"unknown: the way back to {target.version} was not drilled")
    return DataRisk(drill.verdict, drill.words)


def _rollback_steps(release: Release, target: Release | None, around: Surroundings) -> tuple[str, ...]:
    number = lowest_free_above(release.version, around.known)
    back = f"the code of {target.version} comes back as {number}" if target else f"an older version's code comes back as {number}"
    return (*STEP_WORDS.values(), f"{back}, for all users; {free_for_the_team(release.version, around.known)} stays free for the team")


def _rollback_limits(release: Release) -> tuple[str, ...]:
    limits = (
        "bring back data that users have lost already",
        "reach users at once: each gets it when the browser next updates, which takes hours",
        f"mend the fault: {release.version} stays bad, and a fix is the team's next release",
    )
    if release.deploy_percentage >= EVERYBODY:
        return limits
    return (*limits, f"reach only the {release.deploy_percentage} %: the store publishes a rollback to all users", _never_raised(release))


def _never_raised(release: Release) -> str:
    return f"raise the share of {release.version} above {release.deploy_percentage} %: it is not proved healthy"


def _hotfix_steps(release: Release, around: Surroundings) -> tuple[str, ...]:
    number, flag = free_for_the_team(release.version, around.known), around.item_flag
    cancel = f"`release-guard store cancel{flag}`"
    if around.pending:
        pending = f"{around.pending} must be taken back before anything else can be submitted: {cancel}"
    elif around.pending is None:
        pending = f"see `release-guard store status{flag}`: what waits for review must be taken back first, with {cancel}"
    else:
        pending = "nothing waits for review, so nothing has to be taken back"
    of_a_rollback = lowest_free_above(release.version, around.known)
    publish = f"`release-guard publish PACKAGE --staged --percent 5{flag}`, then `release-guard publish{flag}` once it is approved"
    return (
        f"mend {release.version}, and number it {number}, which is free (a rollback would take {of_a_rollback})",
        pending,
        f"{publish} (without --percent where there are fewer than 10,000 users)",
        f"`release-guard gate --version {number}{flag}`",
    )


def _hotfix_limits(release: Release) -> tuple[str, ...]:
    limits = (
        "happen by itself: people mend and publish",
        f"help users before the review is over: they keep {release.version} until then",
        "bring back data that users have lost already",
    )
    return limits if release.deploy_percentage >= EVERYBODY else (*limits, _never_raised(release))


def _command_steps(strategy: Strategy, around: Surroundings) -> tuple[str, ...]:
    command = around.commands.get(strategy.name)
    if command:
        run = f"a person says `release-guard repair run INCIDENT --yes`, which runs `{shlex.join(command)}`"
    else:
        run = f"{_WORK[strategy]} (a command in `{_MAY_BE_RUN[strategy]}` under [repair] could be run with `release-guard repair run`)"
    return (run, "watch the signals: the guard goes on judging the release as before")


def _command_limits(release: Release) -> tuple[str, ...]:
    return ("happen by itself: a person runs it", f"change what users have: they keep {release.version}", _unless_raised(release))


def _unless_raised(release: Release) -> str:
    return _never_raised(release) if release.deploy_percentage < EVERYBODY else "bring back data that users have lost already"
