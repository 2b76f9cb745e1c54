"""What people do on the dashboard's pages: act, by mouse and by keyboard, choose, search, go back; and what pages do by themselves."""

import re

import pytest
from playwright.sync_api import expect

from browser import dashboard_documents as said
from browser.dashboard_stage import MAY_ACT, READ_ONLY
from browser.dashboard_visitor import barriers
from guard.dashboard.documents.incident import TimelineView
from guard.dashboard.documents.pages import Overview
from guard.dashboard.documents.parts import Trouble
from guard.dashboard.documents.rows import IncidentList, ReleaseList

pytestmark = pytest.mark.browser

INCIDENT = f"/incidents/{said.INCIDENT}"
RELEASE = f"/items/{said.ITEM}/releases/1.3.0"


@pytest.fixture
def incident(stage):
    stage.documents |= {
        "/whoami": MAY_ACT,
        INCIDENT: said.an_incident(),
        f"{INCIDENT}/rollback": said.an_approval(),
        "/overview": said.an_overview(),
    }
    return stage


@pytest.mark.parametrize(
    ("button", "fields", "path", "body"),
    [
        ("Acknowledge", {}, "acknowledge", {}),
        ("Note", {"text": "users write to support"}, "note", {"text": "users write to support"}),
        ("Resolve", {"how": "rolled back by hand"}, "resolve", {"how": "rolled back by hand"}),
        ("False alarm", {"why": "the site was down"}, "false-alarm", {"why": "the site was down"}),
        ("Reopen", {"why": "it is back"}, "reopen", {"why": "it is back"}),
        ("Close the incident", {}, "close", {}),
        ("Call the rollback off", {"why": "wrong target"}, "rollback/abort", {"why": "wrong target"}),
        (
            "Hand over",
            {"to": "Bob", "why": "my shift is over"},
            "assign",
            {"role": "incident_commander", "to": "Bob", "why": "my shift is over"},
        ),
        ("Assign: technical lead", {}, "assign", {"role": "technical_lead", "to": "Alice"}),
    ],
)
def test_an_order_asks_for_its_words_and_is_sent_once(visitor, incident, button, fields, path, body):
    incident.documents[INCIDENT] = said.an_incident(
        may=["acknowledge", "assign", "note", "resolve", "false_alarm", "reopen", "close", "abort"]
    )
    page = visitor.open(incident.address + INCIDENT)
    name = "Assign: incident commander" if button == "Hand over" else button
    page.get_by_role("button", name=name, exact=True).click()
    dialog = page.get_by_role("dialog")
    for field, value in fields.items():
        dialog.locator(f"[name={field}]").fill(value)
    assert barriers(page) == []
    dialog.locator("button[type=submit]").click()
    expect(dialog).to_have_count(0)
    expect(page.locator("#told")).to_have_text("done")
    assert incident.told == [("POST", f"{INCIDENT}/{path}", body)]
    assert incident.tokens == ["a-csrf-token"]


def test_a_refusal_stays_in_the_dialog_with_what_to_do(visitor, incident):
    incident.react = lambda _path, _body: (409, Trouble(error="it is closed", hint="open another one"))
    page = visitor.open(incident.address + INCIDENT)
    page.get_by_role("button", name="Acknowledge").click()
    page.get_by_role("dialog").locator("button[type=submit]").click()
    expect(page.get_by_role("dialog").get_by_role("alert")).to_have_text("it is closedopen another one")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Acknowledge")).to_be_focused()
    visitor.forgive("409")


def test_approving_by_keyboard_shows_the_plan_and_asks_again(visitor, incident):
    page = visitor.open(incident.address + INCIDENT)
    page.get_by_role("button", name="See the plan and approve").focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("put the code of 1.2.0 back in place of 1.3.0, as version 1.3.0.1")
    expect(dialog).to_contain_text("nothing is uploaded")
    sure = dialog.get_by_role("checkbox")
    expect(sure).to_be_focused()
    dialog.get_by_role("button", name="Roll back now").press("Enter")
    assert incident.told == []  # not yet: nobody has said that it should happen
    expect(dialog).to_be_visible()
    assert barriers(page) == []
    sure.focus()
    page.keyboard.press("Space")
    dialog.get_by_role("button", name="Roll back now").press("Enter")
    expect(dialog).to_have_count(0)
    assert incident.told == [("POST", f"{INCIDENT}/rollback/approve", {"confirm": "the-digest-of-this-plan"})]


