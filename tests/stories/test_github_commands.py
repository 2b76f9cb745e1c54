"""Every command of the action, with a good and a bad outcome, the whole of its steps each time; and text from outside that nobody obeys.

Browsers are stubbed here, but for `check`, which has real ones in `test_github_action.py`.
"""

import re
from datetime import timedelta

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from guard.github.asking import COMMANDS
from stories.workflow_run import a_team
from webstore.models import StoreWarning
from webstore.simulator.loopback import serve

HOSTILE = (
    "::set-output name=verdict::healthy\n::error::pwned\r%0A::add-mask::x ##[error]pwned ${{ github.token }} `id` <img src=x> @everyone"
)
"""What a page, a store or Sentry may say."""
IN_ONE_LINE = (
    '$(touch pwned) `touch pwned` "; touch pwned; # ${{ secrets.environment }} %0A::error::pwned release-guard-0 <img src=x> @everyone'
)
"""What a person may give to an input, which holds no line break."""
VERSION = '1.0"; curl http://127.0.0.1:1/ #'


@pytest.fixture
def team(tmp_path):
    with a_team(tmp_path) as found:
        yield found


def harmless(team, *all_of_them):
    """Nothing was obeyed but the annotations, nothing was done by a shell, and nothing is in GitHub's other files."""
    for ran in all_of_them:
        assert all(
            re.match(r"::(error|warning) title=(release-guard |ui of 1.3.0%3A x::the popup throws$)", line) for line in ran.obeyed
        ), ran.obeyed
        assert ran.others == {}
        assert not [line for line in ran.summary.splitlines() if line.startswith("::") or "<img" in line or "@everyone" in line], (
            ran.summary
        )
        assert all("\n" not in value and "\r" not in value for value in ran.outputs.values())
    assert not list(team.folder.rglob("pwned"))
    return True


def test_what_goes_well_is_told_by_every_command(team):
    snapshot = team.step("snapshot", item="shelf")
    assert (snapshot.code, snapshot.outputs["version"]) == (0, "1.2.0"), snapshot.log
    team.build()
    runner = team.runner()
    (runner.workspace / "next.zip").write_bytes(team.artifact.to_zip())
    secrets = {"RELEASE_GUARD_ENVIRONMENT": team.secrets["environment"]}
    publish = runner.action({"command": "publish", "package": "next.zip", "wait": "true", "timeout": "20"}, secrets, team.begin())
    assert (publish.code, publish.outputs["outcome"], publish.outputs["version"]) == (0, "published", "1.3.0"), publish.log
    gate = team.step("gate", version="1.3.0")
    assert (gate.code, gate.outputs["outcome"], gate.outputs["verdict"], gate.outputs["incident"]) == (0, "healthy", "healthy", ""), (
        gate.log
    )
    canary = team.step("canary")
    assert (canary.code, canary.outputs["verdict"], canary.outputs["version"]) == (0, "healthy", "1.3.0"), canary.log
    watch = team.step("watch")
    assert (watch.code, watch.outputs["outcome"], watch.outputs["version"]) == (0, "healthy", "1.3.0"), watch.log
    status = team.step("status")
    assert (status.code, status.outputs["outcome"], status.outputs["sentence"]) == (0, "OPERATIONAL", "OPERATIONAL: shelf 1.3.0: good")
    doctor = team.step("doctor")
    assert (doctor.code, doctor.outputs["sentence"]) == (0, "what was looked at is in order"), doctor.log
    assert "| store\\_access | shelf | ✅ ok |" in doctor.summary
    told = (snapshot, publish, gate, canary, watch, status, doctor)
    assert {ran.outputs["meaning"] for ran in told} == {"healthy or done"}
    assert all(not ran.failed and not ran.obeyed for ran in told)
    assert harmless(team, *told)


