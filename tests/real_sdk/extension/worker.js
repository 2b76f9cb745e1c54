// Does what a message asks for, so that a test can make each kind of failure happen.
import { startInactiveSpan } from "@sentry/browser";
import { start } from "./client.js";

const { client, scope, guarded, flush, watchGlobals } = start("worker");
watchGlobals();

function aSpan(name, status) {
  const span = startInactiveSpan({ name, op: "function", scope, forceTransaction: true });
  span.setStatus(status);
  span.end();
  return flush();
}

const acts = {
  handled() {
    client.captureException(new Error("handled"), {}, scope);
  },
  timer() {
    setTimeout(() => {
      throw new Error("in a timer");
    });
  },
  promise() {
    Promise.reject(new Error("in a promise"));
  },
  work: guarded("work", async () => "done"),
  "work that fails": guarded("work", async () => {
    throw new Error("in an operation");
  }),
  span: () => aSpan("collect", { code: 1 }),
  "span that fails": () => aSpan("collect", { code: 2, message: "not_found" }),
};

chrome.runtime.onMessage.addListener((message, _sender, answer) => {
  Promise.resolve(acts[message.act]?.()).then(answer, answer);
  return true;
});

chrome.runtime.onMessage.addListener((message) => {
  if (message.act === "bare listener") throw new Error("in a bare listener");
});

chrome.runtime.onMessage.addListener(
  guarded("listen", (message) => {
    if (message.act === "guarded listener") throw new Error("in a guarded listener");
  }),
);
