"""What people do on the dashboard: it is done once, it says who did it, and an approved rollback really runs against the store."""

import contextlib
import threading

import pytest
from dashboard_data import Filled, Moving

from contract.dashboard_world import TOKEN, served
from contract.gate_world import V
from guard.approving import call_off
from guard.dashboard.refusals import TooSlow
from guard.dashboard.server import Settings
from guard.incidents.incident import IncidentState
from guard.rollback.plan import RollbackState, StepName
from guard.rollback.steps import RollbackSteps
from guard.store.actor_lock import acting
from webstore.store_errors import StoreUnreachable

propose = pytest.mark.parametrize("settings", [{"mode": "propose"}])
PATIENCE = 60


@pytest.fixture
def proposed(world):
    """A bad release, whose rollback waits for a yes."""
    world.store.publish("1.3.0", a__js="bad")
    world.guarded.failing |= {"1.3.0"}
    return world.gate().incident


@pytest.fixture
def stage(world, proposed):
    """The dashboard over it."""
    filled = Filled(world.engine, Moving(), world.engine.config, proposed.id, (proposed.id,))
    with served(filled) as site:
        yield site


def ended(site, incident):
    """Wait until the rollback that was approved here is over; the incident's page."""
    for thread in list(site.dashboard.carrying._threads.values()):
        thread.join(PATIENCE)
    assert not site.dashboard.carrying.under_way
    return site.get(f"/incidents/{incident}").json()


def plan_of(site, incident):
    """The plan, asked for by somebody who is known."""
    headers = {"Authorization": f"Bearer {TOKEN}", "X-Release-Guard-User": "mia"}
    return site.get(f"/incidents/{incident}/rollback", headers=headers)


def confirmed(site, incident):
    answer = plan_of(site, incident)
    assert answer.status_code == 200, answer.text
    return {"confirm": answer.json()["confirm"]}


@propose
def test_an_approval_shows_the_plan_asks_again_and_really_rolls_back(world, stage, proposed):
    shown = plan_of(stage, proposed.id).json()
    assert shown["headline"] == "put the code of 1.2.0 back in place of 1.3.0, as version 1.3.0.1"
    assert any(line.startswith("will not: bring back data") for line in shown["lines"])
    browser = stage.browser("zoë 李")
    answer = stage.post(f"/incidents/{proposed.id}/rollback/approve", {"confirm": shown["confirm"]}, session=browser)
    assert (answer.status_code, answer.json()["incident"]) == (202, proposed.id)
    page = ended(stage, proposed.id)
    assert (page["state"], page["rollback"]["state"], page["rollback"]["automatic"]) == ("monitoring", "completed", False)
    assert {step["state"] for step in page["rollback"]["steps"]} == {"done"}
    (approval,) = [entry for entry in page["timeline"] if entry["kind"] == "approved"]
    assert approval["actor"] == "zoë 李"
    assert world.store.rollbacks() == [V("1.3.0.1")]
    again = stage.post(f"/incidents/{proposed.id}/rollback/approve", {"confirm": shown["confirm"]})
    assert (again.status_code, "rolled back already" in again.json()["error"]) == (409, True)


@propose
def test_nobody_unknown_makes_the_store_be_asked(world, stage, proposed):
    before = len(world.store.calls("fetchStatus"))
    assert stage.get(f"/incidents/{proposed.id}/rollback").status_code == 401
    assert len(world.store.calls("fetchStatus")) == before
    assert plan_of(stage, proposed.id).status_code == 200
    assert len(world.store.calls("fetchStatus")) > before


@propose
def test_an_approval_that_nobody_waits_for_any_more_begins_nothing(world, stage, proposed):
    body = confirmed(stage, proposed.id)
    with pytest.raises(TooSlow, match="nothing was begun"):
        stage.dashboard.carrying.begin(proposed.id, "mia", body["confirm"], until=0.0)
    assert (stage.dashboard.carrying.under_way, world.store.rollbacks()) == (frozenset(), [])


