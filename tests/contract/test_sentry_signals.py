"""What the guard reads of an extension that sends counters, spans, sessions or errors alone, from the local Sentry."""

from datetime import date, timedelta

import pytest

from contract.sentry_world import NEW, OLD, SentryWitness, World
from factories import Clock
from guard.errors import SourceError
from guard.localsentry.server import local_sentry
from guard.localsentry.state import LocalSentry
from guard.model import Absence, Counted, Daily, Events, Expected, Interval, NoData, Signal, Value
from guard.sources.sentry import FILTER_IS_ON
from guard.sources.sentry_asking import Watched


@pytest.fixture
def world(clock: Clock):
    session = SentryWitness()
    state = LocalSentry(clock)
    with local_sentry(state) as address:
        yield World(state, address, clock, session)
    session.close()


def error_rates(world, version=NEW, source=None):
    return [(s.source, s.reading) for s in world.samples(version, source) if s.signal is Signal.ERROR_RATE]


def test_counters_come_before_spans_and_spans_before_sessions(world):
    world.use("1.3.0", users=4, failing=1)
    assert {source for source, _ in error_rates(world)} == {"sentry sessions"}
    world.span("1.3.0", number=10, failing=2)
    assert {source for source, _ in error_rates(world, source=world.a_source())} == {"sentry spans"}
    world.count("1.3.0", {"ok": 20, "error": 3})
    assert {source for source, _ in error_rates(world, source=world.a_source())} == {"sentry counters"}


def test_a_release_and_its_baseline_are_counted_by_the_same(world):
    """The choice stands for the source's life, even when a release brings a better way of counting."""
    world.use("1.2.0", users=4, failing=1)
    world.use("1.3.0", users=4, failing=1)
    first = error_rates(world)
    world.count("1.3.0", {"ok": 20})
    assert error_rates(world) == first
    assert {source for source, _ in error_rates(world, OLD)} == {"sentry sessions"}


def test_where_nothing_is_found_the_choice_is_made_again(world):
    ((_, absent),) = error_rates(world)
    assert absent.kind is Absence.NOTHING
    world.clock.forward(seconds=30)
    world.count("1.3.0", {"ok": 2})
    assert error_rates(world)[-1][1] == Counted(0, 2, "operations")


def test_outcomes_are_failures_when_the_configuration_says_so(world):
    world.count("1.3.0", {"ok": 90, "error": 6, "stale": 4, "timeout": 3})
    assert error_rates(world) == [
        ("sentry counters", Counted(6, 99, "users")),
        ("sentry counters", Counted(6, 99, "operations")),
    ]  # what is stale counts for nothing
    wide = world.a_source(watched=Watched(failed=("error", "timeout")))
    assert error_rates(world, source=wide)[0][1] == Counted(9, 99, "users")


def test_a_user_who_failed_in_two_ways_is_one_user(world):
    world.count("1.3.0", {"ok": 5})
    world.count("1.3.0", {"error": 2, "timeout": 2}, users="unlucky")
    source = world.a_source(watched=Watched(failed=("error", "timeout")))
    assert [reading for _, reading in error_rates(world, source=source)] == [Counted(1, 6, "users"), Counted(4, 9, "operations")]


def test_counters_without_users_count_operations_alone(world):
    world.count("1.3.0", {"ok": 5, "error": 1}, users=None)
    assert [reading for _, reading in error_rates(world)] == [Counted(1, 6, "operations")]


def test_an_attribute_with_endless_values_is_refused_and_not_cut(world):
    world.count("1.3.0", {f"outcome-{n}": 1 for n in range(120)})
    with pytest.raises(SourceError, match="100 values"):
        world.samples()


def test_other_extensions_of_the_project_do_not_choose_for_this_one(world):
    other = world.a_source(release_name="other@{version}")
    world.count("1.3.0", {"ok": 5})
    world.use("1.3.0", users=2, failing=0)
    assert {source for source, _ in error_rates(world, source=other)} == {"sentry sessions"}


def test_spans_tell_failures_slowness_and_failed_requests(world):
    world.span("1.3.0", number=20, failing=3)
    world.span("1.3.0", number=5, seconds=4)
    world.span("1.3.0", number=10, failing=4, request=True)
    found = world.read()
    assert found[Signal.ERROR_RATE, "users"] == Counted(3, 20, "users")
    assert found[Signal.ERROR_RATE, "operations"] == Counted(3, 25, "operations")
    assert found[Signal.RESPONSE_TIME, "operations"] == Counted(5, 25, "operations")
    assert found[Signal.API_FAILURES, "requests"] == Counted(4, 10, "requests")
    assert found[Signal.API_FAILURES, "users"] == Counted(4, 10, "users")
    assert found[Signal.EXTENSION_CRASHES, ""] == Events(0)
    patient = world.a_source(watched=Watched(slow_seconds=5))
    assert world.read(source=patient)[Signal.RESPONSE_TIME, "operations"] == Counted(0, 25, "operations")


