"""The dashboard over what a rehearsal leaves behind: a bad release that was really checked, really rolled back and really came to an end."""

import pytest
from playwright.sync_api import expect

from browser.dashboard_visitor import PHONE, WIDE, barriers, overflow
from guard.cli.console import Console
from guard.config import load
from guard.dashboard.server import Dashboard, Settings
from guard.engine import Engine
from guard.rehearsal.scenarios import scenario
from guard.rehearsal.story import rehearse
from webstore.simulator.loopback import serve

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def rehearsed(tmp_path_factory):
    """The folder of a rehearsal."""
    folder = tmp_path_factory.mktemp("rehearsed")
    assert rehearse(scenario("bad-release"), folder, Console(json_wanted=True)).as_expected
    return folder


@pytest.fixture
def stage(rehearsed, monkeypatch):
    monkeypatch.chdir(rehearsed)
    engine = Engine.open(load(rehearsed / "release-guard.toml"))
    dashboard = Dashboard(engine, Settings())
    with serve(dashboard.app) as address:
        yield address
    dashboard.close(20)
    engine.database.dispose()


def test_every_page_tells_the_story_without_a_complaint(visitor, stage):
    overview = visitor.open(stage)
    expect(overview.locator(".status .headline")).to_contain_text("OPERATIONAL")
    expect(overview.locator(".card .version")).to_have_text("1.3.0.1")
    item = overview.locator(".card .version").get_attribute("href").split("/")[2]
    pages = [
        "/",
        f"/items/{item}/releases/1.3.0",
        f"/items/{item}/releases/1.3.0.1",
        f"/items/{item}/releases/1.2.0",
        "/incidents/INC-2026-0001",
    ]
    for path in [*pages, *(f"/history?tab={tab}" for tab in ("releases", "rollbacks", "incidents", "actions", "report"))]:
        page = visitor.open(stage + path)
        for viewport in (WIDE, PHONE):
            page.set_viewport_size(viewport)
            assert (path, overflow(page)) == (path, 0)
        assert (path, barriers(page)) == (path, [])
        page.close()


def test_the_release_page_shows_what_the_checks_saw(visitor, stage):
    overview = visitor.open(stage)
    item = overview.locator(".card .version").get_attribute("href").split("/")[2]
    page = visitor.open(f"{stage}/items/{item}/releases/1.3.0")
    expect(page.locator("section", has=page.locator("#checks")).last).to_contain_text("expected 12 in storage at 'books', found 0")
    words = page.locator(".marks li").all_inner_texts()
    assert [any(part in word for word in words) for part in ("breach", "rollback begun", "rollback done", "recovered")] == [True] * 4
    pictures = page.locator(".picture img")
    assert pictures.count() > 4
    pictures.last.scroll_into_view_if_needed()
    widths = pictures.evaluate_all(
        "(all) => Promise.all(all.map((img) => { img.loading = 'eager'; return img.decode().then(() => img.naturalWidth); }))"
    )
    assert min(widths) > 100
    expect(page.locator(".rollback .steps li.done")).to_have_count(6)
    expect(page.locator(".answer .headline")).to_contain_text("breach")


def test_who_may_only_look_is_told_how_to_get_rights(visitor, stage):
    page = visitor.open(f"{stage}/incidents/INC-2026-0001")
    assert "RELEASE_GUARD_DASHBOARD_TOKEN" in page.locator(".rights").inner_text()
    assert page.locator("main").get_by_role("button").count() == 0
