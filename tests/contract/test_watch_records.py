"""What a watch sees and judges, in the store of record: written as upserts, by as many watchers as there are; on both databases."""

import dataclasses
import threading
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy
import sqlalchemy.event
import sqlalchemy.exc
from sqlalchemy import select

from guard.judge.verdict import Reason, SignalVerdict, Verdict
from guard.model import Signal
from guard.outcome import Outcome
from guard.store.check_reports import CheckReports
from guard.store.looks import LookRecord, Looks
from guard.store.schema_watch import check_reports, looks, standings
from guard.store.standings import RECENT_POINTS, Point, SignalStanding, Standings
from healthchecks.result import CheckName, CheckReport, CheckResult, CheckStatus, Finding
from webstore.models import Item
from webstore.versions import Version

V = Version.parse
ITEM, OTHER = Item("publisher", "a" * 32), Item("publisher", "b" * 32)
FOUND = SignalVerdict(Signal.ERROR_RATE, Verdict.INCONCLUSIVE, "3 of 812 users on 1.3.0 failed", 3, 812, 0.25, reason=Reason.NEAR_THRESHOLD)


def a_standing(clock, item=ITEM, release="1.3.0", version=None, **changes):
    found = dataclasses.replace(FOUND, **changes)
    recent = (Point(clock(), found.failures, found.total),)
    return SignalStanding(item, V(release), V(version or release), found, 0.05, recent, clock())


def a_look(clock, item=ITEM, outcome=Outcome.HEALTHY, seconds=0.5, **changes):
    return LookRecord(item, "1.3.0", outcome, "all is well", clock(), seconds, **changes)


def test_a_verdict_comes_back_equal_the_release_before_its_baseline(database, clock):
    kept = Standings(database)
    ours = a_standing(clock)
    advice = dataclasses.replace(ours, found=SignalVerdict(Signal.RESPONSE_TIME, Verdict.NO_DATA, "none", is_measured=False), limit=None)
    advice = dataclasses.replace(advice, recent=(Point(clock(), 1.75, None),))
    theirs = a_standing(clock, version="1.2.0", verdict=Verdict.BREACH, failures=9)
    kept.record([theirs, advice, ours])
    assert kept.of(ITEM, V("1.3.0")) == [ours, advice, theirs]
    assert [standing.is_of_release for standing in kept.of(ITEM, V("1.3.0"))] == [True, True, False]
    assert kept.of(ITEM, V("1.2.0")) == kept.of(OTHER, V("1.3.0")) == []
    kept.record([])


def test_an_older_verdict_never_overwrites_a_newer_one(database, clock):
    kept = Standings(database)
    old = a_standing(clock, failures=1)
    clock.forward(seconds=30)
    new = a_standing(clock, failures=2)
    kept.record([new])
    kept.record([old])
    assert kept.of(ITEM, V("1.3.0")) == [new]
    same_moment = dataclasses.replace(new, found=dataclasses.replace(FOUND, failures=3))
    kept.record([same_moment])
    assert kept.of(ITEM, V("1.3.0")) == [same_moment]


def test_only_the_newest_points_and_a_bounded_sentence_are_kept(database, clock):
    points = tuple(Point(clock() + timedelta(seconds=number), number, number) for number in range(RECENT_POINTS + 5))
    hostile = "\0\ud800<script>" + "x" * 100_000
    Standings(database).record([dataclasses.replace(a_standing(clock, evidence=hostile), recent=points)])
    (standing,) = Standings(database).of(ITEM, V("1.3.0"))
    assert standing.recent == points[-RECENT_POINTS:]
    assert standing.found.evidence.startswith(" ?<script>x")
    assert len(standing.found.evidence) < 5000


