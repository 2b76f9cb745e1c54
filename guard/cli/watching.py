"""gate, watch: parsing and deciding happen elsewhere; these show, and return a code."""

import os
import signal
import sys
import time
from argparse import Namespace
from collections import Counter
from types import FrameType

from guard.check_ins import Command, checking_in
from guard.cli import opening
from guard.cli.console import Console
from guard.cli.ordering import pause_json
from guard.cli.summary import headline, show_result
from guard.config import ExtensionTable, Mode
from guard.engine import Engine
from guard.errors import ExitCode
from guard.gate import Gate
from guard.look import Tick
from guard.reporting import write_report
from guard.rollback.warming import warm_up
from guard.watcher import Watcher
from webstore.versions import Version


def gate(args: Namespace) -> int:
    """Guard one release, once."""
    config = opening.configuration(args)
    if args.mode:
        config = config.model_copy(
            update={"extension": tuple(item.model_copy(update={"mode": Mode(args.mode)}) for item in config.extension)}
        )
    version = Version.parse(args.release) if args.release else None
    with opening.acting(args, config) as (engine, console):
        guarded = engine.guarded(config.select(args.item))
        _warm_up(engine, guarded.extension)
        result = Gate(engine, guarded, time.sleep).run(version)
        written = write_report(engine, result, engine.run_folder)
        pause = engine.orders.pause_of(result.release.item)
    show_result(console, result)
    if pause:
        console.print(f"Paused: {pause.words}")
    console.print(f"Report: {written.report}")
    if written.postmortem:
        console.print(f"Postmortem draft: {written.postmortem}")
    console.document(
        {"headline": headline(result), **result.to_json(), "report": str(written.report), "paused": pause_json(pause) if pause else None}
    )
    return result.exit_code


def watch(args: Namespace) -> int:
    """Look at every extension, once or until stopped."""
    config = opening.configuration(args)
    if not args.once:
        with opening.acting(args, config) as (engine, console):
            _warm_up(engine, *config.extension)
            return _daemon(Watcher(engine), console)
    with checking_in(config, Command.WATCH, config.extension) as run, opening.acting(args, config) as (engine, console):
        ticks = Watcher(engine).tick()
        for extension, tick in zip(config.extension, ticks, strict=True):
            run.ended(extension, tick.exit_code)
    _show_ticks(console, ticks)
    console.document({"extensions": [_tick_json(tick) for tick in ticks]})
    codes = {tick.exit_code for tick in ticks}
    return next((code for code in (ExitCode.BREACH, ExitCode.UNABLE, ExitCode.INCONCLUSIVE) if code in codes), ExitCode.DONE)


def _warm_up(engine: Engine, *extensions: ExtensionTable) -> None:
    """What may act loads what it needs for that now, and not when users wait for it."""
    if any(engine.config.mode_of(extension) is Mode.ACT for extension in extensions):
        warm_up(engine.database)


def _daemon(watcher: Watcher, console: Console) -> int:
    """Run until SIGTERM or SIGINT, which ends the wait between two looks, and never a rollback; a second one ends at once."""

    def ask_to_stop(number: int, _frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)
        watcher.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ask_to_stop)
    if left := watcher.run(Told(console).show):
        console.warn(f"the rollback of {', '.join(sorted(left))} is left where it stands; the next process that acts goes on with it")
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(ExitCode.DONE)  # its thread cannot be ended otherwise; a rollback survives harder ends than this one
    return ExitCode.DONE


class Told:
    """What the daemon prints after a look: each extension that is no longer as it was; of many that are, only how many."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._before: dict[str, tuple[object, ...]] = {}

    def show(self, ticks: list[Tick]) -> None:
        """Print one look at some extensions."""
        changed: list[Tick] = []
        for tick in ticks:
            now = (tick.version, tick.outcome, tick.paused)
            if self._before.get(tick.extension) != now:
                changed.append(tick)
            self._before[tick.extension] = now
        same = [tick for tick in ticks if tick not in changed]
        _show_ticks(self._console, changed)
        if len(same) <= _FEW:
            _show_ticks(self._console, same)
            return
        counted = Counter(tick.outcome.value.replace("_", " ") for tick in same)
        words = ", ".join(f"{count} {outcome}" for outcome, count in counted.most_common())
        self._console.print(f"{len(same)} extensions are as they were: {words}")


_FEW = 5
"""So many extensions that are as they were are still shown one by one."""


def _show_ticks(console: Console, ticks: list[Tick]) -> None:
    for tick in ticks:
        paused = f"; {tick.paused}" if tick.paused else ""
        console.print(f"{tick.extension} {tick.version or '?'}: {tick.outcome.value.replace('_', ' ')}: {tick.sentence}{paused}")


def _tick_json(tick: Tick) -> dict[str, str | None]:
    told = {"extension": tick.extension, "version": tick.version, "outcome": tick.outcome.value, "sentence": tick.sentence}
    return {**told, "paused": tick.paused or None}
