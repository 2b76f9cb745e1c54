"""The dashboard's pages over the real server and a filled database: what is done in one tab is done, and seen in the other."""

import csv
import io

import pytest
from contract.dashboard_world import TOKEN, served
from contract.gate_world import V, World
from dashboard_data import Filled, Moving, fill
from playwright.sync_api import expect

from browser.dashboard_visitor import PHONE, WIDE, barriers, overflow
from guard.config import Config
from guard.observing import snapshot
from guard.store.database import open_database

pytestmark = pytest.mark.browser

PATIENCE = 60_000


@pytest.fixture
def database(tmp_path):
    engine = open_database(f"sqlite:///{tmp_path / 'guard.db'}")
    yield engine
    engine.dispose()


@pytest.fixture
def stage(request, database, tmp_path):
    """The real server, over what the test asks for: filled with a year of guarding, or with texts of an enemy."""
    with served(fill(database, tmp_path, items=4, hostile=getattr(request, "param", False))) as site:
        yield site


@pytest.fixture
def rolled(store, clock, database, tmp_path):
    """A bad release in the local store, whose rollback waits for a yes."""
    config = Config.model_validate(
        {
            "state": str(tmp_path),
            "mode": "propose",
            "store": {"base_url": store.address.base_url, "update_url": store.address.update_url, "credentials": "none"},
            "watch": {"propagation_timeout_seconds": 2, "live_timeout_seconds": 120},
            "extension": [{"id": store.item.id, "publisher": store.item.publisher, "name": "shelf"}],
        }
    )
    world = World.open(store, clock, database, config)
    snapshot(world.engine, world.guarded)
    world.clock.forward(minutes=5)
    world.store.publish("1.3.0", a__js="bad")
    world.guarded.failing |= {"1.3.0"}
    return world


def log_in(page, name="Alice"):
    page.get_by_role("button", name="Log in").click()
    page.get_by_label("Your name").fill(name)
    page.get_by_label("Token").fill(TOKEN)
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Log out")).to_be_visible(timeout=PATIENCE)


@pytest.mark.parametrize("stage", [pytest.param(False, id="ordinary"), pytest.param(True, id="hostile")], indirect=True)
def test_every_page_of_a_filled_database(visitor, stage):
    """No complaint, no barrier, nothing executed, whatever stands in the database."""
    item, version = stage.filled.item.id, stage.get("/overview").json()["items"][0]["release"]["version"]
    pages = [
        "/",
        f"/items/{item}/releases/{version}",
        *(f"/history?tab={tab}" for tab in ("releases", "rollbacks", "incidents", "actions", "report")),
    ]
    for path in [*pages, *(f"/incidents/{incident}" for incident in (stage.filled.waiting, stage.filled.incidents[-1]))]:
        page = visitor.open(f"{stage.base}{path}")
        for viewport in (WIDE, PHONE):
            page.set_viewport_size(viewport)
            assert (path, overflow(page)) == (path, 0)
        assert (path, barriers(page)) == (path, [])
        assert page.locator("#page script, #page iframe, #page img:not([src^='/api/v1/items/'])").count() == 0
        page.close()


def test_what_is_done_in_one_tab_is_seen_in_the_other(visitor, stage):
    address = f"{stage.base}/incidents/{stage.filled.waiting}"
    mine = visitor.open(address)
    log_in(mine, "zoë 李")
    other = visitor.open(address)
    entries = other.locator(".timeline li")
    before = entries.count()
    mine.get_by_role("button", name="Note").click()
    mine.locator("dialog [name=text]").fill("<b>users</b> write to support")
    mine.locator("dialog button[type=submit]").click()
    for page in (mine, other):
        expect(page.locator(".timeline li").nth(before)).to_contain_text("<b>users</b> write to support", timeout=PATIENCE)
        expect(page.locator(".timeline li").nth(before)).to_contain_text("zoë 李")
    mine.get_by_role("checkbox", name="count the affected users").click()
    mine.locator("dialog [name=evidence]").fill("525, says Sentry")
    mine.locator("dialog button[type=submit]").click()
    expect(other.locator(".checklist li.done", has_text="count the affected users")).to_contain_text("525, says Sentry", timeout=PATIENCE)
    mine.get_by_role("button", name="Assign: communications lead").click()
    mine.locator("dialog button[type=submit]").click()
    expect(other.locator(".roles div", has_text="communications lead")).to_contain_text("zoë 李", timeout=PATIENCE)
    mine.get_by_role("button", name="Acknowledge").click()
    mine.locator("dialog button[type=submit]").click()
    expect(other.locator(".facts")).to_contain_text("acknowledged by zoë 李", timeout=PATIENCE)
    assert other.locator("main").get_by_role("button").count() == 0  # who has not logged in looks on


def test_a_pause_holds_until_it_is_resumed(visitor, stage):
    mine = visitor.open(stage.base)
    log_in(mine)
    other = visitor.open(stage.base)
    mine.get_by_role("button", name="Pause everything").click()
    mine.locator("dialog [name=reason]").fill("the store has an outage")
    mine.locator("dialog button[type=submit]").click()
    banner = other.locator(".banner", has_text="the store has an outage")
    expect(banner).to_contain_text("all extensions", timeout=PATIENCE)
    assert [pause.reason for pause in stage.filled.engine.orders.pauses() if pause.item is None] == ["the store has an outage"]
    mine.locator(".banner", has_text="the store has an outage").get_by_role("button", name="Resume").click()
    mine.locator("dialog button[type=submit]").click()
    expect(banner).to_have_count(0, timeout=PATIENCE)


