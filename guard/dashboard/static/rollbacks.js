// A rollback with its steps, as it runs; and the plan of what would be done.

import { part } from "./api.js";
import { el, said, table, visible } from "./dom.js";
import { chip, sign } from "./signs.js";
import { length, moment } from "./time.js";
import { fill, name, t } from "./words.js";

/** One rollback, whole. */
export function rollback(found, { linked = true } = {}) {
  return el(
    "div",
    { class: "rollback", key: found.id },
    el(
      "p",
      {},
      sign("rollback", found.state),
      " ",
      fill("rollback.line", {
        from: el("bdi", {}, visible(found.from_version)),
        target: el("bdi", {}, visible(found.target)),
        version: el("bdi", {}, visible(found.new_version)),
      }),
      " ",
      chip(t(found.automatic ? "rollback.automatic" : "rollback.by_hand")),
    ),
    el(
      "p",
      { class: "soft" },
      moment(found.created_at),
      found.finished_at ? [" – ", moment(found.finished_at)] : "",
      " · ",
      said(found.reason),
    ),
    found.failure && el("p", { class: "warned" }, said(found.failure)),
    linked && found.incident && el("p", {}, el("a", { href: `/incidents/${part(found.incident)}` }, visible(found.incident))),
    found.steps.length > 0 && steps(found),
  );
}

function steps(found) {
  return el(
    "ol",
    { class: "steps", "aria-label": t("rollback.steps") },
    found.steps.map((step) =>
      el(
        "li",
        { key: step.name, class: step.state },
        sign("step", step.state, name("rollback_step", step.name)),
        el(
          "span",
          { class: "soft" },
          name("step", step.state),
          step.state === "pending" ? "" : `, ${length(step.seconds)}`,
          step.attempts > 1 ? `, ${t("attempts", { n: step.attempts })}` : "",
        ),
        el("p", {}, said(step.evidence || step.words)),
      ),
    ),
  );
}

/** What would be done now, why, and what it will not do. */
export function plan(found) {
  return el(
    "div",
    { class: "plan" },
    el(
      "p",
      { class: "headline" },
      el("strong", {}, name("strategy", found.strategy)),
      " ",
      chip(t("plan.restore", { length: length(found.seconds_to_restore) })),
      " ",
      chip(t("plan.risk", { risk: name("risk", found.risk) })),
    ),
    el("p", {}, said(found.reason)),
    found.held_because.length > 0 &&
      el("div", { class: "banner open" }, el("div", {}, el("p", {}, el("strong", {}, t("plan.held"))), list(found.held_because))),
    found.steps.length > 0 && [
      el("h3", {}, t("plan.steps")),
      el(
        "ol",
        {},
        found.steps.map((line) => el("li", {}, said(line))),
      ),
    ],
    el("p", {}, el("strong", {}, t("plan.data")), " ", said(found.data)),
    found.reach && el("p", {}, said(found.reach)),
    folded(t("plan.will_not"), found.will_not),
    folded(t("plan.not_chosen"), found.not_chosen),
  );
}

function list(lines) {
  return el(
    "ul",
    {},
    lines.map((line) => el("li", {}, said(line))),
  );
}

function folded(title, lines) {
  return lines.length > 0 && el("details", {}, el("summary", {}, title), list(lines));
}

/** The verdicts of one or two versions beside each other. */
export function signalTable(ours, theirs, { version, baseline }, columns) {
  const names = [...new Set([...ours, ...theirs].map((state) => state.signal))];
  const one = (states, signal, cells) => {
    const state = states.find((found) => found.signal === signal);
    return state ? cells(state) : el("span", { class: "soft" }, t("figure.none"));
  };
  const rows = names.map((signal) => ({
    key: signal,
    cells: [name("signal", signal), one(ours, signal, columns), ...(baseline ? [one(theirs, signal, columns)] : [])],
  }));
  const heads = [
    t("column.signal"),
    t("column.release", { version: visible(version) }),
    ...(baseline ? [t("column.baseline", { version: visible(baseline) })] : []),
  ];
  return table(t("signals"), heads, rows);
}
