"""The command line as a process that dies where a test says: `python -c "…; mortal.main()" MOMENT COMMAND…`. Its checks need no browser.

The program itself is as users have it; what is changed here are the edges: what leaves the process, and the last word of its journal.
"""

import dataclasses
import json
import os
import signal
import sys

import requests
from requests.adapters import HTTPAdapter

from guard.engine import Guarded
from guard.rollback.plan import RollbackState, StepName, StepState
from guard.rollback.steps import RollbackSteps
from guard.store.journal import Journal
from healthchecks.result import CheckName, CheckReport, CheckResult, CheckStatus

METHODS = {
    ":fetchStatus": "fetchStatus",
    ":cancelSubmission": "cancelSubmission",
    ":rollback": "rollback",
    "/service/update2/crx": "updateCheck",
    "/packages/": "package",
}
"""What the local store calls that which is asked at an address."""


@dataclasses.dataclass(frozen=True)
class Moment:
    """Where a process dies."""

    step: StepName
    place: str
    """Part of the address of a call, "checks" or "journal"."""
    when: str
    """"before" the call is sent, "held" (it was carried out and its answer does not come), or "after" it; in the journal also once the
    rollback is "planned" or "finished".
    """

    @property
    def words(self) -> str:
        return f"{self.step.value}, {self.when} {self.place.strip(':/')}"

    def text(self) -> str:
        return json.dumps(dataclasses.asdict(self))


def passed(_guarded, package, _baseline):
    """The word of a browser that finds nothing."""
    return CheckReport("stub", str(package.version), (CheckResult(CheckName.LOAD, CheckStatus.PASSED),))


def die(*_whatever, **_more):
    os.kill(os.getpid(), signal.SIGKILL)


def change(kind, name, instead):
    setattr(kind, name, instead)


class Dying:
    """Changes the edges of this process, so that it dies at its moment."""

    def __init__(self, moment, store):
        self.moment, self.store, self.is_due = moment, store, False
        self.watch_the_steps()
        if moment.place == "checks":
            change(Guarded, "check", die if moment.when == "before" else lambda *arguments: die(passed(*arguments)))
        elif moment.place == "journal":
            self.die_after_the_entry()
        elif moment.when == "before":
            self.die_before_the_call()

    def watch_the_steps(self):
        run = RollbackSteps.run

        def running(steps, plan, step):
            self.is_due = step is self.moment.step
            if self.is_due and self.moment.when == "held" and self.moment.place in METHODS:
                fault = [{"method": METHODS[self.moment.place], "kind": "hold"}]
                requests.post(f"{self.store}/_local/faults", json=fault, timeout=5).raise_for_status()
            return run(steps, plan, step)

        change(RollbackSteps, "run", running)

    def die_before_the_call(self):
        send = HTTPAdapter.send

        def sending(adapter, request, **options):
            if self.is_due and self.moment.place in request.url:
                die()
            return send(adapter, request, **options)

        change(HTTPAdapter, "send", sending)

    def die_after_the_entry(self):
        create, end, finish = Journal.create, Journal.end, Journal.finish

        def created(journal, plan):
            create(journal, plan)
            if self.moment.when == "planned":
                die()
            return journal.get(plan.id)

        def ended(journal, rollback_id, step, state, evidence):
            end(journal, rollback_id, step, state, evidence)
            if self.moment.when == "after" and (step, state) == (self.moment.step, StepState.DONE):
                die()

        def finished(journal, rollback_id, state, failure=""):
            finish(journal, rollback_id, state, failure)
            if self.moment.when == "finished" and state is RollbackState.COMPLETED:
                die()

        change(Journal, "create", created)
        change(Journal, "end", ended)
        change(Journal, "finish", finished)


def main():
    from guard.cli.main import run

    moment, store = sys.argv[1:3]
    sys.argv[1:3] = []
    change(Guarded, "check", passed)
    known = json.loads(moment)
    Dying(Moment(StepName(known["step"]), known["place"], known["when"]), store)
    run()
