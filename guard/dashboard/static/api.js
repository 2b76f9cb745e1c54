// The only way to the server: JSON, with a time limit, the CSRF token on what acts, and every refusal in words.

import { language, t } from "./words.js";

const SECONDS = 20;
const PLANNING_SECONDS = 60; // the store is asked, and may be slow
let csrf = null;

/** The event that says that somebody may not act, or not any more: who it is has to be asked anew. */
export const SESSION_OVER = "session-over";

/** An answer that is a refusal, or none at all. `hint` says what to do next. */
export class Refused extends Error {
  constructor(message, { status = 0, hint = "" } = {}) {
    super(message);
    this.status = status;
    this.hint = hint;
  }

  /** Whether the server could not be reached, or could not answer: then what is on the page is old, and not wrong. */
  get isPassing() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** The token that every action needs, as `whoami` has given it. */
export function rememberToken(token) {
  csrf = token;
}

/** The address of a document, in the language of this page. */
export function address(path, query = {}) {
  const found = new URLSearchParams();
  for (const [name, value] of Object.entries({ ...query, lang: language() })) {
    if (value !== "" && value !== null && value !== undefined) found.set(name, value);
  }
  return `/api/v1${path}?${found}`;
}

/** A part of an address that holds what comes from outside. */
export const part = encodeURIComponent;

/** The parts of this page's own address; one that is written wrongly is taken as it stands, and will not be found. */
export function places() {
  return location.pathname
    .split("/")
    .slice(1)
    .map((piece) => {
      try {
        return decodeURIComponent(piece);
      } catch {
        return piece;
      }
    });
}

export async function get(path, query = {}, signal = undefined) {
  return ask(address(path, query), { signal });
}

/** The plan of a rollback as it would be followed now. */
export async function plan(incident) {
  return ask(address(`/incidents/${part(incident)}/rollback`), { seconds: PLANNING_SECONDS });
}

export async function post(path, body) {
  return act("POST", path, body);
}

export async function remove(path) {
  return act("DELETE", path);
}

async function act(method, path, body) {
  const headers = { ...(body === undefined ? {} : { "Content-Type": "application/json" }), ...(csrf ? { "X-CSRF-Token": csrf } : {}) };
  try {
    return await ask(address(path), { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  } catch (error) {
    if (error.status === 401 || error.status === 403) dispatchEvent(new Event(SESSION_OVER));
    throw error;
  }
}

async function ask(where, { seconds = SECONDS, ...options }) {
  const limit = AbortSignal.timeout(seconds * 1000);
  const signal = options.signal ? AbortSignal.any([options.signal, limit]) : limit;
  let answer;
  try {
    answer = await fetch(where, {
      credentials: "same-origin",
      cache: "no-store",
      ...options,
      signal,
      headers: { Accept: "application/json", ...options.headers },
    });
  } catch (error) {
    if (options.signal?.aborted) throw error; // a newer question has taken its place
    throw new Refused(t("trouble.unreachable"), { hint: t("trouble.unreachable.hint") });
  }
  const document = await read(answer);
  if (answer.ok) return document;
  throw new Refused(document?.error || t("trouble.answer", { status: answer.status }), {
    status: answer.status,
    hint: document?.hint || "",
  });
}

async function read(answer) {
  if (answer.status === 204) return null;
  try {
    return await answer.json();
  } catch {
    if (answer.ok) throw new Refused(t("trouble.garbled"), { hint: t("trouble.unreachable.hint") });
    return null; // a proxy's own page, for example: the status alone says what there is to say
  }
}
