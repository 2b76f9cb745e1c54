// A signal's newest points as a small line, with its limit.

import { svg } from "./dom.js";
import { drawn, isShare, percent, plainly } from "./figures.js";
import { name, t } from "./words.js";

const WIDTH = 120;
const HEIGHT = 28;
const EDGE = 3;

/** The line; nothing where there are no two points to draw one between. */
export function sparkline(state) {
  const points = drawn(state);
  if (points.length < 2) return null;
  const share = isShare(state.signal);
  const limit = share && state.limit ? state.limit : null;
  const highest = Math.max(...points.map((point) => point.y), limit === null ? 0 : limit * 1.25) || 1;
  const lowest = share ? 0 : Math.min(...points.map((point) => point.y), 0);
  const first = points[0].x;
  const span = points.at(-1).x - first || 1;
  const x = (at) => (EDGE + ((at - first) / span) * (WIDTH - 2 * EDGE)).toFixed(1);
  const y = (value) => (HEIGHT - EDGE - ((value - lowest) / (highest - lowest || 1)) * (HEIGHT - 2 * EDGE)).toFixed(1);
  const path = points.map((point, place) => `${place ? "L" : "M"}${x(point.x)} ${y(point.y)}`).join("");
  const last = points.at(-1);
  const show = share ? percent : plainly;
  const words = t(limit === null ? "spark.plain" : "spark.limit", {
    signal: name("signal", state.signal),
    first: show(points[0].y),
    last: show(last.y),
    limit: limit === null ? "" : percent(limit),
  });
  return svg(
    "svg",
    { class: "spark", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": words },
    svg("title", {}, words),
    limit !== null && svg("path", { class: "limit", d: `M0 ${y(limit)}H${WIDTH}` }),
    svg("path", { class: "line", d: path }),
    svg("circle", { class: "dot", cx: x(last.x), cy: y(last.y), r: 2.5 }),
  );
}
