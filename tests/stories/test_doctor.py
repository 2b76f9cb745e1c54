"""doctor as its users have it: what is found, what to do, exit codes; and one failing part hides no other."""

import json
from pathlib import Path

import pytest
import requests
from contract.sentry_world import World

from factories import Shop
from guard.cli.main import main
from guard.doctor import machine
from guard.doctor.finding import ok
from guard.engine import utc_now
from guard.localsentry.server import local_sentry
from guard.localsentry.state import LocalSentry

TOKEN_VARIABLE = "RELEASE_GUARD_SENTRY_TOKEN"


class Home:
    """A folder with a configuration, a local store and a local Sentry."""

    def __init__(self, store, world, monkeypatch):
        self.store, self.world, self._monkeypatch = store, world, monkeypatch
        self.configure()
        self.token(world.address.token)

    def token(self, token):
        self._monkeypatch.setenv(TOKEN_VARIABLE, token)

    def configure(self, *, sentry=True, name="shelf", store="", extra="", **changes):
        table = {"base_url": self.world.address.base_url, "organization": "local", "project": "extension", "environment": "production"}
        lines = [f'{key} = "{value}"' for key, value in {**table, **changes}.items()] if sentry else []
        Path("release-guard.toml").write_text(
            f'[store]\nbase_url = "{self.store.base_url}"\nupdate_url = "{self.store.update_url}"\ncredentials = "none"\n{store}\n'
            + ("[sentry]\n" if sentry else "")
            + "\n".join(lines)
            + f'\n[[extension]]\nid = "{self.store.item.id}"\npublisher = "publisher"\nname = "{name}"\n{extra}'
        )


@pytest.fixture
def home(tmp_path, monkeypatch, store: Shop):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(machine, "browser", lambda _configured: [ok("browser", "Chromium 150")])
    state = LocalSentry(utc_now)
    with local_sentry(state) as address:
        world = World(state, address, utc_now, requests.Session())
        yield Home(store, world, monkeypatch)
        world.session.close()


def healthy(home):
    home.world.use("1.2.0", users=3, failing=0)
    home.world.count("1.2.0", {"ok": 5, "error": 1})
    home.world.span("1.2.0", number=4)


def examine(capsys, *arguments):
    code = main(["doctor", *arguments, "--json"])
    seen = capsys.readouterr()
    found = json.loads(seen.out)
    return code, {one["id"]: one for one in found["findings"]}, found, seen.err


def test_everything_in_order_is_said_in_one_line_each(home, capsys):
    healthy(home)
    assert main(["doctor"]) == 0
    out = capsys.readouterr().out
    for words in (
        "release-guard.toml is in order, and names shelf",
        "at the store, and 120 are allowed",
        "questions a second of 127.0.0.1, and any number is allowed",
        "1.2.0 is published to 100 % of users",
        "users are offered 1.2.0",
        "org:read",
        "event:read",
        "project:read",
        "the environment production is known",
        "shelf@VERSION: shelf@1.2.0",
        "6 operations of 6 users",
        "3 sessions of 3 users",
        "error rates are counted by sentry counters",
        "Everything that was looked at is in order.",
    ):
        assert words in " ".join(out.split()), words


def test_with_json_there_is_one_document_and_nothing_else(home, capsys):
    healthy(home)
    code, found, document, _ = examine(capsys)
    assert (code, document["ok"]) == (0, True)
    assert {name for name, one in found.items() if one["status"] != "ok"} == {"notify_targets", "canary_monitor"}, "nobody is told"
    assert set(document["findings"][0]) == {"id", "extension", "status", "message", "hint"}
    assert home.world.address.token not in json.dumps(document)


def test_what_is_told_outside_needs_its_variables(home, capsys, monkeypatch):
    healthy(home)
    table = '\n[tickets]\nrepository = "owner/name"\n[rollback]\nwebhook_env = "HOOK"\n'
    table += 'dispatch_repository = "owner/name"\ndispatch_workflow = "after.yml"\n'
    Path("release-guard.toml").write_text(Path("release-guard.toml").read_text() + table)
    monkeypatch.delenv("GITHUB_TOKEN", raising=False)
    monkeypatch.setenv("HOOK", "https://hooks.example/secret")
    code, _, document, _ = examine(capsys)
    told = [one["message"] for one in document["findings"] if one["id"] == "outside"]
    assert told == [
        "tickets in owner/name: GITHUB_TOKEN is not set",
        "the webhook of a rollback: HOOK is set; whether it is taken shows when it is used",
        "the workflow in owner/name: RELEASE_GUARD_GITHUB_TOKEN is not set",
    ]
    assert (code != 0, "hooks.example" in json.dumps(document)) == (True, False)


