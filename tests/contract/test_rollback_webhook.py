"""The webhook is told of a finished rollback once, never gives its address away, and fails nothing."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from contract.rollback_world import V, World
from guard.errors import ConfigurationError
from guard.rollback.plan import Act, StepName
from guard.rollback.webhook import Webhook

SECRET = "s3cret-path"


class Endpoint:
    """What a team runs: it keeps what it is told, and answers as a test says."""

    def __init__(self):
        self.told, self.status, self.headers, self.free = [], 204, {}, threading.Event()
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                endpoint.told.append((self.path, self.headers["Idempotency-Key"], json.loads(body)))
                if endpoint.status == 0:
                    endpoint.free.wait()
                    return
                self.send_response(endpoint.status)
                for name, value in endpoint.headers.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, format, *_arguments):  # noqa: A002 - its name in the standard library
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}/{SECRET}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.free.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def endpoint():
    made = Endpoint()
    yield made
    made.close()


@pytest.fixture
def world(store, clock, tmp_path):
    made = World(store, clock, tmp_path)
    yield made
    made.engine.dispose()


def finish(world, address, *, timeout=5.0):
    """The last step of a rollback, by a process of its own."""
    look_up = address if callable(address) else lambda: address
    webhook = Webhook(look_up, world.journal, lambda _plan: "INC-2026-0001", timeout_seconds=timeout)
    return world.process(world.store.api, webhook.tell).run(world.plan, StepName.UPDATE_CONFIGURATION)


def test_it_is_told_what_was_done_with_a_key_that_makes_it_once(world, endpoint):
    evidence = finish(world, endpoint.address)
    assert evidence.endswith("1.3.0 is blocked; the webhook was told (HTTP 204)")
    ((path, key, document),) = endpoint.told
    assert (path, key) == (f"/{SECRET}", world.plan.id)
    assert document == {
        "rollback": world.plan.id,
        "publisher": "publisher",
        "item": world.store.item.id,
        "from": "1.3.0",
        "target": "1.2.0",
        "new_version": "1.3.0.1",
        "incident": "INC-2026-0001",
        "state": "completed",
    }
    assert finish(world, endpoint.address) == evidence
    assert len(endpoint.told) == 1


def test_a_process_that_died_before_it_could_write_that_it_told_tells_again_under_the_same_key(world, endpoint):
    world.journal.begin_act(world.plan.id, Act.WEBHOOK)
    finish(world, endpoint.address)
    assert [key for _, key, _ in endpoint.told] == [world.plan.id]
    assert world.journal.act(world.plan.id, Act.WEBHOOK).attempts == 2


def unreadable():
    raise ConfigurationError("the file that HOOK_FILE names cannot be read")


@pytest.mark.parametrize(
    ("address", "said"),
    [
        (None, "its variable is not set"),
        (f"http://hooks.example/{SECRET}", "its address is neither https nor on this machine"),
        (f"http://localhost.example/{SECRET}", "its address is neither https nor on this machine"),
        (f"ftp://127.0.0.1/{SECRET}", "could not be told (InvalidSchema)"),
        (f"http://127.0.0.1:9/{SECRET}", "could not be told (ConnectionError)"),
        (f"https://[{SECRET}", "its address cannot be read (ValueError)"),
        (unreadable, "its address cannot be read (ConfigurationError)"),
    ],
)
def test_what_cannot_be_told_is_said_without_the_address_and_fails_nothing(world, address, said):
    evidence = finish(world, address)
    assert said in evidence
    assert SECRET not in evidence
    assert world.releases.find(world.store.item, V("1.3.0")).state.value == "rolled_back"


@pytest.mark.parametrize("status", [302, 400, 500])
def test_a_refusal_is_said_and_a_redirect_is_not_followed(world, endpoint, status):
    endpoint.status, endpoint.headers = status, {"Location": endpoint.address + "/elsewhere"}
    assert f"the webhook refused (HTTP {status})" in finish(world, endpoint.address)
    assert len(endpoint.told) == 1


def test_an_endpoint_that_does_not_answer_is_left_after_its_time(world, endpoint):
    endpoint.status = 0
    evidence = finish(world, endpoint.address, timeout=0.2)
    assert "the webhook" in evidence
    assert "did not answer within 0.2 s" in evidence or "could not be told (ReadTimeout)" in evidence


def test_nothing_is_logged_of_the_address(world, endpoint, caplog):
    with caplog.at_level("DEBUG"):
        finish(world, endpoint.address)
    assert SECRET not in caplog.text
