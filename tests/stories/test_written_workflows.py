"""The workflows that `init --github` writes, run as GitHub would: what they hand to ours is what a team's release needs from build to rollback.

Browsers are stubbed here; what is not imitated of GitHub stands in `stories.workflow_run`.
"""

import io
import subprocess

import pytest
import yaml

from guard.cli.main import main
from guard.scaffold.called import ALL
from stories.workflow_expressions import Context
from stories.workflow_run import a_team
from webstore.package import Package

HASH = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def team(tmp_path, monkeypatch):
    """A team whose repository is git's, and holds what `init --github` has written."""
    with a_team(tmp_path) as found:
        found.build()
        monkeypatch.chdir(found.repository)
        monkeypatch.setattr("sys.stdin", io.StringIO())
        git("init", "--quiet")
        assert main(["init", "--github", "--uses", f"acme/guard@{HASH}"]) == 0
        yield found


def git(*arguments):
    subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@example.com", *arguments], check=True)


def written(team, name):
    return yaml.safe_load((team.repository / ".github" / "workflows" / f"release-{name}.yml").read_text(encoding="utf-8"))


def build(team, place):
    """The job `build` of the written gate, in a checkout of what is committed."""
    git("add", "--all")
    git("commit", "--quiet", "--message", "a release")
    place.mkdir()
    subprocess.run(["git", "clone", "--quiet", str(team.repository), str(place / "workspace")], check=True)
    (step,) = (step for step in written(team, "gate")["jobs"]["build"]["steps"] if "run" in step)
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "RUNNER_TEMP": str(place), **step["env"]}
    subprocess.run(["bash", "-c", step["run"]], cwd=place / "workspace" / step["working-directory"], env=environment, check=True)
    return Package.read(place / "package" / step["env"]["PACKAGE"])


def call(team, name, job, **inputs):
    """A job of a written workflow: its call of ours, with what a person has put in."""
    job = written(team, name)["jobs"][job]
    called = next(one for one in ALL if f"/{one.file}@" in job["uses"])
    context = Context({f"inputs.{key.replace('_', '-')}": value for key, value in inputs.items()})
    given = {
        key: context.value(value[3:-2]) if called.inputs[key] == "boolean" else context.fill(value) for key, value in job["with"].items()
    }
    return team.run(called.file, **given)


def test_from_the_build_to_a_rollback_by_hand(team, tmp_path):
    team.artifact = build(team, tmp_path / "build")
    assert str(team.artifact.version) == "1.3.0"
    assert "release-guard.toml" not in team.artifact.files
    gate = call(team, "gate", "guard")
    assert gate.results == {"publish": "success", "gate": "success", "approve": "skipped"}, gate.ran
    canary = call(team, "canary", "canary")
    assert (canary.results, canary.outputs["verdict"]) == ({"canary": "success"}, "healthy")
    watch = call(team, "canary", "watch")
    assert watch.results == {"canary": "success"}
    plan = call(team, "rollback", "rollback", version="", reason="a complaint", dry_run=True, force=False)
    assert (plan.results, plan.outputs["outcome"]) == ({"plan": "success", "rollback": "skipped"}, "planned")
    assert team.history() == ["1.2.0", "1.3.0"]
    back = call(team, "rollback", "rollback", version="", reason="a complaint", dry_run=False, force=False)
    assert (back.results, back.outputs["new-version"]) == ({"plan": "success", "rollback": "success"}, "1.3.0.1")
    assert team.history() == ["1.2.0", "1.3.0", "1.3.0.1"]


def test_each_schedule_starts_its_own_job_and_a_person_starts_both(team):
    jobs = written(team, "canary")["jobs"]

    def started(cron):
        context = Context({"github.event.schedule": cron})
        return [name for name, job in jobs.items() if context.is_met(job.get("if"))]

    assert started("17 * * * *") == ["canary"]
    assert started("11,41 * * * *") == ["watch"]
    assert started(None) == ["canary", "watch"]


def test_the_artifact_has_the_name_and_the_file_that_the_gate_asks_for(team):
    gate = written(team, "gate")["jobs"]
    upload = gate["build"]["steps"][-1]
    assert upload["with"]["name"] == gate["guard"]["with"]["artifact"]
    (step,) = (step for step in gate["build"]["steps"] if "run" in step)
    assert step["env"]["PACKAGE"] == gate["guard"]["with"]["package"]
    assert upload["with"]["path"] == "${{ runner.temp }}/package"
    assert f'"$RUNNER_TEMP/package/${"PACKAGE"}"' in step["run"]
