"""rollback approve, abort and history, pause, resume, block, repair and db as their users have them: exit codes, words, one JSON document."""

import json
import shutil
import sys
from datetime import timedelta
from pathlib import Path

import pytest

import guard
from factories import Shop, a_package
from guard.cli.main import main
from guard.config import load
from guard.decision.orders import Proposal
from guard.engine import Engine, Guarded
from guard.incidents.incident import Incident, IncidentState, TimelineEntry
from guard.rollback.plan import RollbackPlan, StepName
from guard.severity import Severity
from guard.store.executors import Executors
from healthchecks.result import CheckName, CheckReport, CheckResult, CheckStatus
from webstore.versions import Version

V = Version.parse
PROGRAM = Path(guard.__file__).parent


def passing(_guarded, package, _baseline):
    version = str(package.version)
    return CheckReport(version, version, (CheckResult(CheckName.LOAD, CheckStatus.PASSED),))


@pytest.fixture
def here(tmp_path, monkeypatch, store: Shop, capsys, request):
    """Users had 1.2.0, which is the baseline, and have 1.3.0, with an incident whose rollback waits for a yes."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Guarded, "check", passing)
    command = json.dumps([sys.executable, "-c", "print('restarted')"])
    Path("release-guard.toml").write_text(
        f'[store]\nbase_url = "{store.base_url}"\nupdate_url = "{store.update_url}"\ncredentials = "none"\n[watch]\npoll_seconds = 0.05\n'
        f"[repair]\nservice_restart_command = {command}\n"
        f'[[extension]]\nid = "{store.item.id}"\npublisher = "publisher"\nname = "shelf"\n'
    )
    assert run(capsys, "release", "snapshot")[0] == 0
    store.publish("1.3.0", percentage=100, a__js="bad")
    engine = Engine.open(load(Path("release-guard.toml")))
    severity = getattr(request, "param", Severity.P1)
    draft = Incident("", "f" * 32, "popup is blank", severity, IncidentState.INVESTIGATING, store.item, V("1.3.0"), engine.now())
    incident, _ = engine.incidents.open(draft, TimelineEntry(engine.now(), "guard", "breach seen"))
    engine.orders.propose(Proposal(store.item, V("1.3.0"), incident.id, "ROLLBACK", V("1.2.0"), V("1.3.0.1"), "popup is blank"))
    engine.database.dispose()
    return incident.id


def run(capsys, *arguments):
    code = main(arguments)
    seen = capsys.readouterr()
    return code, seen.out, seen.err


def told(capsys, *arguments):
    code, out, _ = run(capsys, *arguments, "--json")
    return code, json.loads(out)


def test_approve_rolls_back_and_history_shows_every_step(here, capsys):
    assert told(capsys, "rollback", "history") == (0, {"rollbacks": []})
    code, document = told(capsys, "rollback", "approve", here, "--by", "alice")
    assert (code, document["state"], document["new_version"], document["approved_by"]) == (0, "completed", "1.3.0.1", "alice")
    code, document = told(capsys, "rollback", "history", "--item", "shelf")
    (record,) = document["rollbacks"]
    assert record["begun_by"] == "alice"
    assert (code, record["automatic"], {step["state"] for step in record["steps"]}) == (0, False, {"done"})
    assert all(step["evidence"] for step in record["steps"])
    code, out, _ = run(capsys, "rollback", "history")
    assert "begun by alice: popup is blank" in out
    assert "Rollback completed: 1.3.0 to the code of 1.2.0 as 1.3.0.1" in out
    code, _, err = run(capsys, "rollback", "approve", here, "--by", "bob")
    assert (code, "rolled back already" in err) == (2, True)


def test_history_and_executors_say_who_carries_what_out_and_what_nobody_does(here, capsys, store):
    engine = Engine.open(load(Path("release-guard.toml")))
    plan = RollbackPlan(store.item, V("1.3.0"), V("1.2.0"), V("1.3.0.1"), "left by another", automatic=True)
    engine.journal.create(plan)
    engine.journal.begin(plan.id, StepName.VALIDATE_TARGET)
    nobody = "no living process carries it out: `release-guard watch --once` takes it to its end"
    _, out, _ = run(capsys, "rollback", "history")
    assert f"! {nobody}" in " ".join(out.split())
    _, out, _ = run(capsys, "executors")
    assert "no process watches" in out
    assert f"! the rollback of 1.3.0 of shelf is running, and {nobody}" in " ".join(out.split())

    gone = Executors(engine.database, lambda: engine.now() - timedelta(hours=3)).join("act")
    engine.executors.claims.take(plan.id, gone.id, [])
    _, out, _ = run(capsys, "executors")
    words = " ".join(out.split())
    assert "3 h ago rolls back 1.3.0 of shelf" in words
    assert "1 dead: what they watched or rolled back is taken over" in words
    assert nobody in words

    alive = engine.executors.join("act")
    engine.executors.claims.take(plan.id, alive.id, [])
    engine.executors.hold(alive, [store.item])
    _, out, _ = run(capsys, "rollback", "history")
    assert f"{alive.id} carries it out now" in " ".join(out.split())
    _, out, _ = run(capsys, "executors")
    words = " ".join(out.split())
    assert nobody not in words
    assert "rolls back 1.3.0 of shelf; watches shelf" in words
    _, document = told(capsys, "executors")
    by_id = {one["id"]: (one["alive"], one["rolls_back"], one["watches"]) for one in document["executors"]}
    assert by_id == {alive.id: (True, [plan.id], [store.item.id]), gone.id: (False, [], [])}
    assert document["unfinished"] == [plan.id]
    engine.database.dispose()


def test_abort_calls_the_proposal_off_and_status_no_longer_waits(here, capsys):
    assert told(capsys, "status")[1]["extensions"][0]["waits_for_approval"] is None  # 1.3.0 was not seen by the guard yet
    run(capsys, "rollback", "--reason", "look", "--dry-run")
    code, out, _ = run(capsys, "status")
    assert f"release-guard rollback approve {here} --by NAME" in out
    assert "0 of 3 automatic rollbacks in 24 hours" in out
    code, document = told(capsys, "rollback", "abort", here, "--by", "bob", "--reason", "a fix is out")
    assert (code, document["state"], document["under_way"]) == (0, "called_off", False)
    assert told(capsys, "status")[1]["extensions"][0]["waits_for_approval"] is None
    code, _, err = run(capsys, "rollback", "approve", here, "--by", "alice")
    assert (code, "called off by bob: a fix is out" in err) == (2, True)
    code, out, _ = run(capsys, "incident", "show", here)
    assert "bob: rollback of 1.3.0 called off" in out


@pytest.mark.parametrize(
    ("here", "word"), [(Severity.P2, "OPERATIONAL, but a rollback of shelf waits for a yes"), (Severity.P1, "DEGRADED")], indirect=["here"]
)
def test_beside_the_word_that_calms_status_says_that_a_rollback_waits(here, word, capsys):
    run(capsys, "rollback", "--reason", "look", "--dry-run")  # so that the guard has seen 1.3.0
    _, out, _ = run(capsys, "status")
    assert out.splitlines()[0] == word
    assert f"a rollback waits for a yes: release-guard rollback approve {here} --by NAME" in out


@pytest.mark.parametrize("here", [Severity.P3], indirect=True)
def test_after_a_rollback_that_failed_status_calls_a_person(here, capsys, store):
    store.break_next("rollback", "status", status=403, times=99)
    code, document = told(capsys, "rollback", "approve", here, "--by", "alice")
    assert (code, document["state"]) == (4, "failed")
    document = told(capsys, "status")[1]
    assert (document["status"], document["extensions"][0]["failed_rollback"]) == ("OPERATIONAL", here)
    _, out, _ = run(capsys, "status")
    assert out.splitlines()[0] == "OPERATIONAL, but the rollback of shelf failed"
    assert "the rollback FAILED, and a person is needed: release-guard rollback history" in out
    assert "waits for a yes" not in out
    code, _, err = run(capsys, "rollback", "abort", here, "--by", "bob", "--reason", "no")
    assert (code, "has failed already" in err, "a person may, with `release-guard rollback" in err) == (2, True, True)


def test_rollback_by_hand_asks_for_a_reason_and_shows_the_plan_in_full(here, capsys):
    code, _, err = run(capsys, "rollback", "--yes")
    assert (code, "--reason is missing" in err) == (2, True)
    code, out, _ = run(capsys, "rollback", "--reason", "popup is blank", "--dry-run")
    assert code == 0
    for words in (
        "restores in about 300 s, risk low",
        "will not: bring back data",
        "not HOTFIX",
        "1.3.1 stays free for the team",
        "the store would accept it",
    ):
        assert words in " ".join(out.split()), words
    code, document = told(capsys, "rollback", "--reason", "popup is blank", "--dry-run")
    assert (document["state"], document["new_version"], document["plan"]["data"]["verdict"]) == ("planned", "1.3.0.1", "unknown")
    assert {"strategy", "reason", "seconds_to_restore", "risk", "data", "reach", "steps", "will_not", "not_chosen"} == set(document["plan"])


DRY = ("rollback", "--reason", "popup is blank", "--dry-run")


def forget_packages(folder):
    """The kept packages are gone, as when the state folder of the machine that kept them is."""
    (packages,) = folder.rglob("archive")
    shutil.rmtree(packages)


def changing_calls(store):
    """What the store was asked for that is not only looking."""
    calls = [(call["method"], bool((call["body"] or {}).get("validateOnly"))) for call in store._local("GET", "calls")]
    return [call for call in calls if call not in {("fetchStatus", False), ("rollback", True)}]


@pytest.mark.parametrize("waits", [False, True], ids=["nothing waits", "a submission waits"])
@pytest.mark.parametrize("offers", [True, False], ids=["the store would", "the kept package would"])
def test_a_dry_run_says_which_way_back_is_open_and_changes_nothing(here, capsys, store, offers, waits):
    store.state.behaviour.offers_rollback = offers
    if waits:
        store.state.behaviour.review = timedelta(days=1)
        store.state.upload(store.item, a_package("1.4.0").to_zip())
        store.state.publish(store.item)
    shown, before = store.state.status(store.item), changing_calls(store)
    code, out, _ = run(capsys, *DRY)
    words = " ".join(out.split())
    assert code == 0
    assert ("Before it: the submission of 1.4.0 (in review) is cancelled" in words) == waits
    assert ("the store would accept it; nothing was done" in words) == offers
    assert ("the store would refuse its own rollback (" in words) != offers
    assert ("the kept package of 1.2.0 (digest " in words) != offers
    assert ("would go up as 1.3.0.1" in words) != offers
    code, document = told(capsys, *DRY)
    assert (code, document["state"], document["would"]["way"]) == (0, "planned", "store_rollback" if offers else "kept_package")
    assert (document["would"]["store_refuses"] is None) == offers
    assert document["would_cancel"] == ("1.4.0 (in review)" if waits else None)
    assert changing_calls(store) == before
    assert store.state.status(store.item) == shown
    assert told(capsys, "rollback", "history")[1]["rollbacks"] == []


def test_a_dry_run_of_what_nothing_cures_is_a_refusal_with_what_to_do(here, capsys, store):
    store.state.behaviour.offers_rollback = False
    forget_packages(Path())
    code, out, err = run(capsys, *DRY)
    assert (code, "a rollback would not come to its end; nothing was done" in out) == (4, True)
    assert "cannot be rolled back" in err
    assert "the archive holds no package of 1.2.0" in err
    assert "release-guard archive add" in err
    assert changing_calls(store) == []


def test_a_dry_run_says_that_an_unfinished_rollback_comes_first(here, capsys, store):
    engine = Engine.open(load(Path("release-guard.toml")))
    plan = RollbackPlan(store.item, V("1.3.0"), V("1.2.0"), V("1.3.0.1"), "left by another", automatic=False)
    engine.journal.create(plan)
    engine.database.dispose()
    code, out, _ = run(capsys, *DRY)
    assert (code, "a rollback of 1.3.0 is planned, and is taken to its end first" in " ".join(out.split())) == (0, True)
    assert told(capsys, *DRY)[1]["unfinished"] == plan.id


def test_pause_and_resume_are_shown_by_status_and_on_the_incident(here, capsys):
    code, document = told(capsys, "pause", "--by", "alice", "--reason", "store maintenance")
    assert (code, document["is_new"], document["paused"][0]["by"]) == (0, True, "alice")
    assert told(capsys, "pause", "--by", "bob", "--reason", "again")[1]["is_new"] is False
    code, out, _ = run(capsys, "status")
    assert "PAUSED: all automatic actions are paused by alice" in out
    assert told(capsys, "status")[1]["paused"][0]["reason"] == "store maintenance"
    code, document = told(capsys, "resume", "--by", "bob")
    assert (code, len(document["resumed"]), document["paused"]) == (0, 1, [])
    code, _, err = run(capsys, "resume", "--by", "bob")
    assert (code, "nothing is paused" in err) == (2, True)
    _, out, _ = run(capsys, "incident", "show", here)
    assert "alice: automatic actions paused" in out
    assert "bob: automatic actions resumed" in out


def test_a_pause_of_one_extension_is_ended_by_its_own_resume(here, capsys):
    assert told(capsys, "pause", "--by", "alice", "--reason", "x", "--item", "shelf")[1]["paused"][0]["item"] is not None
    _, out, _ = run(capsys, "pause", "--by", "alice", "--reason", "x", "--item", "shelf")
    assert "`release-guard resume --item shelf --by NAME` ends it" in " ".join(out.split())
    _, out, _ = run(capsys, "pause", "--by", "carol", "--reason", "all")
    assert "`release-guard resume --by NAME` ends it" in " ".join(out.split())
    code, out, _ = run(capsys, "resume", "--by", "bob", "--item", "shelf")
    assert code == 0
    assert "still: all automatic actions are paused by carol" in " ".join(out.split())


def test_block_and_unblock_forbid_a_version_and_give_it_back(here, capsys):
    code, document = told(capsys, "release", "block", "1.2.0", "--reason", "leaks", "--by", "alice")
    assert (code, "blocked by alice" in document["blocked"]) == (0, True)
    code, _, err = run(capsys, "rollback", "--reason", "x", "--to", "1.2.0", "--dry-run")
    assert (code, "leaks" in err, "--force" in err) == (2, True, True)
    assert "blocked by alice" in told(capsys, "release", "list")[1]["releases"][-1]["blocked"]
    assert told(capsys, "release", "unblock", "1.2.0")[1]["blocked"] is None
    assert run(capsys, "release", "unblock", "1.2.0")[0] == 2


def test_repair_runs_the_teams_command_only_after_a_yes(here, capsys):
    code, document = told(capsys, "repair", "run", here, "--strategy", "SERVICE_RESTART")
    assert (code, document["state"]) == (0, "not_confirmed")
    code, document = told(capsys, "repair", "run", here, "--strategy", "SERVICE_RESTART", "--yes", "--by", "alice")
    assert (code, document["state"], document["output"]) == (0, "done", "restarted")
    code, _, err = run(capsys, "repair", "run", here, "--yes")
    assert (code, "the plan of" in err) == (2, True)
    code, _, err = run(capsys, "repair", "run", here, "--strategy", "INFRASTRUCTURE_SCALE", "--yes")
    assert (code, "infrastructure_scale_command" in err) == (2, True)
    _, out, _ = run(capsys, "incident", "show", here)
    assert "alice: SERVICE_RESTART done" in out


def test_a_release_with_an_open_incident_is_given_to_no_more_users_unless_forced(here, capsys, store):
    store.publish("1.4.0", percentage=5, a__js="new")
    code, _, err = run(capsys, "store", "rollout", "10")
    assert (code, "not proved healthy" in err) == (0, True)
    engine = Engine.open(load(Path("release-guard.toml")))
    draft = Incident("", "e" * 32, "slow", Severity.P2, IncidentState.INVESTIGATING, store.item, V("1.4.0"), engine.now())
    engine.incidents.open(draft, TimelineEntry(engine.now(), "guard", "breach seen"))
    engine.database.dispose()
    code, _, err = run(capsys, "store", "rollout", "50")
    assert (code, "1.4.0 is not given to more users: INC-" in err) == (2, True)
    assert store.state.status(store.item).published.deploy_percentage == 10
    assert run(capsys, "store", "rollout", "50", "--force")[0] == 0
    assert store.state.status(store.item).published.deploy_percentage == 50


def test_db_says_where_the_schema_stands_and_upgrades_it(here, capsys):
    code, document = told(capsys, "db", "status")
    assert (code, document["pending"], document["upgraded"]) == (0, [], False)
    fresh = "sqlite:///fresh.db"
    code, document = told(capsys, "db", "status", "--database", fresh)
    assert (code, document["schema"], document["pending"][0]["revision"]) == (0, None, "0001")
    assert not Path("fresh.db").exists()
    code, document = told(capsys, "db", "upgrade", "--database", fresh)
    assert (code, document["upgraded"], document["pending"], len(document["steps"]) > 6) == (0, True, [], True)
    code, out, _ = run(capsys, "db", "upgrade", "--database", fresh)
    assert (code, "it is up to date" in out) == (0, True)
    code, out, _ = run(capsys, "db", "status", "--database", "sqlite:///other.db")
    assert "every command upgrades it before its own work" in " ".join(out.split())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("rollback", "approve", "INC-1999-0001", "--by", "alice"), "no incident INC-1999-0001"),
        (("rollback", "abort", "INC-1999-0001", "--by", "alice", "--reason", "x"), "no incident INC-1999-0001"),
        (("rollback", "approve", "INC-1999-0001", "--by", " "), "a name has 1 to 120 letters"),
        (("pause", "--by", "alice", "--reason", " "), "the reason is empty"),
        (("release", "block", "1.x", "--reason", "x"), "not a version number"),
    ],
)
def test_an_order_that_makes_no_sense_is_2_with_what_to_do(here, capsys, arguments, words):
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (2, "")
    assert words in err
    assert "to fix:" in err


def test_no_part_of_the_guard_raises_a_share_by_itself():
    callers = {
        path.relative_to(PROGRAM).as_posix()
        for path in PROGRAM.rglob("*.py")
        if "set_deploy_percentage" in path.read_text(encoding="utf-8")
    }
    assert callers == {"cli/storefront.py"}
