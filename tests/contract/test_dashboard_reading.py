"""What the dashboard's API says, on both databases: every question, held to the OpenAPI document, with the store out of reach."""

import csv
import io
import json
import threading
from urllib.parse import parse_qsl

import pytest
import sqlalchemy
from dashboard_data import HOSTILE, Filled, Moving, config_of, fill
from sqlalchemy import event

from contract.dashboard_world import served
from guard.dashboard.reading.lists import Reports
from guard.dashboard.reading.overview import overview
from guard.dashboard.reading.saying import Reader
from guard.engine import Engine
from guard.incidents.events import Language
from guard.model import Release, ReleaseState
from guard.store.glance import Glance
from webstore.versions import Version

V = Version.parse


def test_the_overview_says_how_every_extension_stands(site):
    found = site.get("/overview").json()
    by_name = {item["name"]: item for item in found["items"]}
    assert (found["status"], list(by_name)) == ("CRITICAL", ["shelf", "shelf-1", "shelf-2", "shelf-3", "shelf-4"])
    bad, restored, healthy = by_name["shelf"], by_name["shelf-1"], by_name["shelf-2"]
    assert (bad["release"]["version"], bad["release"]["state"], bad["baseline"], bad["release"]["deploy_percentage"]) == (
        "2.0.0",
        "bad",
        "1.9.0",
        50,
    )
    assert (bad["window_ends_at"], bad["waits_for_approval"], bad["drill"]["verdict"]) == (
        "2026-11-25T02:29:00.000Z",
        site.filled.waiting,
        "safe",
    )
    signals = {signal["signal"]: signal for signal in bad["signals"]}
    assert (signals["error_rate"]["verdict"], signals["error_rate"]["limit"], len(signals["error_rate"]["recent"])) == ("breach", 0.05, 10)
    assert {signal["version"] for signal in bad["signals"]} == {"2.0.0"}
    assert [(check["check"], check["status"]) for check in bad["checks"]] == [
        ("load", "passed"),
        ("ui", "failed"),
        ("extraction", "not_configured"),
    ]
    assert (bad["look"]["outcome"], healthy["look"]["outcome"], healthy["open_incidents"]) == ("held", "healthy", [])
    assert (restored["release"]["version"], restored["release"]["restores"], restored["signals"]) == ("2.0.0.1", "1.9.0", [])
    assert (restored["automatic_rollbacks_today"], restored["max_automatic_rollbacks_a_day"]) == (1, 3)
    worst_first = [(incident["severity"], incident["commander"]) for incident in found["incidents"]]
    assert worst_first == [("P0", "ann"), ("P1", "ann"), ("P1", "ann")]
    assert {clock["kind"] for clock in found["incidents"][0]["clocks"]} == {"respond", "resolve"}
    assert [(pause["item_name"], pause["by"]) for pause in found["paused"]] == [("shelf-1", "ann")]
    assert [(watcher["role"], watcher["is_alive"]) for watcher in found["watchers"]] == [("watch", True)]


def test_words_come_in_the_language_that_is_asked_for_and_names_stay(site):
    english, chinese = (site.get(f"/incidents/{site.filled.waiting}?lang={lang}").json() for lang in ("en", "zh-TW"))
    assert (english["title"], chinese["title"]) == ("2.0.0: error rate over its limit", "2.0.0：錯誤率超出門檻")
    assert [entry["kind"] for entry in english["timeline"]] == [entry["kind"] for entry in chinese["timeline"]]
    assert chinese["roles"][0]["words"] == "事件指揮官"
    assert (english["state"], english["severity"]) == (chinese["state"], chinese["severity"])


