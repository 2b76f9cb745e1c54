"""What a gate saw is recorded and played again: the same verdict comes out, and with other thresholds another."""

import json
from pathlib import Path

import pytest

from guard.cli.main import main
from guard.outcome import Outcome

POLL = 30


@pytest.fixture
def settings(visitors):
    return visitors.settings(rollback_window_seconds=600, poll_seconds=POLL)


@pytest.fixture
def replayed(published, tmp_path, monkeypatch, capsys):
    """Record the newest release from the gate's own database, and play it."""
    monkeypatch.chdir(tmp_path)
    published.guarded.passing_time = lambda: published.clock.forward(seconds=4)
    item = published.store.item
    text = f'[watch]\nrollback_window_seconds = 600\n[[extension]]\nid = "{item.id}"\npublisher = "{item.publisher}"\n'
    Path("release-guard.toml").write_text(text)
    database = published.engine.database.url.render_as_string(hide_password=False)

    def replay(*arguments):
        assert main(["--database", database, "replay", "--record", "--version", "1.3.0", "-o", "seen.jsonl"]) == 0
        capsys.readouterr()
        assert main(["--json", "replay", "seen.jsonl", *arguments]) == 0
        (line,) = capsys.readouterr().out.splitlines()
        return json.loads(line)

    return replay


def users(visitors, failing, failing_before=0):
    """So many of a hundred sessions of each version fail between two polls."""

    def come(_paused):
        visitors.come("1.3.0", 100, failing, seconds_ago=1)
        visitors.come("1.2.0", 100, failing_before, seconds_ago=1)

    return come


def said_live(result):
    assessment = result.assessment
    return {
        "verdict": assessment.verdict.value,
        "diagnosis": assessment.diagnosis.cause.value if assessment.diagnosis else None,
        "strategy": result.plan.strategy.name if result.plan else None,
        "reason": assessment.reason or None,
    }


@pytest.mark.parametrize(
    ("failing", "failing_before", "outcome"),
    [
        pytest.param(20, 1, Outcome.ROLLED_BACK, id="a bad release"),
        pytest.param(9, 1, Outcome.ROLLED_BACK, id="a release a little over the limit"),
        pytest.param(0, 1, Outcome.HEALTHY, id="a good release"),
        pytest.param(5, 5, Outcome.INCONCLUSIVE, id="a release at the limit"),
        pytest.param(30, 30, Outcome.HELD, id="an outage that hits both"),
    ],
)
def test_a_recording_of_what_the_gate_saw_has_the_gates_verdict_at_the_gates_time(
    published, visitors, replayed, failing, failing_before, outcome
):
    result = published.gate(meanwhile=users(visitors, failing, failing_before))
    assert result.outcome is outcome
    found = replayed()
    assert {name: found[name] for name in said_live(result)} == said_live(result)
    if outcome is Outcome.HEALTHY:
        assert found["seconds_after_publish"] == result.to_json()["seconds"]["total"]
    elif outcome in {Outcome.ROLLED_BACK, Outcome.HELD}:
        assert found["seconds_after_publish"] == result.to_json()["seconds"]["to_detect"]
        assert found["severity"] == result.incident.severity.name
    else:
        assert found["decided_at"] is None


def test_what_was_so_before_the_release_is_in_the_recording(published, visitors, replayed):
    visitors.come("1.2.0", 4000, 1200, seconds_ago=60)
    result = published.gate(meanwhile=users(visitors, 30, 30))
    assert (result.outcome, said_live(result)["diagnosis"]) == (Outcome.HELD, "pre-existing")
    found = replayed()
    assert {name: found[name] for name in said_live(result)} == said_live(result)


def test_a_recording_names_every_signal_that_was_measured_since_each_has_its_weight(published, visitors, replayed):
    published.gate(meanwhile=users(visitors, 20, 1))
    replayed()
    opening = json.loads(Path("seen.jsonl").read_text().splitlines()[0])
    measured = {signal.value for source in published.guarded.sources for signal in (*source.signals, *source.overall_signals)}
    assert set(opening["signals"]) >= measured - {"active_users", "rating"}, "those two have no weight"


def test_a_failed_check_is_in_the_recording(published, visitors, replayed):
    published.guarded.failing = frozenset({"1.3.0"})
    result = published.gate(meanwhile=users(visitors, 0))
    found = replayed()
    assert (result.outcome, found["verdict"], found["diagnosis"], found["strategy"]) == (
        Outcome.ROLLED_BACK,
        "breach",
        "deployment",
        "ROLLBACK",
    )
    assert found["samples_used"]["health"] == 3


def test_other_thresholds_change_the_verdict_of_what_was_seen(published, visitors, replayed):
    result = published.gate(meanwhile=users(visitors, 9, 1))
    assert result.outcome is Outcome.ROLLED_BACK
    found = replayed("--set", "error_rate=0.3", "--set", "against_baseline=0", "--set", "crashes_per_hour=100000")
    assert found["verdict"] != "breach"
