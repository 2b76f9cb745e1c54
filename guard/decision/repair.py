"""A repair plan in full: what will be done step by step, who is reached, whether data is at risk, and what it will not do."""

import dataclasses
import shlex
from collections.abc import Collection, Mapping

from guard.decision import sentences
from guard.decision.strategies import HOTFIX, INFRASTRUCTURE_SCALE, ROLLBACK, SERVICE_RESTART, DataRisk, RepairPlan, Strategy
from guard.model import Release
from guard.rollback.plan import EVERYBODY, STEP_WORDS
from healthchecks.result import Drill, DrillVerdict
from webstore.versions import MAX_PART, Version, lowest_free_above

_MAY_BE_RUN = {SERVICE_RESTART: "service_restart_command", INFRASTRUCTURE_SCALE: "infrastructure_scale_command"}
"""The strategies that a team may give a command for, and the setting under ``[repair]`` that holds it."""


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
        return sentences.REACHES_ALL.say(version=release.version)
    form = sentences.REACHES_PART_BESIDE if target else sentences.REACHES_PART
    return form.say(version=release.version, share=share, others=EVERYBODY - share, target=target.version if target else "")


def _data_risk(strategy: Strategy, target: Release | None, drill: Drill | None) -> DataRisk:
    if strategy is not ROLLBACK:
        return DataRisk(DrillVerdict.UNKNOWN, sentences.NOT_DRILLED.say(strategy=strategy.name))
    if target is None:
        return DataRisk(DrillVerdict.UNKNOWN, sentences.NO_WAY_BACK.say())
    if drill is None:
        return DataRisk(DrillVerdict.UNKNOWN, sentences.WAY_NOT_DRILLED.say(version=target.version))
    return DataRisk(drill.verdict, drill.words)


def _rollback_steps(release: Release, target: Release | None, around: Surroundings) -> tuple[str, ...]:
    number = lowest_free_above(release.version, around.known)
    free = free_for_the_team(release.version, around.known)
    form = sentences.CODE_COMES_BACK if target else sentences.OLDER_COMES_BACK
    return (*STEP_WORDS.values(), form.say(target=target.version if target else "", number=number, free=free))


def _rollback_limits(release: Release) -> tuple[str, ...]:
    limits = (
        sentences.NO_DATA_BACK.say(),
        sentences.NOT_AT_ONCE.say(),
        sentences.NO_MENDING.say(version=release.version),
    )
    if release.deploy_percentage >= EVERYBODY:
        return limits
    return (*limits, sentences.NOT_ONLY_THE_SHARE.say(share=release.deploy_percentage), _never_raised(release))


def _never_raised(release: Release) -> str:
    return sentences.NEVER_RAISED.say(version=release.version, share=release.deploy_percentage)


def _hotfix_steps(release: Release, around: Surroundings) -> tuple[str, ...]:
    number, flag = free_for_the_team(release.version, around.known), around.item_flag
    cancel = f"`release-guard store cancel{flag}`"
    if around.pending:
        pending = sentences.TAKE_BACK.say(pending=around.pending, cancel=cancel)
    elif around.pending is None:
        pending = sentences.SEE_WHAT_WAITS.say(look=f"`release-guard store status{flag}`", cancel=cancel)
    else:
        pending = sentences.NOTHING_WAITS.say()
    of_a_rollback = lowest_free_above(release.version, around.known)
    staged, publish = f"`release-guard publish PACKAGE --staged --percent 5{flag}`", f"`release-guard publish{flag}`"
    return (
        sentences.MEND.say(version=release.version, number=number, taken=of_a_rollback),
        pending,
        sentences.PUBLISH.say(staged=staged, publish=publish),
        f"`release-guard gate --version {number}{flag}`",
    )


def _hotfix_limits(release: Release) -> tuple[str, ...]:
    limits = (
        sentences.NOT_BY_ITSELF.say(),
        sentences.NOT_BEFORE_REVIEW.say(version=release.version),
        sentences.NO_DATA_BACK.say(),
    )
    return limits if release.deploy_percentage >= EVERYBODY else (*limits, _never_raised(release))


def _command_steps(strategy: Strategy, around: Surroundings) -> tuple[str, ...]:
    command = around.commands.get(strategy.name)
    if command:
        run = sentences.RUN_COMMAND.say(say="`release-guard repair run INCIDENT --yes`", command=f"`{shlex.join(command)}`")
    else:
        run = sentences.WORK[strategy.name].say(setting=f"`{_MAY_BE_RUN[strategy]}`", run="`release-guard repair run`")
    return (run, sentences.WATCH_SIGNALS.say())


def _command_limits(release: Release) -> tuple[str, ...]:
    return (sentences.A_PERSON_RUNS.say(), sentences.USERS_KEEP.say(version=release.version), _unless_raised(release))


def _unless_raised(release: Release) -> str:
    return _never_raised(release) if release.deploy_percentage < EVERYBODY else sentences.NO_DATA_BACK.say()
