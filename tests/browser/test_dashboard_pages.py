"""Every page of the dashboard in a real Chromium: drawn without complaint, for everybody, on every screen, whatever the texts are."""

from typing import Any

import pytest

from browser import dashboard_documents as said
from browser.dashboard_stage import MAY_ACT
from browser.dashboard_visitor import PHONE, WIDE, barriers, overflow
from guard.dashboard.documents.pages import Overview
from guard.dashboard.documents.parts import Overall, Trouble
from guard.dashboard.documents.rows import ActionList, IncidentList, ReleaseList, RollbackList

pytestmark = pytest.mark.browser

RELEASE = f"/items/{said.ITEM}/releases/1.3.0"
INCIDENT = f"/incidents/{said.INCIDENT}"
PAGES = {
    "overview": "/",
    "release": RELEASE,
    "incident": INCIDENT,
    "releases": "/history",
    "rollbacks": "/history?tab=rollbacks",
    "incidents": "/history?tab=incidents",
    "actions": "/history?tab=actions",
    "report": "/history?tab=report",
}
HOSTILE = (
    "<img src=x onerror=\"document.title='run'\"><script>document.title='run'</script>**bold** [x](javascript:alert(1)) `code"
    "\u202egnp.exe\u0000\u0007\u200b\u2066 {{7*7}} ${1} " + "x" * 300 + " שלום"
)
_SHOWN = """() => [document.title, document.body.innerText, ...[...document.querySelectorAll('[title], [aria-label], [alt], option')].flatMap(
    (node) => [node.title, node.getAttribute('aria-label'), node.getAttribute('alt'), node.text])].join()"""
CONSTANT = {"address", "item", "day", "from", "to"}
"""Not said by anybody outside: they lead somewhere, or are written by the guard."""


@pytest.fixture
def filled(stage):
    """A stage with every document."""
    stage.documents |= {
        "/whoami": MAY_ACT,
        "/overview": said.an_overview(),
        INCIDENT: said.an_incident(rollback=said.a_rollback()),
        f"{INCIDENT}/rollback": said.an_approval(),
        RELEASE: said.a_release_page(),
        f"{RELEASE}/replay": said.a_replay(),
        "/releases": ReleaseList(
            total=2,
            next="after=abc",
            rows=[said.a_release(), said.a_release(version="1.2.0", state="good", blocked="blocked by Bob: it leaks")],
        ),
        "/rollbacks": RollbackList(total=1, rows=[said.a_rollback(failure="the store refused", state="failed")]),
        "/incidents": IncidentList(total=1, rows=[said.a_row()]),
        "/actions": ActionList(total=1, rows=[said.an_action()]),
        "/report": said.a_report_document(),
    }
    return stage


def opened(visitor, stage, name, **look):
    page = visitor.open(stage.address + PAGES[name], **look)
    if name == "release":
        page.wait_for_selector(".answer .headline")
    return page


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_for_everybody_on_every_screen(visitor, filled, name):
    page = opened(visitor, filled, name)
    for viewport in (WIDE, PHONE):
        page.set_viewport_size(viewport)
        assert overflow(page) == 0
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            assert (viewport, scheme, barriers(page)) == (viewport, scheme, [])


@pytest.mark.parametrize("name", PAGES)
def test_a_page_in_chinese_has_a_word_for_everything_of_its_own(visitor, filled, name):
    page = visitor.open(f"{filled.address}{PAGES[name]}{'&' if '?' in PAGES[name] else '?'}lang=zh-TW", viewport=PHONE)
    assert page.locator("html").get_attribute("lang") == "zh-TW"
    assert page.locator("nav a").first.inner_text() == "總覽"
    texts = page.locator("h1, h2, th, dt, label, button, legend").all_inner_texts()
    assert texts
    assert [text for text in texts if "[" in text] == []  # where a word is missing, its name stands in brackets
    assert overflow(page) == 0
    assert all("lang=zh-TW" in asked for asked in filled.asked if "/whoami" not in asked)


_CUT_OFF = """() => [...document.querySelectorAll('.signals li')].filter((line) => [...line.querySelectorAll('*')].some(
    (part) => part.getBoundingClientRect().right > line.getBoundingClientRect().right + 1)).map((line) => line.innerText)"""


@pytest.mark.parametrize("language", ["en", "zh-TW"])
def test_no_figure_of_a_signal_leaves_its_card_however_wide_that_is(visitor, filled, language):
    much = said.a_signal(verdict="breach", failures=34_021, total=40_027)
    filled.documents["/overview"] = said.an_overview(items=[said.an_item(signals=(much,)), said.an_item(item="b" * 32, signals=(much,))])
    page = visitor.open(f"{filled.address}/?lang={language}")
    assert page.locator(".signals li").count() > 0
    for width in (360, 560, 760, 1000, 1040, 1280, 1600):
        page.set_viewport_size({"width": width, "height": 800})
        assert (width, page.evaluate(_CUT_OFF)) == (width, [])


