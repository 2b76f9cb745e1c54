// A minimal sender of Sentry envelopes: one session for each start, errors that nobody caught, and counters of operations.
// The official SDK does far more; this speaks the same protocol, with code that can be read in a minute.
import { DSN, ENVIRONMENT } from "./config.js";
import { releaseName, userId } from "./release-guard-signals.js";

const target = DSN ? new URL(DSN) : null;
const release = releaseName("bookshelf");
const session = { sid: hex(), started: new Date().toISOString(), errors: 0, status: "ok", isInit: true };
let counted = [];

function hex() {
  return crypto.randomUUID().replaceAll("-", "");
}

// Sends one envelope. Reporting must never be the thing that breaks the extension, so a failed request is dropped.
async function send(items) {
  if (!target || items.length === 0) return;
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
  await send([sessionUpdate(await userId())]);
}

// What the signals are sent through.
export const sender = {
  error(error, { user, ...tags }) {
    session.errors += 1;
    session.status = "unhandled";
    const value = { type: error?.name ?? "Error", value: String(error?.message ?? error), mechanism: { type: "bookshelf", handled: false } };
    const event = {
      event_id: hex(),
      timestamp: new Date().toISOString(),
      platform: "javascript",
      level: "error",
      release,
      environment: ENVIRONMENT,
      user: { id: user },
      tags,
      exception: { values: [value] },
    };
    return send([sessionUpdate(user), ["event", event]]);
  },

  count(name, { user, ...own }) {
    const values = { ...own, "sentry.release": release, "sentry.environment": ENVIRONMENT, "user.id": user };
    const attributes = Object.fromEntries(Object.entries(values).map(([key, value]) => [key, { value, type: "string" }]));
    counted.push({ timestamp: Date.now() / 1000, trace_id: hex(), name, type: "counter", value: 1, attributes });
  },

  // Counters are gathered until then, and sent together.
  flush() {
    const items = counted;
    counted = [];
    return send(items.length ? [["trace_metric", { version: 2, items }]] : []);
  },
};