@pytest.mark.parametrize(
    ("dsn", "status", "words"),
    [
        (None, "warning", "the canary cannot check in with release-guard-shelf: RELEASE_GUARD_SENTRY_DSN is not set"),
        ("hunter2", "problem", "RELEASE_GUARD_SENTRY_DSN holds no DSN"),
        (
            "https://hunter2@o1.ingest.example/7",
            "ok",
            "the canary checks in with release-guard-shelf in Sentry at o1.ingest.example, project 7: canary at 17 * * * * (UTC)",
        ),
    ],
)
def test_whether_a_canary_that_stops_is_noticed(home, capsys, monkeypatch, dsn, status, words):
    healthy(home)
    home.configure(extra='[canary]\nschedule = "17 * * * *"\n')
    if dsn:
        Path("dsn.txt").write_text(dsn)
        monkeypatch.setenv("RELEASE_GUARD_SENTRY_DSN_FILE", "dsn.txt")
    code, found, document, _ = examine(capsys)
    assert (found["canary_monitor"]["status"], found["canary_monitor"]["message"]) == (status, words)
    assert code == (2 if status == "problem" else 0)
    assert "hunter2" not in json.dumps(document)


def test_a_configuration_that_is_missing_is_2_and_the_rest_is_not_checked(home, capsys):
    Path("release-guard.toml").unlink()
    code, found, _, _ = examine(capsys)
    assert (code, found["configuration"]["status"]) == (2, "problem")
    assert "init" in found["configuration"]["hint"]
    assert {one["status"] for name, one in found.items() if name != "configuration"} == {"not_checked"}


def test_the_filter_that_drops_errors_is_a_problem(home, capsys):
    healthy(home)
    home.world.state.filters_browser_extensions = True
    home.world.fail("1.2.0", "boom")
    code, found, _, _ = examine(capsys)
    assert (code, found["sentry_filter"]["status"]) == (2, "problem")
    assert "Inbound Filters" in found["sentry_filter"]["hint"]
    assert "1 error filtered (browser-extensions)" in found["data_lost"]["message"]


def test_failures_without_a_denominator_are_a_problem_and_silence_a_warning(home, capsys):
    code, found, _, _ = examine(capsys)
    assert (code, found["no_denominator"]["status"], found["data_path"]["status"]) == (0, "warning", "warning")
    home.world.fail("1.2.0", "boom", handled=True)
    code, found, _, _ = examine(capsys)
    assert (code, found["no_denominator"]["status"]) == (2, "problem")
    assert "Sentry.metrics.count" in found["no_denominator"]["hint"]


def test_what_is_missing_is_named_and_what_is_there_is_counted(home, capsys):
    home.world.count("1.2.0", {"ok": 5}, users=None)
    code, found, _, _ = examine(capsys)
    assert code == 0
    assert "of no known user" in found["sentry_counters"]["message"]
    assert "setUser" in found["sentry_counters"]["hint"]
    assert (found["sentry_spans"]["status"], found["sentry_sessions"]["status"]) == ("warning", "ok")
    home.world.state.faults.only_errors = True
    _, found, _, _ = examine(capsys)
    assert "cannot be asked" in found["sentry_counters"]["message"]


@pytest.mark.parametrize(
    ("changes", "name", "words"),
    [
        ({"environment": "prod"}, "sentry_environment", "'production'"),
        ({"release": "{name}-{version}"}, "sentry_releases", "shelf@1.2.0"),
        ({"project": "other"}, "sentry_access", "Invalid project"),
    ],
)
def test_names_that_do_not_fit_are_problems_that_name_what_there_is(home, capsys, changes, name, words):
    healthy(home)
    home.configure(**changes)
    code, found, _, _ = examine(capsys)
    assert (code, found[name]["status"]) == (2, "problem")
    assert words in found[name]["message"] + found[name]["hint"]


def test_a_published_version_that_nobody_reports_under_is_a_warning(home, capsys):
    healthy(home)
    home.store.publish("1.3.0")
    _, found, _, _ = examine(capsys)
    assert found["sentry_releases"]["status"] == "warning"
    assert "getManifest" in found["sentry_releases"]["hint"]