def hostile(value: Any, key: str = "") -> Any:
    """The document with every text, every constant as well, in the hands of an enemy."""
    if isinstance(value, dict):
        return {name: hostile(inner, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [hostile(inner, key) for inner in value]
    is_moment = key.endswith("_at") or key in {"at", "since", "due_on"}
    return value if not isinstance(value, str) or is_moment or key in CONSTANT or not value else HOSTILE


@pytest.mark.parametrize("name", PAGES)
def test_hostile_texts_are_only_texts(visitor, filled, name):
    """Nothing of them runs, nothing breaks the page, and nothing of them looks like something else."""
    for path, document in list(filled.documents.items()):
        if path != "/whoami":
            filled.documents[path] = hostile(document.model_dump(mode="json"))
    page = opened(visitor, filled, name)
    assert "run" not in page.title().split()
    assert page.locator("#page img[src=x], #page script").count() == 0
    assert "<img src=x" in page.locator("#page").inner_text() or name == "report"
    shown = page.evaluate(_SHOWN)
    assert not any(letter in shown for letter in "\u202e\u2066\u200b\u0007")
    assert "\u27e8202E\u27e9" in shown or name == "report"
    assert page.locator("a[href^='javascript:' i]").count() == 0
    for viewport in (WIDE, PHONE):
        page.set_viewport_size(viewport)
        assert overflow(page) == 0
    assert barriers(page) == []


def test_nothing_seen_yet_names_the_next_command(visitor, stage):
    stage.documents |= {
        "/overview": Overview(at=said.NOW, status=Overall.OPERATIONAL, items=[], incidents=[], paused=[], watchers=[]),
        RELEASE: said.a_release_page(
            signals=[],
            baseline_signals=[],
            plots=[],
            marks=[],
            checks=[],
            drill=None,
            plan=None,
            look=None,
            rollbacks=[],
            incidents=[],
            baseline=None,
        ),
        f"{RELEASE}/replay": (404, Trouble(error="nothing was recorded")),
        "/releases": ReleaseList(total=0, rows=[]),
        "/rollbacks": RollbackList(total=0, rows=[]),
        "/incidents": IncidentList(total=0, rows=[]),
        "/actions": ActionList(total=0, rows=[]),
        "/report": said.a_report_document(),
    }
    commands = {
        "overview": "init",
        "release": "watch --once",
        "releases": "watch --once",
        "rollbacks": "rollback",
        "incidents": "incident list",
        "actions": "action add",
    }
    for name, command in commands.items():
        page = visitor.open(stage.address + PAGES[name])
        assert f"release-guard {command}" in page.locator(".empty").first.inner_text()
        assert barriers(page) == []
        page.close()
    visitor.forgive("/replay")


def test_nobody_who_watches_is_said_loudly(visitor, stage):
    stage.documents["/overview"] = said.an_overview(watchers=[])
    page = visitor.open(stage.address)
    warning = page.get_by_role("region", name="Nobody watches")
    assert "Nobody watches" in warning.inner_text()
    assert "release-guard watch" in warning.inner_text()


def test_what_is_not_there_says_so(visitor, stage):
    stage.documents["/overview"] = said.an_overview()
    page = visitor.raw(f"{stage.address}/incidents/INC-1999-0001")
    page.wait_for_selector("#page[aria-busy=false] h1")
    assert page.locator("h1").inner_text() == "Not there"
    assert "INC-1999-0001 is not there" in page.locator("#page").inner_text()
    assert "release-guard incident list" in page.locator(".empty").inner_text()
    page = visitor.raw(f"{stage.address}/no/such/page")
    page.wait_for_selector("text=There is no such page.")
    page = visitor.raw(f"{stage.address}/incidents/%FF%E0%A4")
    page.wait_for_selector("#page[aria-busy=false] h1")
    assert page.locator("h1").inner_text() == "Not there"
    visitor.forgive("404")


def test_every_state_has_a_shape_and_a_word(visitor, filled):
    """Understandable in grey: what differs in meaning differs in more than colour."""
    page = visitor.open(filled.address)
    shown = page.locator(".signals .sign, .checks .sign").evaluate_all(
        "(signs) => signs.map((one) => [[...one.querySelectorAll('path')].map((path) => path.getAttribute('d')).join(), one.innerText.trim(), one.className])"
    )
    by_tone = {tone: {shape for shape, _, other in shown if other == tone} for _, _, tone in shown}
    assert all(word for _, word, _ in shown)
    assert len(by_tone) >= 4
    assert all(len(shapes) == 1 for shapes in by_tone.values())
    assert len({next(iter(shapes)) for shapes in by_tone.values()}) == len(by_tone)


def test_the_numbers_behind_a_plot_are_a_table(visitor, filled):
    page = opened(visitor, filled, "release")
    plot = page.locator("#window").locator("xpath=..")
    assert "surely between" in plot.locator("svg.plot").get_attribute("aria-label")
    plot.locator("summary").click()
    row = plot.locator(".numbers tbody tr").last
    assert row.locator("td").all_inner_texts() == ["1.2.0", "4", "396", "1\u00a0%", "0\u00a0% – 6.3\u00a0%"]
    assert plot.locator(".marks li").all_inner_texts() == ["01:52:09 1.3.0 seen", "01:57:09 breach seen", "02:12:09 rollback begun"]


def test_a_signal_is_chosen_and_the_plot_follows(visitor, filled):
    page = opened(visitor, filled, "release")
    page.get_by_role("radio", name="Error rate").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_selector("#window ~ .plotted figcaption:has-text('API failures')")
    assert page.evaluate("document.activeElement.value") == "api_failures"


def test_a_screenshot_is_enlarged_in_a_dialog_and_focus_comes_back(visitor, filled):
    page = opened(visitor, filled, "release")
    picture = page.get_by_role("button", name="Enlarge: Screenshot of the check loads of version 1.3.0: popup")
    assert picture.locator("img").get_attribute("loading") == "lazy"
    picture.press("Enter")
    image = page.locator("dialog img")
    assert image.get_attribute("alt") == "Screenshot of the check loads of version 1.3.0: popup"
    assert image.evaluate("(img) => img.decode().then(() => img.naturalWidth)") == 1
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog", state="detached")
    assert picture.evaluate("(node) => node === document.activeElement")
