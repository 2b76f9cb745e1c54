// What the guard would have decided on the same samples under other thresholds: moved with sliders, asked of the server, drawn as evidence.

import { get } from "./api.js";
import { refusal } from "./dialogs.js";
import { el, redraw, said } from "./dom.js";
import { percent, plainly } from "./figures.js";
import { draw } from "./plot.js";
import { severity, sign } from "./signs.js";
import { digits, length, moment } from "./time.js";
import { fill, has, language, name, t } from "./words.js";

const WAIT = 250; // a slider that moves asks once it rests
const LOWEST = Math.log10(0.005);
const HIGHEST = Math.log10(0.5);
const STEPS = 200;
const KEPT = { "data-keep": true, key: "replay-body" };
const SIDES = 60;

/** A threshold's place on the slider, and back: each step is the same factor. */
const placed = (value) => Math.round(((Math.log10(value) - LOWEST) / (HIGHEST - LOWEST)) * STEPS);
const valued = (place) => Number((10 ** (LOWEST + (place / STEPS) * (HIGHEST - LOWEST))).toPrecision(2));

/** The part of the release page that looks after itself: its sliders stay where a person has put them. */
export class Replay {
  #path;
  #element;
  #found;
  #values = {};
  #asked = null;
  #timer = null;
  #answer = el("div", { class: "answer", "aria-live": "polite", "aria-atomic": "false" });
  #sliders = el("div", { class: "sliders" });
  #language = null;

  /** `path`: where it is asked for. */
  constructor(path, found) {
    this.#path = path;
    this.#found = found;
    this.#element = el("div", KEPT, this.#sliders, this.#answer);
  }

  /** What stands on the page: itself, or where it already stands, its place; taken out and put back it would lose the focus. */
  place() {
    return this.#element.isConnected ? el("div", KEPT) : this.#element;
  }

  /** The release as it is known now: a new sample may change what would have been decided. */
  learn(found) {
    const newest = (one) => one.signals.map((signal) => signal.judged_at).join() + language();
    const isNew = this.#language !== newest(found);
    this.#found = found;
    if (!isNew) return;
    this.#language = newest(found);
    this.#draw();
    // Where nothing was ever judged nothing was recorded either, and the server need not be asked to say so.
    if (found.signals.length > 0) this.#ask();
    else redraw(this.#answer, el("p", { class: "soft" }, t("replay.none")));
  }

  #shares() {
    return Object.entries(this.#found.thresholds).filter(
      ([threshold, value]) => value >= 0.005 && value <= 0.5 && has(`threshold.${threshold}`),
    );
  }

  #draw() {
    const shares = this.#shares();
    redraw(
      this.#sliders,
      el("p", { class: "soft" }, t("replay.what")),
      shares.map(([threshold, configured]) => this.#slider(threshold, configured)),
      shares.length > 0 &&
        el("p", { class: "buttons start" }, el("button", { type: "button", on: { click: () => this.#reset() } }, t("replay.reset"))),
    );
  }

  #slider(threshold, configured) {
    const value = this.#values[threshold] ?? configured;
    const words = t("replay.value", { rate: percent(value) });
    return el(
      "div",
      { class: "slider", key: threshold },
      el("label", { for: `threshold-${threshold}` }, name("threshold", threshold)),
      el("input", {
        type: "range",
        id: `threshold-${threshold}`,
        min: 0,
        max: STEPS,
        step: 1,
        value: String(placed(value)),
        "aria-valuetext": words,
        on: { input: (event) => this.#moved(threshold, event.target) },
      }),
      el("output", { for: `threshold-${threshold}` }, words, value === configured ? ` (${t("replay.configured")})` : ""),
    );
  }

  #moved(threshold, input) {
    const configured = this.#found.thresholds[threshold];
    const place = Number(input.value);
    this.#values[threshold] = place === placed(configured) ? configured : valued(place);
    this.#draw();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ask(), WAIT);
  }

  #reset() {
    this.#values = {};
    this.#draw();
    for (const [threshold, configured] of this.#shares())
      this.#sliders.querySelector(`#threshold-${threshold}`).value = String(placed(configured));
    this.#ask();
  }

  async #ask() {
    this.#asked?.abort();
    const asked = new AbortController();
    this.#asked = asked;
    this.#answer.setAttribute("aria-busy", "true");
    const asks = Object.fromEntries(
      Object.entries(this.#values).filter(([threshold, value]) => value !== this.#found.thresholds[threshold]),
    );
    try {
      const result = await get(this.#path, asks, asked.signal);
      if (!asked.signal.aborted) redraw(this.#answer, this.#told(result));
    } catch (error) {
      if (asked.signal.aborted) return;
      if (!("status" in error)) throw error;
      redraw(this.#answer, error.status === 404 ? el("p", { class: "soft" }, t("replay.none")) : refusal(error));
    } finally {
      if (this.#asked === asked) this.#answer.setAttribute("aria-busy", "false");
    }
  }

  #told(result) {
    const decided = result.decided_at
      ? fill("replay.decided", { at: moment(result.decided_at), after: length(result.seconds_after_publish ?? 0) })
      : t("replay.undecided");
    return [
      el(
        "p",
        { class: "headline" },
        sign("verdict", result.verdict),
        " ",
        decided,
        " ",
        result.severity && severity(result.severity),
        " ",
        result.strategy && el("strong", {}, name("strategy", result.strategy)),
        " ",
        result.diagnosis && el("span", { class: "soft" }, t("replay.because", { cause: name("cause", result.diagnosis) })),
      ),
      el(
        "ul",
        {},
        result.evidence.map((line) => el("li", {}, said(line, { long: 240 }))),
      ),
      result.curve.length > 1 && draw(this.#curve(result)),
    ];
  }

  /** The evidence over time: what crosses the line is proved. */
  #curve(result) {
    const points = result.curve.map(([x, y]) => ({ x, y }));
    const highest = Math.max(...points.map((point) => point.y), result.needed);
    const lowest = Math.min(0, Math.max(Math.min(...points.map((point) => point.y)), -2 * result.needed));
    return {
      title: t("replay.curve"),
      summary: t("replay.curve.summary", { needed: plainly(result.needed), last: plainly(points.at(-1).y) }),
      width: Math.max(260, document.getElementById("page").clientWidth - SIDES),
      x: { min: 0, max: Math.max(points.at(-1).x, 10), show: digits },
      y: { min: lowest, max: Math.min(highest * 1.15, Math.max(result.needed * 6, 1)), show: plainly },
      limit: { value: result.needed, words: t("replay.needed") },
      series: [{ words: t("replay.evidence"), points }],
      marks:
        result.seconds_after_publish === null || result.verdict !== "breach"
          ? []
          : [{ x: result.seconds_after_publish, words: t("replay.breach"), kind: "breach" }],
      columns: [t("column.after"), t("replay.evidence")],
      rows: points.map((point) => [digits(point.x), plainly(point.y)]),
    };
  }
}
