// The report over a period: its figures, the incidents by day, what it recommends.

import { part } from "./api.js";
import { bars } from "./bars.js";
import { el, said, table, visible } from "./dom.js";
import { percent, plainly, whole } from "./figures.js";
import { panel } from "./parts.js";
import { chip, empty, severity, sign } from "./signs.js";
import { length } from "./time.js";
import { name, t } from "./words.js";

const SIDES = 60;

/** The whole report, of the API's ReportDocument. */
export function report(found) {
  const told = found.report;
  const width = Math.max(260, document.getElementById("page").clientWidth - SIDES);
  return [
    figures(told),
    told.incidents.total > 0 ? panel("report-days", t("report.days_title"), bars(found.by_day, width)) : empty(t("report.calm")),
    panel("report-times", t("report.times"), times(told)),
    panel("report-targets", t("report.targets"), targets(told)),
    told.error_budgets.length > 0 && panel("report-budgets", t("report.budgets"), budgets(told)),
    told.prevention.length > 0 && panel("report-prevention", t("report.prevention"), prevention(told)),
    told.recommendations.length > 0 && panel("report-advice", t("report.recommendations"), recommendations(told)),
  ];
}

function figures(told) {
  const rollbacks = told.rollbacks;
  const shown = [
    [
      whole(told.incidents.total),
      t("report.incidents"),
      t("report.incidents.note", { open: told.incidents.open, reopened: told.incidents.reopened }),
    ],
    [
      whole(rollbacks.done),
      t("report.rollbacks"),
      t("report.rollbacks.note", {
        failed: rollbacks.failed,
        by_hand: rollbacks.by_hand,
        success: rollbacks.success === null ? "–" : percent(rollbacks.success),
      }),
    ],
    [whole(told.false_alarms.total), t("report.false_alarms"), named(told.false_alarms.by_signal, "signal")],
    [
      whole(told.action_items.open + told.action_items.in_progress),
      t("report.actions"),
      t("report.actions.note", { overdue: told.action_items.overdue, done: told.action_items.done }),
    ],
  ];
  return el(
    "dl",
    { class: "figures" },
    shown.map(([figure, words, note]) =>
      el("div", {}, el("dt", {}, words), el("dd", { class: "big" }, figure), el("dd", { class: "soft" }, note)),
    ),
    el(
      "div",
      {},
      el("dt", {}, t("report.by_severity")),
      el(
        "dd",
        {},
        Object.entries(told.incidents.by_severity).map(([label, number]) => el("span", { class: "pair" }, severity(label), ` ${number}`)),
      ),
      el("dd", { class: "soft" }, named(told.incidents.by_cause, "cause")),
    ),
  );
}

/** "deployment 3, external 1". */
function named(counts, kind) {
  return Object.entries(counts)
    .filter(([, number]) => number)
    .map(([one, number]) => `${visible(name(kind, one))} ${number}`)
    .join(", ");
}

function times(told) {
  const all = { ...told.seconds, rollback: told.rollbacks.seconds };
  const rows = Object.entries(all).map(([which, spread]) => ({
    cells: [
      name("times", which),
      ...(spread ? [whole(spread.count), length(spread.median), length(spread.mean), length(spread.p90)] : ["0", "–", "–", "–"]),
    ],
  }));
  return table(t("report.times"), [t("column.which"), t("column.count"), t("column.median"), t("column.mean"), t("column.p90")], rows, {
    cards: false,
  });
}

const met = ({ met: kept, of }) => (of ? `${kept} / ${of} (${percent(kept / of)})` : "–");

function targets(told) {
  const rows = [
    { cells: [t("report.all"), met(told.targets.response), met(told.targets.resolution)] },
    ...Object.entries(told.targets_by_severity).map(([label, found]) => ({
      cells: [severity(label), met(found.response), met(found.resolution)],
    })),
  ];
  return table(t("report.targets"), [t("column.severity"), t("column.response"), t("column.resolution")], rows, { cards: false });
}

function budgets(told) {
  const rows = told.error_budgets.map((one) => ({
    key: one.item,
    cells: [
      el("bdi", {}, visible(one.name)),
      sign("verdict", one.used > 1 ? "breach" : "healthy", t("report.used", { rate: percent(one.used) })),
      ...["failures", "total"].map((key) => (key in one ? whole(one[key]) : "–")),
      "objective" in one ? percent(one.objective) : "–",
    ],
  }));
  return table(
    t("report.budgets"),
    [t("column.extension"), t("column.used"), t("column.failures"), t("column.total"), t("column.objective")],
    rows,
  );
}

function prevention(told) {
  const rows = told.prevention.map((one) => ({
    cells: [
      visible(one.action_item),
      one.classes.map((found) => el("p", {}, el("bdi", {}, visible(found)))),
      one.too_early ? t("report.too_early") : `${one.before} → ${one.after}`,
      plainly(one.expected_fewer),
      plainly(one.days_on_each_side),
    ],
  }));
  return table(
    t("report.prevention"),
    [t("column.action"), t("column.classes"), t("column.before_after"), t("column.expected"), t("column.days")],
    rows,
  );
}

function recommendations(told) {
  return el(
    "ul",
    { class: "advice" },
    told.recommendations.map((one) =>
      el(
        "li",
        {},
        chip(visible(one.area)),
        " ",
        said(one.advice),
        (Array.isArray(one.evidence) ? one.evidence : [one.evidence]).map((line) => el("p", { class: "soft" }, said(line))),
        el(
          "p",
          {},
          one.incidents.map((id) => [el("a", { href: `/incidents/${part(id)}` }, visible(id)), " "]),
        ),
      ),
    ),
  );
}
