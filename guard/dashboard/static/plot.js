// Plots as SVG: lines told apart by dashes and markers, a band around each, a limit, numbered marks; and their numbers as a table.

import { el, svg, table } from "./dom.js";
import { t } from "./words.js";

const LEFT = 52;
const RIGHT = 14;
const TOP = 30;
const BOTTOM = 26;
const HEIGHT = 250;
const MOST_ROWS = 60;
const DASHES = ["", "7 4", "2 3"];

/**
 * Draw a plot as wide as it is asked to be.
 *
 * `plot`: {title, summary, width, x: {min, max, show}, y: {min, max, show}, limit: {value, words} or null,
 * series: [{words, points: [{x, y, low, high}]}], marks: [{x, words, kind}], columns, rows}. Marks are numbered, and listed below it.
 */
export function draw(plot) {
  const room = new Room(plot);
  const marks = [...plot.marks].sort((one, other) => one.x - other.x);
  const drawing = svg(
    "svg",
    {
      class: "plot",
      viewBox: `0 0 ${plot.width} ${HEIGHT}`,
      width: plot.width,
      height: HEIGHT,
      role: "img",
      "aria-label": `${plot.title}. ${plot.summary}`,
    },
    room.grid(),
    room.times(),
    plot.series.map((series, place) => room.band(series, place)),
    room.limit(),
    marks.map((mark, place) => room.mark(mark, place)),
    plot.series.map((series, place) => room.line(series, place)),
  );
  return el(
    "figure",
    { class: "plotted" },
    el("figcaption", {}, plot.title),
    legend(plot),
    drawing,
    marks.length > 0 &&
      el(
        "ol",
        { class: "marks" },
        marks.map((mark) => el("li", { class: mark.kind }, el("span", { class: "when" }, plot.x.show(mark.x)), " ", mark.words)),
      ),
    plot.rows.length > 0 && numbers(plot),
  );
}

function legend(plot) {
  const lines = plot.series.map((series, place) =>
    el(
      "li",
      {},
      svg(
        "svg",
        { class: "key", viewBox: "0 0 34 12", "aria-hidden": "true" },
        svg("path", { class: `line l${place}`, d: "M1 6H33", "stroke-dasharray": DASHES[place] }),
        marker(17, 6, place),
      ),
      series.words,
    ),
  );
  const limit =
    plot.limit &&
    el(
      "li",
      {},
      svg("svg", { class: "key", viewBox: "0 0 34 12", "aria-hidden": "true" }, svg("path", { class: "limit", d: "M1 6H33" })),
      plot.limit.words,
    );
  return el("ul", { class: "legend" }, lines, limit);
}

/** Every number behind it, for who cannot see the drawing, and for who wants to know exactly. */
function numbers(plot) {
  const step = Math.ceil(plot.rows.length / MOST_ROWS);
  const kept = plot.rows.filter((_, place) => place % step === 0 || place === plot.rows.length - 1);
  return el(
    "details",
    { class: "numbers" },
    el("summary", {}, t("plot.numbers")),
    table(
      plot.title,
      plot.columns,
      kept.map((cells) => ({ cells })),
      { cards: false },
    ),
  );
}

/** A point's shape: a circle, a square, a triangle. */
function marker(x, y, place) {
  const side = 3.2;
  if (place % 3 === 0) return svg("circle", { class: `point l${place}`, cx: x, cy: y, r: side });
  if (place % 3 === 1) return svg("rect", { class: `point l${place}`, x: x - side, y: y - side, width: 2 * side, height: 2 * side });
  return svg("path", { class: `point l${place}`, d: `M${x} ${y - 4}l4 7h-8z` });
}

/** Where things stand on a plot. */
class Room {
  #plot;

  constructor(plot) {
    this.#plot = plot;
  }

  #x(value) {
    const { min, max } = this.#plot.x;
    const share = (value - min) / (max - min || 1);
    return Number((LEFT + Math.max(0, Math.min(1, share)) * (this.#plot.width - LEFT - RIGHT)).toFixed(1));
  }

  #y(value) {
    const { min, max } = this.#plot.y;
    const share = (value - min) / (max - min || 1);
    return Number((HEIGHT - BOTTOM - Math.max(0, Math.min(1, share)) * (HEIGHT - TOP - BOTTOM)).toFixed(1));
  }

  grid() {
    const { min, max, show } = this.#plot.y;
    return steps(min, max, 5).map((value) => [
      svg("path", { class: "grid", d: `M${LEFT} ${this.#y(value)}H${this.#plot.width - RIGHT}` }),
      svg("text", { class: "axis", x: LEFT - 6, y: this.#y(value) + 4, "text-anchor": "end" }, show(value)),
    ]);
  }

  times() {
    const { min, max, show } = this.#plot.x;
    const many = Math.max(2, Math.min(7, Math.floor(this.#plot.width / 110)));
    return Array.from({ length: many }, (_, place) => {
      const value = min + ((max - min) * place) / (many - 1);
      const anchor = place === 0 ? "start" : place === many - 1 ? "end" : "middle";
      return svg("text", { class: "axis", x: this.#x(value), y: HEIGHT - 8, "text-anchor": anchor }, show(value));
    });
  }

  limit() {
    if (!this.#plot.limit) return null;
    return svg("path", { class: "limit", d: `M${LEFT} ${this.#y(this.#plot.limit.value)}H${this.#plot.width - RIGHT}` });
  }

  band(series, place) {
    const known = series.points.filter((point) => point.low !== undefined);
    if (known.length < 2) return null;
    const above = known.map((point) => `${this.#x(point.x)} ${this.#y(point.high)}`);
    const below = known.map((point) => `${this.#x(point.x)} ${this.#y(point.low)}`).reverse();
    return svg("path", { class: `band l${place}`, d: `M${[...above, ...below].join("L")}z` });
  }

  line(series, place) {
    if (series.points.length === 0) return null;
    const path = series.points.map((point, number) => `${number ? "L" : "M"}${this.#x(point.x)} ${this.#y(point.y)}`).join("");
    const every = Math.max(1, Math.ceil(series.points.length / (this.#plot.width / 60)));
    const shown = series.points.filter((_, number) => number % every === 0 || number === series.points.length - 1);
    return [
      svg("path", { class: `line l${place}`, d: path, "stroke-dasharray": DASHES[place % DASHES.length] || null }),
      shown.map((point) => marker(this.#x(point.x), this.#y(point.y), place)),
    ];
  }

  mark(mark, place) {
    const x = this.#x(mark.x);
    // Marks close together stand at two heights, so that their numbers do not meet.
    const y = place % 2 ? 22 : 8;
    return [
      svg("path", { class: `mark ${mark.kind}`, d: `M${x} ${y}V${HEIGHT - BOTTOM}` }),
      svg("circle", { class: `pin ${mark.kind}`, cx: x, cy: y, r: 7.5 }),
      svg("text", { class: "number", x, y: y + 4, "text-anchor": "middle" }, String(place + 1)),
    ];
  }
}

/** Round numbers between two, about as many as asked for. */
export function steps(min, max, many) {
  const rough = (max - min) / many || 1;
  const size = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * size).find((one) => one >= rough);
  const found = [];
  for (let value = Math.ceil(min / step) * step; value <= max + step / 1e6; value += step) found.push(Number(value.toPrecision(12)));
  return found;
}
