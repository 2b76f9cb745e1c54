// The page of a release: its rollback window as a plot, what was judged, what the checks saw, and what else could have been decided.

import { address, get, part, places } from "./api.js";
import { checkPanels } from "./checks.js";
import { el, said, visible } from "./dom.js";
import { limit, measured, percent, whole } from "./figures.js";
import { Frame } from "./frame.js";
import { panel } from "./parts.js";
import { draw as drawPlot } from "./plot.js";
import { Replay } from "./replay.js";
import { plan, rollback, signalTable } from "./rollbacks.js";
import { empty, meter, severity, sign } from "./signs.js";
import { ago, left, moment, now, short } from "./time.js";
import { fill, name, t } from "./words.js";

const [, ITEM, , VERSION] = places();
const SIDES = 40; // what a panel's edges and padding take of the width

let chosen = null;
let replay = null;

const frame = new Frame({
  place: "release",
  concerns: (topic) => topic === `release:${ITEM}/${VERSION}`,
  load: (signal) => get(`/items/${part(ITEM)}/releases/${part(VERSION)}`, {}, signal),
  title: (found) => `${found.item_name} ${found.release.version}`,
  missing: "release-guard release list",
  draw,
});

function draw(found) {
  replay ??= new Replay(`/items/${part(ITEM)}/releases/${part(VERSION)}/replay`, found);
  replay.learn(found);
  return [
    heading(found),
    el(
      "div",
      { class: found.plan ? "columns" : "", key: "first" },
      panel("window", t("window"), plots(found)),
      found.plan && panel("plan", t("plan.now"), plan(found.plan)),
    ),
    panel("judged", t("signals"), judged(found)),
    found.rollbacks.length > 0 &&
      panel(
        "rollbacks",
        t("rollback"),
        found.rollbacks.map((one) => rollback(one)),
      ),
    panel("checks", t("checks"), checkPanels(found)),
    panel("drill", t("drill"), drill(found)),
    panel("replay", t("replay"), replay.place()),
  ];
}

function heading(found) {
  const release = found.release;
  const open = Date.parse(found.window_ends_at) > now();
  return el(
    "header",
    { class: "heading" },
    el(
      "p",
      { class: "crumbs" },
      el("a", { href: "/history?tab=releases" }, t("tab.releases")),
      " / ",
      el("bdi", {}, visible(found.item_name)),
    ),
    el("h1", {}, el("bdi", {}, visible(found.item_name)), " ", el("bdi", { class: "version" }, visible(release.version))),
    el(
      "p",
      { class: "facts" },
      sign("release", release.state),
      meter(release.deploy_percentage, t("deployed", { n: release.deploy_percentage })),
      el("span", {}, name("provenance", release.provenance)),
      el("span", {}, fill("release.seen", { at: moment(release.first_seen_at), ago: ago(release.first_seen_at) })),
      el(
        "span",
        {},
        found.baseline
          ? fill("release.baseline", {
              version: el("a", { href: `/items/${part(ITEM)}/releases/${part(found.baseline)}` }, el("bdi", {}, visible(found.baseline))),
            })
          : t("release.no_baseline"),
      ),
      el("strong", {}, open ? fill("window.left", { left: left(found.window_ends_at) }) : t("window.over")),
    ),
    release.restores &&
      el(
        "p",
        {},
        fill("release.restores", { of: el("bdi", {}, visible(release.rollback_of)), version: el("bdi", {}, visible(release.restores)) }),
      ),
    release.blocked && el("p", { class: "warned" }, fill("release.blocked", { by: said(release.blocked) })),
    found.incidents.length > 0 &&
      el(
        "ul",
        { class: "plain" },
        found.incidents.map((one) =>
          el(
            "li",
            { key: one.id },
            severity(one.severity),
            " ",
            el("a", { href: `/incidents/${part(one.id)}` }, visible(one.id)),
            " ",
            sign("incident", one.state),
            " ",
            said(one.title, { long: 160 }),
          ),
        ),
      ),
    found.look &&
      el(
        "p",
        { class: "soft" },
        sign("outcome", found.look.outcome),
        " ",
        ago(found.look.at),
        " ",
        said(found.look.sentence, { long: 240 }),
      ),
    el("p", { class: "soft" }, el("a", { href: address(`/items/${part(ITEM)}/releases/${part(VERSION)}`) }, t("as_json"))),
  );
}

function plots(found) {
  const usable = found.plots.filter((plot) => plot.series.some((series) => series.points.length > 0));
  if (usable.length === 0) return empty(t("plot.empty"), "release-guard watch --once");
  const plot = usable.find((one) => one.signal === chosen) ?? usable[0];
  return [usable.length > 1 && tabs(usable, plot), drawPlot(described(found, plot)), totals(plot)];
}