def test_a_plan_that_cannot_be_made_cannot_be_approved(visitor, incident):
    incident.documents[f"{INCIDENT}/rollback"] = (409, Trouble(error="nothing waits for approval", hint="see the timeline"))
    page = visitor.open(incident.address + INCIDENT)
    page.get_by_role("button", name="See the plan and approve").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("nothing waits for approval")
    expect(dialog.get_by_role("checkbox")).to_be_disabled()
    dialog.get_by_role("button", name="Roll back now").click()
    assert incident.told == []
    visitor.forgive("409")


def test_a_tick_and_taking_it_back(visitor, incident):
    page = visitor.open(incident.address + INCIDENT)
    box = page.get_by_role("checkbox", name="form the team")
    expect(box).to_have_attribute("aria-checked", "false")
    box.press("Space")
    page.locator("dialog [name=evidence]").fill("all three roles are held")
    page.locator("dialog button[type=submit]").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("checkbox", name="confirm the impact").click()
    page.locator("dialog [name=why]").fill("the count was wrong")
    page.locator("dialog button[type=submit]").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert [(path, body) for _, path, body in incident.told] == [
        (f"{INCIDENT}/tick", {"entry": "team-formed", "evidence": "all three roles are held"}),
        (f"{INCIDENT}/untick", {"entry": "impact-confirmed", "why": "the count was wrong"}),
    ]


def test_only_what_may_be_done_can_be_pressed(visitor, incident):
    incident.documents["/whoami"] = READ_ONLY
    page = visitor.open(incident.address + INCIDENT)
    assert page.locator("main").get_by_role("button").count() == 0
    assert "RELEASE_GUARD_DASHBOARD_TOKEN" in page.locator(".rights").inner_text()
    incident.documents |= {"/whoami": MAY_ACT, INCIDENT: said.an_incident(may=["note"], proposal=None)}
    page = visitor.open(incident.address + INCIDENT)
    assert page.locator("main").get_by_role("button").all_inner_texts() == ["Note"]


def test_login_and_logout(visitor, incident):
    incident.documents["/whoami"] = READ_ONLY.model_copy(update={"how": "token"})

    def react(path, body):
        assert path == "/session"
        if body is None:
            return incident.documents["/whoami"]
        if body["token"] != "the right token":
            return 401, Trouble(error="the token is wrong", hint="ask who started the server")
        incident.documents["/whoami"] = MAY_ACT
        return MAY_ACT

    incident.react = react
    page = visitor.open(incident.address + INCIDENT)
    assert "Log in" in page.locator(".rights").inner_text()
    page.get_by_role("button", name="Log in").click()
    assert barriers(page) == []
    page.get_by_label("Your name").fill("Alice")
    page.get_by_label("Token").fill("a wrong token")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("the token is wrong")
    page.get_by_label("Token").fill("the right token")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("button", name="Acknowledge")).to_be_visible()
    assert page.evaluate("JSON.stringify([localStorage, sessionStorage, document.cookie])").count("token") == 0
    page.get_by_role("button", name="Log out").click()
    expect(page.locator("#told")).to_have_text("Logged out")
    visitor.forgive("401")


def test_pausing_and_resuming(visitor, incident):
    page = visitor.open(incident.address)
    page.get_by_role("button", name="Pause bookshelf").click()
    page.locator("dialog [name=reason]").fill("the backend moves")
    page.locator("dialog button[type=submit]").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("button", name="Pause everything").click()
    page.locator("dialog [name=reason]").fill("the store has an outage")
    page.locator("dialog button[type=submit]").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("button", name="Resume").click()
    page.locator("dialog button[type=submit]").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert [(path, body) for _, path, body in incident.told] == [
        ("/pause", {"item": said.ITEM, "reason": "the backend moves"}),
        ("/pause", {"reason": "the store has an outage"}),
        ("/resume", {"item": "b" * 32}),
    ]


def test_the_keyboard_reaches_everything_from_the_start(visitor, incident):
    page = visitor.open(incident.address)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="See the plan and approve")).to_be_focused()
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"


def test_a_page_changes_by_itself_and_keeps_the_focus(visitor, incident):
    """Two tabs see the same; what is new is added to the timeline, and nothing of it is drawn anew."""
    first = visitor.open(incident.address + INCIDENT)
    second = visitor.open(incident.address + INCIDENT, context=first.context)
    entries = first.locator(".timeline li")
    assert entries.count() == 4
    first.evaluate("document.querySelector('.timeline li').isTheSame = true")
    first.get_by_role("button", name="Note").focus()
    before = said.an_incident()
    added = TimelineView(at=said.NOW, actor="Bob", kind="noted", words="the vendor has answered", evidence="")
    incident.documents[INCIDENT] = said.an_incident(timeline=[*before.timeline, added], acknowledged_by="Bob")
    incident.changed(f"incident:{said.INCIDENT}")
    for page in (first, second):
        expect(page.locator(".timeline li")).to_have_count(5)
        expect(page.locator(".facts")).to_contain_text("acknowledged by Bob")
    expect(first.get_by_role("button", name="Note")).to_be_focused()
    assert first.evaluate("document.querySelector('.timeline li').isTheSame")
    assert first.locator(".timeline").get_attribute("aria-live") == "polite"


