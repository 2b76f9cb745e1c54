// The stream of changes: says which topics changed, and whether it is connected. The documents themselves are asked for by the pages.

const EVERYTHING = "*"; // the topic of what may be about anything
const FIRST_WAIT = 1000;
const LONGEST_WAIT = 30000;
const HIDDEN_FOR = 60000;

/** Follows `/api/v1/events` for as long as the page lives. */
export class Live {
  #source = null;
  #wait = FIRST_WAIT;
  #timer = null;
  #hiding = null;
  #lostAt = null;
  #changed;
  #state;

  /** `changed(topics)`: what is new; null when anything may be. `state(lostAt)`: null while connected, else since when not. */
  constructor(changed, state) {
    this.#changed = changed;
    this.#state = state;
    this.#open();
    document.addEventListener("visibilitychange", () => this.#seen());
    addEventListener("online", () => this.#again());
    addEventListener("pagehide", () => this.#close());
    addEventListener("pageshow", (event) => event.persisted && this.#again());
  }

  #open() {
    const source = new EventSource("/api/v1/events");
    this.#source = source;
    source.addEventListener("open", () => this.#opened());
    source.addEventListener("changed", (event) => this.#heard(event));
    source.addEventListener("error", () => this.#lost(source));
  }

  #opened() {
    this.#wait = FIRST_WAIT;
    this.#lostAt = null;
    this.#state(null);
    this.#changed(null); // nobody tells what happened before the stream was open
  }

  #heard(event) {
    try {
      const { topics } = JSON.parse(event.data);
      this.#changed(topics.includes(EVERYTHING) ? null : topics);
    } catch {
      this.#changed(null); // what cannot be read still says that something changed
    }
  }

  #lost(source) {
    if (source !== this.#source) return;
    this.#lostAt ??= Date.now();
    this.#state(this.#lostAt);
    // The browser connects again by itself after a broken connection, and never after a refusal.
    if (source.readyState === EventSource.CLOSED) {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#again(), this.#wait);
      this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT);
    }
  }

  #again() {
    this.#close();
    this.#lostAt ??= Date.now();
    this.#open();
  }

  #close() {
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = null;
  }

  // A browser allows six connections to a server over HTTP/1.1: tabs that nobody looks at give theirs back after a while.
  #seen() {
    clearTimeout(this.#hiding);
    if (document.hidden) this.#hiding = setTimeout(() => this.#close(), HIDDEN_FOR);
    else if (!this.#source) this.#again();
  }
}