def test_the_newest_of_many_items_takes_as_many_statements_as_of_one(database, clock):
    kept, items = Standings(database), [Item("publisher", f"{number:032d}") for number in range(150)]
    for release in ("1.9.0", "1.10.0"):
        kept.record([a_standing(clock, item, release, failures=number) for number, item in enumerate(items)])
        kept.record([a_standing(clock, item, release, "1.1.0") for item in items])
        clock.forward(minutes=1)
    statements = []
    sqlalchemy.event.listen(database, "before_cursor_execute", lambda _c, _cursor, text, *_rest: statements.append(text))
    found = kept.newest([*items, OTHER])
    assert len(statements) == 2
    assert set(found) == set(items)
    for number, item in enumerate(items):
        assert [(str(one.release), str(one.version), one.found.failures) for one in found[item]] == [
            ("1.10.0", "1.10.0", number),
            ("1.10.0", "1.1.0", 3),
        ]
    assert kept.newest([]) == {}


def test_looks_are_counted_and_the_newest_is_shown(database, clock):
    kept = Looks(database)
    assert kept.find(ITEM) is None
    late = a_look(clock, seconds=8.0, outcome=Outcome.HELD)
    clock.forward(seconds=30)
    plan = {"strategy": "ROLLBACK", "held_because": ["the mode is propose"], "steps": ["x" * 100_000, "\0"]}
    newest = a_look(clock, outcome=Outcome.FAILED, plan=plan)
    kept.record(newest)
    kept.record(late)
    found = kept.find(ITEM)
    assert (found.looks, found.failed_looks, found.seconds_sum) == (2, 1, 8.5)
    assert dataclasses.replace(found.last, plan=None) == dataclasses.replace(newest, plan=None)
    assert found.last.plan["held_because"] == plan["held_because"]
    assert len(found.last.plan["steps"][0]) < 3000
    clock.forward(seconds=30)
    kept.record(a_look(clock))
    kept.record(a_look(clock, OTHER))
    assert kept.find(ITEM).last.plan is None
    assert [(totals.last.item, totals.looks) for totals in kept.all()] == [(ITEM, 3), (OTHER, 1)]


def test_a_look_and_the_verdicts_that_it_changed_are_written_together_or_not_at_all(database, clock):
    kept, judged = Looks(database), [a_standing(clock)]
    with pytest.raises(sqlalchemy.exc.SQLAlchemyError):
        kept.record(dataclasses.replace(a_look(clock), looked_at=None), judged)  # type: ignore[arg-type]
    assert Standings(database).of(ITEM, V("1.3.0")) == []
    kept.record(a_look(clock), judged)
    assert Standings(database).of(ITEM, V("1.3.0")) == judged


