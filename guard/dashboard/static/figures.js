// Numbers as people read them.

import { t } from "./words.js";

const SHARES = new Set(["error_rate", "api_failures", "response_time", "rating"]);

/** Whether a signal is a share, with a rate from 0 to 1. */
export function isShare(signal) {
  return SHARES.has(signal);
}

/** "3.4 %"; as many digits as the number is worth. */
export function percent(ratio) {
  const value = 100 * ratio;
  const size = Math.abs(value);
  const isNearlyAll = size > 99 && size < 100;
  const digits = isNearlyAll ? 2 : size === 0 || size >= 10 ? 0 : size >= 1 ? 1 : size >= 0.1 ? 2 : 3;
  return `${Number(value.toFixed(digits))}\u00a0%`;
}

/** A count with its thousands parted. */
export function whole(number) {
  return Math.round(number)
    .toString()
    .replace(/\B(?=(\d{3})+(?!\d))/g, "\u202f");
}

/** A number with at most three digits that matter. */
export function plainly(number) {
  return Number.isInteger(number) ? whole(number) : String(Number(number.toPrecision(3)));
}

/** What was measured, in figures: "12 of 300 (4 %)". */
export function measured(state) {
  if (state.verdict === "no_data" && !state.total) return t("figure.none");
  if (state.total > 0)
    return t("figure.share", { failures: whole(state.failures), total: whole(state.total), rate: percent(state.failures / state.total) });
  const last = state.recent.at(-1)?.value;
  if (last !== null && last !== undefined) return plainly(last);
  return state.failures ? whole(state.failures) : "";
}

/** A signal's limit in words. */
export function limit(state) {
  if (state.limit === null || state.limit === undefined) return "";
  if (state.signal === "extension_crashes") return t("limit.hourly", { n: plainly(state.limit) });
  if (state.signal === "silence") return t("limit.least", { rate: percent(state.limit) });
  if (state.signal === "active_users") return t("limit.drop", { rate: percent(state.limit) });
  return t("limit.share", { rate: percent(state.limit) });
}

/** The points of a signal as numbers to draw: rates where it is a share, else the values. */
export function drawn(state) {
  const points = [];
  for (const point of state.recent) {
    const y = point.total > 0 ? point.failures / point.total : (point.value ?? null);
    if (y !== null) points.push({ x: Date.parse(point.at), y });
  }
  return points;
}