def test_the_release_page_has_the_window_as_curves_with_band_marks_and_both_versions_checks(site):
    found = site.get("/items/shelf/releases/2.0.0").json()
    errors = next(plot for plot in found["plots"] if plot["signal"] == "error_rate")
    release, baseline = errors["series"]
    assert (errors["unit"], errors["limit"], release["role"], baseline["role"], baseline["version"]) == (
        "sessions",
        0.05,
        "release",
        "baseline",
        "1.9.0",
    )
    assert 2 <= len(release["points"]) <= 60
    assert all(point["low"] <= point["rate"] <= point["high"] for point in release["points"])
    totals = [point["total"] for point in release["points"]]
    assert totals == sorted(totals)
    assert release["points"][-1]["low"] > 0.05 > baseline["points"][-1]["low"]
    assert [mark["kind"] for mark in found["marks"]] == ["published", "breach"]
    assert {signal["version"] for signal in found["baseline_signals"]} == {"1.9.0"}
    assert [report["version"] for report in found["checks"]] == ["2.0.0", "1.9.0"]
    assert (found["plan"]["strategy"], found["plan"]["held_because"]) == ("ROLLBACK", ["the mode is propose, so a person says yes"])
    assert found["incidents"][0]["id"] == site.filled.waiting
    by_id = site.get(f"/items/{site.filled.item.id}/releases/2.0.0").json()
    assert {**by_id, "at": ""} == {**found, "at": ""}
    rolled = site.get("/items/shelf-1/releases/2.0.0").json()
    assert [mark["kind"] for mark in rolled["marks"]] == ["published", "breach", "rollback_begun", "rollback_done", "window_over"]
    assert [step["state"] for step in rolled["rollbacks"][0]["steps"]] == ["done"] * 6


def test_a_picture_of_a_check_is_given_from_the_state_folder_and_from_nowhere_else(site, tmp_path):
    report = site.get("/items/shelf/releases/2.0.0").json()["checks"][0]
    (picture,) = [picture for check in report["checks"] for picture in check["pictures"]]
    answer = site.ask("GET", picture["address"])
    assert (answer.status_code, answer.headers["content-type"], answer.content[:4]) == (200, "image/png", b"\x89PNG")
    for number in ("1", "-1", "x", "99999999999"):
        assert site.get(f"/items/shelf/releases/2.0.0/pictures/{number}").status_code == 404
    outside = tmp_path.parent / "outside.png"
    outside.write_bytes(answer.content)
    with site.filled.engine.database.begin() as connection:
        connection.execute(sqlalchemy.text("UPDATE check_reports SET evidence = '..'"))
        row = connection.execute(sqlalchemy.text("SELECT report FROM check_reports LIMIT 1")).scalar_one()
        text = row if isinstance(row, str) else json.dumps(row)
        connection.execute(
            sqlalchemy.text("UPDATE check_reports SET report = :report"), {"report": text.replace("popup.png", "outside.png")}
        )
    assert site.ask("GET", picture["address"]).status_code == 404


def test_replay_says_what_other_thresholds_would_have_decided_and_refuses_those_that_make_no_sense(site):
    strict = site.get("/items/shelf/releases/2.0.0/replay?error_rate=0.02").json()
    lax = site.get("/items/shelf/releases/2.0.0/replay?error_rate=0.6&against_baseline=0&api_failures=0.8&crashes_per_hour=99999").json()
    assert (strict["verdict"], strict["strategy"], strict["thresholds"]["error_rate"]) == ("breach", "ROLLBACK", 0.02)
    assert (lax["verdict"], lax["strategy"]) == ("healthy", None)
    assert strict["seconds_after_publish"] > 0
    assert max(height for _, height in strict["curve"]) >= strict["needed"]
    assert max(height for _, height in lax["curve"]) < lax["needed"] == 2.0
    for query in ("error_rate=0", "error_rate=nan", "error_rate=x", "no_such=1", "error_rate=0.1&error_rate=0.2", "beta=2"):
        assert site.get(f"/items/shelf/releases/2.0.0/replay?{query}").status_code == 422, query
    assert site.get("/items/shelf/releases/1.2.0/replay").status_code == 404  # nothing was read of it
    for path in (
        "/items/shelf/releases/9.9.9",
        "/items/nobody/releases/2.0.0",
        "/items/shelf/releases/no-version",
        "/items/shelf/releases/%00",
    ):
        assert site.get(path).status_code in {400, 404}, path


