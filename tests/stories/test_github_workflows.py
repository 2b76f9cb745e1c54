"""The reusable workflows as a team runs them, job after job: what is published is guarded, what is bad is held or put back, and GitHub is told.

Browsers are stubbed here (`test_github_action.py` has real ones); what is not imitated of GitHub stands in `stories.workflow_run`.
"""

from datetime import timedelta
from pathlib import Path

import pytest

from factories import a_package
from guard.engine import utc_now
from guard.localsentry.server import local_sentry
from guard.localsentry.state import LocalSentry
from stories.action_runner import GITHUB, outputs_in
from stories.workflow_expressions import Context
from stories.workflow_run import a_team

RELEASE = "post-release-gate.yml"


@pytest.fixture
def team(tmp_path):
    with a_team(tmp_path) as found:
        yield found


def test_a_good_release_goes_through_every_job_and_the_run_is_green(team):
    team.build()
    run = team.run(RELEASE, artifact="extension")
    assert run.results == {"publish": "success", "gate": "success", "approve": "skipped"}, run.ran
    assert (run.outputs["outcome"], run.outputs["sentence"], run.outputs["incident"]) == ("healthy", "1.3.0 is healthy.", "")
    assert run.ran["publish snapshot"].outputs["sentence"] == "1.2.0 is recorded as good"
    assert run.ran["publish publish"].outputs["outcome"] == "published"
    assert team.history() == ["1.2.0", "1.3.0"]
    assert (team.github.issues, team.dispatches.asked) == ([], [])
    for ran in run.ran.values():
        assert set(ran.outcomes.values()) == {"success"}, ran.outcomes
        assert ran.others == {}, "GITHUB_ENV, GITHUB_PATH and GITHUB_STATE stay empty"
        assert ran.obeyed == []


def test_a_bad_release_is_held_told_to_people_and_put_back_when_they_say_yes(team):
    team.build(bad=True)
    run = team.run(RELEASE, artifact="extension")
    assert run.results == {"publish": "success", "gate": "failure", "approve": "success"}, run.ran["gate guard"].log
    gate, approve = run.ran["gate guard"], run.ran["approve guard"]
    assert (gate.code, gate.outputs["outcome"], gate.outputs["verdict"]) == (1, "held", "breach")
    assert (approve.code, approve.outputs["outcome"], approve.outputs["incident"]) == (0, "completed", gate.outputs["incident"])
    assert (run.outputs["incident"], run.outputs["new-version"]) == (gate.outputs["incident"], "1.3.0.1")
    assert team.history() == ["1.2.0", "1.3.0", "1.3.0.1"]
    assert run.failed, "users had a bad release: the run stays red"
    (issue,) = team.github.issues
    assert gate.outputs["incident"] in issue.title + issue.body
    (asked,) = team.dispatches.asked
    wanted = {"item": team.item.id, "from_version": "1.3.0", "target": "1.2.0", "new_version": "1.3.0.1"}
    assert (asked["workflow"], asked["inputs"]) == ("after-rollback.yml", {**wanted, "incident": gate.outputs["incident"]})
    assert "**Approved by:** release-guard-rollback (run 1001 of octo-cat)" in approve.summary.replace("\\(", "(").replace(
        "\\)", ")"
    ).replace("\\-", "-")
    assert all(ran.outcomes["Keep the state folder for the next run"] == "success" for ran in run.ran.values()), "also of a job that failed"
    after = team.step("status")
    assert (after.outputs["version"], after.outputs["incident"]) == ("1.3.0.1", ""), "what the last job did is known to the next run"


def test_a_bad_release_is_put_back_by_the_gate_itself_where_the_team_says_so(team):
    team.build(bad=True)
    run = team.run(RELEASE, artifact="extension", mode="act")
    assert run.results == {"publish": "success", "gate": "failure", "approve": "skipped"}
    assert (run.outputs["outcome"], run.outputs["new-version"]) == ("rolled_back", "1.3.0.1")
    assert [asked["inputs"]["new_version"] for asked in team.dispatches.asked] == ["1.3.0.1"]