function tabs(usable, plot) {
  return el(
    "fieldset",
    { class: "choices" },
    el("legend", { class: "hidden" }, t("plot.choose")),
    usable.map((one) =>
      el(
        "label",
        { key: one.signal },
        el("input", {
          type: "radio",
          name: "signal",
          value: one.signal,
          checked: one === plot,
          on: { change: () => ((chosen = one.signal), frame.show()) },
        }),
        el("span", {}, name("signal", one.signal)),
      ),
    ),
  );
}

/** How wide the plot may be: beside the plan it has a little less than two thirds. */
function width(found) {
  const whole = document.getElementById("page").clientWidth;
  const isBeside = found.plan && matchMedia("(min-width: 62rem)").matches;
  return Math.round(Math.max(260, isBeside ? (whole - 3 * SIDES) * 0.622 : whole - 1.5 * SIDES));
}

/** The API's series as a plot: from the release to the last that was seen of it. */
function described(found, plot) {
  const starts = Date.parse(found.window_starts_at);
  const series = plot.series.filter((one) => one.points.length > 0);
  const marked = found.marks.filter((mark) => mark.kind !== "window_over").map((mark) => Date.parse(mark.at));
  const last = Math.max(...series.flatMap((one) => one.points.map((point) => Date.parse(point.at))), ...marked);
  const points = series.flatMap((one) => one.points);
  const seen = Math.max(...points.map((point) => point.rate), ...points.filter((point) => point.total >= 30).map((point) => point.high), 0);
  const roof = Math.min(1, Math.max(plot.limit * 1.6, seen * 1.15));
  const end = starts + Math.max((last - starts) * 1.05, 20_000); // what is empty behind it would only press it together
  return {
    title: t("plot.title", { signal: name("signal", plot.signal) }),
    summary: series.map((one) => summary(one)).join(" "),
    width: width(found),
    x: { min: starts, max: end, show: (at) => short(new Date(at).toISOString()) },
    y: { min: 0, max: roof, show: percent },
    limit: { value: plot.limit, words: t("plot.limit", { rate: percent(plot.limit) }) },
    series: series.map((one) => ({
      words: t(`plot.${one.role}`, { version: visible(one.version) }),
      points: one.points
        .map((point) => ({ x: Date.parse(point.at), y: point.rate, low: point.low, high: Math.min(point.high, roof) }))
        .filter((point) => point.x >= starts),
    })),
    marks: found.marks
      .filter((mark) => Date.parse(mark.at) <= end && Date.parse(mark.at) >= starts)
      .map((mark) => ({ x: Date.parse(mark.at), words: said(mark.words, { long: 120 }), kind: mark.kind })),
    columns: [t("column.time"), t("column.version"), t("column.failures"), t("column.total"), t("column.rate"), t("column.band")],
    rows: series.flatMap((one) =>
      one.points.map((point) => [
        moment(point.at),
        el("bdi", {}, visible(one.version)),
        whole(point.failures),
        whole(point.total),
        percent(point.rate),
        `${percent(point.low)} – ${percent(point.high)}`,
      ]),
    ),
  };
}

function summary(series) {
  const last = series.points.at(-1);
  return t("plot.summary", {
    line: t(`plot.${series.role}`, { version: visible(series.version) }),
    rate: percent(last.rate),
    low: percent(last.low),
    high: percent(last.high),
  });
}

function totals(plot) {
  const last = plot.series.filter((series) => series.points.length > 0).map((series) => [series, series.points.at(-1)]);
  return el(
    "dl",
    { class: "totals" },
    last.map(([series, point]) =>
      el(
        "div",
        {},
        el("dt", {}, t(`plot.${series.role}`, { version: visible(series.version) })),
        el("dd", {}, t("plot.total", { failures: whole(point.failures), total: whole(point.total), unit: name("unit", plot.unit) })),
        el("dd", { class: "soft" }, t("plot.between", { rate: percent(point.rate), low: percent(point.low), high: percent(point.high) })),
      ),
    ),
  );
}

function judged(found) {
  if (found.signals.length === 0) return empty(t("signals.none"), "release-guard watch --once");
  return signalTable(found.signals, found.baseline_signals, { version: found.release.version, baseline: found.baseline }, (state) => [
    el("p", {}, sign("verdict", state.verdict), state.reason && el("span", { class: "soft" }, ` (${name("reason", state.reason)})`)),
    el("p", {}, measured(state), " ", el("span", { class: "soft" }, limit(state))),
    el("p", { class: "soft" }, said(state.evidence, { long: 200 })),
  ]);
}

function drill(found) {
  if (!found.drill) return empty(t("drill.none"), "release-guard gate");
  return [
    el(
      "p",
      {},
      sign("drill", found.drill.verdict),
      " · ",
      fill("drill.against", { version: el("bdi", {}, visible(found.drill.baseline)) }),
    ),
    el("p", { class: "soft" }, said(found.drill.words)),
  ];
}

frame.open();
