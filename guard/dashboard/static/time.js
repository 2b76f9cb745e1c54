// Times: UTC on the page, relative ones that tick, clocks that count. The server's clock is the one that counts.

import { el } from "./dom.js";
import { t } from "./words.js";

const SECOND = 1000;
const UNITS = [
  ["d", 86400],
  ["h", 3600],
  ["min", 60],
];
let skew = 0;

/** What the server's clock shows. */
export function now() {
  return Date.now() + skew;
}

/** Learn the server's time from a document that has just come. */
export function learn(at) {
  const found = Date.parse(at);
  if (Number.isFinite(found)) skew = found - Date.now();
}

const two = (number) => String(number).padStart(2, "0");

/** "2026-11-25 02:14:09 UTC". */
export function absolute(at) {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return String(at);
  return `${date.toISOString().slice(0, 10)} ${date.toISOString().slice(11, 19)} UTC`;
}

/** "02:14:09" today, "11-24 02:14" in the last half year, else the day alone. */
export function short(at) {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return String(at);
  const text = date.toISOString();
  const today = new Date(now()).toISOString();
  if (text.slice(0, 10) === today.slice(0, 10)) return text.slice(11, 19);
  return Math.abs(date.getTime() - now()) < 180 * 86400 * SECOND ? `${text.slice(5, 10)} ${text.slice(11, 16)}` : text.slice(0, 10);
}

/** A length of time in at most two units: "1 h 40 min"; under a minute in seconds. */
export function length(seconds) {
  let left = Math.max(0, Math.round(seconds));
  if (left < 60) return `${left} ${t("unit.s")}`;
  const parts = [];
  for (const [name, size] of UNITS) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count) parts.push(`${count} ${t(`unit.${name}`)}`);
  }
  return parts.slice(0, 2).join(" ");
}

/** "12 s ago", "in 3 min". */
export function relative(at) {
  const seconds = (now() - Date.parse(at)) / SECOND;
  if (Math.abs(seconds) < 1) return t("time.now");
  return seconds >= 0 ? t("time.ago", { length: length(seconds) }) : t("time.in", { length: length(-seconds) });
}

/** A moment, absolute for who points at it. */
export function moment(at) {
  return el("time", { datetime: at, title: absolute(at), class: "moment" }, short(at));
}

/** A moment as it recedes. */
export function ago(at) {
  return el("time", { datetime: at, title: absolute(at), "data-ticks": "ago" }, relative(at));
}

/** The time that is left until a moment: "42 min". */
export function left(at) {
  return el("time", { datetime: at, title: absolute(at), "data-ticks": "left" }, length((Date.parse(at) - now()) / SECOND));
}

/** A clock in mm:ss or h:mm:ss; past its moment it counts up again behind a plus. */
export function countdown(at) {
  return el("time", { datetime: at, title: absolute(at), "data-ticks": "count", class: "count" }, counted(at));
}

function counted(at) {
  const seconds = Math.round((Date.parse(at) - now()) / SECOND);
  return `${seconds < 0 ? "+" : ""}${digits(Math.abs(seconds))}`;
}

/** "7:05", "1:07:05"; days are named. */
export function digits(seconds) {
  const whole = Math.round(seconds);
  if (whole >= 100 * 3600) return length(whole);
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${two(minutes)}:${two(whole % 60)}`;
}

const SHOWN = { ago: relative, left: (at) => length((Date.parse(at) - now()) / SECOND), count: counted };

/** Let every time on the page tick; `after` is called with each beat. */
export function tick(after = () => {}) {
  const beat = () => {
    for (const node of document.querySelectorAll("time[data-ticks]")) {
      const text = SHOWN[node.dataset.ticks](node.dateTime);
      if (node.textContent !== text) node.textContent = text;
      const clock = node.closest("[data-due]");
      if (clock && Date.parse(clock.dataset.due) < now()) clock.classList.add("missed");
    }
    after();
  };
  beat();
  return setInterval(beat, SECOND);
}
