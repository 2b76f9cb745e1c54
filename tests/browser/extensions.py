"""Little extensions: one that is well, and one for each thing that can be wrong."""

import json
from typing import Any

from webstore.package import Package

PAGE = "<!doctype html><html lang=en><meta charset=utf-8><title>t</title><h1>{words}</h1><script src={script}></script>"


def an_extension(version="1.0.0", manifest=None, **files):
    """A good one with a worker, a content script, a popup and stored data; ``manifest`` and files override it."""
    base: dict[str, Any] = {
        "manifest_version": 3,
        "name": "Little",
        "version": version,
        "permissions": ["storage"],
        "background": {"service_worker": "worker.js"},
        "content_scripts": [{"matches": ["https://shop.example/*"], "js": ["content.js"]}],
        "action": {"default_popup": "popup.html"},
    }
    base.update(manifest or {})
    content: dict[str, str | None] = {
        "manifest.json": json.dumps({key: value for key, value in base.items() if value is not None}),
        "worker.js": "chrome.runtime.onMessage.addListener((m) => { chrome.storage.local.set({items: m.items, seen: 1}); });",
        "content.js": "const items = [...document.querySelectorAll('.item')].map((i) => i.textContent);"
        "document.documentElement.dataset.items = items.length; chrome.runtime.sendMessage({items});",
        "popup.html": PAGE.format(words="Hello", script="popup.js"),
        "popup.js": "document.title = 'ready';",
    }
    for name, text in files.items():
        content[name.replace("__", ".")] = text
    return Package.of({name: text.encode() for name, text in content.items() if text is not None})


SHOP = "<!doctype html><meta charset=utf-8><title>shop</title><ul><li class=item>one<li class=item>two<li class=item>three</ul>"
