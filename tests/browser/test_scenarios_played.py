"""Scenarios in a real Chromium: every step does what a user would, every source answers, and worlds are closed that should be."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from browser.extensions import PAGE, an_extension
from healthchecks.errors import RecordingFailed
from healthchecks.recording import record_page
from healthchecks.settings import CheckSettings

pytestmark = pytest.mark.browser

LIST = """<!doctype html><html lang=en><title>list</title><input id=q><button id=add>Add</button><ul></ul><b id=mail>ann@example.org</b>
<script>document.querySelector('#add').onclick = () => {
  const li = document.createElement('li'); li.className = 'item'; li.textContent = document.querySelector('#q').value;
  document.querySelector('ul').append(li); document.dispatchEvent(new Event('added')); };
document.querySelector('#q').onkeydown = (e) => { if (e.key === 'Enter') document.querySelector('#add').click(); };</script>"""
CONTENT = """document.addEventListener('added', () => {
  const items = [...document.querySelectorAll('.item')].map((i) => i.textContent);
  chrome.runtime.sendMessage({ type: 'items', items });
});
chrome.runtime.onMessage.addListener((message, sender, answer) => { answer({ title: document.title, asked: message.ask }); });"""
WORKER = """chrome.runtime.onMessage.addListener((message, sender, answer) => {
  if (message.items) chrome.storage.local.set({ items: message.items.map((name) => ({ name })) });
  if (message.ask) answer({ total: 42, more: true });
});
chrome.commands.onCommand.addListener((name) => chrome.storage.local.set({ pressed: name }));"""
POPUP = """chrome.tabs.query({ active: true, currentWindow: true }).then(async ([tab]) => {
  const { title } = await chrome.tabs.sendMessage(tab.id, { ask: 'title' });
  document.querySelector('h1').textContent = 'You are on ' + title;
});"""


@pytest.fixture
def lister():
    commands = {"go": {"suggested_key": {"default": "Ctrl+Shift+Y"}, "description": "Go"}}
    files = {"content__js": CONTENT, "worker__js": WORKER, "popup__js": POPUP}
    return an_extension(manifest={"commands": commands}, **files)


@pytest.fixture
def page(tmp_path):
    path = tmp_path / "list.html"
    path.write_text(LIST)
    return path


def play(check, package, settings=None, **scenario):
    one = {"name": "list", "open": "https://shop.example/list", "within_seconds": 3, **scenario}
    _, found = check(package, only=["extraction"], settings={**(settings or {}), "extraction": [one]})
    return found["extraction"]


def messages(result):
    return " | ".join(finding.message for finding in result.findings)


def test_every_step_does_what_a_user_would(check, lister, page, tmp_path):
    (tmp_path / "items.schema.json").write_text(json.dumps({"type": "array", "items": {"required": ["name"]}}))
    steps = [
        {"type": "milk", "into": "#q"},
        {"click": "#add"},
        {"wait_for": ".item"},
        {"type": "bread", "into": "#q"},
        {"press": "Enter"},
        {"wait_for_message": {"type": "items", "items": ["milk", "bread"]}},
        {"wait_for_storage": "items.1"},
        {"shortcut": "go"},
        {"wait_for_storage": "pressed"},
        {"send": {"ask": 1}, "answer": {"total": 42}},
        {"send": {"ask": "x"}, "to": "page", "answer": {"title": "list", "asked": "x"}},
        {"open_popup": True},
        {"wait_for_text": "You are on list"},
        {"back_to_page": True},
        {"open": "https://shop.example/list"},
    ]
    stored = [
        {"path": "$.items[*].name", "at_least": 2},
        {"path": "items.0.name", "equals": "milk"},
        {"path": "pressed", "equals": "go"},
        {"path": "items", "schema": tmp_path / "items.schema.json"},
    ]
    result = play(check, lister, page=page, steps=steps, expect_storage=stored, expect_popup=[{"text": "You are on list"}])
    assert (result.status.value, messages(result)) == ("passed", "")


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ([{"click": "#none"}, {"press": "Enter"}], "step 1 (click '#none'): "),
        ([{"press": "Enter"}, {"wait_for": ".none"}], "step 2 (wait for '.none')"),
        ([{"shortcut": "none"}], "names no command 'none'; it names _execute_action, go"),
        ([{"send": {"ask": 1}, "answer": {"total": 43}}], 'the answer is {"total": 42, "more": true}, which does not hold {"total": 43}'),
        ([{"wait_for_message": {"type": "none"}}], "no such message was sent"),
        ([{"wait_for_storage": "none"}], "nothing is stored at 'none'"),
        ([{"open": "https://elsewhere.example/"}], "cannot be opened"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_step_that_fails_is_named_with_what_was_not_done(check, lister, page, steps, words):
    result = play(check, lister, page=page, steps=steps, expect_page=[{"selector": "#q"}], within_seconds=1)
    assert result.status.value == "failed"
    assert words in messages(result)
    assert ("1 more step not done" in messages(result)) is (len(steps) == 2 and "#none" in words)
    assert result.trace is not None
    assert result.trace.read_bytes()[:2] == b"PK"


@pytest.mark.parametrize(
    ("expected", "words"),
    [
        ({"expect_storage": [{"path": "items", "equals": ["x"]}]}, "found nothing"),
        ({"expect_page": [{"selector": "#q", "at_least": 2}]}, "expected 2 of '#q' on the page, found 1"),
        ({"steps": [{"open_popup": True}], "expect_popup": [{"text": "Bye"}]}, "expected the text 'Bye' in the popup"),
    ],
)
def test_what_is_not_there_is_named(check, lister, page, expected, words):
    result = play(check, lister, page=page, within_seconds=1, **expected)
    assert words in messages(result)


def test_a_folder_is_a_site_and_what_is_not_in_it_is_refused_and_listed(check, tmp_path):
    site = tmp_path / "site"
    site.mkdir()
    (site / "list.html").write_text("<title>t</title><script src=/a.js></script><img src=https://ads.example/pixel?id=7><p class=item>one")
    (site / "a.js").write_text("addEventListener('load', () => document.body.insertAdjacentHTML('beforeend', '<p class=item>two'));")
    result = play(check, an_extension(), folder=site, expect_page=[{"selector": ".item", "at_least": 2}])
    assert result.status.value == "passed"
    assert messages(result) == "refused what is not recorded: https://ads.example/pixel (image)"


class Site(BaseHTTPRequestHandler):
    """A site with a cookie; it counts what it is asked."""

    asked = 0

    def do_GET(self):
        type(self).asked += 1
        self.send_response(200 if self.path != "/gone" else 404)
        self.send_header("Content-Type", "text/html")
        self.send_header("Set-Cookie", "sid=hunter2")
        self.end_headers()
        self.wfile.write(b"<title>live</title><p class=item>one" if self.path == "/list" else b"api")

    def log_message(self, format, *args):  # noqa: A002 - the base class names it so
        """Say nothing."""


@pytest.fixture
def site():
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Counted", (Site,), {"asked": 0}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_a_recorded_page_answers_when_its_site_is_gone_and_holds_no_cookie(check, site, tmp_path):
    address = f"http://127.0.0.1:{site.server_port}/list"
    har = tmp_path / "deep" / "list.har"
    recorded = record_page(address, har, CheckSettings())
    assert recorded.hosts == ("127.0.0.1",)
    assert "hunter2" not in har.read_text()
    with pytest.raises(RecordingFailed, match="404"):
        record_page(address.replace("list", "gone"), tmp_path / "gone.har", CheckSettings())
    with pytest.raises(RecordingFailed, match="begins with"):
        record_page("file:///etc/passwd", tmp_path / "x.har", CheckSettings())
    asked = site.RequestHandlerClass.asked
    result = play(check, an_extension(), open=address, har=har, expect_page=[{"text": "one"}])
    assert (result.status.value, site.RequestHandlerClass.asked) == ("passed", asked)


@pytest.mark.parametrize(("policy", "reached"), [("live", True), ("recorded", False), ("none", False)])
def test_a_network_policy_holds_the_worker_too(check, site, policy, reached):
    address = f"http://127.0.0.1:{site.server_port}/api"
    worker = f"fetch('{address}').then(() => chrome.storage.local.set({{ got: 1 }}), () => chrome.storage.local.set({{ got: 0 }}));"
    _, found = check(an_extension(worker__js=worker), only=["load"], settings={"network": {"load": policy}})
    assert found["load"].status.value == "passed"
    assert (site.RequestHandlerClass.asked > 0) is reached
    assert (
        f"refused what is not recorded: {address.replace(f':{site.server_port}', '')} (worker)" in messages(found["load"])
    ) is not reached


def test_what_is_masked_is_in_no_picture_and_in_no_text(check, page, lister):
    content = (
        CONTENT
        + "console.log(document.querySelector('#mail').textContent); throw new Error('seen ' + document.querySelector('#mail').textContent);"
    )
    package = lister.with_files({"content.js": content.encode()})
    result = play(check, package, {"mask": ["#mail"]}, page=page, expect_page=[{"selector": "#q"}])
    assert "seen •••" in messages(result)
    assert "ann@" not in str(result)
    assert result.trace is None


def test_the_console_of_pages_is_kept(check):
    _, found = check(an_extension(popup__js="console.log('hello from', 'the popup');"), only=["ui"])
    assert found["ui"].console == ("log: hello from the popup",)


def test_a_page_that_nobody_can_read_in_the_dark_fails(check):
    style = "<style>@media (prefers-color-scheme: dark) { body { background: #111; color: #222; } }</style>"
    popup = PAGE.format(words="Hello", script="popup.js") + style
    _, found = check(an_extension(popup__html=popup), only=["ui"])
    (finding,) = found["ui"].findings
    assert "popup in the dark" in finding.message
    assert "color-contrast" in finding.message
    _, found = check(an_extension(popup__html=popup), only=["ui"], settings={"ui": {"accessibility_ignore": ["color-contrast"]}})
    assert found["ui"].status.value == "passed"


def test_a_second_language_is_looked_at_and_what_it_lacks_is_told(check):
    locales = {
        "_locales/en/messages.json": json.dumps({"hello": {"message": "Hello"}, "bye": {"message": "Bye"}}),
        "_locales/de/messages.json": json.dumps({"hello": {"message": "Hallo"}}),
    }
    popup = "const text = chrome.i18n.getMessage('hello'); document.querySelector('h1').textContent = text; if (text === 'Hallo') throw new Error('zu lang');"
    package = an_extension(manifest={"default_locale": "en"}, popup__js=popup).with_files(
        {name: text.encode() for name, text in locales.items()}
    )
    _, found = check(package, only=["ui"])
    assert "popup in 'de' throws: Error: zu lang" in messages(found["ui"])
    assert "1 messages of 'en' are not translated into 'de': bye" in messages(found["ui"])
    assert "ui-popup-de.png" in {path.name for path in found["ui"].screenshots}
    _, found = check(package, only=["ui"], settings={"ui": {"language": ""}})
    assert found["ui"].status.value == "passed"
