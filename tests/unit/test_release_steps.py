"""The scripts of our own workflows, run by bash as a runner runs them, with good and bad inputs; what they publish with is a stand-in.

Not imitated: runners, artifacts, attestations and the index.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]


def script(workflow, job, name):
    """The script of one step."""
    told = yaml.safe_load((ROOT / ".github" / "workflows" / workflow).read_text(encoding="utf-8"))
    (step,) = (step for step in told["jobs"][job]["steps"] if step.get("name") == name)
    return step["run"]


def run(text, cwd, **environment):
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", text],
        cwd=cwd,
        env={"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "HOME": str(cwd), "RUNNER_TEMP": str(cwd), **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def git(folder, *words):
    identity = ["-c", "user.name=Alice", "-c", "user.email=alice@example.org", "-c", "commit.gpgsign=false"]
    return subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True, text=True, timeout=60).stdout.strip()


@pytest.fixture
def tagged(tmp_path):
    """A checkout of a tag, whose version is 1.2.3, and whose commit is on main."""
    if shutil.which("git") is None:
        pytest.skip("git is not installed here; a runner has it")
    folder = tmp_path / "checkout"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main")
    (folder / "pyproject.toml").write_text('[project]\nname = "release-guard"\nversion = "1.2.3"\n')
    git(folder, "add", "pyproject.toml")
    git(folder, "commit", "--quiet", "-m", "One")
    git(folder, "update-ref", "refs/remotes/origin/main", "HEAD")
    return folder


CHECK = script("release.yml", "build", "The tag is the version, and on main")


def test_the_tag_of_the_version_on_main_is_released(tagged):
    ended = run(CHECK, tagged, GITHUB_REF_NAME="v1.2.3")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


@pytest.mark.parametrize(
    "tag", ["v1.2.4", "1.2.3", "v1.2.3.0", "v1.2.3rc1", "v", "", "v*", 'v1.2.3"; touch pwned; echo "', "v$(touch pwned)"]
)
def test_another_tag_than_the_version_is_not_released(tagged, tag):
    ended = run(CHECK, tagged, GITHUB_REF_NAME=tag)
    assert ended.returncode == 1
    assert ended.stdout == "::error title=release::pyproject.toml has version 1.2.3, and the tag is another one\n"
    assert not (tagged / "pwned").exists()


def test_a_tag_that_is_not_on_main_is_not_released(tagged):
    git(tagged, "commit", "--quiet", "--allow-empty", "-m", "Two, which nobody has merged")
    ended = run(CHECK, tagged, GITHUB_REF_NAME="v1.2.3")
    assert (ended.returncode, ended.stdout) == (1, "::error title=release::the tag is not on main\n")
    git(tagged, "update-ref", "refs/remotes/origin/main", "HEAD")
    git(tagged, "commit", "--quiet", "--allow-empty", "-m", "Three")
    git(tagged, "checkout", "--quiet", "HEAD~1")  # main went on since
    assert run(CHECK, tagged, GITHUB_REF_NAME="v1.2.3").returncode == 0


def test_a_project_without_a_version_is_not_released(tagged):
    (tagged / "pyproject.toml").write_text('[project]\nname = "release-guard"\n')
    assert run(CHECK, tagged, GITHUB_REF_NAME="v").returncode == 1


def test_whoever_builds_a_tag_gets_the_same_bytes(tmp_path):
    for number, name in enumerate(("one", "two")):
        tree = tmp_path / name
        tree.mkdir()
        for package in ("guard", "webstore", "healthchecks"):
            (tree / package).mkdir()
            (tree / package / "__init__.py").write_text('"""."""\n')
        for path in ("pyproject.toml", "README.md", "LICENSE", "Makefile", "requirements.lock", "requirements-dev.lock"):
            shutil.copyfile(ROOT / path, tree / path)
        for path in tree.rglob("*"):
            os.utime(path, (1_600_000_000 + number, 1_600_000_000 + number))
        (tree / "guard" / "__init__.py").chmod(0o664 if number else 0o644)
        built = run("python -m hatchling build --target sdist --target wheel --directory dist", tree, SOURCE_DATE_EPOCH="1700000000")
        assert built.returncode == 0, built.stderr
    found = sorted((tmp_path / "one" / "dist").iterdir())
    assert [path.name for path in found] == [f"release_guard-{VERSION}-py3-none-any.whl", f"release_guard-{VERSION}.tar.gz"]
    assert all(path.read_bytes() == (tmp_path / "two" / "dist" / path.name).read_bytes() for path in found)
    assert "SOURCE_DATE_EPOCH" in script("release.yml", "build", "Build")
    assert "SOURCE_DATE_EPOCH" in script("release.yml", "test", "Test the wheel")


@pytest.mark.parametrize(("tested", "code"), [(b"same", 0), (b"other", 1), (None, 2)])
def test_a_wheel_that_was_not_tested_is_not_released(tmp_path, tested, code):
    for folder, content in (("dist", b"same"), (".wheel/dist", tested)):
        (tmp_path / folder).mkdir(parents=True)
        if content is not None:
            (tmp_path / folder / "release_guard-1.2.3-py3-none-any.whl").write_bytes(content)
    compared = run(script("release.yml", "test", "The wheel that was tested is the one that was built"), tmp_path)
    assert compared.returncode == code, compared.stderr


def test_the_release_is_made_of_the_files_and_the_tag_is_one_word(tmp_path):
    commands = tmp_path / "bin"
    commands.mkdir()
    (commands / "gh").write_text('#!/bin/sh\nprintf "%s\\n" "$@" > said\n')
    (commands / "gh").chmod(0o755)
    (tmp_path / "dist").mkdir()
    for name in ("a.whl", "b.cdx.json"):
        (tmp_path / "dist" / name).touch()
    tag = "v1.2.3 --draft $(touch pwned)"
    ended = run(
        script("release.yml", "release", "Release"), tmp_path, GITHUB_REF_NAME=tag, PATH=f"{commands}{os.pathsep}{os.environ['PATH']}"
    )
    assert ended.returncode == 0, ended.stderr
    said = (tmp_path / "said").read_text().splitlines()
    assert said == ["release", "create", tag, "--verify-tag", "--title", tag, "--generate-notes", "dist/a.whl", "dist/b.cdx.json"]
    assert not (tmp_path / "pwned").exists()


def test_the_bill_of_materials_names_what_a_release_is_locked_to(tmp_path):
    for name in ("Makefile", "pyproject.toml", "requirements.lock", "requirements-dev.lock", "README.md", "LICENSE"):
        shutil.copyfile(ROOT / name, tmp_path / name)
    (tmp_path / "ready").touch()  # the environment is the one that the tests run in
    made = []
    for _ in range(2):
        ended = run(f"make sbom READY=ready BIN={BIN}", tmp_path)
        assert ended.returncode == 0, ended.stderr
        made.append((tmp_path / "dist" / "release-guard.cdx.json").read_bytes())
    bill = json.loads(made[0])
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    assert (bill["metadata"]["component"]["name"], bill["metadata"]["component"]["version"]) == ("release-guard", VERSION)
    locked = re.findall(r"^([\w.-]+)==([^ ;\\]+)", (ROOT / "requirements.lock").read_text(encoding="utf-8"), re.MULTILINE)
    assert len(locked) > 30
    assert {(one["name"], one["version"]) for one in bill["components"]} == set(locked)
    assert all(one["externalReferences"][0]["hashes"] for one in bill["components"])
    assert made[0] == made[1]


@pytest.mark.parametrize("code", [0, 1, 4])
def test_what_a_look_ended_with_is_kept_for_the_last_step(tmp_path, code):
    stand_in = tmp_path / ".venv" / "bin" / "python"
    stand_in.parent.mkdir(parents=True)
    stand_in.write_text(f'#!/bin/sh\nprintf "%s " "$PYTHONPATH" "$@" > said\nexit {code}\n')
    stand_in.chmod(0o755)
    ended = run(script("conformance.yml", "conformance", "Look"), tmp_path, GITHUB_OUTPUT=str(tmp_path / "output"))
    assert (ended.returncode, (tmp_path / "output").read_text()) == (0, f"code={code}\n")
    assert (tmp_path / "said").read_text() == f".:tests -m conformance look all --to {tmp_path}/found.json "


@pytest.mark.parametrize(("code", "ends"), [("0", 0), ("1", 0), ("4", 1), ("2", 1), ("", 1)])
def test_what_could_not_be_looked_at_fails_the_run_and_a_difference_has_its_issue(tmp_path, code, ends):
    assert (
        run(script("conformance.yml", "conformance", "What could not be looked at is no success"), tmp_path, CODE=code).returncode == ends
    )
