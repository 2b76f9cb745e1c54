// Incidents by day as bars, stacked by severity: each has its own pattern beside its colour.

import { el, svg, table } from "./dom.js";
import { t } from "./words.js";

const HEIGHT = 150;
const LEFT = 30;
const BOTTOM = 22;
const TOP = 8;
const SEVERITIES = ["P0", "P1", "P2", "P3"];

/** The figure with its legend and its numbers. `days`: [{day, counts}]. */
export function bars(days, width) {
  const sums = days.map(({ counts }) => SEVERITIES.reduce((sum, one) => sum + (counts[one] ?? 0), 0));
  const highest = Math.max(...sums, 1);
  const step = (width - LEFT) / Math.max(days.length, 1);
  const unit = (HEIGHT - TOP - BOTTOM) / highest;
  const title = t("report.by_day");
  return el(
    "figure",
    { class: "plotted" },
    el("figcaption", {}, title),
    el(
      "ul",
      { class: "legend" },
      SEVERITIES.map((one) =>
        el("li", {}, svg("svg", { class: "key", viewBox: "0 0 34 12", "aria-hidden": "true" }, piece(8, 0, 18, 12, one)), one),
      ),
    ),
    svg(
      "svg",
      {
        class: "plot",
        viewBox: `0 0 ${width} ${HEIGHT}`,
        width,
        height: HEIGHT,
        role: "img",
        "aria-label": `${title}. ${t("report.by_day.summary", { n: sums.reduce((one, other) => one + other, 0), days: days.length })}`,
      },
      [0, highest].map((value) => [
        svg("path", { class: "grid", d: `M${LEFT} ${HEIGHT - BOTTOM - value * unit}H${width}` }),
        svg("text", { class: "axis", x: LEFT - 6, y: HEIGHT - BOTTOM - value * unit + 4, "text-anchor": "end" }, String(value)),
      ]),
      days.map((day, place) => stack(day, LEFT + place * step, step, unit)),
      labels(days, step),
    ),
    el(
      "details",
      { class: "numbers" },
      el("summary", {}, t("plot.numbers")),
      table(
        title,
        [t("column.day"), ...SEVERITIES],
        days.map(({ day, counts }) => ({ cells: [day, ...SEVERITIES.map((one) => String(counts[one] ?? 0))] })),
        { cards: false },
      ),
    ),
  );
}

function stack({ counts }, x, step, unit) {
  let top = HEIGHT - BOTTOM;
  const gap = Math.min(2, step * 0.15);
  return SEVERITIES.filter((one) => counts[one] > 0).map((one) => {
    const height = counts[one] * unit;
    top -= height;
    return piece(x + gap, top, Math.max(step - 2 * gap, 1), Math.max(height - 1, 1), one);
  });
}

/** One severity's piece: the worse, the more of it is filled. */
function piece(x, y, width, height, severity) {
  const inset = { P0: 0, P1: 0.25, P2: 0.4, P3: 0.5 }[severity] * width;
  return [
    svg("rect", { class: `bar frame ${severity}`, x, y, width, height }),
    inset < width / 2 && svg("rect", { class: `bar fill ${severity}`, x: x + inset, y, width: width - 2 * inset, height }),
  ];
}

function labels(days, step) {
  const every = Math.max(1, Math.ceil(44 / step));
  return days.map(({ day }, place) =>
    place % every === 0 && place * step < step * days.length - 36
      ? svg("text", { class: "axis", x: LEFT + place * step, y: HEIGHT - 6 }, day.slice(5))
      : null,
  );
}
