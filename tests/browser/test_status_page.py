"""The status page in a real Chromium: for everybody, on every screen, without a script, and without a complaint."""

import functools
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from contract.status_world import READER, SHELF, a_config, an_engine, looked, ninety_days, opened, seen

from browser.dashboard_visitor import PHONE, WIDE, barriers, overflow, visiting
from guard.incidents.events import Language
from guard.severity import Severity
from guard.statuspage.gathering import gather
from guard.statuspage.writing import write
from guard.store.database import default_url, open_database

pytestmark = pytest.mark.browser

HOSTILE = "<script>document.title='run'</script>\" onmouseover=\"x \u202egnp \u2066" + "W" * 300
SCENES = {
    "good": {"names": ("Bookshelf",), "open_now": ()},
    "degraded": {},
    "outage": {"open_now": (Severity.P0, Severity.P2), "asleep": (READER,)},
    "asleep": {"names": ("Bookshelf",), "open_now": (), "asleep": (SHELF,)},
    "hostile": {"names": (HOSTILE, "מדף ספרים"), "open_now": (Severity.P0,)},
}


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format, *args):  # noqa: A002 - as it is called there
        """A test's log is no place for requests."""


@pytest.fixture(scope="module")
def public(tmp_path_factory):
    """Every scene in every language as a folder of its own; that folder."""
    folder = tmp_path_factory.mktemp("status")
    for name, scene in SCENES.items():
        names = {"names": scene["names"]} if "names" in scene else {}
        database = open_database(default_url(folder / name))
        played = {option: value for option, value in scene.items() if option != "names"}
        status = gather(ninety_days(database, a_config(folder / name, **names), **played))
        for language in Language:
            write(status, folder / f"{name}-{language.value}", language)
        database.dispose()
    return folder


@pytest.fixture(scope="module")
def address(public):
    """A web server that knows nothing but files."""
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(public))) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def visitor(chromium):
    with visiting(chromium) as visitor:
        yield visitor
    assert visitor.faults == []


@pytest.mark.parametrize("page", ["index", "history"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("scene", SCENES)
def test_no_barrier_no_complaint_and_nothing_sticks_out(visitor, address, scene, scheme, page):
    for language, viewport in zip(Language, (WIDE, PHONE), strict=True):
        opened = visitor.raw(f"{address}/{scene}-{language.value}/{page}.html", viewport=viewport, scheme=scheme)
        for fold in opened.locator("summary").all():
            fold.click()
        assert barriers(opened) == []
        assert overflow(opened) <= 0
        assert opened.title() != "run"


def test_the_style_is_there_also_where_no_server_is(visitor, public):
    opened = visitor.raw((public / "good-en" / "index.html").as_uri())
    assert opened.locator("h1").evaluate("element => getComputedStyle(element).fontSize") != "32px"
    assert opened.locator(".banner").evaluate("element => getComputedStyle(element).display") == "flex"


def test_light_and_dark_are_both_there(visitor, address):
    shades = {
        scheme: visitor.raw(f"{address}/good-en/index.html", scheme=scheme).evaluate("getComputedStyle(document.body).backgroundColor")
        for scheme in ("light", "dark")
    }
    assert shades == {"light": "rgb(251, 252, 253)", "dark": "rgb(16, 21, 27)"}


def test_it_can_be_read_with_the_keyboard_alone(visitor, address):
    opened = visitor.raw(f"{address}/outage-en/index.html")
    reached = []
    for _ in range(40):
        opened.keyboard.press("Tab")
        reached.append(opened.evaluate("document.activeElement.tagName + ' ' + document.activeElement.textContent.trim().slice(0, 40)"))
        if reached[-1].startswith("SUMMARY"):
            break
    assert reached[-1] == "SUMMARY Days with problems (7)"
    opened.keyboard.press("Enter")
    assert opened.locator("details[open] tbody tr").count() == 7
    outline = opened.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"


def test_it_can_be_understood_in_grey(visitor, address):
    """Each condition has a shape of its own among the bars, and a sign and words of its own elsewhere."""
    opened = visitor.raw(f"{address}/outage-en/index.html")
    keys = opened.locator(".key li").all()
    shapes = {key.locator("path").get_attribute("d") for key in keys}
    words = [key.inner_text().strip() for key in keys]
    assert len(shapes) == len(keys) == 5
    assert words == ["serious problem", "problems for some users", "small problem", "works", "not known"]
    bars = (
        opened.locator(".bars")
        .first.locator("path")
        .evaluate_all("all => all.map(one => [one.getAttribute('class'), one.getBBox().height])")
    )
    heights = dict(bars)
    assert heights["d4"] > heights["d1"] > 0
    signs = opened.locator(".state").evaluate_all("all => all.map(one => one.querySelector('svg').innerHTML)")
    assert len(set(signs)) == len(signs) == 3


def test_a_reader_of_the_screen_hears_each_extension_once_and_not_ninety_times(visitor, address):
    opened = visitor.raw(f"{address}/degraded-en/index.html")
    heard = opened.locator("main").aria_snapshot()
    assert heard.count("img ") == 3
    assert 'img "Bookshelf, the last 90 days: available' in heard
    assert heard.count("2026: works") == 0


def test_the_way_from_an_incident_to_its_place_and_back(visitor, address):
    opened = visitor.raw(f"{address}/degraded-en/index.html")
    opened.get_by_role("link", name="Some users of Bookshelf run into problems").click()
    opened.wait_for_url("**/history.html#i-*")
    target = opened.locator(".incident:target")
    assert "The previous version is being put back." in target.inner_text()
    opened.get_by_role("link", name="Back to the status now").click()
    opened.wait_for_url("**/index.html")


def test_the_page_of_a_hundred_extensions_stays_usable(visitor, tmp_path):
    from guard.config import Config

    ids = [f"{chr(97 + number // 16)}{chr(97 + number % 16)}" * 16 for number in range(100)]
    config = Config.model_validate(
        {"state": str(tmp_path), "extension": [{"id": one, "publisher": "publisher", "name": f"Tool {one[:2]}"} for one in ids]}
    )
    database = open_database(default_url(tmp_path))
    engine, _ = an_engine(database, config)
    for extension in config.extension:
        seen(engine, extension.item, "1.0.0")
        looked(engine, extension.item)
    opened(engine, config.extension[57].item, Severity.P1)
    files = write(gather(engine), tmp_path / "public", Language.ENGLISH)
    database.dispose()
    assert files[-1].stat().st_size < 1_500_000
    page = visitor.raw(files[-1].as_uri())
    assert page.locator(".extension").count() == 100
    assert page.locator(".incident").inner_text().startswith("Some users of Tool dj")
