"""Extensions of every kind that there is, all of them well, and one fault at a time for what can be wrong with them."""

import base64
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from webstore.package import Package

PAGE = "<!doctype html><html lang=en><meta charset=utf-8><title>t</title><h1>Hello</h1>"
PIXEL = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
WASM = base64.b64decode("AGFzbQEAAAA=")
SITE = {"matches": ["https://shop.example/*"], "js": ["content.js"]}
WORKER = {"background": {"service_worker": "worker.js"}}
MODULE = {"background": {"service_worker": "worker.js", "type": "module"}}
POPUP = {"action": {"default_popup": "popup.html"}}
KEEPS_DATA = "chrome.runtime.onInstalled.addListener(async () => { const { items = [1, 2, 3] } = await chrome.storage.local.get('items'); await chrome.storage.local.set({ items }); });"
OPENS_DATABASE = """
const open = indexedDB.open('shelf', %d);
open.onupgradeneeded = () => { %s };
open.onsuccess = () => { const store = open.result.transaction('books', 'readwrite').objectStore('books'); store.put('one', 1); store.put('two', 2); };
"""


def package(manifest: Mapping[str, Any] | None = None, version: str = "1.0.0", **files: str | bytes) -> Package:
    """An extension of these files; in their names ``__`` stands for a dot and ``___`` for a slash."""
    whole = {"manifest_version": 3, "name": "Kind", "version": version, **(manifest or {})}
    content = {"manifest.json": json.dumps(whole).encode()}
    for name, text in files.items():
        content[name.replace("___", "/").replace("__", ".")] = text.encode() if isinstance(text, str) else text
    return Package.of(content)


def page(script: str = "", body: str = "<h1>Hello</h1>") -> str:
    """A page of an extension; scripts have to be files of their own."""
    loads = f"<script src={script}></script>" if script else ""
    return f"<!doctype html><html lang=en><meta charset=utf-8><title>t</title>{body}{loads}"


RULES = {"declarative_net_request": {"rule_resources": [{"id": "ads", "enabled": True, "path": "rules.json"}]}}
RULE = json.dumps([{"id": 1, "priority": 1, "action": {"type": "block"}, "condition": {"urlFilter": "||ads.example^"}}])
LOCALISED = {"name": "__MSG_name__", "default_locale": "en"}
THEME = {"theme": {"colors": {"frame": [20, 30, 40], "toolbar": [200, 200, 210]}, "images": {"theme_frame": "frame.png"}}}

