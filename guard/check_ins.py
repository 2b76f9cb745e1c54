"""Check-ins of the canary with Sentry's cron monitors, so that one that stops running is noticed.

A check-in says whether the canary did its work, and not what it found: a breach is told by its incident, and `ok` here. Were it `error`, a
monitor that is red for days over one bad release could not turn red any more when the canary itself stops. An inconclusive look is `ok`
too: it took place. `error` is a look that could not be (exit 4), a fault, and an end by Ctrl-C or SIGTERM. What dies harder says nothing
more, and Sentry notices by itself that a run that had begun has not ended.

Without a DSN nothing of Sentry is loaded. With one, nothing that Sentry does or does not do changes what comes of the run.
"""

import contextlib
import enum
import os
import queue
import re
import signal
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from types import FrameType
from typing import Any

from guard.config import Config, ExtensionTable
from guard.environment import own_dsn
from guard.errors import ExitCode
from guard.tables_canary import LONGEST_SLUG, OF_WATCH, CanaryTable

_DYING_SECONDS = 2.0
"""So long a process that is told to end waits for its last words to be heard."""


class Command(enum.Enum):
    """What is scheduled."""

    CANARY = "canary"
    WATCH = "watch --once"


class CheckIns:
    """The check-ins of one run, one for each monitor."""

    def __init__(self, monitors: dict[str, str], config: dict[str, Any] | None, seconds: Callable[[], float]) -> None:
        """``monitors``: each extension's, by its id; none: nobody is told. ``config``: what they are made by.

        ``seconds``: a clock that only goes forward.
        """
        self._monitors = monitors
        self._seconds = seconds
        self._began = seconds()
        self._config = config
        self._identities = {slug: uuid.uuid4().hex for slug in monitors.values()}
        """Of those that have not ended, by which Sentry knows a run again."""
        self._left = Counter(monitors.values())
        self._failed: set[str] = set()
        self._lock = threading.Lock()

    def begin(self) -> None:
        """Say that the run has begun, to every monitor at once: none may think it late because others come first."""
        for slug in list(self._identities):
            _tell(slug, "in_progress", self._identities[slug], None, self._config)

    def ended(self, extension: ExtensionTable, code: ExitCode) -> None:
        """Say how the look at an extension ended; a monitor of several extensions is told with the last of them."""
        slug = self._monitors.get(extension.id)
        if slug is None:
            return
        if code is ExitCode.UNABLE:
            self._failed.add(slug)
        self._left[slug] -= 1
        if not self._left[slug]:
            self._end(slug, "error" if slug in self._failed else "ok")

    def fail(self) -> None:
        """Say of all that have not ended that they never will."""
        for slug in list(self._identities):
            self._end(slug, "error")

    def _end(self, slug: str, status: str) -> None:
        with self._lock:  # a signal may come in between
            identity = self._identities.pop(slug, None)
        if identity:
            _tell(slug, status, identity, self._seconds() - self._began, self._config)


@contextlib.contextmanager
def checking_in(
    config: Config, command: Command, extensions: Sequence[ExtensionTable], seconds: Callable[[], float] = time.monotonic
) -> Generator[CheckIns]:
    """Hold while a command looks at these extensions; of those that are not told to have ended, the end tells that they failed."""
    monitors = monitors_of(config, command) if own_dsn() else {}
    mine = {one.id: monitors[one.id] for one in extensions if monitors}
    run = CheckIns(mine, monitor_config(config.canary, command), seconds)
    run.begin()
    with _told_when_dying(run) if monitors else contextlib.nullcontext():
        try:
            yield run
        finally:
            run.fail()


def monitors_of(config: Config, command: Command) -> dict[str, str]:
    """The slug of each extension's monitor of a command, by the extension's id: the file's one, or one each; empty: there are none."""
    table, is_canary = config.canary, command is Command.CANARY
    if not (table.schedule or table.monitor if is_canary else table.watch_schedule):
        return {}
    if table.monitor:
        return dict.fromkeys((extension.id for extension in config.extension), table.monitor + ("" if is_canary else OF_WATCH))
    beginning = "release-guard" if is_canary else "release-watch"
    slugs = {extension.id: _slug(beginning, extension.name or extension.id) for extension in config.extension}
    times = Counter(slugs.values())
    return {identity: slug if times[slug] == 1 else _slug(beginning, identity) for identity, slug in slugs.items()}


def monitor_config(table: CanaryTable, command: Command) -> dict[str, Any] | None:
    """What Sentry makes the monitor by, or brings it up to; none where a person made it."""
    schedule = table.schedule if command is Command.CANARY else table.watch_schedule
    if schedule is None:
        return None
    limits = {"checkin_margin": table.checkin_margin_minutes, "max_runtime": table.max_runtime_minutes}
    return {"schedule": {"type": "crontab", "value": schedule}, "timezone": "UTC", **limits}


def _slug(beginning: str, name: str) -> str:
    plain = re.sub(r"[^a-z0-9_]+", "-", name.lower()).strip("-")
    return f"{beginning}-{plain}"[:LONGEST_SLUG].rstrip("-")


def _tell(slug: str, status: str, identity: str, seconds: float | None, config: dict[str, Any] | None) -> None:
    from guard.telemetry import check_in  # noqa: PLC0415 - only when a DSN is set

    check_in(slug, status, identity, seconds, config)


@contextlib.contextmanager
def _told_when_dying(run: CheckIns) -> Generator[None]:
    """SIGTERM ends the process as ever, a moment later: Sentry hears of it first.

    A thread that waits for it does the telling, since a signal may come while this one holds what the telling needs.
    """
    is_ours = threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    if not is_ours:
        yield
        return
    calls: queue.SimpleQueue[bool] = queue.SimpleQueue()
    told = threading.Event()

    def tell() -> None:
        from guard.telemetry import flush  # noqa: PLC0415 - only when a DSN is set

        if calls.get():
            run.fail()
            flush(_DYING_SECONDS)
            told.set()

    def die(number: int, _frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)
        calls.put(item=True)
        told.wait(_DYING_SECONDS)
        os.kill(os.getpid(), number)

    threading.Thread(target=tell, name="last words", daemon=True).start()
    signal.signal(signal.SIGTERM, die)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        calls.put(item=False)
