"""A GitHub workflow is started after a rollback, at most once; the token is given away to nobody, and what GitHub does fails nothing."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from contract.rollback_world import V, World
from guard.config import load
from guard.errors import ConfigurationError
from guard.rollback.dispatch import Dispatch, Workflow
from guard.rollback.plan import Act, ActState, RollbackState, StepName
from guard.rollback.telling import teller
from guard.store.incidents import IncidentRecords
from guard.tables import RollbackTable

TOKEN = "ghp_s3cretS3cret"
PATH = "/repos/team/shelf/actions/workflows/after-rollback.yml/dispatches"


class Hub:
    """GitHub's API, as far as it matters: it keeps what it is asked, and answers as a test says."""

    def __init__(self):
        self.asked, self.status, self.headers, self.body, self.how = [], 204, {}, b"", ""
        self.free, hub = threading.Event(), self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                hub.asked.append((self.path, dict(self.headers.items()), json.loads(body)))
                if hub.how == "cut":
                    self.close_connection = True
                    self.connection.close()
                    return
                if hub.how == "silent":
                    hub.free.wait()
                    return
                self.send_response(hub.status)
                for name, value in {**hub.headers, "Content-Length": str(len(hub.body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(hub.body)

            def log_message(self, format, *_arguments):  # noqa: A002 - its name in the standard library
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.free.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def hub():
    made = Hub()
    yield made
    made.close()


@pytest.fixture
def world(store, clock, tmp_path):
    made = World(store, clock, tmp_path)
    yield made
    made.engine.dispose()


def finish(world, address, *, token=lambda: TOKEN, timeout=5.0):
    """The last step of a rollback, by a process of its own."""
    workflow = Workflow("team/shelf", "after-rollback.yml", "main", address)
    dispatch = Dispatch(workflow, token, world.journal, lambda _plan: "INC-2026-0001", timeout_seconds=timeout)
    assert TOKEN not in repr(vars(dispatch))
    evidence = world.process(world.store.api, dispatch.tell).run(world.plan, StepName.UPDATE_CONFIGURATION)
    assert TOKEN not in evidence
    assert world.releases.find(world.store.item, V("1.3.0")).state.value == "rolled_back"
    return evidence


def test_the_workflow_is_started_once_and_told_what_was_done(world, hub):
    evidence = finish(world, hub.address)
    assert evidence.endswith("; the workflow after-rollback.yml of team/shelf was started (HTTP 204)")
    ((path, headers, document),) = hub.asked
    assert path == PATH
    assert (headers["Accept"], headers["X-GitHub-Api-Version"]) == ("application/vnd.github+json", "2022-11-28")
    assert headers["Authorization"] == f"Bearer {TOKEN}"
    assert document == {
        "ref": "main",
        "inputs": {
            "item": world.store.item.id,
            "from_version": "1.3.0",
            "target": "1.2.0",
            "new_version": "1.3.0.1",
            "incident": "INC-2026-0001",
        },
    }
    assert finish(world, hub.address) == evidence
    assert len(hub.asked) == 1


def test_an_enterprise_server_is_asked_under_its_own_path(world, hub):
    hub.status, hub.body = 200, b'{"workflow_run_id": 1}'
    assert "was started (HTTP 200)" in finish(world, f"{hub.address}/api/v3")
    assert hub.asked[0][0] == f"/api/v3{PATH}"


def test_a_process_that_died_after_it_asked_leaves_a_workflow_that_is_not_started_again(world, hub):
    world.journal.begin_act(world.plan.id, Act.DISPATCH)
    assert "may have been started (the process that asked for it died meanwhile); look at its runs" in finish(world, hub.address)
    assert hub.asked == []


@pytest.mark.parametrize(("how", "said"), [("cut", "ConnectionError"), ("silent", "ReadTimeout")])
def test_a_lost_answer_is_told_as_a_workflow_that_may_have_been_started_and_it_is_not_asked_again(world, hub, how, said):
    hub.how = how
    evidence = finish(world, hub.address, timeout=0.3 if how == "silent" else 5.0)
    assert "the workflow after-rollback.yml of team/shelf may have been started (" in evidence
    assert said in evidence or "no answer within 0.3 s" in evidence
    hub.how = ""
    assert finish(world, hub.address) == evidence
    assert len(hub.asked) == 1


def test_a_fault_of_the_server_is_a_lost_answer(world, hub):
    hub.status = 502
    assert "may have been started (HTTP 502)" in finish(world, hub.address)


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (307, b"", "was not started (HTTP 307: the repository has another name now)"),
        (401, b'{"message": "Bad credentials."}', "(HTTP 401: the token is not valid; GitHub says: Bad credentials)"),
        (403, b"", "it needs the permission to write actions"),
        (404, b'{"message": "Not Found"}', "there is no such repository or workflow, or the token may not see it"),
        (422, b'{"message": "Unexpected inputs provided: [\\"item\\"]"}', 'GitHub says: Unexpected inputs provided: ["item"]'),
        (422, b'["no object"]', "the workflow must have `workflow_dispatch` with the inputs that are sent)"),
        (418, b"<html>", "was not started (HTTP 418)"),
        (400, json.dumps({"message": f"a\x1b[2J\n{TOKEN} b"}).encode(), "GitHub says: a [2J [token] b)"),
        (400, json.dumps({"message": "x" * 9000}).encode(), "(HTTP 400)"),
        (400, json.dumps({"message": "y" * 900}).encode(), f"GitHub says: {'y' * 200})"),
    ],
)
def test_a_refusal_is_told_with_its_reason_and_a_redirect_is_not_followed(world, hub, status, body, words):
    hub.status, hub.body, hub.headers = status, body, {"Location": f"{hub.address}/elsewhere"}
    assert words in finish(world, hub.address)
    assert [path for path, *_ in hub.asked] == [PATH]
    assert world.journal.act(world.plan.id, Act.DISPATCH).state is ActState.REFUSED


def unreadable():
    raise ConfigurationError("the file that GITHUB_TOKEN_FILE names cannot be read")


@pytest.mark.parametrize(
    ("address", "token", "said"),
    [
        (None, lambda: None, "was not started: the variable of its token is not set"),
        (None, lambda: " \n", "was not started: the variable of its token is not set"),
        (None, unreadable, "was not started: its token or address cannot be read (ConfigurationError)"),
        (None, lambda: f"{TOKEN}\nX-Other: 1", "was not started (ValueError)"),
        ("http://github.example", lambda: TOKEN, "was not started: its address is neither https nor on this machine"),
        ("http://127.0.0.1:9", lambda: TOKEN, "was not started (ConnectionError)"),
    ],
)
def test_what_cannot_be_started_is_said_and_fails_nothing(world, hub, address, token, said):
    assert said in finish(world, address or hub.address, token=token)
    assert hub.asked == []


def test_no_token_of_a_netrc_takes_the_place_of_ours(world, hub, tmp_path, monkeypatch):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    finish(world, hub.address)
    assert hub.asked[0][1]["Authorization"] == f"Bearer {TOKEN}"


def test_nothing_is_logged_of_it(world, hub, caplog):
    with caplog.at_level("DEBUG"):
        finish(world, hub.address)
    assert TOKEN not in caplog.text
    assert "dispatches" not in caplog.text


def test_both_are_told_when_both_are_configured_and_nobody_when_none_is(world, hub, clock, monkeypatch):
    incidents = IncidentRecords(world.engine, clock)
    assert teller(RollbackTable(), world.journal, incidents) is None
    monkeypatch.setenv("RELEASE_GUARD_GITHUB_TOKEN", TOKEN)
    monkeypatch.setenv("HOOK", f"{hub.address}/hook")
    table = RollbackTable(
        webhook_env="HOOK",
        dispatch_repository="team/shelf",
        dispatch_workflow="after-rollback.yml",
        dispatch_ref="release/2",
        dispatch_base_url=hub.address,
    )
    tell = teller(table, world.journal, incidents)
    assert tell is not None
    words = tell(world.plan)
    assert words == "the webhook was told (HTTP 204); the workflow after-rollback.yml of team/shelf was started (HTTP 204)"
    assert [path for path, *_ in hub.asked] == ["/hook", PATH]
    assert (hub.asked[1][2]["ref"], hub.asked[1][2]["inputs"]["incident"]) == ("release/2", "")
    assert "Authorization" not in hub.asked[0][1]
    assert world.journal.get(world.plan.id).state is RollbackState.PLANNED  # telling is no step


EXTENSION = f'[[extension]]\nid = "{"a" * 32}"\npublisher = "us"\n[rollback]\n'
BOTH = 'dispatch_repository = "team/shelf"\ndispatch_workflow = "after-rollback.yml"\n'


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ('dispatch_repository = "team/shelf"', r":4: rollback: .*dispatch_repository and dispatch_workflow go together: set both, or none"),
        ('dispatch_workflow = "a.yml"', "set both, or none"),
        (BOTH.replace("team/shelf", "shelf"), r":5: rollback\.dispatch_repository"),
        (BOTH.replace("team/shelf", "team/.."), r"rollback\.dispatch_repository"),
        (BOTH.replace("team/shelf", "team/shelf/x"), r"rollback\.dispatch_repository"),
        (BOTH.replace("after-rollback.yml", "../x.yml"), r"rollback\.dispatch_workflow"),
        (BOTH.replace("after-rollback.yml", "after-rollback"), r"rollback\.dispatch_workflow"),
        (BOTH + 'dispatch_ref = ""', r":7: rollback\.dispatch_ref"),
        (BOTH + 'dispatch_ref = "a b"', r"rollback\.dispatch_ref"),
        (BOTH + f'dispatch_token_env = "{TOKEN}-x"', r"rollback\.dispatch_token_env"),
        (BOTH + 'dispatch_base_url = "http://github.example"', r":7: rollback\.dispatch_base_url: .*must be https, or on this machine"),
        (BOTH + f'dispatch_base_url = "https://x:{TOKEN}@github.example"', r"rollback\.dispatch_base_url: .*no name, password"),
        (BOTH + 'dispatch_base_url = "github.example"', r"rollback\.dispatch_base_url: .*must be an address"),
        (BOTH + "dispatch_timeout_seconds = 0", r"rollback\.dispatch_timeout_seconds"),
        (BOTH + 'dispatch_repositry = "x"', "did you mean 'dispatch_repository'"),
    ],
)
def test_a_setting_that_makes_no_sense_is_explained_without_its_value(tmp_path, lines, words):
    path = tmp_path / "release-guard.toml"
    path.write_text(EXTENSION + lines)
    with pytest.raises(ConfigurationError, match=words) as caught:
        load(path)
    assert TOKEN not in caught.value.explain()


def test_the_settings_have_defaults(tmp_path):
    path = tmp_path / "release-guard.toml"
    path.write_text(EXTENSION + BOTH)
    table = load(path).rollback
    assert (table.dispatch_ref, table.dispatch_token_env, table.dispatch_base_url) == (
        "main",
        "RELEASE_GUARD_GITHUB_TOKEN",
        "https://api.github.com",
    )