def test_looks_of_many_watchers_at_once_are_all_counted(database, clock):
    kept, start, moment = Looks(database), threading.Barrier(6), clock()

    def watch(number):
        start.wait()
        for turn in range(10):
            at = moment + timedelta(seconds=10 * turn + number)
            judged = dataclasses.replace(a_standing(clock, failures=10 * turn + number), judged_at=at)
            kept.record(dataclasses.replace(a_look(clock), looked_at=at, sentence=str(at)), [judged])

    threads = [threading.Thread(target=watch, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = kept.find(ITEM)
    assert (found.looks, found.seconds_sum) == (60, pytest.approx(30.0))
    assert found.last.sentence == str(moment + timedelta(seconds=95))
    assert [one.found.failures for one in Standings(database).of(ITEM, V("1.3.0"))] == [95]


def a_report(state, version="1.3.0", **changes):
    folder = state / "runs" / "today" / "checks" / version
    shots = (folder / "new" / "ui-popup.png", Path("/etc/passwd"), folder / ".." / ".." / "secret.png")
    finding = Finding("x", "<b>boom\0</b>" + "y" * 100_000)
    result = CheckResult(
        CheckName.UI, CheckStatus.FAILED, (finding,) * 1000, screenshots=shots, trace=folder / "new" / "trace.zip", **changes
    )
    return CheckReport(version, version, (result, CheckResult(CheckName.LOAD, CheckStatus.PASSED))), folder


def test_the_newest_report_of_a_version_is_kept_bounded_with_its_pictures_beside_it(database, clock, tmp_path):
    kept = CheckReports(database, tmp_path)
    report, folder = a_report(tmp_path)
    kept.record(ITEM, report, folder, clock())
    found = kept.find(ITEM, V("1.3.0"))
    ui, load = found.report["checks"]
    assert (found.report["status"], ui["status"], load["status"]) == ("failed", "failed", "passed")
    assert (found.evidence, ui["screenshots"], ui["trace"]) == ("runs/today/checks/1.3.0", ["new/ui-popup.png"], "new/trace.zip")
    assert len(ui["findings"]) == len(ui["details"]) == 200
    assert ui["findings"][0].startswith("<b>boom </b>yyy")
    assert all(len(text) < 3000 for text in ui["findings"])
    assert found.checked_at == clock()
    kept.record(ITEM, CheckReport("1.3.0", "1.3.0", ()), folder, clock() - timedelta(seconds=1))
    assert kept.find(ITEM, V("1.3.0")) == found
    kept.record(ITEM, CheckReport("1.3.0", "1.3.0", ()), Path("/elsewhere"), clock() + timedelta(seconds=1))
    assert (kept.find(ITEM, V("1.3.0")).report["checks"], kept.find(ITEM, V("1.3.0")).evidence) == ([], "")
    assert kept.find(OTHER, V("1.3.0")) is None


def test_every_look_of_a_real_watch_can_be_counted_without_its_tables_growing(database, clock):
    for _ in range(3):
        Looks(database).record(a_look(clock), [a_standing(clock)])
        clock.forward(seconds=30)
    with database.connect() as connection:
        counted = [len(connection.execute(select(table)).all()) for table in (standings, looks, check_reports)]
    assert counted == [1, 1, 0]


def test_an_overview_takes_fewer_points_evenly_with_the_newest_and_may_leave_baselines_out(database, clock):
    points = tuple(Point(clock() + timedelta(seconds=number), number, number) for number in range(20))
    kept = Standings(database)
    kept.record([dataclasses.replace(a_standing(clock, version=version), recent=points) for version in ("1.3.0", "1.2.0")])
    for most, wanted in ((1, [19]), (5, [3, 7, 11, 15, 19]), (15, list(range(1, 20, 2))), (30, list(range(20)))):
        (mine,) = kept.newest([ITEM], points=most, with_baselines=False)[ITEM]
        assert [point.total for point in mine.recent] == wanted
    assert len(kept.newest([ITEM])[ITEM]) == 2


def test_keys_that_are_asked_for_may_hold_anything(database, clock):
    strange = [Item("pub'; DROP TABLE standings; --", 'a"b'), Item("[1]", "$[0]"), Item("漢字", "\\u0041")]
    Standings(database).record([a_standing(clock, item) for item in strange])
    assert set(Standings(database).newest([*strange, ITEM])) == set(strange)


def test_the_newest_are_found_by_an_index_whatever_else_is_there(database, clock):
    """A scan of the table is a second with the years of a team in it."""
    statements = []
    sqlalchemy.event.listen(database, "before_cursor_execute", lambda _c, _cursor, text, given, *_rest: statements.append((text, given)))
    Standings(database).record([a_standing(clock)])
    statements.clear()
    Standings(database).newest([ITEM])
    asked = list(statements)
    assert len(asked) == 2
    with database.begin() as connection:
        if database.dialect.name == "postgresql":
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")  # a table of one row is scanned even where an index would do
        explain = "EXPLAIN QUERY PLAN " if database.dialect.name == "sqlite" else "EXPLAIN "
        plans = ["\n".join(str(row) for row in connection.exec_driver_sql(explain + text, given)) for text, given in asked]
    for plan in plans:
        assert "SCAN standings" not in plan, plan
        assert "Seq Scan on standings" not in plan, plan
        assert "standings" in plan
