// The clocks of an incident: how long is left, by when it was answered, or that it was missed: in words, and not by colour alone.

import { el, visible } from "./dom.js";
import { shape } from "./signs.js";
import { countdown, digits, now } from "./time.js";
import { count, t } from "./words.js";

/** Each clock with its word; nothing where there are none. */
export function clocks(found) {
  if (found.length === 0) return null;
  return el("dl", { class: "clocks" }, [...found].sort((one, other) => Date.parse(one.due_at) - Date.parse(other.due_at)).map(clock));
}

function clock(one) {
  const running = !one.stopped_at;
  const missed = one.missed || (running && Date.parse(one.due_at) < now());
  return el(
    "div",
    { key: one.kind, class: `clock ${missed ? "missed" : ""} ${running ? "running" : "stopped"}`, "data-due": running ? one.due_at : null },
    el("dt", {}, visible(one.words)),
    el(
      "dd",
      {},
      shape("check", missed ? "failed" : running ? "error" : "passed"),
      running ? countdown(one.due_at) : el("span", { class: "count" }, taken(one)),
      el("span", { class: "verdict late" }, t("clock.missed")),
      el("span", { class: "verdict timely" }, t(running ? "clock.left" : "clock.kept")),
    ),
    one.escalations > 0 && el("dd", { class: "soft" }, count("count.escalations", one.escalations)),
  );
}

function taken(one) {
  return digits((Date.parse(one.stopped_at) - Date.parse(one.started_at)) / 1000);
}