def test_a_review_that_goes_on_is_no_failure_and_the_schedule_takes_over(team):
    team.store.state.behaviour.review = timedelta(hours=3)
    team.build(bad=True)
    run = team.run(RELEASE, artifact="extension", review_seconds="1")
    assert run.results == {"publish": "success", "gate": "skipped", "approve": "skipped"}
    publish = run.ran["publish publish"]
    assert (publish.code, publish.outputs["exit-code"], publish.outputs["outcome"]) == (0, "3", "timed_out")
    assert (run.failed, run.outputs["outcome"]) == (False, "")

    team.store.state.behaviour.review = timedelta(0)
    watch = team.run("canary.yml", command="watch")
    assert (watch.results, watch.ran["canary guard"].outputs["outcome"]) == ({"canary": "failure"}, "held")
    assert "1.3.0" in watch.ran["canary guard"].outputs["sentence"]


def test_what_the_store_rejects_fails_the_run_and_is_not_guarded(team):
    team.store.state.behaviour.approves = False
    team.build()
    run = team.run(RELEASE, artifact="extension")
    assert run.results == {"publish": "failure", "gate": "skipped", "approve": "skipped"}
    publish = run.ran["publish publish"]
    assert (publish.code, publish.outputs["outcome"], publish.outputs["sentence"]) == (1, "rejected", "publish of 1.3.0: rejected")
    assert team.history() == ["1.2.0"]


def test_where_there_is_nothing_to_publish_what_users_have_is_guarded(team):
    assert team.step("snapshot").code == 0
    run = team.run(RELEASE)
    assert run.results == {"publish": "skipped", "gate": "success", "approve": "skipped"}


def test_a_rollback_by_hand_shows_its_plan_first_and_a_dry_run_ends_there(team):
    assert team.step("snapshot").code == 0
    team.store.state.upload(team.item, team.build().to_zip())
    team.store.state.publish(team.item)
    reason = '"; curl http://127.0.0.1:1/ # ::set-output name=x::y ${{ secrets.environment }} `touch pwned` $(touch pwned) %0A::error::x'
    dry = team.run("rollback.yml", reason=reason, dry_run=True)
    assert (dry.results, dry.outputs["outcome"]) == ({"plan": "success", "rollback": "skipped"}, "planned")
    assert (team.history(), team.dispatches.asked) == (["1.2.0", "1.3.0"], [])
    done = team.run("rollback.yml", reason=reason)
    assert (done.results, done.outputs["outcome"], done.outputs["new-version"]) == (
        {"plan": "success", "rollback": "success"},
        "completed",
        "1.3.0.1",
    )
    (revision,) = (one for one in team.store.state.history(team.item) if one.source == "rollback")
    assert reason in revision.reason
    assert len(team.dispatches.asked) == 1
    assert not list(team.folder.rglob("pwned"))
    assert all(ran.obeyed == [] and ran.others == {} for ran in (*dry.ran.values(), *done.ran.values()))


def test_a_scheduled_canary_checks_in_with_sentry_by_a_secret_of_the_workflow(team):
    sentry = LocalSentry(utc_now)
    team.configure(more='[canary]\nschedule = "17 * * * *"\n')
    with local_sentry(sentry) as address:
        team.secrets["environment"] += f"RELEASE_GUARD_SENTRY_DSN={address.dsn}\n"
        good = team.run("canary.yml")
        assert (good.results, good.outputs["verdict"]) == ({"canary": "success"}, "healthy")
        assert [(one.slug, one.status) for one in sentry.monitors.all()] == [("release-guard-shelf", "ok")]
        team.store.state.upload(team.item, team.build(bad=True).to_zip())
        team.store.state.publish(team.item)
        bad = team.run("canary.yml")
        assert (bad.results, bad.outputs["verdict"], bad.outputs["incident"][:4]) == ({"canary": "failure"}, "breach", "INC-")
        team.store.break_next("fetchStatus", "status", status=403, times=50)
        unable = team.run("canary.yml")
        assert (unable.ran["canary guard"].code, unable.outputs["verdict"]) == (4, "")
    assert [one.status for one in sentry.monitors.all()] == ["ok", "ok", "error"]
    assert address.dsn in good.ran["canary guard"].log, "named to be masked,"
    assert good.ran["canary guard"].log.count(address.dsn) == good.ran["canary guard"].log.count("::add-mask::" + address.dsn) == 1


