"""Check-ins: what is said of a run, to which monitor, and what a schedule may be."""

import json

import pytest
import sentry_sdk
from sentry_sdk.transport import Transport

from guard.check_ins import CheckIns, Command, checking_in, monitor_config, monitors_of
from guard.config import load
from guard.environment import DSN_VARIABLE
from guard.errors import ConfigurationError, ExitCode
from guard.telemetry import reporting

SCHEDULED = '[canary]\nschedule = "17 * * * *"\n'


class Kept(Transport):
    """Where envelopes end up, in place of the network."""

    def __init__(self):
        super().__init__({"dsn": "http://key@127.0.0.1:9/1"})
        self.told = []

    def capture_envelope(self, envelope):
        self.told += [item.payload.json for item in envelope.items if item.headers["type"] == "check_in"]


@pytest.fixture
def kept(monkeypatch):
    monkeypatch.setenv(DSN_VARIABLE, "http://key@127.0.0.1:9/1")
    transport = Kept()
    with reporting("canary", transport):
        yield transport
    sentry_sdk.get_client().close(timeout=0)
    sentry_sdk.init()


@pytest.fixture
def configured(tmp_path):
    def write(names, table=SCHEDULED):
        tables = [
            f'[[extension]]\nid = "{chr(97 + number % 16) * 31}{chr(97 + number // 16)}"\npublisher = "us"\n'
            for number in range(len(names))
        ]
        tables = [text + (f"name = {json.dumps(name)}\n" if name else "") for text, name in zip(tables, names, strict=True)]
        (tmp_path / "release-guard.toml").write_text(table + "".join(tables), encoding="utf-8")
        return load(tmp_path / "release-guard.toml")

    return write


def test_a_run_is_one_check_in_from_its_beginning_to_its_end(kept, configured):
    config, clock = configured(["shelf"]), iter([100.0, 142.5])
    with checking_in(config, Command.CANARY, config.extension, lambda: next(clock)) as run:
        (begun,) = kept.told
        run.ended(config.extension[0], ExitCode.BREACH)
    _, ended = kept.told
    assert (begun["status"], begun["duration"], ended["status"], ended["duration"]) == ("in_progress", None, "ok", 42.5)
    assert begun["check_in_id"] == ended["check_in_id"]
    assert begun["monitor_config"] == ended["monitor_config"] == monitor_config(config.canary, Command.CANARY)
    assert begun["monitor_config"] == {
        "schedule": {"type": "crontab", "value": "17 * * * *"},
        "timezone": "UTC",
        "checkin_margin": 30,
        "max_runtime": 30,
    }


@pytest.mark.parametrize("code", ExitCode)
def test_only_a_look_that_could_not_be_is_an_error(kept, configured, code):
    config = configured(["shelf"])
    with checking_in(config, Command.CANARY, config.extension) as run:
        run.ended(config.extension[0], code)
    assert kept.told[-1]["status"] == ("error" if code is ExitCode.UNABLE else "ok")


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_what_a_fault_cuts_short_failed_and_what_had_ended_stays_as_it_was(kept, configured, error):
    config = configured(["a", "b"])

    def look():
        with checking_in(config, Command.CANARY, config.extension) as run:
            run.ended(config.extension[0], ExitCode.DONE)
            raise error

    with pytest.raises(error):
        look()
    assert [(one["monitor_slug"], one["status"]) for one in kept.told] == [
        ("release-guard-a", "in_progress"),
        ("release-guard-b", "in_progress"),
        ("release-guard-a", "ok"),
        ("release-guard-b", "error"),
    ]


def test_secrets_are_taken_out_of_a_check_in(kept, configured, monkeypatch):
    monkeypatch.setenv("SOME_TOKEN", "hunter2hunter2")
    sentry_sdk.init()
    transport = Kept()
    with reporting("canary", transport):
        CheckIns({"x": "hunter2hunter2"}, None, lambda: 0.0).begin()
    assert transport.told
    assert "hunter2" not in json.dumps(transport.told)
    assert kept.told == []