@propose
def test_of_two_approvals_at_once_one_rolls_back(world, stage, proposed):
    body = confirmed(stage, proposed.id)
    together = threading.Barrier(2)
    codes = []

    def approve(name):
        together.wait()
        codes.append(stage.post(f"/incidents/{proposed.id}/rollback/approve", body, by=name).status_code)

    threads = [threading.Thread(target=approve, args=(name,)) for name in ("ann", "bob")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    page = ended(stage, proposed.id)
    assert sorted(codes) == [202, 409]
    assert page["rollback"]["state"] == "completed"
    assert world.store.rollbacks() == [V("1.3.0.1")]
    assert len([entry for entry in page["timeline"] if entry["kind"] == "rollback_begun"]) == 1


@propose
def test_a_yes_to_another_plan_than_the_one_that_would_be_followed_is_refused(world, stage, proposed):
    stale = stage.post(f"/incidents/{proposed.id}/rollback/approve", {"confirm": "0" * 32})
    assert (stale.status_code, "is not what would be done now" in stale.json()["error"]) == (409, True)
    body = confirmed(stage, proposed.id)
    world.store.publish("1.4.0", a__js="fix")
    outdated = stage.post(f"/incidents/{proposed.id}/rollback/approve", body)
    assert (outdated.status_code, "proposed was the code of 1.2.0" in outdated.json()["error"]) == (409, True)
    assert plan_of(stage, proposed.id).status_code == 409
    assert (world.store.rollbacks(), stage.dashboard.carrying.under_way) == ([], frozenset())


@propose
def test_a_rollback_can_be_called_off_until_the_store_was_asked(world, stage, proposed):
    assert "abort" in stage.get(f"/incidents/{proposed.id}").json()["may"]
    answer = stage.post(f"/incidents/{proposed.id}/rollback/abort", {"why": "a fix is out"}, by="bob")
    assert (answer.status_code, answer.json()["words"]) == (200, "rollback of 1.3.0 called off")
    page = stage.get(f"/incidents/{proposed.id}").json()
    assert not {"approve", "abort"} & set(page["may"])
    refused = stage.post(f"/incidents/{proposed.id}/rollback/approve", {"confirm": "x"})
    assert (refused.status_code, "called off by bob: a fix is out" in refused.json()["error"]) == (409, True)
    assert world.store.rollbacks() == []


@propose
def test_what_keeps_an_approved_rollback_from_being_begun_is_told_on_its_timeline(world, stage, proposed, monkeypatch):
    body = confirmed(stage, proposed.id)
    started = threading.Event()
    carry_out = stage.dashboard.carrying._carry_out

    def after_somebody_has_called_it_off(*arguments):
        started.set()
        call_off(world.another_process().engine, proposed.id, "bob", "a fix is out")
        carry_out(*arguments)

    monkeypatch.setattr(stage.dashboard.carrying, "_carry_out", after_somebody_has_called_it_off)
    assert stage.post(f"/incidents/{proposed.id}/rollback/approve", body).status_code == 202
    assert started.wait(PATIENCE)
    page = ended(stage, proposed.id)
    (noted,) = [entry for entry in page["timeline"] if entry["kind"] == "noted"]
    assert (noted["actor"], "goes no further here" in noted["words"], "called off by bob" in noted["words"]) == ("guard", True, True)
    assert world.store.rollbacks() == []


@propose
def test_a_rollback_that_fails_says_so_on_the_page(world, stage, proposed, monkeypatch):
    body = confirmed(stage, proposed.id)

    def unreachable(*_arguments):
        raise StoreUnreachable("the store does not answer")

    monkeypatch.setattr(RollbackSteps, "run", unreachable)
    assert stage.post(f"/incidents/{proposed.id}/rollback/approve", body).status_code == 202
    page = ended(stage, proposed.id)
    assert (page["state"], page["rollback"]["state"]) == ("investigating", RollbackState.FAILED.value)
    assert "the store does not answer" in page["rollback"]["failure"]
    assert [entry["kind"] for entry in page["timeline"]][-1] in {"rollback_failed", "rollback_failed_worse"}


@propose
def test_while_another_process_acts_on_the_file_an_approval_says_so_at_once(world, stage, proposed):
    if world.engine.database.dialect.name != "sqlite":
        pytest.skip("on a shared database any number may act")
    body = confirmed(stage, proposed.id)
    with acting(world.engine.database):
        answer = stage.post(f"/incidents/{proposed.id}/rollback/approve", body)
    assert (answer.status_code, "another release-guard process is acting" in answer.json()["error"]) == (409, True)
    assert answer.json()["hint"]
    assert not stage.dashboard.carrying.under_way


@propose
def test_a_rollback_that_runs_when_the_server_stops_is_left_to_the_next_process(world, stage, proposed, monkeypatch):
    body = confirmed(stage, proposed.id)
    reached, go_on = threading.Event(), threading.Event()
    run = RollbackSteps.run

    def wait_in_the_middle(self, plan, step):
        if step is StepName.PROPAGATE:
            reached.set()
            assert go_on.wait(PATIENCE)
        return run(self, plan, step)

    monkeypatch.setattr(RollbackSteps, "run", wait_in_the_middle)
    assert stage.post(f"/incidents/{proposed.id}/rollback/approve", body).status_code == 202
    assert reached.wait(PATIENCE)
    page = stage.get(f"/incidents/{proposed.id}").json()
    assert (page["state"], page["rollback"]["is_finished"]) == ("mitigating", False)
    assert stage.dashboard.close(0) == {proposed.id}
    assert stage.dashboard.carrying.under_way == {proposed.id}
    go_on.set()
    for thread in list(stage.dashboard.carrying._threads.values()):
        thread.join(PATIENCE)
    assert world.engine.incidents.get(proposed.id).state is IncidentState.MONITORING


@propose
def test_a_store_that_cannot_be_reached_is_told_and_the_page_still_comes(world, stage, proposed, monkeypatch):
    def unreachable(*_arguments, **_options):
        raise StoreUnreachable("the store does not answer")

    monkeypatch.setattr(type(world.guarded.store), "status", unreachable)
    answer = plan_of(stage, proposed.id)
    assert (answer.status_code, answer.headers["retry-after"], answer.json()["error"]) == (503, "10", "the store does not answer")
    assert stage.get(f"/incidents/{proposed.id}").status_code == 200
    assert stage.get("/overview").status_code == 200


def timeline(site):
    return [(entry["kind"], entry["actor"]) for entry in site.get(f"/incidents/{site.filled.waiting}").json()["timeline"]]


STEPS = [
    ("acknowledge", {"why": "on it"}, ("acknowledged", "mia")),
    ("assign", {"role": "communications_lead", "to": "dana"}, ("role_taken", "mia")),
    ("tick", {"entry": "cause-found", "evidence": "a null"}, ("ticked", "mia")),
    ("untick", {"entry": "cause-found", "why": "it was another"}, ("unticked", "mia")),
    ("note", {"text": "users in Germany"}, ("noted", "mia")),
    ("resolve", {"how": "a fix is out"}, ("resolved", "mia")),
    ("reopen", {"why": "it is back"}, ("reopened_by_hand", "mia")),
    ("false-alarm", {"why": "a test account"}, ("false_alarm", "mia")),
]


def test_every_act_is_on_the_timeline_with_who_did_it_and_is_refused_where_it_makes_no_sense(site):
    path = f"/incidents/{site.filled.waiting}"
    for act, body, entry in STEPS:
        answer = site.post(f"{path}/{act}", body)
        assert (answer.status_code, answer.json()["incident"]) == (200, site.filled.waiting), answer.text
        assert entry in timeline(site)[-3:], act
    assert site.post(f"{path}/acknowledge", {}).status_code == 409
    assert site.post(f"{path}/resolve", {"how": "x"}).status_code == 409
    assert site.post(f"{path}/close", {}).status_code == 409
    assert site.post(f"{path}/tick", {"entry": "no-such"}).status_code == 422
    assert site.post("/incidents/INC-1999-0001/note", {"text": "x"}).status_code == 404


def test_who_did_it_never_comes_from_what_is_sent(site):
    path = f"/incidents/{site.filled.waiting}/note"
    for body in (
        {"text": "x", "by": "bob"},
        {"text": "x", "actor": "guard"},
        {},
        {"text": ""},
        {"text": "  "},
        {"text": "a\0b"},
        {"text": 5},
        [],
    ):
        assert site.post(path, body).status_code == 422, body
    assert site.ask("POST", f"/api/v1{path}", data="{", headers=program("mia")).status_code == 422
    assert (
        site.ask(
            "POST", f"/api/v1{path}", data="text=x", headers={**program("mia"), "Content-Type": "application/x-www-form-urlencoded"}
        ).status_code
        == 415
    )
    assert site.ask("POST", f"/api/v1{path}", data=b"{" + b" " * 70_000 + b"}", headers=program("mia")).status_code == 413
    assert site.ask("POST", f"/api/v1{path}", data=(b" " * 1000 for _ in range(70)), headers=program("mia")).status_code == 413
    assert site.post(path, {"text": "x"}, by="guard").status_code == 401
    assert site.post(path, {"text": "x"}, by="x" * 200).status_code == 401


def program(name):
    return {"Authorization": f"Bearer {TOKEN}", "X-Release-Guard-User": name, "Content-Type": "application/json"}


def test_pause_and_resume_are_obeyed_by_everybody_and_name_who_ordered_them(site):
    assert site.post("/pause", {"item": "shelf", "reason": "a migration"}).status_code == 200
    assert site.post("/pause", {"reason": "everything"}, by="bob").status_code == 200
    paused = {(pause["item_name"], pause["by"]) for pause in site.get("/overview").json()["paused"]}
    assert {("shelf", "mia"), (None, "bob")} <= paused
    assert site.filled.engine.orders.pause_of(site.filled.item) is not None
    assert site.post("/resume", {"item": "shelf"}).status_code == 200
    assert site.post("/resume", {}).status_code == 200
    assert site.post("/resume", {}).status_code == 409
    assert site.post("/pause", {"item": "nobody", "reason": "x"}).status_code == 422
    assert site.get("/overview").json()["paused"] == []


def test_an_act_of_the_dashboard_is_there_for_the_command_line_and_the_other_way_round(site):
    site.post(f"/incidents/{site.filled.waiting}/acknowledge", {})
    assert site.filled.engine.incidents.get(site.filled.waiting).acknowledged_by == "mia"
    with contextlib.closing(site.browser("ann")) as browser:
        assert site.post(f"/incidents/{site.filled.waiting}/note", {"text": "hi"}, session=browser).status_code == 200
    assert site.filled.engine.incidents.timeline(site.filled.waiting)[-1].actor == "ann"


def test_a_dashboard_without_actions_shows_everything_and_does_nothing(filled):
    with served(filled, Settings(token=TOKEN, actions=False)) as site:
        assert site.get("/overview").status_code == 200
        assert site.get("/whoami").json()["how"] == "read_only"
        assert site.post("/pause", {"reason": "x"}).status_code == 403
        assert site.ask("POST", "/api/v1/session", json={"token": TOKEN, "name": "mia"}).status_code == 403
