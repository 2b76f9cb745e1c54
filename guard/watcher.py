"""The watcher: one tick looks at every configured extension once, several at a time. Checks and rollbacks run beside it in the daemon."""

import dataclasses
import functools
import logging
import queue
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from guard.beside import Beside
from guard.config import ExtensionTable
from guard.engine import Engine
from guard.errors import ActorBusy
from guard.look import Look, Tick
from guard.responder import Responder
from guard.rollback.plan import RollbackRecord, StepState
from guard.store.executors import Executor
from guard.store.heartbeat import alive
from webstore.errors import ReleaseGuardError

_LOG = logging.getLogger(__name__)
WATCHING = "watch"
"""Role of a process that watches for as long as it runs."""


class Watcher:
    """Watches every configured extension."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._responder = Responder(engine)
        self._look = Look(engine, self._responder)
        self._calls: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        """What wakes the daemon between two ticks: an item that something came of, or none to stop. Signal handlers may put into it."""

    def tick(self) -> list[Tick]:
        """Look at each extension once; whatever is begun is over at the end."""
        try:
            self._responder.resume()
        except ReleaseGuardError as error:  # whoever can act takes the unfinished rollback along; looking does no harm meanwhile
            self._engine.progress.warn(f"an unfinished rollback is left to another process: {error}")
        return self._look_at(self._look, self._engine.config.extension, ())

    def stop(self) -> None:
        """End `run` after what it is doing now; from any thread, and from a signal's handler."""
        self._calls.put(None)

    def run(self, report: Callable[[list[Tick]], None]) -> frozenset[str]:
        """Tick until `stop` is called. Watchers that share a database share the extensions out.

        A look never waits for browsers or for a rollback; it is repeated as soon as either has come to its end. At the end what is under
        way in this process is waited for, for `stop_seconds`: the items whose rollbacks take longer, and are left to the next process.
        """
        engine = self._engine
        checks = Beside("checks", lambda item_id, _error: self._calls.put(item_id))
        rollbacks = Beside("rollback", self._rollback_ended)
        responder = Responder(engine, rollbacks.begin)
        look = Look(engine, responder, checks.begin)
        with alive(engine.executors, WATCHING) as me:
            try:
                while True:
                    began = engine.now()
                    self._take_over(responder, rollbacks)
                    share = self._share(me)
                    look.keep_only({extension.id for extension in share})
                    report(self._look_at(look, share, rollbacks.items))
                    again = functools.partial(self._look_again, look, rollbacks, share, report)
                    if not self._wait(began + timedelta(seconds=engine.config.watch.poll_seconds), again):
                        break
            finally:
                if waited := rollbacks.items:
                    engine.progress.warn(f"waiting for the rollback of {', '.join(sorted(waited))}; another signal ends at once")
                left = rollbacks.close(engine.config.watch.stop_seconds)
                checks.close(engine.config.watch.stop_seconds)
        return left

    def _wait(self, until: datetime, again: Callable[[str], None]) -> bool:
        """Until it is time for the next tick; false when it is time to stop."""
        while True:
            left = (until - self._engine.now()).total_seconds()
            try:
                called = self._calls.get(timeout=max(left, 0.0))
            except queue.Empty:
                return True
            if called is None:
                return False
            again(called)

    def _look_again(
        self, look: Look, rollbacks: Beside, share: Iterable[ExtensionTable], report: Callable[[list[Tick]], None], item_id: str
    ) -> None:
        mine = [extension for extension in share if extension.id == item_id]
        report(self._look_at(look, mine, rollbacks.items))

    def _rollback_ended(self, item_id: str, error: BaseException | None) -> None:
        if isinstance(error, ReleaseGuardError):
            if not isinstance(error, ActorBusy):  # who is busy ends it, and there is nothing to say
                self._engine.progress.warn(f"the rollback of {item_id} goes no further here: {error}")
        elif error is not None:
            _LOG.error("the rollback of %s failed", item_id, exc_info=error)
            self._engine.progress.warn(f"the rollback of {item_id}: unexpected {type(error).__name__}, a fault of the guard itself")
        self._calls.put(item_id)

    def _take_over(self, responder: Responder, rollbacks: Beside) -> None:
        """Begin to finish what a dead process left. What cannot be done from here is said, and left to another process."""
        for record in responder.left():
            item_id = record.plan.item.id
            try:
                if item_id in rollbacks.items:
                    continue
                self._engine.executors.must_be_free(record.plan.id)
                responder.must_be_able(record)
            except ActorBusy:
                continue
            except ReleaseGuardError as error:
                self._engine.progress.warn(f"an unfinished rollback is left to another process: {error}")
                continue
            rollbacks.begin(item_id, functools.partial(responder.finish, record))

    def _share(self, me: Executor) -> list[ExtensionTable]:
        """The extensions that this process looks at."""
        extensions = self._engine.config.extension
        held = set(self._engine.executors.hold(me, [extension.item for extension in extensions]))
        return [extension for extension in extensions if extension.item in held]

    def _look_at(self, look: Look, extensions: Sequence[ExtensionTable], acting: Collection[str]) -> list[Tick]:
        """Look at some, several at a time. ``acting``: items whose rollback this process has begun."""
        begun = {record.plan.item.id: _words(record) for record in self._engine.journal.unfinished()}
        rolling = {**dict.fromkeys(acting, "its rollback has just begun"), **begun}

        def one(extension: ExtensionTable) -> Tick:
            return look.at(extension, rolling.get(extension.id, ""))

        with ThreadPoolExecutor(self._engine.config.watch.polls_at_once, thread_name_prefix="look") as pool:
            ticks = list(pool.map(one, extensions))
        pauses = self._engine.orders.pauses()
        found = zip(extensions, ticks, strict=True)
        return [_with_pause(tick, [pause.words for pause in pauses if pause.is_about(one.item)]) for one, tick in found]


def _words(record: RollbackRecord) -> str:
    """A rollback that is under way, in one line."""
    plan = record.plan
    step = next((step.name for step in record.steps if step.state is not StepState.DONE), record.steps[-1].name)
    doing = step.value.replace("_", " ")
    return f"{plan.from_version} is being rolled back to {plan.target} as {plan.new_version}: {doing}"


def _with_pause(tick: Tick, words: Sequence[str]) -> Tick:
    """What was seen, and whether a person has paused what would be done about it."""
    return dataclasses.replace(tick, paused="; ".join(words))
