"""Runs the team's own command for a repair that the guard cannot do: only when a person says so, without our secrets, and bounded."""

import collections
import contextlib
import dataclasses
import os
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import IO, cast

from pydantic import BaseModel

from guard.config import Config
from guard.decision.repair import may_be_run
from guard.decision.strategies import STRATEGIES, Strategy
from guard.engine import Engine
from guard.errors import ConfigurationError, UsageError
from guard.incidents.events import Kind, said
from guard.incidents.incident import Incident

LONGEST_OUTPUT = 4000
"""Bytes of a command's output that are kept: its end."""
_PIECE = 4096
_GRACE_SECONDS = 5.0
"""How long output is waited for after the end; a process that a command leaves behind may hold it open for ever."""


class NothingToRun(UsageError):
    """There is no command for an incident's plan."""

    hint = (
        "see `release-guard incident show ID` for the plan; --strategy names another, and [repair] in release-guard.toml holds the commands"
    )


@dataclasses.dataclass(frozen=True)
class Job:
    """A command that may be run for an incident."""

    incident: Incident
    strategy: Strategy
    command: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Ran:
    """What came of a command."""

    exit_code: int | None
    """None when it was stopped at its time limit, or could not be started."""
    words: str
    output: str
    """Its end."""

    @property
    def is_done(self) -> bool:
        """Whether it says that it succeeded."""
        return self.exit_code == 0


def find_job(engine: Engine, incident_id: str, strategy_name: str | None) -> Job:
    """What would be run for an incident: by its own plan, or by the strategy that a person names.

    Raises:
        NotRecorded: there is no such incident.
        NothingToRun: it is closed, or its plan is none that a command could follow.
        ConfigurationError: no command is configured for it.
    """
    incident = engine.incidents.get(incident_id)
    if not incident.state.is_open:
        raise NothingToRun(f"{incident.id} is {incident.state.value}: nothing is left to repair")
    proposal = engine.orders.proposal_for(incident.item, incident.version)
    name = strategy_name or (proposal.strategy if proposal else "")
    strategy = next((found for found in STRATEGIES if found.name == name), None)
    if strategy is None or not may_be_run(strategy):
        raise NothingToRun(f"the plan of {incident.id} is {name or 'not made yet'}, which no command follows")
    command = engine.config.repair.commands.get(strategy.name)
    if command is None:
        missing = ConfigurationError(f"no command is configured for {strategy.name}")
        raise missing.advise(f'set {strategy.name.lower()}_command = ["PROGRAM", "ARGUMENT"] under [repair] in release-guard.toml')
    return Job(incident, strategy, command)


def run_job(engine: Engine, job: Job, by: str) -> Ran:
    """Run it, and write on the timeline that it was begun, by whom, and what came of it."""
    engine.incidents.note(job.incident.id, said(Kind.REPAIR_BEGUN, strategy=job.strategy.name), evidence=" ".join(job.command), actor=by)
    begun = engine.now()
    environment = {**without_secrets(os.environ, engine.config), **_about(job)}
    ran = _run(job.command, environment, engine.config.repair.command_seconds)
    seconds = (engine.now() - begun).total_seconds()
    evidence = f"{ran.words} after {seconds:.1f} s" + (f"; its output ends: {ran.output}" if ran.output else "")
    event = said(Kind.REPAIR_ENDED, strategy=job.strategy.name, result="done" if ran.is_done else "FAILED")
    engine.incidents.note(job.incident.id, event, evidence=evidence, actor=by)
    return ran


def without_secrets(environment: Mapping[str, str], config: Config) -> dict[str, str]:
    """The environment without what is the guard's own: its variables, and those that the configuration names as secrets."""
    named = {"GOOGLE_APPLICATION_CREDENTIALS", *_variables_named(config)}
    secret = named | {f"{name}_FILE" for name in named}
    return {name: value for name, value in environment.items() if name not in secret and not name.startswith("RELEASE_GUARD_")}


def _variables_named(table: BaseModel) -> Iterator[str]:
    """What stands in each setting whose name ends in `_env`, wherever it is: one that is added tomorrow is no leak."""
    for field in type(table).model_fields:
        value: object = getattr(table, field)
        if field.endswith("_env") and isinstance(value, str):
            yield value
        for part in cast("tuple[object, ...]", value) if isinstance(value, tuple) else (value,):
            if isinstance(part, BaseModel):
                yield from _variables_named(part)


def _about(job: Job) -> dict[str, str]:
    """What the command may want to know."""
    return {
        "RELEASE_GUARD_INCIDENT": job.incident.id,
        "RELEASE_GUARD_ITEM": job.incident.item.id,
        "RELEASE_GUARD_VERSION": str(job.incident.version),
        "RELEASE_GUARD_STRATEGY": job.strategy.name,
    }


def _run(command: Sequence[str], environment: Mapping[str, str], limit_seconds: float) -> Ran:
    try:
        process = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # so that what it starts ends with it
        )
    except OSError as error:
        return Ran(None, f"{command[0]} cannot be started: {error.strerror}", "")
    tail = collections.deque[int](maxlen=LONGEST_OUTPUT)
    reader = threading.Thread(target=_keep_end, args=(process.stdout, tail), daemon=True)
    reader.start()
    try:
        code = process.wait(limit_seconds)
        words = f"exit code {code}"
    except subprocess.TimeoutExpired:
        _kill(process)
        code, words = None, f"stopped at its time limit of {limit_seconds:g} s"
    except BaseException:  # a person ends us: what we started ends too
        _kill(process)
        raise
    reader.join(_GRACE_SECONDS)
    return Ran(code, words, bytes(tail.copy()).decode("utf-8", errors="replace").strip())


def _kill(process: "subprocess.Popen[bytes]") -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _keep_end(pipe: IO[bytes] | None, tail: collections.deque[int]) -> None:
    """Read all, so that the command never waits for us, and keep the end."""
    if pipe is None:
        return
    with pipe:
        while piece := os.read(pipe.fileno(), _PIECE):
            tail.extend(piece)