def test_the_incident_page_says_what_a_person_may_do_to_it(site):
    waiting = site.get(f"/incidents/{site.filled.waiting}").json()
    assert set(waiting["may"]) == {"note", "acknowledge", "assign", "tick", "approve", "abort", "resolve", "false_alarm"}
    assert (waiting["proposal"]["target"], waiting["proposal"]["new_version"], waiting["rollback"]) == ("1.9.0", "2.0.0.1", None)
    told = [(message["state"], message["last_words"]) for message in waiting["messages"]]
    assert [one for one in told if one[1]] == [("sent", "the channel answered"), ("failed", "the channel answered")]
    assert {state for state, words in told if not words} == {"pending"}
    assert [(role["role"], role["holder"]) for role in waiting["roles"]][:2] == [("incident_commander", "ann"), ("technical_lead", "zoë")]
    assert waiting["plan"]["strategy"] == "ROLLBACK"
    closed = site.get("/incidents?state=closed&limit=1").json()["rows"][0]["id"]
    assert site.get(f"/incidents/{closed}").json()["may"] == ["note"]
    failed = site.get("/incidents?item=shelf-3&open=true").json()["rows"][0]["id"]
    page = site.get(f"/incidents/{failed}").json()
    assert "approve" not in page["may"]
    assert [step["state"] for step in page["rollback"]["steps"]] == ["done", "done", "failed", "pending", "pending", "pending"]
    assert site.get(f"/incidents/{failed.lower()}").status_code == 200
    assert site.get("/incidents/INC-1999-0001").status_code == 404
    text = site.get(f"/incidents/{failed}/postmortem?lang=zh-TW")
    assert (text.headers["content-type"], "事後檢討" in text.text) == ("text/markdown; charset=utf-8", True)


LISTS = [
    ("releases", {"item": "shelf", "state": "good"}),
    ("rollbacks", {"state": "completed"}),
    ("incidents", {"item": "shelf-1", "severity": "P2"}),
    ("actions", {"owner": "bob", "state": "open"}),
]


@pytest.mark.parametrize(("name", "filters"), LISTS, ids=[name for name, _ in LISTS])
def test_a_list_is_the_same_in_parts_and_whole_filtered_and_as_csv(site, name, filters):
    whole = site.get(f"/{name}", params={"limit": 1000}).json()
    assert (whole["total"], whole["next"]) == (len(whole["rows"]), None)
    parts, query = [], "limit=2"
    while query is not None:
        part = site.get(f"/{name}?{query}").json()
        parts += part["rows"]
        assert part["total"] == whole["total"]
        query = part["next"]
    assert parts == whole["rows"]
    key = "id" if name != "releases" else None
    if key:
        assert len({row[key] for row in parts}) == len(parts)

    chosen = site.get(f"/{name}", params={**filters, "limit": 1}).json()
    assert 0 < chosen["total"] < whole["total"]
    if chosen["next"]:
        assert filters.items() <= dict(parse_qsl(chosen["next"])).items()
    text = site.get(f"/{name}", params={**filters, "format": "csv"})
    assert text.headers["content-disposition"].endswith(f"{name}.csv")
    rows = list(csv.DictReader(io.StringIO(text.content.decode("utf-8-sig"))))
    assert len(rows) == chosen["total"]
    assert set(rows[0]) == set(chosen["rows"][0])
    for wrong in ("limit=0", "limit=1001", "state=nonsense", "after=nothing-there", "format=xml"):
        assert site.get(f"/{name}?{wrong}").status_code == 422, wrong


def test_releases_come_newest_first_and_incidents_too(site):
    times = [row["first_seen_at"] for row in site.get("/releases?limit=1000").json()["rows"]]
    assert times == sorted(times, reverse=True)
    opened = [row["opened_at"] for row in site.get("/incidents?limit=1000").json()["rows"]]
    assert opened == sorted(opened, reverse=True)
    overdue = site.get("/actions?overdue=true").json()["rows"]
    assert [(row["title"], row["is_overdue"]) for row in overdue] == [("test the popup in German (0)", True)]


