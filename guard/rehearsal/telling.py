"""How a story is told: by the gate alone, by a person after it, or by a gate that is killed and the next one."""

import contextlib
import dataclasses
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import tenacity

from guard.engine import Engine
from guard.environment import DATABASE_VARIABLE
from guard.errors import GuardError
from guard.gate import Gate
from guard.manual import Request, plan_by_hand, roll_back_by_hand
from guard.outcome import GuardResult
from guard.rehearsal import sample
from guard.rehearsal.scenarios import Scenario, Telling
from webstore.simulator.running import RunningStore

KILLED_LOG = "killed-guard.log"
"""What a guard that is killed in a story has said."""
PERSON = "rehearsing person"
_LOOK_SECONDS = 0.05
_MOMENT_SECONDS = 120.0


class RehearsalBroken(GuardError):
    """The stage of a story could not be set."""

    hint = "read killed-guard.log in the rehearsal's folder, and report it"


@dataclasses.dataclass(frozen=True)
class Stage:
    """Where a story is told."""

    engine: Engine
    store: RunningStore
    configuration: Path
    database: str


def tell(stage: Stage, scenario: Scenario) -> tuple[GuardResult, bool]:
    """Guard the release that is published now; what came of it, and whether a guard was killed meanwhile.

    Raises:
        HealthCheckError: the browser cannot be used.
        RehearsalBroken: the guard that was to be killed did not come to its rollback.
    """
    match scenario.telling:
        case Telling.GATE:
            return _gate(stage), False
        case Telling.BY_HAND:
            return _by_hand(stage), False
        case Telling.KILLED:
            is_killed = _kill_a_guard(stage)
            return _gate(stage), is_killed


def _gate(stage: Stage) -> GuardResult:
    guarded = stage.engine.guarded(stage.engine.config.extension[0])
    return Gate(stage.engine, guarded, time.sleep).run(sample.NEXT_VERSION)


def _by_hand(stage: Stage) -> GuardResult:
    """As `gate`, then `rollback --yes`, then `gate` again, which watches the recovery."""
    engine = stage.engine
    proposed = _gate(stage)
    engine.progress.done(f"the guard has {proposed.outcome.value} the release; now a person rolls it back")
    request = Request("seen with their own eyes", PERSON)
    roll_back_by_hand(engine, plan_by_hand(engine, engine.guarded(engine.config.extension[0]), request), request)
    ended = _gate(stage)
    return dataclasses.replace(
        ended, assessment=proposed.assessment, plan=proposed.plan, timings=dataclasses.replace(proposed.timings, ended_at=engine.now())
    )


def _kill_a_guard(stage: Stage) -> bool:
    """Start a gate in a process of its own, and kill it after the store has taken its rollback and before it hears of it."""
    stage.store.break_next("rollback", "hold", skip=1)  # the first is the dry run
    stage.engine.progress.doing("a guard in a process of its own comes to its rollback")
    with (stage.configuration.parent / KILLED_LOG).open("wb") as log:
        process = subprocess.Popen(
            _command(stage), cwd=stage.configuration.parent, env=_environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
        try:
            _wait_for_rollback(stage, process)
        finally:
            process.kill()
            process.wait()
            stage.store.release()
    stage.engine.progress.warn("the guard was killed inside its rollback; another one takes over")
    return process.returncode == -signal.SIGKILL


def _wait_for_rollback(stage: Stage, process: "subprocess.Popen[bytes]") -> None:
    def is_there() -> bool:
        if process.poll() is not None:
            raise RehearsalBroken(f"the guard that was to be killed ended by itself (exit {process.returncode})")
        return len(stage.store.calls("rollback")) > 1

    looking = tenacity.Retrying(
        retry=tenacity.retry_if_result(lambda there: not there),
        stop=tenacity.stop_after_delay(_MOMENT_SECONDS),
        wait=tenacity.wait_fixed(_LOOK_SECONDS),
    )
    with contextlib.suppress(tenacity.RetryError):
        looking(is_there)
        return
    raise RehearsalBroken(f"the guard that was to be killed did not come to its rollback within {_MOMENT_SECONDS:g} s")


def _command(stage: Stage) -> list[str]:
    options = ["--config", stage.configuration.name, "--database", stage.database, "--json"]
    return [sys.executable, "-c", "from guard.cli.main import run; run()", *options, "gate", "--version", str(sample.NEXT_VERSION)]


def _environment() -> Mapping[str, str]:
    """Ours, with this very program first; the database is named on the command line."""
    root = str(Path(__file__).parents[2])
    kept = {name: value for name, value in os.environ.items() if not name.startswith(DATABASE_VARIABLE)}
    return {**kept, "PYTHONPATH": os.pathsep.join(filter(None, (root, kept.get("PYTHONPATH", ""))))}
