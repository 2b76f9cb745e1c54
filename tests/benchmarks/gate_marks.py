"""A gate in act mode as a process that says when it did what, and ends as soon as the store has accepted the rollback."""

import json
import os
import sys
import time

from requests.adapters import HTTPAdapter

from guard.engine import Engine, Guarded
from guard.judge.verdict import Verdict
from guard.responder import Responder
from guard.rollback.executor import RollbackExecutor
from guard.store.incidents import IncidentRecords
from guard.store.journal import Journal
from healthchecks.differential import compare
from healthchecks.result import CheckName, CheckReport, CheckResult, CheckStatus

MARKS = []


def mark(what):
    MARKS.append((time.perf_counter(), what))


def passed(_guarded, package, _baseline):
    return CheckReport("stub", str(package.version), (CheckResult(CheckName.LOAD, CheckStatus.PASSED),))


def change(kind, name, instead):
    setattr(kind, name, instead)


def after(kind, name, what):
    """Mark each return of a method."""
    method = getattr(kind, name)

    def marked(*arguments, **options):
        found = method(*arguments, **options)
        mark(what(*arguments))
        return found

    change(kind, name, marked)


def mark_verdict():
    respond = Responder.respond

    def responding(responder, guarded, assessment, release, baseline):
        if assessment.verdict is Verdict.BREACH:
            mark("verdict")
        return respond(responder, guarded, assessment, release, baseline)

    change(Responder, "respond", responding)


def mark_calls():
    send = HTTPAdapter.send

    def sending(adapter, request, **options):
        answer = send(adapter, request, **options)
        name = request.url.partition("?")[0].rstrip("/").rpartition("/")[2].rpartition(":")[2]
        is_dry = b"validateOnly" in (request.body or b"")
        mark(f"answered: {name}{' (dry run)' if is_dry else ''}")
        if name == "rollback" and not is_dry:
            assert answer.status_code == 200, answer.content
            mark("accepted")
            sys.stdout.write(json.dumps(MARKS) + "\n")
            sys.stdout.flush()
            os._exit(0)
        return answer

    change(HTTPAdapter, "send", sending)


def main():
    from guard.cli.main import run

    change(Guarded, "check", passed)
    change(Guarded, "check_side_by_side", lambda one, new, old: compare(passed(one, new, old), passed(one, old, None)))
    mark_verdict()
    mark_calls()
    after(IncidentRecords, "open", lambda *_: "incident opened")
    after(RollbackExecutor, "reserve", lambda *_: "durable executor launched")
    after(Journal, "create", lambda *_: "plan journalled")
    after(Engine, "run_step", lambda _engine, _plan, step: f"step done: {step.value}")
    sys.argv[1:] = ["gate", "--version", "1.3.0", "--json"]
    run()