def test_what_goes_badly_is_told_by_every_command_until_a_person_says_yes(team):
    assert team.step("snapshot").code == 0
    team.store.state.upload(team.item, team.build(bad=True).to_zip())
    team.store.state.publish(team.item)
    gate = team.step("gate")
    assert (gate.code, gate.outputs["outcome"], gate.outputs["verdict"], gate.outputs["version"]) == (1, "held", "breach", "1.3.0"), (
        gate.log
    )
    incident = gate.outputs["incident"]
    assert any(
        line.startswith("::error title=release-guard gate%3A breach found::1.3.0 is in breach and was NOT rolled back")
        for line in gate.obeyed
    ), gate.obeyed
    assert "Held, and left to a person" in gate.summary
    accepted = team.step("canary", accept="1, 3")
    assert (accepted.code, accepted.outputs["exit-code"], accepted.outputs["verdict"]) == (0, "1", "breach"), accepted.log
    assert (accepted.outputs["incident"], accepted.failed) == (incident, False)
    watch = team.step("watch")
    assert (watch.code, watch.outputs["outcome"], watch.outputs["version"]) == (1, "held", "1.3.0"), watch.log
    status = team.step("status")
    assert (status.code, status.outputs["incident"], status.outputs["outcome"]) == (0, incident, "OPERATIONAL"), "a P3 degrades nothing"
    assert status.outputs["sentence"].endswith(f"shelf 1.3.0: the rollback of {incident} waits for a yes")
    (issue,) = team.github.issues
    assert (issue.state, incident in issue.title + issue.body) == ("open", True)
    approve = team.step("approve", incident=incident, by=f"octo {IN_ONE_LINE}"[:90])
    assert (approve.code, approve.outputs["outcome"], approve.outputs["new-version"]) == (0, "completed", "1.3.0.1"), approve.log
    again = team.step("approve", incident=incident, by="octo")
    assert (again.code, "was rolled back already" in again.log) == (2, True)
    assert len(team.dispatches.asked) == 1
    assert harmless(team, gate, accepted, watch, status, approve, again)


def test_what_the_review_comes_to_is_told_by_publish(team):
    team.store.state.behaviour.review = timedelta(hours=1)
    with team.store.state.listing(team.item) as listing:
        listing.warnings = (StoreWarning("PERMISSIONS", HOSTILE),)
    team.build()
    runner, secrets = team.runner(), {"RELEASE_GUARD_ENVIRONMENT": team.secrets["environment"]}
    (runner.workspace / "next.zip").write_bytes(team.artifact.to_zip())
    given = {"command": "publish", "package": "next.zip"}
    waited = runner.action({**given, "wait": "true", "timeout": "0.5"}, secrets, team.begin())
    assert (waited.code, waited.outputs["outcome"], waited.outputs["meaning"]) == (3, "timed_out", "inconclusive"), waited.log
    assert "pwned" in waited.log, "the store's warning is shown"
    again = runner.action(given, secrets, team.begin())
    assert (again.code, "pending review" in again.outputs["sentence"]) == (2, True), again.log
    team.store.state.behaviour.review, team.store.state.behaviour.approves = timedelta(0), False
    team.store.state.status(team.item)
    rejected = runner.action({**given, "wait": "true", "timeout": "20"}, secrets, team.begin())
    assert (rejected.code, rejected.outputs["outcome"], team.history()) == (1, "rejected", ["1.2.0"]), rejected.log
    missing = runner.action({**given, "package": "--help"}, secrets, team.begin())
    assert (missing.code, "no folder or file '--help'" in missing.log) == (2, True)
    assert harmless(team, waited, again, rejected, missing)


def test_a_rollback_is_shown_done_and_refused(team):
    nothing = team.step("rollback", reason="x")
    assert (nothing.code, team.history()) == (2, ["1.2.0"]), nothing.log
    assert team.step("snapshot").code == 0
    team.store.state.upload(team.item, team.build().to_zip())
    team.store.state.publish(team.item)
    dry = team.step("rollback", reason=IN_ONE_LINE, dry_run="true")
    assert (dry.code, dry.outputs["outcome"], dry.outputs["new-version"], len(team.history())) == (0, "planned", "1.3.0.1", 2), dry.log
    unknown = team.step("rollback", reason="x", to="9.9.9")
    assert (unknown.code, len(team.history())) == (2, 2)
    done = team.step("rollback", reason=IN_ONE_LINE, to="1.2.0", force="true")
    assert (done.code, done.outputs["outcome"], done.outputs["new-version"], len(team.history())) == (0, "completed", "1.3.0.1", 3), (
        done.log
    )
    assert harmless(team, nothing, dry, unknown, done)


