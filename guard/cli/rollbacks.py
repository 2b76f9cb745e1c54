"""A rollback in words that a person woken at 02:00 can read: how it ended, what users have, then its steps."""

from datetime import datetime

from guard.cli.console import Console
from guard.rollback.plan import RollbackRecord, RollbackState, StepName, StepState


def show_rollback(console: Console, record: RollbackRecord) -> None:
    """A rollback: how it ended, what users have, and each step that was begun."""
    plan = record.plan
    console.print(f"Rollback {record.state.value}: {plan.from_version} to the code of {plan.target} as {plan.new_version}")
    for line in _what_it_means(record):
        console.print(f"  {line}")
    begun = [step for step in record.steps if step.state is not StepState.PENDING]
    rows = [(_words(step.name), *_state_and_time(record, step.state, step.started_at, step.seconds), step.evidence) for step in begun]
    if rows:
        console.table(("step", "state", "time", "what shows it"), rows)
    if left := [_words(step.name) for step in record.steps if step.state is StepState.PENDING]:
        console.print(f"{'To come' if record.is_unfinished else 'Never begun'}: {', '.join(left)}")


def at(moment: datetime) -> str:
    """A time for a person; documents have `guard.outcome.iso`."""
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def _what_it_means(record: RollbackRecord) -> list[str]:
    plan, asked = record.plan, _asked(record)
    failure = record.failure[:1].upper() + record.failure[1:]
    match record.state:
        case RollbackState.COMPLETED:
            since = f" since {at(record.finished_at)}" if record.finished_at else ""
            return [f"users get the code of {plan.target} again, as {plan.new_version}{since}; {asked}"]
        case RollbackState.STOPPED:
            return [failure, f"users have what they had before: {asked}"]
        case RollbackState.FAILED if _is_done(record, StepName.PERFORM):
            return [
                failure,
                f"the rollback is in the store as {plan.new_version}, but it is not proved that users are well: a person must look",
            ]
        case RollbackState.FAILED if not record.attempts:
            return [failure, f"users have what they had before: {asked}; a person must act"]
        case RollbackState.FAILED:
            return [failure, f"{asked}; what it has published, `release-guard store status` shows: a person must act"]
        case RollbackState.PLANNED | RollbackState.RUNNING:
            return [f"not at its end; {asked}"]


def _asked(record: RollbackRecord) -> str:
    if not record.attempts:
        return "the store was not asked for it"
    return "the store was asked for it once" if record.attempts == 1 else f"the store was asked for it {record.attempts} times"


def _state_and_time(record: RollbackRecord, state: StepState, started_at: datetime | None, seconds: float) -> tuple[str, str]:
    if state is StepState.RUNNING:
        return state.value, f"since {started_at:%H:%M:%S}" if started_at else ""
    is_stop = state is StepState.FAILED and record.state is RollbackState.STOPPED
    return "stopped" if is_stop else state.value, f"{seconds:.1f} s"


def _is_done(record: RollbackRecord, name: StepName) -> bool:
    return any(step.name is name and step.state is StepState.DONE for step in record.steps)


def _words(name: StepName) -> str:
    return name.value.replace("_", " ")
