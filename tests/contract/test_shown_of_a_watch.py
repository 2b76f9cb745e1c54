"""What watch, gate and canary leave in the database for the dashboard: verdicts with their points, looks, plans, reports of checks."""

import itertools

import pytest
import sqlalchemy
import sqlalchemy.exc

from contract.gate_world import V
from guard.canary import run_canary
from guard.judge.verdict import Verdict
from guard.model import Signal
from guard.outcome import Outcome
from guard.showing import looking
from guard.watcher import Watcher
from healthchecks.errors import BrowserFailed


@pytest.fixture
def settings(visitors):
    return visitors.settings()


@pytest.fixture
def seen(published):
    """1.3.0 is out and was seen; what is counted of it counts from here."""
    Watcher(published.engine).tick()
    return published


def standings_of(world, release="1.3.0"):
    found = world.engine.standings.of(world.store.item, V(release))
    return {(str(one.version), one.signal): one for one in found}


def look_of(world):
    return world.engine.looks.find(world.store.item)


def test_a_watch_leaves_its_verdicts_on_both_versions_and_how_it_looked(seen, visitors):
    published = seen
    watcher, totals, tick, found = Watcher(published.engine), [], None, {}
    for _ in range(3):
        for version in ("1.2.0", "1.3.0"):
            visitors.come(version, 30, 1)
        published.clock.forward(seconds=60)
        (tick,) = watcher.tick()
        found = standings_of(published)
        totals.append((found["1.3.0", Signal.ERROR_RATE].found.total, found["1.2.0", Signal.ERROR_RATE].found.total))
    errors = found["1.3.0", Signal.ERROR_RATE]
    assert totals == sorted(totals)
    assert errors.found.verdict is Verdict.INCONCLUSIVE
    assert (errors.found.failures, errors.limit, errors.judged_at) == (3, 0.05, published.clock())
    assert [(point.value, point.total) for point in errors.recent] == [(1, 30), (2, 60), (3, 90)]  # the first look saw nobody
    assert [later.at > earlier.at for earlier, later in itertools.pairwise(errors.recent)] == [True, True]
    assert found["1.3.0", Signal.HEALTH].found.verdict is Verdict.HEALTHY
    assert found["1.3.0", Signal.RATING].found.verdict is Verdict.NO_DATA
    assert found["1.3.0", Signal.RATING].recent == ()
    assert {version for version, _ in found} == {"1.2.0", "1.3.0"}
    look = look_of(published)
    assert (look.looks, look.failed_looks, look.last.version) == (4, 0, "1.3.0")
    assert (look.last.outcome, look.last.sentence, look.last.looked_at) == (tick.outcome, tick.sentence, published.clock())
    assert look.last.plan is None
    assert 0 < look.last.seconds <= look.seconds_sum


def test_points_go_on_in_another_process_and_what_stays_as_it_is_is_not_written_again(seen, visitors):
    published = seen
    visitors.come("1.3.0", 30, 1)
    published.clock.forward(seconds=60)
    Watcher(published.engine).tick()
    first = standings_of(published)
    published.clock.forward(seconds=1)
    other = published.another_process()
    visitors.come("1.3.0", 10, 0, seconds_ago=1)
    published.clock.forward(seconds=60)
    Watcher(other.engine).tick()
    found = standings_of(published)
    assert [point.total for point in found["1.3.0", Signal.ERROR_RATE].recent] == [30, 40]
    assert found["1.3.0", Signal.RATING] == first["1.3.0", Signal.RATING]
    assert look_of(published).looks == 3


def test_a_breach_leaves_its_plan_and_why_a_person_is_asked(seen, visitors):
    published = seen
    published.engine.orders.pause(None, "alice", "a demonstration")
    visitors.come("1.3.0", 400, 200)
    published.clock.forward(seconds=60)
    (tick,) = Watcher(published.engine).tick()
    look = look_of(published)
    assert tick.outcome is look.last.outcome is Outcome.HELD
    assert look.last.plan["strategy"] == "ROLLBACK"
    assert any("demonstration" in why for why in look.last.plan["held_because"])
    assert standings_of(published)["1.3.0", Signal.ERROR_RATE].found.verdict is Verdict.BREACH


def test_each_poll_of_a_gate_is_a_look_and_its_checks_and_those_of_its_rollback_are_kept(published, visitors):
    visitors.come("1.3.0", 400, 200)
    published.guarded.failing = frozenset({"1.3.0"})
    result = published.gate()
    assert result.outcome is Outcome.ROLLED_BACK
    look = look_of(published)
    assert look.looks > 1
    assert (look.failed_looks, look.last.version) == (0, "1.3.0.1")
    reports = {version: published.engine.check_reports.find(published.store.item, V(version)) for version in ("1.2.0", "1.3.0", "1.3.0.1")}
    assert {version: kept.report["status"] for version, kept in reports.items()} == {
        "1.2.0": "passed",
        "1.3.0": "failed",
        "1.3.0.1": "passed",
    }
    assert standings_of(published)["1.3.0", Signal.HEALTH].found.verdict is Verdict.BREACH
    assert Signal.HEALTH not in {signal for _, signal in standings_of(published, "1.3.0.1")}


@pytest.mark.parametrize(("failing", "outcome"), [((), Outcome.HEALTHY), (("1.3.0",), Outcome.HELD)])
def test_a_canary_is_a_look(published, failing, outcome):
    published.guarded.failing = frozenset(failing)
    run_canary(published.engine, published.guarded)
    assert (look_of(published).last.outcome, look_of(published).looks) == (outcome, 1)
    assert set(standings_of(published)) == {("1.3.0", Signal.HEALTH)}


def test_a_canary_that_could_not_look_counts_as_failed_and_still_says_so(published):
    published.guarded.broken = BrowserFailed("no display")
    with pytest.raises(BrowserFailed):
        run_canary(published.engine, published.guarded)
    look = look_of(published)
    assert (look.looks, look.failed_looks, look.last.outcome, look.last.sentence) == (1, 1, Outcome.FAILED, "no display")


def test_a_fault_of_ours_counts_as_failed_and_goes_on(published):
    def look():
        with looking(published.engine, published.store.item):
            raise KeyError("secret of the driver")

    with pytest.raises(KeyError):
        look()
    assert look_of(published).failed_looks == 1
    assert "secret" not in look_of(published).last.sentence


def test_a_database_that_refuses_what_is_only_shown_stops_no_rollback(seen, visitors, monkeypatch):
    """Whoever reads the tables sees nothing new, is told so, and users get the old version back all the same."""
    published = seen
    with published.engine.database.begin() as connection:
        for table in ("standings", "looks", "check_reports"):
            connection.execute(sqlalchemy.text(f"DROP TABLE {table}"))
    told = []
    monkeypatch.setattr(published.engine.progress, "warn", told.append)
    visitors.come("1.3.0", 400, 200)
    published.clock.forward(seconds=60)
    (tick,) = Watcher(published.engine).tick()
    assert tick.outcome is Outcome.ROLLED_BACK
    assert [text for text in told if text.startswith("the dashboard does not see this")]
    assert not [text for text in told if "DROP" in text or "SELECT" in text or "INSERT" in text]
    with pytest.raises(sqlalchemy.exc.SQLAlchemyError):
        look_of(published)