GOOD: dict[str, Package] = {
    "nothing but a manifest": package(),
    "a classic worker": package(WORKER, worker__js="self.x = 1;"),
    "a module worker": package(MODULE, worker__js="import { x } from './lib/a.js'; self.x = x;", lib___a__js="export const x = 1;"),
    "importScripts": package(WORKER, worker__js="importScripts('lib/a.js');", lib___a__js="self.x = 1;"),
    "content script only": package({"content_scripts": [SITE]}, content__js="document.title = 'x';"),
    "content script with css, in all frames": package(
        {"content_scripts": [{**SITE, "css": ["a.css"], "all_frames": True, "run_at": "document_start"}]}, content__js="1;", a__css="h1{}"
    ),
    "content script in the page's world": package({"content_scripts": [{**SITE, "world": "MAIN"}]}, content__js="window.x = 1;"),
    "popup": package(POPUP, popup__html=page("popup.js"), popup__js="document.title = 'x';"),
    "popup with a module and a button": package(
        POPUP,
        popup__html="<!doctype html><html lang=en><title>t</title><button>Go</button><script type=module src=popup.js></script>",
        popup__js="import './b.js'; document.querySelector('button').onclick = () => { document.title = 'clicked'; };",
        b__js="export {};",
    ),
    "popup that draws late": package(
        POPUP,
        popup__html=page("popup.js", "<main></main>"),
        popup__js="fetch('data.json').then((r) => r.json()).then((d) => { document.querySelector('main').textContent = d.words; });",
        data__json='{"words": "late"}',
    ),
    "options page": package({"options_page": "options.html"}, options__html=page()),
    "options in a frame": package({"options_ui": {"page": "options.html", "open_in_tab": False}}, options__html=page()),
    "side panel only": package({"side_panel": {"default_path": "panel.html"}, "permissions": ["sidePanel"]}, panel__html=page()),
    "devtools page": package(
        {"devtools_page": "devtools.html"},
        devtools__html=page("devtools.js", ""),
        devtools__js="chrome.devtools.panels.create('Kind', '', 'panel.html', (panel) => panel?.onShown.addListener(() => {}));",
        panel__html=page(),
    ),
    "static rules only": package({**RULES, "permissions": ["declarativeNetRequest"]}, rules__json=RULE),
    "offscreen document": package(
        {**WORKER, "permissions": ["offscreen"]},
        worker__js="chrome.offscreen.createDocument({ url: 'off.html', reasons: ['DOM_PARSER'], justification: 'x' });",
        off__html=page("off.js"),
        off__js="new DOMParser();",
    ),
    "new tab": package({"chrome_url_overrides": {"newtab": "tab.html"}}, tab__html=page()),
    "history page": package({"chrome_url_overrides": {"history": "history.html"}}, history__html=page()),
    "localised": package(
        {**LOCALISED, **POPUP},
        _locales___en___messages__json='{"name": {"message": "Kind"}}',
        _locales___de___messages__json='{"name": {"message": "Art"}}',
        popup__html=page("popup.js", "<h1></h1>"),
        popup__js="document.querySelector('h1').textContent = chrome.i18n.getMessage('name');",
    ),
    "theme": package(THEME, frame__png=PIXEL),
    "shortcuts": package(
        {**WORKER, "commands": {"go": {"suggested_key": {"default": "Ctrl+Shift+Y"}, "description": "Go"}}},
        worker__js="chrome.commands.onCommand.addListener(() => {});",
    ),
    "context menu": package(
        {**WORKER, "permissions": ["contextMenus"]},
        worker__js="chrome.runtime.onInstalled.addListener(() => chrome.contextMenus.create({ id: 'a', title: 'A' }));",
    ),
    "alarms": package({**WORKER, "permissions": ["alarms"]}, worker__js="chrome.alarms.create('a', { periodInMinutes: 1 });"),
    "omnibox": package({**WORKER, "omnibox": {"keyword": "kind"}}, worker__js="chrome.omnibox.onInputEntered.addListener(() => {});"),
    "optional permissions": package({"optional_permissions": ["tabs"], "optional_host_permissions": ["https://*/*"]}),
    "web accessible files": package(
        {"web_accessible_resources": [{"resources": ["img/*.png", "a.js"], "matches": ["https://shop.example/*"]}]},
        img___a__png=PIXEL,
        a__js="1;",
    ),
    "sandboxed page": package({"sandbox": {"pages": ["box.html"]}}, box__html=page()),
    "icons": package({"icons": {"16": "a.png", "128": "a.png"}, "action": {"default_icon": {"16": "a.png"}}}, a__png=PIXEL),
    "names of all tongues": package({**POPUP, "name": "Büchër 書架 📚"}, popup__html=page(body="<h1>書架</h1>"), **{"ä ö": "x"}),
    "WebAssembly": package(
        {**WORKER, "content_security_policy": {"extension_pages": "script-src 'self' 'wasm-unsafe-eval'; object-src 'self'"}},
        worker__js="fetch('a.wasm').then((r) => r.arrayBuffer()).then((b) => WebAssembly.instantiate(b));",
        a__wasm=WASM,
    ),
    "IndexedDB": package(WORKER, worker__js=OPENS_DATABASE % (1, "open.result.createObjectStore('books');")),
    "stored data": package({**WORKER, "permissions": ["storage"]}, worker__js=KEEPS_DATA),
}