def test_a_page_leaves_alone_what_does_not_concern_it(visitor, incident):
    page = visitor.open(incident.address + INCIDENT)
    overview = visitor.open(incident.address, context=page.context)
    own = f"{INCIDENT}?lang=en"
    for opened, path in ((page, INCIDENT), (overview, "/overview")):  # each has asked again when its stream was open
        opened.wait_for_function(
            "(path) => performance.getEntriesByType('resource').filter((one) => one.name.includes(`/api/v1${path}?`)).length >= 2", arg=path
        )
    before = incident.asked.count(own)
    with overview.expect_response(lambda answer: "/overview" in answer.url):
        incident.changed("overview", "incident:INC-2026-0001", "history")
    with page.expect_response(lambda answer: answer.url.endswith(own)):
        incident.changed(f"incident:{said.INCIDENT}")
    assert incident.asked.count(own) == before + 1


def test_a_server_that_is_gone_is_said_with_the_age_of_what_is_shown(visitor, incident):
    page = visitor.open(incident.address)
    incident.fall()
    state = page.locator("#state")
    expect(state).to_contain_text(re.compile(r"Not connected since \d\d:\d\d:\d\d UTC"))
    expect(state).to_contain_text("What you see is from")
    expect(page.locator("#fresh")).to_contain_text("Not live")
    assert page.locator(".card").count() == 3  # what was known stays on the page
    assert barriers(page) == []
    incident.is_down = False
    expect(state).to_be_empty()
    expect(page.locator("#fresh")).to_contain_text("Live")
    visitor.forgive("503")
    visitor.forgive("/api/v1/events")


def test_the_language_is_chosen_and_remembered(visitor, incident):
    page = visitor.open(incident.address)
    page.get_by_label("Language").select_option("zh-TW")
    expect(page.locator(".status .headline")).to_contain_text("重大異常")
    assert page.locator("html").get_attribute("lang") == "zh-TW"
    assert "/overview?lang=zh-TW" in incident.asked
    page.reload()
    expect(page.get_by_role("link", name="歷史")).to_be_visible()
    assert page.get_by_label("語言").input_value() == "zh-TW"


def test_the_server_says_the_language_where_nobody_has_chosen(visitor, incident):
    incident.documents["/whoami"] = MAY_ACT.model_copy(update={"language": "zh-TW"})
    page = visitor.open(incident.address)
    assert page.locator("html").get_attribute("lang") == "zh-TW"
    assert "/overview?lang=zh-TW" in incident.asked


def test_the_theme_is_chosen_and_remembered(visitor, incident):
    page = visitor.open(incident.address, scheme="light")
    paper = "getComputedStyle(document.documentElement).backgroundColor"
    light = page.evaluate(paper)
    page.get_by_label("Theme").select_option("dark")
    dark = page.evaluate(paper)
    assert dark != light
    page.reload()
    expect(page.get_by_label("Theme")).to_have_value("dark")
    assert page.evaluate(paper) == dark
    page.get_by_label("Theme").select_option("system")
    assert page.evaluate(paper) == light


def test_thresholds_are_moved_by_keyboard_and_asked_once_they_rest(visitor, stage):
    stage.documents |= {"/whoami": READ_ONLY, RELEASE: said.a_release_page(), f"{RELEASE}/replay": said.a_replay()}
    page = visitor.open(stage.address + RELEASE)
    page.wait_for_selector(".answer .headline")
    slider = page.get_by_role("slider", name="Error rate")
    assert page.get_by_role("slider").count() == 2  # what is no share is no slider
    assert slider.get_attribute("aria-valuetext") == "5\u00a0% allowed"
    stage.documents[f"{RELEASE}/replay"] = said.a_replay(
        verdict="inconclusive", decided_at=None, seconds_after_publish=None, severity=None, strategy=None
    )
    asked_before = len([asked for asked in stage.asked if "/replay" in asked])
    slider.focus()
    with page.expect_response(lambda answer: answer.url.endswith(f"{RELEASE}?lang=en")):
        stage.changed(f"release:{said.ITEM}/1.3.0")
    expect(slider).to_be_focused()
    with page.expect_response(lambda answer: "/replay?error_rate=0.5" in answer.url):
        page.keyboard.press("End")
    expect(page.locator(".answer .headline")).to_contain_text("not decided within the window")
    assert slider.get_attribute("aria-valuetext") == "50\u00a0% allowed"
    with page.expect_response(lambda answer: "/replay?error_rate=0.005" in answer.url):
        page.keyboard.press("Home")
        page.keyboard.press("End")
        page.keyboard.press("Home")
    assert slider.get_attribute("aria-valuetext") == "0.5\u00a0% allowed"
    assert len([asked for asked in stage.asked if "/replay" in asked]) - asked_before <= 3
    expect(slider).to_be_focused()
    with page.expect_response(lambda answer: answer.url.endswith("/replay?lang=en")):
        page.get_by_role("button", name="Back to what is configured").click()
    assert slider.get_attribute("aria-valuetext") == "5\u00a0% allowed"


