// Keeps the shelf: stores what content scripts find, and brings older data into the present form.
import { guarded, report, startSession } from "./sentry.js";
import { migrate, repair } from "./migrations.js";

let queue = Promise.resolve();

// Changes to the shelf go one after the other: two tabs that find books at once must not lose each other's.
function exclusively(change) {
  const result = queue.then(change);
  queue = result.catch(() => undefined);
  return result;
}

async function install(details) {
  const stored = await chrome.storage.local.get();
  if (!stored.installId) await chrome.storage.local.set({ installId: crypto.randomUUID() });
  await exclusively(() => migrate(details.reason));
  await exclusively(repair);
}

async function keep(found) {
  const { books = [] } = await chrome.storage.local.get("books");
  const known = new Set(books.map((book) => book.title));
  const added = found.filter((book) => !known.has(book.title));
  await chrome.storage.local.set({ books: [...books, ...added] });
  return { added: added.length, total: books.length + added.length };
}

chrome.runtime.onInstalled.addListener(guarded("worker", install));

chrome.runtime.onMessage.addListener(
  guarded("worker", (message, _sender, answer) => {
    if (message?.type === "books") {
      exclusively(() => keep(message.books)).then(answer);
      return true;
    }
    if (message?.type === "error") report(new Error(message.text), "content");
    return false;
  }),
);

startSession();
