// A minimal sender of Sentry envelopes: one session for each start, and an event for each error that nobody caught.
// The official SDK does far more; this speaks the same protocol, with code that can be read in a minute.
import { DSN, ENVIRONMENT } from "./config.js";

const target = DSN ? new URL(DSN) : null;
const release = `bookshelf@${chrome.runtime.getManifest().version}`;
const session = { sid: hex(), started: new Date().toISOString(), errors: 0, status: "ok", isInit: true };
const reported = new WeakSet();

function hex() {
  return crypto.randomUUID().replaceAll("-", "");
}

async function userId() {
  const { installId } = await chrome.storage.local.get("installId");
  return installId ?? "unknown";
}

// Sends one envelope. Reporting must never be the thing that breaks the extension, so a failed request is dropped.
async function send(items) {
  const project = target.pathname.slice(1);
  const url = `${target.origin}/api/${project}/envelope/?sentry_key=${target.username}&sentry_version=7`;
  const lines = [JSON.stringify({ sent_at: new Date().toISOString() })];
  for (const [type, payload] of items) {
    lines.push(JSON.stringify({ type }), JSON.stringify(payload));
  }
  await fetch(url, { method: "POST", body: lines.join("\n"), keepalive: true }).catch(() => undefined);
}

function sessionUpdate(did) {
  const update = {
    sid: session.sid,
    did,
    init: session.isInit,
    started: session.started,
    timestamp: new Date().toISOString(),
    status: session.status,
    errors: session.errors,
    attrs: { release, environment: ENVIRONMENT },
  };
  session.isInit = false;
  return ["session", update];
}

// Begins the session of this start.
export async function startSession() {
  if (target) await send([sessionUpdate(await userId())]);
}

// Reports an error that nobody caught.
export async function report(error, component) {
  if (!target || (error instanceof Object && reported.has(error))) return;
  if (error instanceof Object) reported.add(error);
  const did = await userId();
  session.errors += 1;
  session.status = "unhandled";
  const event = {
    event_id: hex(),
    timestamp: new Date().toISOString(),
    platform: "javascript",
    level: "error",
    release,
    environment: ENVIRONMENT,
    user: { id: did },
    tags: { component },
    exception: {
      values: [{ type: error?.name ?? "Error", value: String(error?.message ?? error), mechanism: { type: "bookshelf", handled: false } }],
    },
  };
  await send([sessionUpdate(did), ["event", event]]);
}

// What nobody caught, in the first turn of the script: later handlers would miss errors of the start.
addEventListener("error", (event) => report(event.error ?? event.message, "global"));
addEventListener("unhandledrejection", (event) => report(event.reason, "global"));

// Errors thrown inside chrome.* listeners never reach the global handlers, so each listener is wrapped.
export function guarded(component, listener) {
  return (...values) => {
    try {
      const result = listener(...values);
      if (result instanceof Promise) {
        return result.catch((error) => {
          report(error, component);
          throw error;
        });
      }
      return result;
    } catch (error) {
      report(error, component);
      throw error;
    }
  };
}