class Broken(NamedTuple):
    """One fault, and what must be said of it."""

    fault: str
    package: Package
    check: str
    words: str
    """What a finding of that check says."""
    baseline: Package | None = None


def with_data(worker: str, permissions: list[str] | None = None) -> Package:
    """The next version of an extension that keeps data."""
    return package({**WORKER, "permissions": permissions or ["storage"]}, "1.1.0", worker__js=worker)


DATABASE = package(WORKER, worker__js=OPENS_DATABASE % (1, "open.result.createObjectStore('books');"))

BROKEN: list[Broken] = [
    Broken("Manifest V2", package({"manifest_version": 2}), "load", "Manifest V2"),
    Broken("Chrome App", package({"app": {"background": {"scripts": ["a.js"]}}}, a__js="1;"), "load", "Chrome App"),
    Broken("worker: syntax error", package(WORKER, worker__js="this is ("), "load", "does not start"),
    Broken("worker: missing file", package(WORKER), "load", "names worker.js"),
    Broken("worker: missing import", package(MODULE, worker__js="import './none.js';"), "load", "none.js"),
    Broken("worker: missing importScripts", package(WORKER, worker__js="importScripts('none.js');"), "load", "none.js"),
    Broken(
        "worker: import has a syntax error",
        package(MODULE, worker__js="import './a.js';", a__js="export const ("),
        "load",
        "does not start",
    ),
    Broken("worker: throws at start", package(WORKER, worker__js="throw new Error('boom');"), "load", "Error: boom"),
    Broken(
        "worker: throws late", package(WORKER, worker__js="setTimeout(() => { throw new Error('late'); }, 300);"), "load", "Error: late"
    ),
    Broken("worker: rejected promise", package(WORKER, worker__js="Promise.reject(new Error('rej'));"), "load", "(in promise) Error: rej"),
    Broken(
        "worker: throws in a listener",
        package(WORKER, worker__js="chrome.runtime.onInstalled.addListener(() => { throw new Error('lst'); });"),
        "load",
        "Error: lst",
    ),
    Broken("worker: permission not asked for", package(WORKER, worker__js="chrome.alarms.create('a', {});"), "load", "TypeError"),
    Broken(
        "worker: chunk that is not there",
        package(WORKER, worker__js="fetch('none.json').then((r) => r.json());"),
        "load",
        "Failed to fetch",
    ),
    Broken(
        "offscreen document: missing",
        package(
            {**WORKER, "permissions": ["offscreen"]},
            worker__js="chrome.offscreen.createDocument({ url: 'none.html', reasons: ['DOM_PARSER'], justification: 'x' });",
        ),
        "load",
        "load",
    ),
    Broken("content script: missing", package({"content_scripts": [SITE]}), "load", "names content.js"),
    Broken(
        "content script: syntax error",
        package({"content_scripts": [SITE]}, content__js="const = 1;"),
        "load",
        "content.js cannot be parsed",
    ),
    Broken("content css: missing", package({"content_scripts": [{**SITE, "css": ["a.css"]}]}, content__js="1;"), "load", "names a.css"),
    Broken("bad match pattern", package({"content_scripts": [{**SITE, "matches": ["shop"]}]}, content__js="1;"), "load", "matches"),
    Broken(
        "bad content security policy",
        package({"content_security_policy": {"extension_pages": "script-src 'unsafe-eval'"}}),
        "load",
        "content_security_policy",
    ),
    Broken("wrong type: permissions", package({"permissions": "storage"}), "load", "permissions"),
    Broken("wrong type: background", package({"background": []}), "load", "background"),
    Broken("wrong type: content_scripts", package({"content_scripts": {}}), "load", "content_scripts"),
    Broken("icon: missing", package({"icons": {"16": "none.png"}}), "load", "none.png"),
    Broken("rules: missing file", package({**RULES, "permissions": ["declarativeNetRequest"]}), "load", "rules.json"),
    Broken("rules: no JSON", package({**RULES, "permissions": ["declarativeNetRequest"]}, rules__json="{"), "load", "rules.json"),
    Broken("locale: missing", package({**LOCALISED, "name": "x"}), "load", "_locales/en/messages.json"),
    Broken(
        "locale: message not defined",
        package(LOCALISED, _locales___en___messages__json='{"other": {"message": "x"}}'),
        "load",
        "__MSG_name__",
    ),
    Broken("theme: missing image", package(THEME), "load", "frame.png"),
    Broken("sandboxed page: missing", package({"sandbox": {"pages": ["box.html"]}}), "load", "box.html"),
    Broken("popup: missing file", package(POPUP), "load", "names popup.html"),
    Broken("popup: throws", package(POPUP, popup__html=page("a.js"), a__js="undefined.x;"), "ui", "popup throws"),
    Broken("popup: syntax error", package(POPUP, popup__html=page("a.js"), a__js="const = 1;"), "ui", "SyntaxError"),
    Broken("popup: missing script", package(POPUP, popup__html=page("none.js")), "ui", "none.js"),
    Broken("popup: missing picture", package(POPUP, popup__html=page(body="<h1>H</h1><img src=none.png>")), "ui", "none.png"),
    Broken("popup: blank", package(POPUP, popup__html=page("a.js", "<main></main>"), a__js="1;"), "ui", "popup is blank"),
    Broken(
        "popup: inline script",
        package(POPUP, popup__html="<!doctype html><h1>H</h1><script>document.title = 1;</script>"),
        "ui",
        "inline script",
    ),
    Broken(
        "popup: throws on click",
        package(
            POPUP, popup__html=page("a.js", "<button>Go</button>"), a__js="document.querySelector('button').onclick = () => undefined.x;"
        ),
        "ui",
        "popup throws when 'Go' is clicked",
    ),
    Broken(
        "options: rejected promise",
        package({"options_page": "o.html"}, o__html=page("a.js"), a__js="Promise.reject(new Error('rej'));"),
        "ui",
        "options throws",
    ),
    Broken(
        "side panel: throws",
        package({"side_panel": {"default_path": "p.html"}, "permissions": ["sidePanel"]}, p__html=page("a.js"), a__js="undefined.x;"),
        "ui",
        "side_panel throws",
    ),
    Broken("new tab: blank", package({"chrome_url_overrides": {"newtab": "t.html"}}, t__html=page(body="")), "ui", "newtab is blank"),
    Broken(
        "devtools: throws", package({"devtools_page": "d.html"}, d__html=page("a.js", ""), a__js="undefined.x;"), "ui", "devtools throws"
    ),
    Broken("devtools: missing script", package({"devtools_page": "d.html"}, d__html=page("none.js", "")), "ui", "none.js"),
    Broken("update: wipes the storage", with_data("chrome.storage.local.clear();"), "data", "loses 'items'", GOOD["stored data"]),
    Broken(
        "update: shrinks a list", with_data("chrome.storage.local.set({ items: [1] });"), "data", "shrinks 'items'", GOOD["stored data"]
    ),
    Broken(
        "update: a permission that asks the user again",
        with_data(KEEPS_DATA, ["storage", "tabs"]),
        "load",
        "until they accept",
        GOOD["stored data"],
    ),
    Broken(
        "update: database emptied by its new version",
        package(
            WORKER,
            "1.1.0",
            worker__js=OPENS_DATABASE.replace("store.put('one', 1); store.put('two', 2);", "")
            % (2, "open.result.deleteObjectStore('books'); open.result.createObjectStore('books');"),
        ),
        "data",
        "shelf/books",
        DATABASE,
    ),
    Broken(
        "update: database dropped",
        package(WORKER, "1.1.0", worker__js="indexedDB.deleteDatabase('shelf');"),
        "data",
        "loses the database 'shelf'",
        DATABASE,
    ),
]