def test_filters_stand_in_the_address_and_back_goes_back(visitor, stage):
    stage.documents |= {
        "/overview": said.an_overview(),
        "/releases": ReleaseList(total=60, next="after=the-50th&limit=50", rows=[said.a_release()]),
        "/incidents": IncidentList(total=1, rows=[said.a_row()]),
    }
    page = visitor.open(f"{stage.address}/history")
    page.get_by_label("State").select_option("bad")
    page.wait_for_url("**/history?state=bad")
    page.get_by_role("button", name="Next").click()
    page.wait_for_url("**/history?state=bad&after=the-50th")
    expect(page.get_by_role("button", name="To the beginning")).to_be_visible()
    page.get_by_role("link", name="Incidents", exact=True).click()
    page.wait_for_url("**/history?tab=incidents")
    expect(page.get_by_role("link", name=said.INCIDENT)).to_be_visible()
    page.get_by_label("Only open ones").check()
    page.wait_for_url("**/history?tab=incidents&open=true")
    page.go_back()
    expect(page.get_by_label("Only open ones")).not_to_be_checked()
    page.go_back()
    page.wait_for_url("**/history?state=bad&after=the-50th")
    expect(page.get_by_label("State")).to_have_value("bad")
    page.go_back()
    page.go_back()
    expect(page.get_by_label("State")).to_have_value("")
    page.go_forward()
    expect(page.get_by_label("State")).to_have_value("bad")
    assert {"/releases?state=bad&lang=en", "/releases?state=bad&after=the-50th&lang=en", "/incidents?open=true&lang=en"} <= set(stage.asked)
    assert page.get_by_role("link", name="CSV").get_attribute("href") == "/api/v1/releases?state=bad&format=csv&lang=en"


def test_many_extensions_can_be_searched(visitor, stage):
    items = [
        said.an_item(
            item=letter * 32,
            name=f"extension {letter}",
            open_incidents=(),
            waits_for_approval=None,
            checks=(),
            signals=said.signals(is_bad=letter == "d")[:1],
        )
        for letter in "abcdefghijkl"
    ]
    stage.documents["/overview"] = Overview(
        **(said.an_overview().model_dump() | {"items": [item.model_dump() for item in items], "incidents": []})
    )
    page = visitor.open(stage.address)
    cards = page.locator(".card h3")
    assert cards.count() == 12
    assert cards.first.inner_text() == "extension d"  # the worst comes first
    page.get_by_label("Only what needs somebody").check()
    assert cards.all_inner_texts() == ["extension d"]
    page.get_by_label("Only what needs somebody").uncheck()
    page.get_by_label("Search by name").fill("extension K")
    assert cards.all_inner_texts() == ["extension k"]
    page.get_by_label("Search by name").fill("none")
    expect(page.locator(".empty")).to_have_text("No extension is like that.")


def test_a_session_that_is_over_is_seen_at_the_next_order(visitor, incident):
    incident.react = lambda _path, _body: (403, Trouble(error="the session is over", hint="log in again"))
    page = visitor.open(incident.address + INCIDENT)
    page.get_by_role("button", name="Acknowledge").click()
    incident.documents["/whoami"] = READ_ONLY.model_copy(update={"how": "token"})
    page.get_by_role("dialog").locator("button[type=submit]").click()
    expect(page.get_by_role("alert")).to_contain_text("log in again")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Log in")).to_be_visible()
    assert page.locator("main").get_by_role("button").count() == 0
    visitor.forgive("403")


def test_many_changes_are_few_questions(visitor, incident):
    page = visitor.open(incident.address)
    page.wait_for_function("performance.getEntriesByType('resource').filter((one) => one.name.includes('/overview')).length >= 2")
    before = len(incident.asked)
    with page.expect_response(lambda answer: "/overview" in answer.url):
        for _ in range(200):
            incident.changed("overview")
    page.wait_for_function("document.querySelector('#page').getAttribute('aria-busy') === 'false'")
    assert len(incident.asked) - before <= 5
