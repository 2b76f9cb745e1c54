"""Rollbacks that were approved here, carried out in threads of this process: what comes of each is told on its incident's timeline."""

import contextlib
import hashlib
import json
import logging
import math
import threading
import time

from guard.approving import ProposalOutdated, approve, planned
from guard.dashboard.documents.incident import ApprovalPlan
from guard.dashboard.reading.saying import Reader
from guard.dashboard.refusals import TooSlow
from guard.engine import Engine
from guard.errors import ActorBusy
from guard.incidents.events import Kind, said
from guard.manual import Request, repair_plan_by_hand
from guard.responder import Responder
from guard.rollback.plan import RollbackPlan
from guard.rollback.warming import load_before_threads
from guard.store.actor_lock import acting
from webstore.errors import ReleaseGuardError

_LOG = logging.getLogger(__name__)
_LONGEST = 2000


class Carrying:
    """Carries out what people approve. All rollbacks of the process share one right to act, as the daemon's do."""

    def __init__(self, engine: Engine) -> None:
        load_before_threads()
        self._engine = engine
        self._responder = Responder(engine)
        self._lock = threading.Lock()
        self._threads: dict[str, threading.Thread] = {}
        self._is_closed = False

    def plan(self, reader: Reader, incident_id: str, by: str) -> ApprovalPlan:
        """What an approval would do now, planned from what the store shows.

        Raises:
            NotRecorded: there is no such incident.
            RollbackRefused: nothing waits for a yes, or it must not happen.
            ActorBusy: it is being carried out.
            StoreError: the store cannot be read.
        """
        incident, plan = planned(self._engine, incident_id, by)
        lines = repair_plan_by_hand(self._engine, plan, Request(plan.reason, by, is_approval=True)).lines
        return ApprovalPlan(
            incident=incident.id,
            headline=reader.evidence(plan.headline),
            lines=[reader.evidence(line) for line in lines],
            confirm=_word_for(incident.id, plan),
        )

    def begin(self, incident_id: str, by: str, confirm: str, until: float = math.inf) -> None:
        """Begin the rollback that a person has seen and confirmed; ``until``: the monotonic moment after which nobody waits for it.

        Raises:
            TooSlow: it could not be planned in time, and nothing was begun.
            ProposalOutdated: what would be done now is not what was seen.
            NotRecorded, RollbackRefused, ActorBusy, StoreError: as `plan`; and another process is acting on this database.
        """
        incident, plan = planned(self._engine, incident_id, by)
        if _word_for(incident.id, plan) != confirm:
            changed = ProposalOutdated(f"what was confirmed is not what would be done now: {plan.headline}")
            raise changed.advise("look at the plan again, and confirm that one")
        self._engine.executors.must_be_free(plan.id)
        with self._lock:
            if time.monotonic() > until:
                raise TooSlow("the store took too long to show what is published; nothing was begun")
            if self._is_closed:
                raise ActorBusy("the dashboard is being stopped")
            if incident.id in self._threads:
                raise ActorBusy(f"the rollback of {incident.version} is under way here")
            if not self._threads and self._engine.database.dialect.name == "sqlite":
                with acting(self._engine.database):
                    pass  # another process would be told at once, and not on the timeline later
            thread = threading.Thread(target=self._carry_out, args=(incident.id, by), name=f"rollback-{incident.id}", daemon=True)
            self._threads[incident.id] = thread
            thread.start()

    def _carry_out(self, incident_id: str, by: str) -> None:
        try:
            approve(self._engine, incident_id, by, self._responder)
        except ReleaseGuardError as error:
            self._tell(incident_id, f"{error} ({error.advice})")
        except Exception as error:  # noqa: BLE001 - the end of a thread: whatever it is must be told where people look
            _LOG.error("the approved rollback of %s failed", incident_id, exc_info=error)
            self._tell(incident_id, f"unexpected {type(error).__name__}, a fault of the guard itself")
        finally:
            with self._lock:
                self._threads.pop(incident_id, None)

    def _tell(self, incident_id: str, why: str) -> None:
        """On the timeline: a failure of the rollback itself stands there already, this is what kept it from being begun."""
        with contextlib.suppress(ReleaseGuardError):
            words = f"the approved rollback goes no further here: {why}"
            self._engine.incidents.note(incident_id, said(Kind.NOTED, text=words[:_LONGEST]))

    @property
    def under_way(self) -> frozenset[str]:
        """The incidents whose rollbacks are carried out here."""
        with self._lock:
            return frozenset(self._threads)

    def close(self, seconds: float) -> frozenset[str]:
        """Begin nothing more, and wait so long in all for what is under way; the incidents whose rollbacks are left to the next process."""
        with self._lock:
            self._is_closed = True
            threads = list(self._threads.values())
        for thread in threads:
            thread.join(seconds / len(threads))
        return self.under_way


def _word_for(incident_id: str, plan: RollbackPlan) -> str:
    """A word that stands for exactly this plan."""
    parts = [incident_id, plan.item.name, *map(str, (plan.from_version, plan.target, plan.new_version, plan.from_percentage)), plan.reason]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]