def test_jobs_of_one_matrix_keep_what_each_has_seen(team):
    other = team.store.add_item(a_package("5.0.0"), "publisher", key=None)
    names = {"shelf": "1.2.0", "書架: A/B, C": "5.0.0"}
    with (team.repository / "release-guard.toml").open("a") as file:
        file.write(f'[[extension]]\nid = "{other.id}"\npublisher = "publisher"\nname = "{list(names)[1]}"\n')
    github = {**team.begin(), "github.job": "guard"}
    for name in names:
        ran = team.runner().action({"command": "snapshot", "item": name}, {}, github)
        assert (ran.code, set(ran.outcomes.values())) == (0, {"success"}), ran.log
        assert ran.kept, "a package is kept with the run"
    assert len(team.artifacts) == 2
    assert all(not set(name) & set('":<>|*?\r\n\\/') for name in team.artifacts), "letters that GitHub refuses"
    assert not [path for path in team.caches.iterdir() if "," in path.name or len(path.name) > 512]
    status = team.step("status")
    assert [f"{name} {version}: good" for name, version in names.items()] == status.outputs["sentence"].removeprefix("OPERATIONAL: ").split(
        "; "
    )


def test_a_job_whose_packages_do_not_match_their_lock_fails_before_anything_is_run(team):
    runner = team.runner()
    runner.environment["PIP_ENDS_WITH"] = "1"
    ran = runner.action({"command": "canary"}, {}, {})
    assert (ran.code, ran.outcomes["Install release-guard and what it is locked to"]) == (None, "failure")
    assert [name for name, outcome in ran.outcomes.items() if outcome == "success"] == ["Python"]
    assert set(ran.outputs.values()) == {""}
    (asked,) = runner.asked.read_text().splitlines()
    root = GITHUB.parent
    locks = [word for word in asked.split() if word.endswith(".lock")]
    assert asked.startswith("pip install --quiet --require-hashes -r ")
    assert {Path(lock).resolve() for lock in locks} == {root / "requirements.lock", GITHUB / "actions" / "release-guard" / "build.lock"}
    assert all(Path(lock).is_file() for lock in locks)


def test_what_is_installed_is_the_action_s_own_and_the_browser_that_fits(team):
    runner = team.runner()
    assert runner.action({"command": "status"}, {}, {}).code == 0
    first, second, browser = runner.asked.read_text().splitlines()
    assert "--require-hashes" in first
    assert second.startswith("pip install --quiet --no-deps --no-build-isolation ")
    assert Path(second.split()[-1]).resolve() == GITHUB.parent
    assert browser == "playwright install --with-deps chromium"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("inputs.a == 'X'", True),
        ("inputs.none == ''", True),
        ("inputs.a != '' && inputs.b", "true"),
        ("inputs.none || inputs.a", "x"),
        ("!inputs.none && !(inputs.a == 'y')", True),
        ("always() && inputs.a == 'it''s'", False),
    ],
)
def test_expressions_come_to_what_github_says(text, value):
    assert Context({"inputs.a": "x", "inputs.b": "true"}).value(text) == value


def test_conditions_hold_only_in_a_job_that_goes_well_unless_they_say_otherwise():
    well, failed = Context({"inputs.a": "x"}), Context({"inputs.a": "x"}, failed=True)
    assert [well.is_met(text) for text in (None, "inputs.a == 'x'", "${{ inputs.b }}", "failure()")] == [True, True, False, False]
    assert [failed.is_met(text) for text in (None, "inputs.a == 'x'", "always() && inputs.a", "${{ !cancelled() }}")] == [
        False,
        False,
        True,
        True,
    ]
    assert well.fill("a${{ inputs.a }}b${{ inputs.none }}c") == "axbc"
    assert Context({"inputs.a": "${{ inputs.b }}", "inputs.b": "no"}).fill("${{ inputs.a }}") == "${{ inputs.b }}"


def test_a_runner_reads_outputs_only_where_they_are_fenced():
    assert dict(outputs_in("a=b=c\nd<<F\nx\ny=z<<G\nF\n")) == {"a": "b=c", "d": "x\ny=z<<G"}
