// Signals for the release guard: drop this file into a Manifest V3 extension. It needs no build step and no library of its own.
//
// With the SDK of Sentry (@sentry/browser, tried with 11.12), in the worker, a page or a content script:
//
//   const client = new BrowserClient({
//     dsn, environment: "production", release: releaseName("my-extension"),
//     transport: makeFetchTransport, stackParser: defaultStackParser,
//     integrations: withoutGlobals(getDefaultIntegrations({})), dataCollection: { userInfo: false },
//   });
//   const scope = new Scope();
//   scope.setClient(client);
//   client.init();                                  // after setClient
//   const { guarded, watchGlobals } = createSignals({ client, scope, metrics, component: "worker" });
//   watchGlobals();                                 // in the worker and in own pages; never in a content script
//   chrome.runtime.onMessage.addListener(guarded("collect", (message, sender, answer) => { … }));
//
// A page that calls Sentry.init() passes getClient() and getCurrentScope(), and leaves watchGlobals() to the SDK. Spans are streamed there,
// and sent as transactions by a client of its own, which the SDK does not see as the current one; the guard reads both alike.
// Without the SDK, pass a sender instead: { error(error, about), count(name, attributes), flush() }, with `about` as in `report` below.
//
// What arrives: errors that nobody caught, and a counter `ext.operation` with the attribute `outcome`: "ok", "error", or "stale" for
// what a content script of an older version did after an update ("Extension context invalidated"), which is no fault of any version.
// The guard's error rate is the share of "error" among "ok" and "error", by release.

export const COUNTER = "ext.operation";
const USER_KEY = "releaseGuardUser";
const STALE = "Extension context invalidated";
const FLUSH_MS = 2000;

// Integrations that touch what an extension shares with others: a content script must leave its page's globals alone.
const ON_GLOBALS = [
  "BrowserApiErrors", "BrowserSession", "Breadcrumbs", "Console", "ConversationId", "GlobalHandlers", "FunctionToString",
];

// The SDK's default integrations, without those.
export const withoutGlobals = (integrations) => integrations.filter(({ name }) => !ON_GLOBALS.includes(name));

// Computed when it runs: a rollback publishes old code under a new version, and must report that one.
export const releaseName = (name) => `${name}@${chrome.runtime.getManifest().version}`;

// A random id that says nothing about the person, the same in all parts of this installation; asked for once in each.
let known;
export const userId = () => (known ??= readUserId());

async function readUserId() {
  const stored = await chrome.storage.local.get(USER_KEY);
  if (stored[USER_KEY]) return stored[USER_KEY];
  const id = crypto.randomUUID();
  await chrome.storage.local.set({ [USER_KEY]: id });
  return id;
}

// Whether an error only says that the extension was updated under a page that is still open.
export const isStale = (error) => String(error?.message ?? error).includes(STALE);

// The SDK as a sender.
function sdkSender({ client, scope, metrics }) {
  return {
    error(error, { user, component, operation }) {
      const own = scope.clone();
      own.setTags({ component, operation });
      if (user) own.setUser({ id: user });
      client.captureException(error, { mechanism: { type: "release-guard", handled: false } }, own);
    },
    count(name, { user, ...attributes }) {
      if (user) scope.setUser({ id: user });
      metrics.count(name, 1, { scope, attributes });
    },
    flush: () => client.flush(FLUSH_MS),
  };
}

export function createSignals({ component, sender, ...sdk }) {
  const target = sender ?? sdkSender(sdk);
  const reported = new WeakSet();
  const user = userId().catch(() => undefined); // without the permission "storage" there are no users, and everything else
  let flushing;

  // Reporting must never be the thing that breaks the extension.
  const quietly = (work) => user.then(work).catch(() => undefined);

  // What is not sent when a worker is stopped is lost, so everything is sent at the end of each operation; many at once are sent once.
  function flush() {
    flushing ??= new Promise((resolve) => setTimeout(resolve, 0)).then(() => {
      flushing = undefined; // what is counted from here on asks again
      return quietly(() => target.flush());
    });
    return flushing;
  }

  function count(outcome, operation, where = component) {
    quietly((id) => target.count(COUNTER, { outcome, operation, component: where, user: id }));
    return flush();
  }

  // An error that nobody caught; one that passes through several hands is told once.
  function report(error, { operation = "none", component: where = component } = {}) {
    if (isStale(error) || (error instanceof Object && reported.has(error))) return;
    if (error instanceof Object) reported.add(error);
    quietly((id) => target.error(error, { operation, component: where, user: id }));
    flush();
  }

  // An operation has failed; `where` for one that failed in another part of the extension, which told this one.
  function failed(operation, error, where = component) {
    report(error, { operation, component: where });
    count(isStale(error) ? "stale" : "error", operation, where);
  }

  // Wraps a listener, or any function: each call is one operation. Errors inside chrome.* listeners never reach the global
  // handlers; they are reported here and thrown on, so that the extension behaves as before.
  function guarded(operation, listener) {
    const fail = (error) => {
      failed(operation, error);
      throw error;
    };
    return function (...values) {
      let result;
      try {
        result = listener.apply(this, values);
      } catch (error) {
        fail(error);
      }
      if (typeof result?.then !== "function") {
        count("ok", operation);
        return result;
      }
      return result.then((value) => {
        count("ok", operation);
        return value;
      }, fail);
    };
  }

  // Errors of timers and promises. To be called in the first turn of a script: what is thrown before is not seen.
  function watchGlobals(on = globalThis) {
    on.addEventListener("error", (event) => report(event.error ?? new Error(event.message)));
    on.addEventListener("unhandledrejection", (event) => report(event.reason));
  }

  return { guarded, failed, report, count, flush, watchGlobals };
}