def test_a_sentry_without_spans_and_counters_is_asked_for_sessions_and_not_again(world):
    world.state.faults.only_errors = True
    world.use("1.3.0", users=4, failing=1)
    assert {source for source, _ in error_rates(world)} == {"sentry sessions"}
    world.session.calls.clear()
    world.samples()
    assert world.session.calls == {"sessions": 2, "events": 1}


def test_a_sentry_that_cannot_count_slow_spans_tells_a_percentile(world, monkeypatch):
    from guard.localsentry import aggregates

    known = aggregates._over

    def older(name, arguments, dataset):
        if name == "count_if":
            raise aggregates.QueryRefused("Invalid field: count_if")
        return known(name, arguments, dataset)

    monkeypatch.setattr(aggregates, "_over", older)
    world.span("1.3.0", number=10, seconds=2.5)
    found = world.read()
    assert found[Signal.RESPONSE_TIME, "s, 95th percentile"] == Value(pytest.approx(2.5, abs=0.01), "s, 95th percentile")
    assert found[Signal.ERROR_RATE, "operations"] == Counted(0, 10, "operations")


def test_failures_without_anything_they_are_a_share_of_are_said_to_be_so(world):
    world.fail("1.3.0", "boom", handled=True)
    found = world.read()
    absent = found[Signal.ERROR_RATE, ""]
    assert isinstance(absent, NoData)
    assert absent.kind is Absence.NO_DENOMINATOR
    assert "Sentry.metrics.count" in absent.reason
    assert found[Signal.EXTENSION_CRASHES, ""] == Events(0)


def test_what_every_update_brings_is_no_crash_and_no_text(world):
    world.use("1.3.0", users=2, failing=0)
    world.fail("1.3.0", "Extension context invalidated.")
    world.fail("1.3.0", "shelf is undefined \u202e" + "x" * 900)
    assert world.read()[Signal.EXTENSION_CRASHES, ""] == Events(1)
    (text,) = world.source.error_texts(NEW, world.interval())
    assert text.startswith("Error: shelf is undefined")
    assert len(text) < 410
    assert text.isprintable()
    assert world.source.error_texts(OLD, world.interval()) == []


def test_a_releases_name_is_never_part_of_the_search(world):
    world.count("1.3.0", {"ok": 5})
    hostile = world.a_source(release_name='shelf@1.3.0" OR release:"shelf@{version}')
    ((_, absent),) = error_rates(world, source=hostile)
    assert isinstance(absent, NoData)


@pytest.mark.parametrize("kind", ["sessions", "spans", "counters"])
def test_a_poll_of_a_version_costs_few_calls(world, kind):
    world.use("1.3.0", users=4, failing=1)
    if kind != "sessions":
        world.span("1.3.0", number=4, failing=1)
    if kind == "counters":
        world.count("1.3.0", {"ok": 5, "error": 1})
    world.span("1.3.0", number=4, failing=1, request=True)
    world.samples()
    world.session.calls.clear()
    world.samples()
    assert world.session.calls.total() <= 6
    published = world.clock() - timedelta(minutes=10)
    world.source.read_overall(NEW, Interval(published, world.clock()))
    for seconds, questions in ((0, 0), (30, 0), (30, 1)):  # a minute is whole, or not yet
        world.clock.forward(seconds=seconds)
        world.session.calls.clear()
        world.source.read_overall(NEW, Interval(published, world.clock()))
        assert world.session.calls.total() == questions


@pytest.mark.parametrize("kind", ["spans", "counters"])
def test_a_release_and_its_baseline_are_asked_about_together(world, kind):
    for version, failing in (("1.3.0", 2), ("1.2.0", 1)):
        world.span(version, number=4, failing=failing)
        world.span(version, number=6, failing=failing, request=True)
        world.fail(version, "boom")
        if kind == "counters":
            world.count(version, {"ok": 5, "error": failing, "stale": failing})
    apart = [*world.samples(NEW), *world.samples(OLD)]
    world.session.calls.clear()
    alone = world.samples(NEW)
    asked = world.session.calls.total()
    world.session.calls.clear()
    together = world.source.read([NEW, OLD], world.interval())
    assert together == apart
    assert together[: len(alone)] == alone
    assert world.session.calls.total() == asked


def test_a_version_that_nobody_reports_yet_takes_nothing_from_its_baseline(world):
    world.count("1.2.0", {"ok": 5, "error": 1})
    world.fail("1.2.0", "boom", handled=True)
    found = {(s.version, s.signal): s.reading for s in world.source.read([NEW, OLD], world.interval()) if s.signal is Signal.ERROR_RATE}
    assert isinstance(found[NEW, Signal.ERROR_RATE], NoData)
    assert found[OLD, Signal.ERROR_RATE] == Counted(1, 6, "operations")


