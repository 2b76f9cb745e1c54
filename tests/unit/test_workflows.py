"""The workflows and the action say what the program understands; `make workflows` holds them to GitHub's schemas and to zizmor.

Those that teams call are the reusable ones. The others are our own, and hold to what this repository has.
"""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from guard.github.asking import ACCEPT, COMMANDS, PREFIX, asked

ROOT = Path(__file__).parents[2]
GITHUB = ROOT / ".github"
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
ACTION: Any = yaml.safe_load((GITHUB / "actions" / "release-guard" / "action.yml").read_text(encoding="utf-8"))
WORKFLOWS: dict[str, Any] = {
    path.name: yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted((GITHUB / "workflows").glob("*.yml"))
}
REUSABLE = {name for name, workflow in WORKFLOWS.items() if "workflow_call" in workflow[True]}  # YAML reads `on` as true
"""Those that teams call from their own repositories."""
OWN = sorted(set(WORKFLOWS) - REUSABLE)
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
        for name in REUSABLE
        for job in WORKFLOWS[name]["jobs"].values()
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
    groups = {WORKFLOWS[name]["concurrency"]["group"] for name in REUSABLE}
    assert len(groups) == 1
    assert not any(WORKFLOWS[name]["concurrency"]["cancel-in-progress"] for name in REUSABLE)
    assert {WORKFLOWS[name]["concurrency"]["queue"] for name in REUSABLE} == {"max"}, "a canary that waits cancels no rollback that waits"


@pytest.mark.parametrize("name", WORKFLOWS)
def test_no_script_has_anything_pasted_into_it_and_no_checkout_leaves_a_token_behind(name):
    found = [step for job in WORKFLOWS[name]["jobs"].values() for step in job.get("steps", ())]
    assert all("${{" not in step.get("run", "") for step in found)
    checkouts = [step for step in found if step.get("uses", "").startswith("actions/checkout@")]
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


def test_our_own_jobs_may_do_what_their_work_needs_and_nothing_else():
    writes = {
        f"{name} {job_name}": {right for right, how in job["permissions"].items() if how != "read"}
        for name in OWN
        for job_name, job in WORKFLOWS[name]["jobs"].items()
    }
    assert {where: rights for where, rights in writes.items() if rights} == {
        "conformance.yml conformance": {"issues"},
        "release.yml attest": {"id-token", "attestations"},
        "release.yml publish": {"id-token"},
        "release.yml release": {"contents"},
    }
    assert not any("secrets." in (GITHUB / "workflows" / name).read_text(encoding="utf-8") for name in OWN)


def test_what_may_sign_or_publish_runs_nothing_of_ours_and_comes_last():
    jobs = WORKFLOWS["release.yml"]["jobs"]
    for name in ("attest", "publish"):
        used = {step.get("uses", "a script").partition("@")[0] for step in jobs[name]["steps"]}
        assert used <= {"actions/download-artifact", "actions/attest", "pypa/gh-action-pypi-publish"}, used
    assert set(jobs["attest"]["needs"]) == {"build", "test", "sbom"}
    assert (jobs["publish"]["needs"], jobs["publish"]["environment"], jobs["release"]["needs"]) == ("attest", "pypi", "publish")


def test_a_release_takes_nothing_from_a_cache():
    text = (GITHUB / "workflows" / "release.yml").read_text(encoding="utf-8")
    assert "actions/cache" not in text
    assert not re.search(r"^ *cache:", text, re.MULTILINE)


def test_ci_calls_targets_that_there_are_and_the_ones_that_matter():
    called = {
        target
        for name in OWN
        for job in WORKFLOWS[name]["jobs"].values()
        for step in job["steps"]
        for target in re.findall(r"\bmake ([\w-]+)", step.get("run", ""))
    }
    targets = set(re.findall(r"^([\w-]+):", MAKEFILE, re.MULTILINE))
    assert called <= targets
    assert {"lint", "types", "workflows", "test", "coverage", "wheel-test", "rehearse", "sbom"} <= called
    (phony,) = re.findall(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)
    assert targets == set(phony.split())


def test_ci_runs_every_python_that_the_package_says_it_is_for():
    pythons = WORKFLOWS["ci.yml"]["jobs"]["tests"]["strategy"]["matrix"]["python"]
    lowest = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["requires-python"]
    assert pythons == ["3.11", "3.12", "3.13", "3.14"]
    assert lowest == f">={pythons[0]}"
    whole_suite = [WORKFLOWS["ci.yml"]["jobs"][name] for name in ("tests", "coverage", "wheel")] + [
        WORKFLOWS["release.yml"]["jobs"]["test"]
    ]
    assert all(job["timeout-minutes"] >= 75 for job in whole_suite)


def test_dependabot_looks_where_there_is_something_to_renew():
    updates = yaml.safe_load((GITHUB / "dependabot.yml").read_text(encoding="utf-8"))["updates"]
    manifests = {"npm": "package.json", "pip": "pyproject.toml", "github-actions": "action.yml"}
    for update in updates:
        assert update["cooldown"]["default-days"] >= 7
        for place in update.get("directories", [update.get("directory")]):
            there = (
                [folder / manifests[update["package-ecosystem"]] for folder in ROOT.glob(place.lstrip("/"))] if place != "/" else [GITHUB]
            )
            assert there, place
            assert all(path.exists() for path in there), place
    npm = next(update for update in updates if update["package-ecosystem"] == "npm")
    tracked = {f"/{path.parent.relative_to(ROOT).as_posix()}" for path in (ROOT / "tests").glob("*/package.json")}
    assert set(npm["directories"]) == tracked