def test_a_refused_token_is_4_and_never_shown(home, capsys):
    home.token("sntrys_hunter2")
    code, found, document, err = examine(capsys)
    assert (code, found["sentry_access"]["status"]) == (4, "problem")
    assert found["sentry_filter"]["status"] == "not_checked"
    assert found["store_published"]["status"] == "ok"
    assert "hunter2" not in json.dumps(document) + err


def test_a_missing_token_is_2_and_says_which_variable(home, capsys, monkeypatch):
    monkeypatch.delenv(TOKEN_VARIABLE)
    code, found, _, _ = examine(capsys)
    assert code == 2
    assert TOKEN_VARIABLE in found["sentry_access"]["hint"]


def test_one_part_out_of_reach_hides_no_other(home, capsys):
    healthy(home)
    home.configure(base_url="http://127.0.0.1:9")
    home.store.break_next("fetchStatus", "status", status=503, times=99)
    code, found, _, _ = examine(capsys)
    assert code == 4
    assert {name for name, one in found.items() if one["status"] == "problem"} == {"store_access", "sentry_access"}
    assert found["update_service"]["status"] == "ok"


def test_a_scope_that_is_missing_is_named(home, capsys, monkeypatch):
    from guard.localsentry import rest

    def refused(*_arguments):
        raise rest.QueryRefused("You do not have permission to perform this action.", 403)

    monkeypatch.setattr(rest, "issues", refused)
    healthy(home)
    code, found, _, _ = examine(capsys)
    assert code == 2
    assert "event:read" in found["sentry_scope_event_read"]["hint"]


def test_a_folder_that_cannot_be_written_and_a_database_that_cannot_be_used(home, capsys):
    Path("file").write_text("")
    code, found, _, _ = examine(capsys, "--database", "mysql://u:hunter2@h/d")
    assert (code, found["database"]["status"]) == (2, "problem")
    assert "hunter2" not in json.dumps(found)
    toml = Path("release-guard.toml")
    toml.write_text(f'state = "file/state"\n{toml.read_text()}')
    _, found, _, _ = examine(capsys)
    assert (found["state_folder"]["status"], found["database"]["status"]) == ("problem", "problem")


def test_without_sentry_that_is_said_and_nothing_is_wrong(home, capsys):
    home.configure(sentry=False)
    code, found, _, _ = examine(capsys)
    assert (code, found["sentry_access"]["status"]) == (0, "not_checked")


def test_an_item_that_the_store_does_not_know_and_one_of_several(home, capsys):
    healthy(home)
    home.configure(extra=f'[[extension]]\nid = "{"b" * 32}"\npublisher = "publisher"\nname = "other"\n')
    code, found, document, _ = examine(capsys)
    assert code in {2, 4}
    assert {one["extension"] for one in document["findings"]} == {None, "shelf", "other"}
    code, found, document, _ = examine(capsys, "--item", "shelf")
    assert code == 0
    assert found["store_published"]["extension"] == "shelf"
    assert main(["doctor", "--item", "nobody"]) == 2


def test_a_fault_of_our_own_in_one_part_hides_no_other(home, capsys, monkeypatch):
    from guard.doctor import store

    def broken(_guarded):
        raise KeyError("x")

    monkeypatch.setattr(store, "offered", broken)
    code, found, _, _ = examine(capsys)
    assert code == 2
    assert "unexpected KeyError" in found["update_service"]["message"]
    assert found["sentry_access"]["status"] == "ok"


@pytest.mark.parametrize(
    ("script", "status", "words"),
    [
        ("echo Chromium 150.0.1", "ok", "Chromium 150.0.1 at"),
        ("echo libnss3.so is missing >&2; exit 127", "problem", "libnss3.so is missing"),
    ],
)
def test_a_chromium_is_asked_for_its_version(tmp_path, script, status, words):
    program = tmp_path / "chromium"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o700)
    (found,) = machine.browser(program)
    assert (found.status.value, words in found.message) == (status, True)


def test_a_database_address_shows_no_password(home, capsys):
    _, found, _, _ = examine(capsys, "--database", f"sqlite:///{Path('guard.db').absolute()}")
    assert found["database"]["status"] == "ok"
    assert Path("guard.db").exists()
