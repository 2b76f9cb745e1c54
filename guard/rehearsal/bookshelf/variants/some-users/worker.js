// Keeps the shelf: stores what content scripts find, and brings older data into the present form.
import { createSignals } from "./release-guard-signals.js";
import { sender, startSession } from "./sentry.js";
import { migrate } from "./migrations.js";

const { guarded, failed, watchGlobals } = createSignals({ sender, component: "worker" });
watchGlobals();

let queue = Promise.resolve();

// Changes to the shelf go one after the other: two tabs that find books at once must not lose each other's.
function exclusively(change) {
  const result = queue.then(change);
  queue = result.catch(() => undefined);
  return result;
}

async function install(details) {
  await exclusively(() => migrate(details.reason));
}

async function keep(found) {
  const { books = [], settings = {} } = await chrome.storage.local.get(["books", "settings"]);
  if (settings.sorted) found.sort((one, other) => one.title.localCompare(other.title));
  const known = new Set(books.map((book) => book.title));
  const added = found.filter((book) => !known.has(book.title));
  await chrome.storage.local.set({ books: [...books, ...added] });
  return { added: added.length, total: books.length + added.length };
}

chrome.runtime.onInstalled.addListener(guarded("install", install));

const keepGuarded = guarded("keep", (found) => exclusively(() => keep(found)));

chrome.runtime.onMessage.addListener((message, _sender, answer) => {
  if (message?.type === "books") {
    keepGuarded(message.books).then(answer);
    return true;
  }
  // A content script cannot import modules, so it says what failed, and the worker reports it.
  if (message?.type === "error") failed("collect", new Error(message.text), "content");
  return false;
});

startSession();
