"""The guard's own errors: reported when a DSN is set, scrubbed, and never changing the outcome."""

import json

import pytest
import sentry_sdk
from sentry_sdk.transport import Transport

from guard.environment import DSN_VARIABLE, own_dsn
from guard.errors import UsageError
from guard.telemetry import redact, reporting, secrets_of


class Kept(Transport):
    def __init__(self):
        super().__init__({"dsn": "http://key@127.0.0.1:9/1"})
        self.envelopes = []

    def capture_envelope(self, envelope):
        self.envelopes.append(envelope)

    def text(self):
        return json.dumps([item.payload.json for envelope in self.envelopes for item in envelope.items], default=str)


@pytest.fixture
def kept(monkeypatch):
    monkeypatch.setenv(DSN_VARIABLE, "http://key@127.0.0.1:9/1")
    monkeypatch.setenv("RELEASE_GUARD_SENTRY_TOKEN", "hunter2hunter2")
    yield Kept()
    sentry_sdk.get_client().close(timeout=0)
    sentry_sdk.init()


def test_what_nobody_foresaw_is_reported_without_secrets(kept):
    token = "hunter2hunter2"
    with pytest.raises(ZeroDivisionError), reporting("gate", kept):
        raise ZeroDivisionError(f"asked https://s/?token={token}")
    assert "ZeroDivisionError" in kept.text()
    assert "[Filtered]" in kept.text()
    assert token not in kept.text()


def test_errors_for_the_user_are_not_reported(kept):
    with pytest.raises(UsageError), reporting("gate", kept):
        raise UsageError("wrong flag")
    assert kept.envelopes == []


def test_a_dsn_that_is_none_changes_nothing(monkeypatch):
    monkeypatch.setenv(DSN_VARIABLE, "nonsense")
    with reporting("gate"):
        pass


def test_a_dsn_may_stand_in_a_file_and_one_that_cannot_be_read_changes_nothing(monkeypatch, tmp_path):
    (tmp_path / "dsn").write_text("http://key@127.0.0.1:9/1\n")
    monkeypatch.setenv(f"{DSN_VARIABLE}_FILE", str(tmp_path / "dsn"))
    assert own_dsn() == "http://key@127.0.0.1:9/1"
    kept = Kept()
    with pytest.raises(ZeroDivisionError), reporting("gate", kept):
        raise ZeroDivisionError
    sentry_sdk.get_client().close(timeout=0)
    sentry_sdk.init()
    assert "ZeroDivisionError" in kept.text()
    monkeypatch.setenv(f"{DSN_VARIABLE}_FILE", str(tmp_path / "none"))
    assert own_dsn() is None


def test_a_secret_that_came_from_a_file_is_taken_out_as_well(tmp_path):
    (tmp_path / "token").write_text("abcdefgh\n")
    environment = {"A_TOKEN_FILE": str(tmp_path / "token"), "B_TOKEN_FILE": str(tmp_path / "none"), "A_CONFIG_FILE": "/etc/a"}
    assert redact("x abcdefgh y", secrets_of(environment)) == "x [Filtered] y"
    assert "/etc/a" not in secrets_of(environment)


def test_secrets_are_known_by_their_variables_names_and_taken_out_everywhere():
    secrets = secrets_of({"A_TOKEN": "abcdefgh", "B_DATABASE_URL": "postgresql://u:pw@h/d", "HOME": "/home/alice", "C_KEY": "abc"})
    assert secrets == ["postgresql://u:pw@h/d", "abcdefgh"]
    assert redact({"a": ["x abcdefgh y", 3, None], "b": ("abcdefgh",)}, secrets) == {"a": ["x [Filtered] y", 3, None], "b": ["[Filtered]"]}