def test_outcomes_that_fill_the_answer_for_two_versions_are_asked_for_one_by_one(world):
    for version in ("1.2.0", "1.3.0"):
        world.count(version, {f"outcome-{n}": 1 for n in range(60)})
    found = [s.reading for s in world.source.read([NEW, OLD], world.interval()) if s.signal is Signal.ERROR_RATE]
    assert found == [Counted(0, 60, "users"), Counted(0, 60, "operations")] * 2


# All versions together


def test_reports_are_compared_with_the_same_time_of_earlier_weeks(world):
    world.past(weeks=[1, 2, 3, 4], a_minute=6)
    world.state.add_sessions(
        release="shelf@1.3.0", environment="production", started=world.clock() - timedelta(minutes=3), count=11, user="a"
    )
    found = world.overall()[Signal.SILENCE]
    assert found == Expected(11, pytest.approx(60), 1.0)


def test_silence_is_seen_though_nothing_is_reported_any_more(world):
    world.past(weeks=[1, 2, 3], a_minute=6)
    world.state.add_sessions(release="shelf@1.2.0", environment="production", started=world.clock() - timedelta(hours=3), count=11)
    assert world.overall()[Signal.SILENCE] == Expected(0, pytest.approx(60), 1.0)


def test_what_is_normal_only_grows_with_the_time_that_passes(world):
    world.past(weeks=[1, 2, 3, 4], a_minute=5, hours=8)
    world.state.add_sessions(release="shelf@1.2.0", environment="production", started=world.clock(), count=1)
    begin, expected = world.clock(), []
    for _ in range(10):
        world.clock.forward(minutes=17)
        interval = Interval(begin, world.clock())
        reading = next(s.reading for s in world.source.read_overall(NEW, interval) if s.signal is Signal.SILENCE)
        expected.append(reading.expected)
    assert expected == sorted(expected)
    assert expected[-1] == pytest.approx(5 * 170, rel=0.02)


def test_waves_are_no_silence(world):
    """Reports that come in bursts are far more scattered than their number says."""
    for week in (1, 2, 3, 4):
        for minute in range(-60, 60, 10):
            started = world.clock() - timedelta(weeks=week) + timedelta(minutes=minute)
            world.state.add_sessions(release="shelf@1.2.0", environment="production", started=started, count=50)
    world.use("1.2.0", users=1, failing=0)
    assert world.overall()[Signal.SILENCE].dispersion > 20


def test_without_two_earlier_weeks_silence_is_not_measurable(world):
    world.use("1.3.0", users=2, failing=0)
    world.past(weeks=[2], a_minute=6)
    absent = world.overall()[Signal.SILENCE]
    assert (absent.kind, "no history" in absent.reason) == (Absence.NOT_MEASURABLE, True)


@pytest.mark.parametrize("kind", ["counters", "spans"])
def test_counters_and_spans_tell_silence_too_but_not_of_steps_that_may_grow(world, kind):
    now = world.clock()
    report = {"counters": lambda: world.count("1.2.0", {"ok": 120}), "spans": lambda: world.span("1.2.0", number=120)}[kind]
    for week in (3, 2, 1, 0):
        for minute in (-25, -15, -5, 5, 15, 25) if week else (-5, -0.5):
            world.clock.moment = now - timedelta(weeks=week) + timedelta(minutes=minute)
            report()
    world.clock.moment = now
    found = world.overall(ahead=0)[Signal.SILENCE]
    assert found.count == 120  # the newest are still coming in
    assert found.expected == pytest.approx(12 * 7)  # 10 to 12 a minute: the hour around the first of them reaches beyond what was reported
    assert found.dispersion > 1


def test_whole_steps_only_where_steps_are_hours(clock):
    session = SentryWitness()
    with local_sentry(LocalSentry(clock), smallest_step_seconds=3600) as address:
        world = World(LocalSentry(clock), address, clock, session)
        world.use("1.3.0", users=2, failing=0)
        absent = world.overall()[Signal.SILENCE]
    assert "no whole step of 3600 s" in str(absent)
    session.close()


def test_users_of_a_day_stand_beside_the_same_weekday_and_never_inside_the_window(world):
    today = world.clock()
    for day in range(1, 36):
        for user in range(3 if day == 1 else 10 + day % 7):
            started = today - timedelta(days=day)
            world.state.add_sessions(release="shelf@1.2.0", environment="production", started=started, count=1, user=f"u{user}")
    assert world.overall()[Signal.ACTIVE_USERS].kind is Absence.NOT_MEASURABLE
    found = world.overall(minutes=2 * 1440)[Signal.ACTIVE_USERS]
    assert found == Daily(date(2026, 6, 30), 3, (11, 11, 11, 11))
    world.session.calls.clear()
    world.overall(minutes=2 * 1440)
    assert world.session.calls["sessions"] <= 6


def test_the_filter_that_drops_errors_is_said_first(world):
    world.state.filters_browser_extensions = True
    assert world.source.probe() == [FILTER_IS_ON]
