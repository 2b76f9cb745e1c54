"""What a plain installation leaves out: what needs it says in one sentence how to get it, and all else does without.

The modules are hidden from a process of its own. Not imitated: an environment in which they were never installed.
"""

import importlib
import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from test_architecture import MODULES, imports_of

from factories import KEY
from guard.cli.main import EXTRAS as OF_COMMANDS
from guard.rehearsal import sample
from webstore.extras import EXTRAS, needed
from webstore.simulator.running import running_store

HIDING = """
import sys
class Hidden:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] in {names!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Hidden)
"""
RUN = "from guard.cli.main import run; run()"
SERVERS = ("starlette", "uvicorn")
STANDING_ON_SERVERS = ("guard.dashboard", "guard.localsentry", "guard.rehearsal", "guard.cli.serving", "webstore.simulator")
"""Modules that may need what a plain installation has not."""
PROJECT = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def without(names, code, *arguments, folder):
    """Run Python where these modules are not there."""
    return subprocess.run(
        [sys.executable, "-c", HIDING.format(names=tuple(names)) + code, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "release-guard.toml").write_text(f'[store]\ncredentials = "none"\n[[extension]]\nid = "{"a" * 32}"\npublisher = "p"\n')
    return tmp_path


@pytest.mark.parametrize(
    ("hidden", "arguments", "extra"),
    [
        (SERVERS, ("serve", "--port", "0"), "dashboard"),
        (SERVERS, ("rehearse",), "rehearsal"),
        (SERVERS, ("simulate", "store"), "rehearsal"),
        (SERVERS, ("simulate", "sentry", "--json"), "rehearsal"),
        (("uvicorn",), ("simulate", "store"), "rehearsal"),
        (("psycopg",), ("status", "--database", "postgresql://ann:hush@127.0.0.1:9/guard"), "postgres"),
        (("psycopg",), ("db", "status", "--database", "postgresql://ann:hush@127.0.0.1:9/guard"), "postgres"),
    ],
)
def test_a_command_whose_extra_is_missing_says_in_one_sentence_what_to_install(folder, hidden, arguments, extra):
    ended = without(hidden, RUN, *arguments, folder=folder)
    assert ended.returncode == 4
    assert f"to fix: pip install 'release-guard[{extra}]'" in ended.stderr
    assert "which is not installed here" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "hush" not in ended.stdout + ended.stderr


def test_doctor_finds_that_the_driver_of_the_database_is_missing(folder):
    ended = without(("psycopg",), RUN, "doctor", "--json", "--database", "postgresql://ann:hush@127.0.0.1:9/guard", folder=folder)
    (found,) = (one for one in json.loads(ended.stdout)["findings"] if one["id"] == "database")
    assert (found["status"], found["hint"]) == ("problem", "pip install 'release-guard[postgres]'")
    assert "hush" not in ended.stdout + ended.stderr


def test_what_needs_no_extra_is_done_without_them(folder):
    for arguments in (["rehearse", "--list"], ["status"], ["init", "--help"]):
        ended = without((*SERVERS, "pytest", "pytest_playwright"), RUN, *arguments, folder=folder)
        assert ended.returncode == 0, ended.stderr


def test_every_other_module_is_loaded_without_them(folder):
    names = [
        name for name in MODULES if not name.startswith(STANDING_ON_SERVERS) and "pytest_plugin" not in name and "migrations" not in name
    ]
    assert {"guard.gate", "guard.canary", "guard.watcher", "guard.cli.checking", "guard.github.run", "webstore.client"} <= set(names)
    code = "import importlib\nfor name in sys.argv[1:]: importlib.import_module(name)"
    ended = without((*SERVERS, "pytest", "pytest_playwright"), code, *names, folder=folder)
    assert ended.returncode == 0, ended.stderr


def test_nothing_else_stands_on_them_even_where_it_is_loaded_late():
    entrances, words = {"guard.cli.rehearsing", "webstore.pytest_plugin"}, "webstore.simulator.limits"
    for name, path in MODULES.items():
        if not name.startswith(STANDING_ON_SERVERS) and name not in entrances:
            reached = [one for one in imports_of(path) if one.startswith((*SERVERS, *STANDING_ON_SERVERS)) and not one.startswith(words)]
            assert not reached, f"{name} imports {reached}"


@pytest.mark.browser
def test_a_plain_installation_gates_a_release_and_rolls_it_back(tmp_path):
    with running_store() as store:
        item = store.add_item(sample.build(sample.BASE, sample.BASE_VERSION), "publisher", key=KEY)
        (tmp_path / "release-guard.toml").write_text(
            f'mode = "act"\n[store]\nbase_url = "{store.base_url}"\nupdate_url = "{store.update_url}"\ncredentials = "none"\n'
            f'[watch]\npoll_seconds = 0.2\n[[extension]]\nid = "{item.id}"\npublisher = "publisher"\n'
        )
        hidden = (*SERVERS, "pytest", "pytest_playwright")
        snapshot = without(hidden, RUN, "release", "snapshot", folder=tmp_path)
        assert snapshot.returncode == 0, snapshot.stderr
        store.state.upload(item, sample.build("broken-popup", sample.NEXT_VERSION).to_zip())
        store.state.publish(item, deploy_percentage=100)
        gate = without(hidden, RUN, "gate", "--version", str(sample.NEXT_VERSION), "--json", folder=tmp_path)
        assert gate.returncode == 1, gate.stderr
        assert json.loads(gate.stdout)["outcome"] == "rolled_back"


def test_another_module_that_is_missing_stays_a_fault():
    with pytest.raises(ModuleNotFoundError, match="nowhere"), needed("dashboard", "`serve`"):
        importlib.import_module("nowhere")


def test_the_fixture_says_what_it_needs(folder):
    (folder / "test_store.py").write_text("def test_it(local_web_store):\n    pass\n")
    code = "import pytest; sys.exit(pytest.main(['-q', '-p', 'no:cacheprovider', '--rootdir', '.', 'test_store.py']))"
    ended = without(SERVERS, code, folder=folder)
    assert ended.returncode == 1
    assert "the fixture `local_web_store` needs starlette, which is not installed here" in ended.stdout


@pytest.mark.parametrize("extra", EXTRAS)
def test_an_extra_brings_what_it_is_told_to_bring(extra):
    required = {one.partition(">")[0].partition("[")[0].replace("-", "_") for one in PROJECT["optional-dependencies"][extra]}
    assert required == set(EXTRAS[extra])
    assert extra in PROJECT["optional-dependencies"]["all"][0]


def test_every_extra_that_a_command_needs_is_there():
    assert set(OF_COMMANDS.values()) <= set(EXTRAS)
    assert set(PROJECT["optional-dependencies"]) == {*EXTRAS, "all", "dev"}
    plain = {one.partition(">")[0].partition("[")[0] for one in PROJECT["dependencies"]}
    assert plain.isdisjoint({module for modules in EXTRAS.values() for module in modules})


def test_the_action_installs_what_a_custom_check_and_postgresql_need():
    lock = (Path(__file__).parents[2] / "requirements.lock").read_text(encoding="utf-8")
    locked = {line.partition("==")[0].replace("-", "_") for line in lock.splitlines() if "==" in line and not line.startswith((" ", "#"))}
    assert {*EXTRAS["pytest"], *EXTRAS["postgres"]} <= locked
    assert locked.isdisjoint(EXTRAS["dashboard"]), "it serves nothing"
