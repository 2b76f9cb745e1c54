// What a state looks like: a shape and a word each, so that no colour is needed to read it.

import { el, said, svg, visible } from "./dom.js";
import { has, name, t } from "./words.js";

// Drawn in a box of 16: filled shapes are what needs somebody, open ones what is well or has yet to be known.
const SHAPES = {
  good: ["M8 1.5a6.5 6.5 0 1 0 0 13a6.5 6.5 0 1 0 0-13z", "M4.8 8.2l2.2 2.3 4.3-4.8"],
  bad: ["M5 1h6l4 4v6l-4 4H5l-4-4V5z", "M5.3 5.3l5.4 5.4M10.7 5.3l-5.4 5.4"],
  open: ["M8 1.2L15 14H1z", "M8 5.5v4M8 11.3v.9"],
  none: ["M8 1.5a6.5 6.5 0 1 0 0 13a6.5 6.5 0 1 0 0-13z", "M4.8 8h6.4"],
  todo: ["M8 1.5a6.5 6.5 0 1 0 0 13a6.5 6.5 0 1 0 0-13z", ""],
  busy: ["M8 1.5a6.5 6.5 0 1 0 0 13a6.5 6.5 0 1 0 0-13z", "M8 4.2V8l2.6 1.7"],
};

const TONES = {
  verdict: { healthy: "good", breach: "bad", inconclusive: "open", no_data: "none" },
  overall: { OPERATIONAL: "good", DEGRADED: "open", CRITICAL: "bad" },
  check: { passed: "good", failed: "bad", error: "open", not_configured: "none" },
  drill: { safe: "good", unsafe: "bad", unknown: "none" },
  release: { good: "good", bad: "bad", rolled_back: "bad", watched: "busy" },
  rollback: { completed: "good", failed: "bad", stopped: "none", planned: "busy", running: "busy" },
  step: { done: "good", failed: "bad", running: "busy", pending: "todo" },
  message: { sent: "good", failed: "bad", unsure: "open", dropped: "none", pending: "busy", sending: "busy" },
  action: { open: "todo", in_progress: "busy", done: "good", dropped: "none" },
  severity: { P0: "bad", P1: "bad", P2: "open", P3: "none" },
  incident: {
    investigating: "bad",
    identified: "bad",
    mitigating: "busy",
    monitoring: "busy",
    resolved: "good",
    postmortem_done: "good",
    closed: "good",
    false_alarm: "none",
  },
  outcome: {
    healthy: "good",
    rolled_back: "good",
    rolling_back: "busy",
    held: "bad",
    inconclusive: "open",
    unproved: "none",
    failed: "open",
  },
};

/** How a constant is shown: good, bad, open, none, todo or busy; what is not known is open, and never good. */
export function tone(kind, constant) {
  return TONES[kind]?.[constant] ?? "open";
}

/** A shape alone, for where its word stands beside it. */
export function shape(kind, constant) {
  const found = tone(kind, constant);
  const [outline, inside] = SHAPES[found];
  return svg(
    "svg",
    { class: `shape ${found}`, viewBox: "0 0 16 16", "aria-hidden": "true", focusable: "false" },
    svg("path", { class: "outline", d: outline }),
    inside && svg("path", { class: "inside", d: inside }),
  );
}

/** A shape with its word. */
export function sign(kind, constant, words = name(kind, constant)) {
  return el("span", { class: `sign ${tone(kind, constant)}` }, shape(kind, constant), el("span", {}, words));
}

/** A severity: its name in a box whose fill says how bad it is. */
export function severity(label) {
  return el(
    "span",
    { class: `severity ${["P0", "P1", "P2", "P3"].includes(label) ? label : "P3"}`, title: name("severity", label) },
    visible(label).slice(0, 4),
  );
}

/** A share as a bar with its figure. */
export function meter(percent, label) {
  const shown = Math.max(0, Math.min(100, Number(percent) || 0));
  return el(
    "span",
    { class: "meter" },
    svg(
      "svg",
      { viewBox: "0 0 100 6", preserveAspectRatio: "none", "aria-hidden": "true" },
      svg("rect", { class: "track", width: 100, height: 6, rx: 3 }),
      svg("rect", { class: "fill", width: shown, height: 6, rx: 3 }),
    ),
    el("span", {}, label),
  );
}

/** An incident's cause: the constant in words, and the sentence behind it as it is. */
export function cause(text) {
  const [constant, ...rest] = text.split(": ");
  if (!has(`cause.${constant}`)) return said(text, { long: 160 });
  return [name("cause", constant), rest.length > 0 && [": ", said(rest.join(": "), { long: 160 })]].flat();
}

/** A chip for a word that is no state. */
export function chip(words, title = null) {
  return el("span", { class: "chip", title }, words);
}

/** What is shown where there is nothing yet: why, and the next command to run. */
export function empty(words, command = "") {
  return el("div", { class: "empty" }, el("p", {}, words), command && el("p", {}, t("empty.next"), " ", el("code", {}, command)));
}
