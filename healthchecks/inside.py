"""What is asked inside the browser: the scripts that read an extension's state and its data, and what they answer."""

import dataclasses
import re
from collections.abc import Mapping
from typing import Any, cast

from healthchecks.result import plain

READ_STATE = """async (id) => {
  const all = await new Promise((done) => chrome.developerPrivate.getExtensionsInfo({}, done));
  return all.find((one) => one.id === id) ?? null;
}"""
FORGET_ERRORS = "async (id) => { await chrome.developerPrivate.deleteExtensionErrors({ extensionId: id }); }"
READ_STORAGE = "async () => (globalThis.chrome?.storage?.local ? await chrome.storage.local.get() : null)"
READ_DATABASES = """async () => {
  const found = {};
  for (const { name } of await indexedDB.databases()) {
    const database = await new Promise((done, failed) => {
      const open = indexedDB.open(name);
      open.onsuccess = () => done(open.result);
      open.onerror = () => failed(open.error);
    });
    found[name] = { version: database.version, stores: {} };
    for (const store of database.objectStoreNames) {
      found[name].stores[store] = await new Promise((done, failed) => {
        const count = database.transaction(store).objectStore(store).count();
        count.onsuccess = () => done(count.result);
        count.onerror = () => failed(count.error);
      });
    }
    database.close();
  }
  return found;
}"""
READ_STORED = f"async () => ({{ local: await ({READ_STORAGE})(), databases: await ({READ_DATABASES})() }})"
WRITE_DATABASES = """async (databases) => {
  for (const [name, { version, stores }] of Object.entries(databases)) {
    const database = await new Promise((done, failed) => {
      const open = indexedDB.open(name, version);
      open.onupgradeneeded = () => {
        for (const [store, { keyPath, autoIncrement }] of Object.entries(stores)) {
          if (!open.result.objectStoreNames.contains(store)) {
            open.result.createObjectStore(store, { keyPath: keyPath ?? null, autoIncrement: autoIncrement ?? false });
          }
        }
      };
      open.onsuccess = () => done(open.result);
      open.onerror = () => failed(open.error);
      open.onblocked = () => failed(new Error(`the database ${name} is in use`));
    });
    const transaction = database.transaction(Object.keys(stores), 'readwrite');
    for (const [store, { keys, records }] of Object.entries(stores)) {
      (records ?? []).forEach((record, at) => transaction.objectStore(store).put(record, ...(keys ? [keys[at]] : [])));
    }
    await new Promise((done, failed) => {
      transaction.oncomplete = done;
      transaction.onabort = () => failed(transaction.error);
    });
    database.close();
  }
}"""
WRITE_STORAGE = "async (items) => { await chrome.storage.local.set(items); }"


@dataclasses.dataclass(frozen=True)
class ExtensionState:
    """What chrome://extensions says of an extension."""

    version: str
    is_enabled: bool
    manifest_errors: tuple[str, ...]
    runtime_errors: tuple[str, ...]
    """Exceptions and what else Chromium counts as an error, each on one line."""
    has_worker: bool
    """Whether its service worker runs now; a worker that sleeps does not."""
    places: Mapping[str, str] = dataclasses.field(default_factory=dict[str, str])
    """Where each runtime error comes from, as far as Chromium says it: file and line."""


def state_of(found: Mapping[str, Any]) -> ExtensionState:
    """What `READ_STATE` answers, as the checks take it."""
    views = cast("list[Mapping[str, Any]]", found.get("views", []))
    return ExtensionState(
        version=str(found.get("version", "")),
        is_enabled=found.get("state") == "ENABLED",
        manifest_errors=_messages(found.get("manifestErrors")),
        runtime_errors=_messages(found.get("runtimeErrors")),
        has_worker=any(view.get("type") == "EXTENSION_SERVICE_WORKER_BACKGROUND" for view in views),
        places=_places(found.get("runtimeErrors")),
    )


def _messages(errors: Any) -> tuple[str, ...]:
    """Messages of an error list, without Chromium's warnings."""
    listed = cast("list[Mapping[str, Any]]", errors or [])
    return tuple(plain(str(error.get("message", ""))) for error in listed if error.get("severity", "ERROR") == "ERROR")


_OWN_FILE = re.compile(r"chrome-extension://[a-p]{32}/([^\s?#:)]{1,200})(?:[^\s:)]{0,200}:(\d{1,7}))?")


def place_in(text: str) -> str:
    """The extension's own file, and the line, that a stack or an address names first; empty when it names none."""
    found = _OWN_FILE.search(text)
    if found is None:
        return ""
    return plain(f"{found[1]}:{found[2]}" if found[2] else found[1])


def _places(errors: Any) -> dict[str, str]:
    """The first place of each error's stack; the file that it is about where there is no stack."""
    told: dict[str, str] = {}
    for error in cast("list[Mapping[str, Any]]", errors or []):
        stack = cast("list[Mapping[str, Any]]", error.get("stackTrace") or [])
        named = [f"{frame.get('url', '')}:{frame.get('lineNumber', '')}" for frame in stack[:1]]
        place = place_in(" ".join([*named, str(error.get("source", ""))]))
        told.setdefault(plain(str(error.get("message", ""))), place)
    return told