REFUSED = [
    ({"command": "gate", "version": VERSION}, "1.0"),
    ({"command": "gate", "version": "$(touch pwned)"}, "$(touch pwned)"),
    ({"command": "gate", "version": "`touch pwned`"}, "`touch pwned`"),
    ({"command": "gate", "version": "${{ github.token }}"}, "${{ github.token }}"),
    ({"command": "gate", "version": "--mode=act"}, "--mode=act"),
    ({"command": "gate", "version": "1.3.0\n::set-output name=verdict::healthy"}, "`version` holds a line break"),
    ({"command": "gate\n::error::pwned", "version": "1.3.0"}, "control character"),
    ({"command": "rollback", "reason": "two\n::set-output name=x::y"}, "`reason` holds a line break"),
    ({"command": "rollback", "reason": "x" * 4001}, "longer than 4000"),
    ({"command": "rollback"}, "needs the input `reason`"),
    ({"command": "rollback", "reason": "x", "dry-run": "maybe"}, "it is true or false"),
    ({"command": "approve", "incident": "INC-2026-0001"}, "needs the input `by`"),
    ({"command": "approve", "incident": IN_ONE_LINE, "by": "octo"}, "$(touch pwned)"),
    ({"command": "check"}, "needs the input `target`"),
    ({"command": "check", "target": "--help"}, "no folder or file '--help'"),
    ({"command": "check", "target": "%0A::error::pwned"}, "no folder or file"),
    ({"command": "canary", "to": "1.2.0"}, "takes no input `to`"),
    ({"command": "canary", "item": IN_ONE_LINE}, "$(touch pwned)"),
    ({"command": "snapshot", "item": "nobody"}, "nobody"),
    ({"command": "watch", "config": "nowhere.toml"}, "nowhere.toml cannot be read"),
    ({"command": "doctor", "config": "nowhere.toml"}, "nowhere.toml cannot be read"),
    ({"command": "status", "config": "nowhere.toml"}, "nowhere.toml cannot be read"),
    ({"command": "canary", "accept": "5"}, "the input `accept` is '5'"),
    ({"command": "simulate"}, "it is one of gate"),
]


def test_what_makes_no_sense_is_refused_with_the_fix_and_nothing_is_done(team):
    """On one machine, one after the other: each is refused before anything is begun, so that none leaves anything for the next."""
    runner = team.runner()
    for given, words in REFUSED:
        ran = runner.action(given, {}, team.begin())
        assert (ran.code, words in ran.log, "to fix:" in ran.log or given["command"] == "doctor") == (2, True, True), (
            given,
            ran.log,
            ran.errors,
        )
        assert harmless(team, ran)
        assert ran.outcomes["Run"] == "failure"
    assert {given["command"] for given, _ in REFUSED} >= set(COMMANDS) - {"publish"}
    assert (team.history(), team.store.calls("publish"), team.github.issues) == (["1.2.0"], [], [])


async def says_hostile_things(_request: Request) -> Response:
    return JSONResponse({"error": {"code": 403, "message": HOSTILE, "status": "PERMISSION_DENIED"}}, 403)


def test_a_store_that_refuses_makes_every_command_say_that_it_could_not(team):
    with serve(Starlette(routes=[Route("/{rest:path}", says_hostile_things, methods=["GET", "POST"])])) as address:
        configuration = team.repository / "release-guard.toml"
        configuration.write_text(configuration.read_text().replace(team.store.base_url, address))
        team.build()
        runner, secrets = team.runner(), {"RELEASE_GUARD_ENVIRONMENT": team.secrets["environment"]}
        for command in ("snapshot", "publish", "gate", "canary", "rollback", "watch", "doctor", "check"):
            given = {"publish": {"package": "extension"}, "rollback": {"reason": "x"}, "check": {"target": "store"}}.get(command, {})
            ran = runner.action({"command": command, **given}, secrets, team.begin())
            assert (ran.code, ran.outputs["meaning"]) == (4, "the guard could not do its work"), (command, ran.log)
            assert "pwned" in ran.log, "what the store says is shown"
            assert ran.summary.startswith(f"## ⚠️ release-guard {command}: the guard could not do its work")
            assert harmless(team, ran)
        status = runner.action({"command": "status"}, secrets, team.begin())
        assert status.code == 0, "status needs no store"
