"""The workflows and the action say what the program understands; `make workflows` holds them to GitHub's schemas and to zizmor."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from guard.github.asking import ACCEPT, COMMANDS, PREFIX, asked

GITHUB = Path(__file__).parents[2] / ".github"
ACTION: Any = yaml.safe_load((GITHUB / "actions" / "release-guard" / "action.yml").read_text(encoding="utf-8"))
WORKFLOWS: dict[str, Any] = {
    path.name: yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted((GITHUB / "workflows").glob("*.yml"))
}
OURS = "$/.github/actions/release-guard"
OF_THE_ACTION = {"command", "config", "working-directory", "python-version", "state", "state-folder", "accept", "upload"}


def steps():
    for name, workflow in WORKFLOWS.items():
        for job_name, job in workflow["jobs"].items():
            for step in job.get("steps", ()):
                yield f"{name} {job_name}", step


CALLS = [pytest.param(step["with"], id=f"{where} {step['with']['command']}") for where, step in steps() if step.get("uses") == OURS]


@pytest.mark.parametrize("given", CALLS)
def test_a_workflow_calls_the_action_with_what_its_command_takes(given, tmp_path):
    assert set(given) <= set(ACTION["inputs"])
    names = ["canary", "watch"] if given["command"].startswith("${{") else [given["command"]]
    for name in names:
        environment = {f"{PREFIX}COMMAND": name}
        for key in set(given) - OF_THE_ACTION:
            conditional = "&&" in str(given[key])  # given only to the commands that take it
            if not (conditional and key not in COMMANDS[name].options):
                environment[PREFIX + key.upper().replace("-", "_")] = "true" if key in COMMANDS[name].switches else "v"
        assert asked(environment, tmp_path).name == name


def test_the_action_hands_each_input_over_by_the_environment_and_pastes_none():
    (run,) = (step for step in ACTION["runs"]["steps"] if step.get("id") == "run")
    handed = {match for value in run["env"].values() for match in re.findall(r"inputs\.([\w-]+)", value)}
    assert set(run["env"]) == {PREFIX + name.upper().replace("-", "_") for name in handed - {"accept"}} | {ACCEPT}
    taken = {name for command in COMMANDS.values() for name in (*command.options, *command.switches, *command.places)}
    assert handed == taken | {"command", "config", "accept"}
    assert all("${{" not in step.get("run", "") for step in ACTION["runs"]["steps"])
    assert set(ACTION["inputs"]) == handed | OF_THE_ACTION


def test_every_output_that_is_said_is_one_that_a_command_writes():
    from guard.github.telling import Ended, outputs_of

    written = {name for name, _ in outputs_of(Ended("status", 0, {}), Path("nowhere"))}
    assert set(ACTION["outputs"]) == written
    asked_for = {
        match
        for workflow in WORKFLOWS.values()
        for job in workflow["jobs"].values()
        for value in [*job.get("outputs", {}).values(), str(job.get("if", ""))]
        for match in re.findall(r"steps\.\w+\.outputs\.([\w-]+)", value)
    }
    assert asked_for <= written


def test_everything_of_others_is_pinned_by_commit_and_says_its_version():
    text = "\n".join(path.read_text(encoding="utf-8") for path in GITHUB.rglob("*.yml"))
    used = re.findall(r"uses: (\S+)(.*)", text)
    others = [(name, rest) for name, rest in used if not name.startswith("$/")]
    assert len(others) > 10
    assert all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", name) and re.fullmatch(r" # v\d+(\.\d+)*", rest) for name, rest in others), others


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_has_no_right_that_a_job_does_not_name(name):
    workflow = WORKFLOWS[name]
    assert workflow["permissions"] == {}
    assert all(
        "permissions" in job and "write-all" not in str(job["permissions"]) and job["timeout-minutes"] for job in workflow["jobs"].values()
    )


def test_two_acts_on_one_extension_never_run_at_once():
    groups = {WORKFLOWS[name]["concurrency"]["group"] for name in ("canary.yml", "post-release-gate.yml", "rollback.yml")}
    assert len(groups) == 1
    assert not any(WORKFLOWS[name]["concurrency"]["cancel-in-progress"] for name in ("canary.yml", "post-release-gate.yml", "rollback.yml"))