def test_a_library_that_fails_changes_nothing(kept, configured, monkeypatch, caplog):
    def fails(*_given):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr("guard.telemetry.capture_checkin", fails)
    config = configured(["shelf"])
    with checking_in(config, Command.CANARY, config.extension) as run:
        run.ended(config.extension[0], ExitCode.DONE)
    assert (kept.told, len(caplog.records)) == ([], 2)


@pytest.mark.parametrize(
    ("names", "slugs"),
    [
        pytest.param(["shelf", ""], ["release-guard-shelf", "release-guard-" + "b" * 31 + "a"], id="by name, else by id"),
        pytest.param(["My Shelf!", "書架"], ["release-guard-my-shelf", "release-guard"], id="of names that no slug can hold"),
        pytest.param(["a b", "a.b"], ["release-guard-" + "a" * 32, "release-guard-" + "b" * 31 + "a"], id="alike: by id"),
        pytest.param(["x" * 80], ["release-guard-" + "x" * 36], id="too long for Sentry"),
    ],
)
def test_each_extension_has_a_monitor_that_no_other_has(configured, names, slugs):
    found = list(monitors_of(configured(names), Command.CANARY).values())
    assert found == slugs
    assert all(len(slug) <= 50 for slug in found)


@pytest.mark.parametrize(
    "schedule", ["* * * * *", "*/15 * * * *", "0,30 4-6 1 JAN-mar MON-FRI", "17 */6 31 12 0,6", "  5   4 * * sun ", "20/15 * * * *"]
)
def test_a_schedule_that_github_and_sentry_understand(configured, schedule):
    assert configured(["a"], f'[canary]\nschedule = "{schedule}"\n').canary.schedule == " ".join(schedule.split())


@pytest.mark.parametrize(
    "schedule",
    [
        *("", "hourly", "@hourly", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 7"),
        *("5-1 * * * *", "*/0 * * * *", "1,,2 * * * *", "-1 * * * *", "* * L * *", "* * * FOO *", "*5 * * * *", "1-2-3 * * * *"),
        *("٣ * * * *", "* * * MON *"),
    ],
)
def test_a_schedule_that_one_of_them_does_not_is_refused(configured, schedule):
    with pytest.raises(ConfigurationError, match=r":2: canary\.schedule"):
        configured(["a"], f'[canary]\nschedule = "{schedule}"\n')


@pytest.mark.parametrize(
    "line", ['monitor = "UPPER"', 'monitor = "12"', 'monitor = ""', f'monitor = "{"a" * 45}"', "max_runtime_minutes = 0"]
)
def test_what_sentry_would_not_take_is_refused(configured, line):
    with pytest.raises(ConfigurationError, match=r":2: canary\."):
        configured(["a"], f"[canary]\n{line}\n")


def test_a_watch_has_monitors_of_its_own_so_that_neither_hides_the_other(configured):
    both = configured(["shelf"], SCHEDULED + 'watch_schedule = "*/30 * * * *"\n')
    assert [*monitors_of(both, Command.CANARY).values(), *monitors_of(both, Command.WATCH).values()] == [
        "release-guard-shelf",
        "release-watch-shelf",
    ]
    assert monitor_config(both.canary, Command.WATCH)["schedule"]["value"] == "*/30 * * * *"
    assert monitors_of(configured(["shelf"]), Command.WATCH) == {}
    assert monitors_of(configured(["shelf"], '[canary]\nwatch_schedule = "0 * * * *"\n'), Command.CANARY) == {}
    named = configured(["a", "b"], '[canary]\nmonitor = "all"\nwatch_schedule = "0 * * * *"\n')
    assert (set(monitors_of(named, Command.CANARY).values()), set(monitors_of(named, Command.WATCH).values())) == ({"all"}, {"all-watch"})


def test_many_extensions_have_one_monitor_that_is_named(configured):
    names = [f"e{number}" for number in range(21)]
    with pytest.raises(ConfigurationError, match="name one"):
        configured(names)
    named = configured(names, SCHEDULED + 'monitor = "all"\n')
    assert set(monitors_of(named, Command.CANARY).values()) == {"all"}
    assert len(monitors_of(configured(names[:20]), Command.CANARY)) == 20