def test_the_report_counts_every_day(site):
    found = site.get("/report?days=30").json()
    assert sum(sum(day["counts"].values()) for day in found["by_day"]) == found["report"]["incidents"]["total"] > 0
    assert site.get("/report?days=0").status_code == 422
    english, chinese = (site.get(f"/report?days=366&lang={lang}").json()["report"]["recommendations"] for lang in ("en", "zh-TW"))
    assert [one["rule"] for one in english] == [one["rule"] for one in chinese] != []
    assert all(one["advice"] != other["advice"] for one, other in zip(english, chinese, strict=True))


def test_a_report_that_takes_long_keeps_nobody_from_looking(site, monkeypatch):
    begun, go_on = threading.Event(), threading.Event()
    make = Reports._make

    def slow(*arguments):
        begun.set()
        assert go_on.wait(60)
        return make(*arguments)

    monkeypatch.setattr(Reports, "_make", slow)
    codes = []
    threads = [threading.Thread(target=lambda: codes.append(site.get("/report?days=7").status_code)) for _ in range(12)]
    for thread in threads:
        thread.start()
    assert begun.wait(60)
    assert site.get("/overview").status_code == 200
    go_on.set()
    for thread in threads:
        thread.join(60)
    assert codes == [200] * 12


def test_no_spreadsheet_reckons_with_what_somebody_wrote(database, tmp_path):
    with served(fill(database, tmp_path, items=2, hostile=True)) as site:
        for name, _ in LISTS:
            text = site.get(f"/{name}?format=csv&limit=1000").content.decode("utf-8-sig")
            cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
            assert cells
            assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))]
        assert "HYPERLINK" in str([site.get(f"/{name}?limit=1000").text for name, _ in LISTS])
        for incident in site.filled.incidents:
            assert site.get(f"/incidents/{incident}").status_code == 200
        assert site.get("/overview").json()["items"][0]["look"]["sentence"].endswith(HOSTILE)


def test_an_empty_database_is_no_trouble(database, tmp_path):
    config = config_of(tmp_path, 2)
    with served(Filled(Engine(config, database), Moving(), config, "", ())) as site:
        found = site.get("/overview").json()
        assert (found["status"], [item["release"] for item in found["items"]], found["watchers"]) == ("OPERATIONAL", [None, None], [])
        for path in ("/releases", "/rollbacks", "/incidents", "/actions"):
            assert site.get(path).json() == {"total": 0, "next": None, "rows": []}
        assert site.get("/report").status_code == 200


def test_the_overview_asks_the_same_number_of_questions_however_many_extensions_there_are(database, tmp_path):
    counts = []
    fill(database, tmp_path, items=7)
    asked = []
    event.listen(database, "before_cursor_execute", lambda *arguments: asked.append(arguments[2]))
    for items in (1, 3, 7):
        config = config_of(tmp_path, items)
        asked.clear()
        found = overview(Engine(config, database), Reader(config, Language.ENGLISH))
        assert len(found.items) == items
        assert all(item.release and item.baseline for item in found.items)
        counts.append(len(asked))
    assert len(set(counts)) == 1
    assert counts[0] < 20


def test_the_baseline_on_the_overview_is_the_one_that_a_rollback_would_go_back_to(filled):
    engine, item = filled.engine, filled.item
    for version, state, minutes in (
        ("2.1.0", ReleaseState.WATCHED, 30),
        ("2.0.5", ReleaseState.GOOD, 40),
    ):  # 2.0.5 is seen last, and is no newer
        filled.clock.at = filled.clock.at.replace(minute=minutes)
        engine.releases.record(Release(item, V(version), filled.clock.at, state=state))
    newest = Glance(engine.database, engine.now).newest()
    assert len(newest) == 5
    for known, found in newest.items():
        expected = engine.releases.all(known)[0]
        baseline = engine.releases.baseline_of(known, expected.version)
        assert (found.release.version, found.baseline and found.baseline.version) == (expected.version, baseline and baseline.version)