def test_a_session_is_no_secret_of_a_script_and_ends_with_the_logout(visitor, stage):
    page = visitor.open(stage.base)
    log_in(page)
    assert page.evaluate("document.cookie") == ""
    (cookie,) = page.context.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("button", name="Log in")).to_be_visible(timeout=PATIENCE)
    assert page.context.cookies() == []


def test_filters_and_downloads_of_the_history(visitor, stage):
    page = visitor.open(f"{stage.base}/history")
    page.get_by_label("State").select_option("bad")
    page.wait_for_url("**/history?state=bad")
    total = len(stage.get("/releases?state=bad").json()["rows"])
    expect(page.locator("tbody tr")).to_have_count(total, timeout=PATIENCE)
    with page.expect_download() as downloading:
        page.get_by_role("link", name="CSV").click()
    rows = list(csv.DictReader(io.StringIO(downloading.value.path().read_text(encoding="utf-8-sig"))))
    assert {row["state"] for row in rows} == {"bad"}
    assert len(rows) == total
    document = page.request.get(f"{stage.base}{page.get_by_role('link', name='JSON').get_attribute('href')}")
    assert document.json()["total"] == total


def test_a_filter_that_makes_no_sense_can_be_left(visitor, stage):
    page = visitor.raw(f"{stage.base}/history?limit=nonsense")
    page.wait_for_selector("text=This page cannot be shown")
    page.get_by_role("link", name="Clear filters").click()
    expect(page.locator("tbody tr").first).to_be_visible(timeout=PATIENCE)
    visitor.forgive("422")


def test_a_list_is_read_part_by_part(visitor, stage):
    page = visitor.open(f"{stage.base}/history?limit=2")
    first = page.locator("tbody th").all_inner_texts()
    page.get_by_role("button", name="Next").click()
    page.wait_for_url("**after=*")
    expect(page.get_by_role("button", name="To the beginning")).to_be_visible(timeout=PATIENCE)
    assert page.locator("tbody tr").count() == 2
    page.get_by_role("button", name="To the beginning").click()
    expect(page.get_by_role("button", name="To the beginning")).to_have_count(0, timeout=PATIENCE)
    assert page.locator("tbody th").all_inner_texts() == first


def test_a_replay_under_another_threshold(visitor, stage):
    version = stage.get("/overview").json()["items"][0]["release"]["version"]
    page = visitor.open(f"{stage.base}/items/{stage.filled.item.id}/releases/{version}")
    headline = page.locator(".answer .headline")
    expect(headline).to_contain_text("decided at", timeout=PATIENCE)
    configured = headline.inner_text()
    page.get_by_role("slider", name="Error rate").press("End")
    expect(headline).not_to_have_text(configured, timeout=PATIENCE)
    result = stage.get(f"/items/{stage.filled.item.id}/releases/{version}/replay?error_rate=0.5").json()
    assert result["decided_at"][11:19] in headline.inner_text()


class TestApproving:
    """A rollback that is approved in the browser really runs, against the local store."""

    @pytest.fixture
    def stage(self, rolled):
        incident = rolled.gate().incident
        filled = Filled(rolled.engine, Moving(), rolled.engine.config, incident.id, (incident.id,))
        with served(filled) as site:
            yield site

    def test_it_runs_and_both_tabs_see_its_steps(self, visitor, stage, rolled):
        mine = visitor.open(stage.base)
        log_in(mine, "zoë 李")
        other = visitor.open(f"{stage.base}/incidents/{stage.filled.waiting}")
        mine.get_by_role("button", name="See the plan and approve").click()
        dialog = mine.get_by_role("dialog")
        expect(dialog).to_contain_text("put the code of 1.2.0 back in place of 1.3.0, as version 1.3.0.1", timeout=PATIENCE)
        assert rolled.store.rollbacks() == []
        dialog.get_by_role("checkbox").press("Space")
        dialog.get_by_role("button", name="Roll back now").click()
        expect(dialog).to_have_count(0, timeout=PATIENCE)
        expect(other.locator(".rollback > p .sign").first).to_have_text("completed", timeout=PATIENCE)
        assert other.locator(".steps li.done").count() == 6
        expect(other.locator(".timeline")).to_contain_text("zoë 李")
        expect(other.locator(".banner.ask")).to_have_count(0)
        expect(mine.locator(".banner.ask")).to_have_count(0, timeout=PATIENCE)
        assert rolled.store.rollbacks() == [V("1.3.0.1")]

    def test_it_can_be_called_off(self, visitor, stage, rolled):
        page = visitor.open(f"{stage.base}/incidents/{stage.filled.waiting}")
        log_in(page)
        page.get_by_role("button", name="Call the rollback off").click()
        page.locator("dialog [name=why]").fill("a fix is out")
        page.locator("dialog button[type=submit]").click()
        expect(page.locator(".timeline")).to_contain_text("called off", timeout=PATIENCE)
        expect(page.get_by_role("button", name="See the plan and approve")).to_have_count(0)
        assert rolled.store.rollbacks() == []
