// What every page shares: its head, who looks at it, the document that it shows, and how old that is.

import { get, rememberToken, SESSION_OVER } from "./api.js";
import { el, redraw, visible } from "./dom.js";
import { head } from "./head.js";
import { Live } from "./live.js";
import { empty } from "./signs.js";
import { absolute, ago, learn, now, tick } from "./time.js";
import { isChosen, speak, t } from "./words.js";

const PAUSE = 400; // between two documents: many changes at once are one
const WITHOUT_STREAM = 15_000; // a server that has no room for another listener still answers questions
const OLD = 90_000; // without a new document for so long while the server is out of reach, it says so louder

/** One page: asks for its document, draws it, and does so again whenever something changed. */
export class Frame {
  #page;
  #who = null;
  #document = null;
  #trouble = null;
  #loadedAt = null;
  #asOf = null;
  #lostAt = null;
  #asked = null;
  #again = null;
  #isStale = false;

  /** `page`: {place, concerns(topic), load(signal), draw(document, frame), title(document)}; missing: {words, command}. */
  constructor(page) {
    this.#page = page;
  }

  /** Who looks at it (the API's Whoami), or null while that is not known. */
  get who() {
    return this.#who;
  }

  /** Whether this person may act. */
  get mayAct() {
    return Boolean(this.#who?.may_act);
  }

  /** Begin. */
  async open() {
    this.#drawAll();
    tick(() => this.#drawState());
    let width = innerWidth;
    addEventListener("resize", () => {
      if (innerWidth === width) return; // on a phone the bar of the browser comes and goes
      width = innerWidth;
      this.#drawAll();
    });
    addEventListener(SESSION_OVER, () => this.meet());
    setInterval(() => this.#lostAt !== null && !document.hidden && this.#changed(null), WITHOUT_STREAM);
    await this.meet();
    await this.reload();
    new Live(
      (topics) => this.#changed(topics),
      (lostAt) => this.#connection(lostAt),
    );
  }

  /** Ask who this is, after the start and after a login. */
  async meet() {
    try {
      this.#who = await get("/whoami");
      rememberToken(this.#who.csrf);
      if (!isChosen()) speak(this.#who.language);
    } catch (error) {
      this.#trouble = error;
    }
    this.#drawAll();
  }

  /** Take another language: the server's words come in it as well. */
  async speak(wanted) {
    speak(wanted, { remember: true });
    this.#drawAll();
    await this.reload();
  }

  /** Ask for the document, now; a question that is under way is dropped. */
  async reload() {
    this.#asked?.abort();
    const asked = new AbortController();
    this.#asked = asked;
    try {
      if (!this.#who) await this.#meetQuietly();
      const found = await this.#page.load(asked.signal);
      if (asked.signal.aborted) return;
      this.#document = found;
      this.#trouble = null;
      this.#loadedAt = Date.now();
      if (found.at) learn(found.at);
      this.#asOf = found.at ?? new Date(now()).toISOString();
    } catch (error) {
      if (asked.signal.aborted) return;
      this.#trouble = error;
      if (!error.isPassing) this.#document = null; // it is not there, or not any more
      if (!("status" in error)) throw error; // a fault of ours belongs on the console
    } finally {
      if (this.#asked === asked) this.#asked = null;
      this.#drawAll();
      if (this.#isStale && !this.#asked) this.#changed(null);
    }
  }

  /** Draw what is known once more, after a choice on the page. */
  show() {
    this.#drawPage();
  }

  async #meetQuietly() {
    this.#who = await get("/whoami");
    rememberToken(this.#who.csrf);
  }

  /** Say something to who cannot see that it happened, and show it for a while. */
  tell(words) {
    const told = document.getElementById("told");
    told.textContent = words;
    told.classList.remove("seen");
    void told.offsetWidth; // begins its fading anew
    told.classList.add("seen");
  }

  #changed(topics) {
    if (topics !== null && !topics.some((topic) => this.#page.concerns(topic))) return;
    // One question at a time, and one more for what changed meanwhile: a slow server is neither hurried nor asked in vain.
    this.#again ??= setTimeout(() => {
      this.#again = null;
      this.#isStale = this.#asked !== null;
      if (!this.#isStale) this.reload();
    }, PAUSE);
  }

  #connection(lostAt) {
    this.#lostAt = lostAt === null ? null : lostAt - Date.now() + now(); // by the server's clock, as every time here
    this.#drawState();
  }

  #drawAll() {
    document.getElementById("skip").textContent = t("skip");
    redraw(document.getElementById("top"), head(this, this.#page.place));
    redraw(document.getElementById("foot"), el("p", {}, t("foot.utc"), this.#who ? ` · release-guard ${visible(this.#who.version)}` : ""));
    this.#drawState();
    this.#drawPage();
  }

  #drawPage() {
    const main = document.getElementById("page");
    main.setAttribute("aria-busy", this.#document || this.#trouble ? "false" : "true");
    if (this.#document) {
      document.title = `${visible(this.#page.title(this.#document))} · ${t("brand")}`;
      redraw(main, this.#page.draw(this.#document, this));
    } else if (this.#trouble) {
      document.title = `${t("trouble.title")} · ${t("brand")}`;
      redraw(main, this.#missing(this.#trouble));
    } else {
      redraw(main, el("h1", {}, t(`place.${this.#page.place}`)), el("p", { class: "soft" }, t("loading")));
    }
  }

  #missing(error) {
    const notThere = error.status === 404;
    return [
      el("h1", {}, notThere ? t("trouble.missing") : t("trouble.title")),
      notThere && this.#page.missing
        ? empty(visible(error.message), this.#page.missing)
        : el("div", { class: "empty" }, el("p", {}, visible(error.message))),
      error.hint && el("p", { class: "soft" }, visible(error.hint)),
      el(
        "p",
        {},
        el("button", { type: "button", on: { click: () => this.reload() } }, t("again")),
        " ",
        el("a", { href: "/" }, t("place.overview")),
        location.search && [" · ", el("a", { href: location.pathname }, t("filter.clear"))],
      ),
    ];
  }

  #drawState() {
    const lines = [];
    const old = this.#loadedAt !== null && (this.#lostAt !== null || this.#trouble?.isPassing);
    if (this.#trouble?.isPassing && this.#document) lines.push(visible(`${this.#trouble.message} ${this.#trouble.hint}`));
    if (this.#lostAt !== null) lines.push(t("live.lost", { at: absolute(this.#lostAt).slice(11) }));
    if (old) lines.push(t("live.old", { at: absolute(this.#asOf).slice(11) }));
    const loud = old && Date.now() - this.#loadedAt > OLD;
    const place = document.getElementById("state");
    redraw(
      place,
      lines.length > 0 &&
        el(
          "div",
          { class: loud ? "banner bad" : "banner open" },
          lines.map((line) => el("p", {}, line)),
        ),
    );
    const fresh = document.getElementById("fresh");
    if (fresh)
      redraw(fresh, el("span", { class: `dot ${this.#lostAt === null ? "on" : "off"}`, "aria-hidden": "true" }), " ", this.#freshness());
  }

  #freshness() {
    if (this.#loadedAt === null) return t("live.waiting");
    if (this.#lostAt !== null) return t("live.off");
    return [t("live.on"), " ", ago(this.#asOf)];
  }
}
