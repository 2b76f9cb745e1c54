// An extension as a card of the overview.

import { pause } from "./actions.js";
import { part } from "./api.js";
import { el, said, visible } from "./dom.js";
import { limit, measured } from "./figures.js";
import { chip, empty, meter, sign, tone } from "./signs.js";
import { sparkline } from "./sparkline.js";
import { ago, left, now } from "./time.js";
import { fill, name, t } from "./words.js";

const WORST = { breach: 3, inconclusive: 1, no_data: 0, healthy: 0 };

/** How much an extension needs somebody: 9 a decision, 8 an incident, 3 a breach, 1 not known, 0 well. */
export function urgency(item) {
  if (item.waits_for_approval) return 9;
  if (item.open_incidents.length) return 8;
  const open = item.look?.outcome === "failed" || !item.release ? 2 : 0;
  return Math.max(
    open,
    ...item.signals.map((signal) => WORST[signal.verdict] ?? 1),
    ...item.checks.map((check) => (check.status === "failed" ? 3 : 0)),
  );
}

/** Where a release is shown. */
export function releasePath(item, version) {
  return `/items/${part(item)}/releases/${part(version)}`;
}

/** The card. */
export function card(item, frame) {
  const heading = `item-${item.item}`;
  return el(
    "article",
    { class: "card", key: item.item, "aria-labelledby": heading },
    el(
      "header",
      { class: "row" },
      el("h3", { id: heading }, el("bdi", {}, visible(item.name))),
      chip(name("mode", item.mode), t(`mode.${item.mode}.what`)),
    ),
    item.release ? live(item) : empty(t("item.unseen"), "release-guard watch --once"),
    signals(item),
    checks(item),
    item.drill && drill(item.drill),
    footer(item, frame),
  );
}

function live(item) {
  const release = item.release;
  return el(
    "div",
    { class: "live" },
    el("a", { class: "version", href: releasePath(item.item, release.version) }, el("bdi", {}, visible(release.version))),
    sign("release", release.state),
    meter(release.deploy_percentage, t("deployed", { n: release.deploy_percentage })),
    el("p", { class: "soft" }, seen(item, release), " ", window(item)),
  );
}

function seen(item, release) {
  if (release.restores)
    return fill("seen.restores", { version: el("bdi", {}, visible(release.restores)), ago: ago(release.first_seen_at) });
  return item.baseline
    ? fill("seen.compared", { ago: ago(release.first_seen_at), version: el("bdi", {}, visible(item.baseline)) })
    : fill("seen.alone", { ago: ago(release.first_seen_at) });
}

function window(item) {
  if (!item.window_ends_at) return null;
  return Date.parse(item.window_ends_at) > now()
    ? el("strong", {}, fill("window.left", { left: left(item.window_ends_at) }))
    : t("window.over");
}

function signals(item) {
  if (item.signals.length === 0) return item.release && el("p", { class: "soft" }, t("signals.none"));
  const own = item.signals.filter((signal) => !item.release || signal.version === item.release.version);
  return el("ul", { class: "signals", "aria-label": t("signals") }, (own.length ? own : item.signals).map(signalLine));
}

function signalLine(state) {
  return el(
    "li",
    { key: state.signal, class: tone("verdict", state.verdict), title: visible(state.evidence).slice(0, 600) },
    el("span", { class: "name" }, name("signal", state.signal)),
    sign("verdict", state.verdict),
    sparkline(state) ?? el("span", { class: "spark", "aria-hidden": "true" }),
    el(
      "span",
      { class: "figure" },
      state.verdict !== "no_data" && el("span", {}, measured(state)),
      " ",
      el("span", { class: "soft" }, limit(state)),
    ),
  );
}

function checks(item) {
  if (item.checks.length === 0) return null;
  return el(
    "p",
    { class: "checks" },
    item.checks.map((check) =>
      el(
        "span",
        { key: check.check },
        sign("check", check.status, `${name("check", check.check)}: ${name("check", check.status)}`),
        check.flaky && chip(t("flaky")),
      ),
    ),
    item.checked_at && el("span", { class: "soft" }, fill("checked", { ago: ago(item.checked_at) })),
  );
}

function drill(found) {
  return el(
    "p",
    { class: "drill" },
    sign("drill", found.verdict, t("drill.is")),
    " ",
    el("span", { class: "soft" }, said(found.words, { long: 160 })),
  );
}

function footer(item, frame) {
  return el(
    "footer",
    {},
    item.look &&
      el(
        "p",
        { class: "look" },
        sign("outcome", item.look.outcome),
        " ",
        ago(item.look.at),
        " ",
        el("span", { class: "soft" }, said(item.look.sentence, { long: 200 })),
      ),
    el(
      "p",
      { class: "row soft" },
      el("span", {}, t("rollbacks.today", { n: item.automatic_rollbacks_today, max: item.max_automatic_rollbacks_a_day })),
      item.open_incidents.length > 0 &&
        el(
          "span",
          {},
          item.open_incidents.map((id) => [el("a", { href: `/incidents/${part(id)}` }, visible(id)), " "]),
        ),
      frame.mayAct &&
        el(
          "button",
          {
            type: "button",
            class: "quiet",
            "aria-label": t("pause.title", { name: visible(item.name) }),
            on: { click: () => pause(frame, item) },
          },
          t("pause"),
        ),
    ),
  );
}
