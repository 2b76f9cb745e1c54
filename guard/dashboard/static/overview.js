// The overview: how everything stands, what waits for a person, and every extension as a card.

import { approve, pause, resume } from "./actions.js";
import { get, part } from "./api.js";
import { card, urgency } from "./cards.js";
import { el, said, visible } from "./dom.js";
import { Frame } from "./frame.js";
import { clocks } from "./clocks.js";
import { empty, severity, shape, sign, tone } from "./signs.js";
import { ago } from "./time.js";
import { count, fill, name, t } from "./words.js";

const FEW = 8; // from so many extensions on, they can be searched

const wanted = { text: "", attention: false };

const frame = new Frame({
  place: "overview",
  concerns: (topic) => topic === "overview",
  load: (signal) => get("/overview", {}, signal),
  title: (found) => `${name("overall", found.status)}: ${t("place.overview")}`,
  draw,
});

function draw(found) {
  return [
    el("h1", { class: "hidden" }, t("place.overview")),
    status(found),
    unwatched(found),
    found.items.filter((item) => item.waits_for_approval).map((item) => waiting(item, found)),
    found.paused.map(paused),
    incidents(found),
    items(found),
  ];
}

function status(found) {
  return el(
    "section",
    { class: `status ${tone("overall", found.status)}`, "aria-label": t("status") },
    shape("overall", found.status),
    el("div", {}, el("p", { class: "headline" }, el("strong", {}, name("overall", found.status)), " ", summary(found)), watched(found)),
  );
}

function summary(found) {
  if (found.items.length === 0) return t("overview.no_items");
  if (found.incidents.length === 0) return t("overview.calm", { items: count("count.items", found.items.length) });
  const worst = found.incidents.map((incident) => incident.severity).sort()[0];
  return t("overview.trouble", { incidents: count("count.incidents", found.incidents.length), worst: worst.slice(0, 4) });
}

const alive = (found) => found.watchers.filter((watcher) => watcher.is_alive).length;
const lastLook = (found) =>
  found.items
    .map((item) => item.look?.at)
    .filter(Boolean)
    .sort()
    .at(-1);

function watched(found) {
  if (alive(found) === 0) return null;
  const watchers = count("count.watchers", alive(found));
  const last = lastLook(found);
  return el("p", {}, last ? fill("watch.looked", { ago: ago(last), watchers }) : t("watch.first", { watchers }));
}

/** Without a watcher everything else on the page is history: that is said on its own. */
function unwatched(found) {
  if (alive(found) > 0) return null;
  const last = lastLook(found);
  return el(
    "section",
    { class: "banner open", key: "unwatched", "aria-label": t("watch.nobody") },
    shape("verdict", "inconclusive"),
    el(
      "div",
      {},
      el("p", {}, el("strong", {}, t("watch.nobody")), " ", last && fill("watch.last", { ago: ago(last) })),
      el("p", {}, t("empty.next"), " ", el("code", {}, "release-guard watch")),
    ),
  );
}

function waiting(item, found) {
  const incident = found.incidents.find((one) => one.id === item.waits_for_approval) ?? { id: item.waits_for_approval, title: "" };
  return el(
    "section",
    { class: "banner ask", key: `ask-${incident.id}`, "aria-label": t("waits") },
    shape("check", "error"),
    el(
      "div",
      {},
      el(
        "p",
        { class: "headline" },
        el("strong", {}, t("waits")),
        " ",
        el("bdi", {}, visible(item.name)),
        " ",
        item.release && el("bdi", {}, visible(item.release.version)),
      ),
      incident.title && el("p", {}, said(incident.title, { long: 200 })),
    ),
    el(
      "p",
      { class: "buttons" },
      frame.mayAct && el("button", { type: "button", class: "danger", on: { click: () => approve(frame, incident) } }, t("approve.see")),
      el("a", { class: "button", href: `/incidents/${part(incident.id)}` }, t("open.incident", { id: visible(incident.id) })),
    ),
  );
}

function paused(one) {
  const named = one.item ? el("bdi", {}, visible(one.item_name || one.item)) : t("pause.all");
  return el(
    "section",
    { class: "banner open", key: `pause-${one.item ?? "all"}`, "aria-label": t("paused") },
    shape("step", "pending"),
    el(
      "div",
      {},
      el(
        "p",
        {},
        el("strong", {}, t("paused")),
        " ",
        fill("paused.by", { name: named, by: el("bdi", {}, visible(one.by)), ago: ago(one.since) }),
      ),
      el("p", {}, said(one.reason, { long: 200 })),
    ),
    frame.mayAct && el("p", { class: "buttons" }, el("button", { type: "button", on: { click: () => resume(frame, one) } }, t("resume"))),
  );
}

function incidents(found) {
  if (found.incidents.length === 0) return null;
  return el(
    "section",
    { class: "panel", "aria-labelledby": "incidents" },
    el("h2", { id: "incidents" }, t("open_incidents"), " ", el("span", { class: "soft" }, String(found.incidents.length))),
    el("ul", { class: "incidents" }, found.incidents.map(incidentLine)),
  );
}

function incidentLine(incident) {
  return el(
    "li",
    { key: incident.id },
    el(
      "div",
      { class: "what" },
      severity(incident.severity),
      " ",
      el("a", { href: `/incidents/${part(incident.id)}` }, visible(incident.id)),
      " ",
      sign("incident", incident.state),
      el("p", {}, said(incident.title, { long: 200 })),
      el(
        "p",
        { class: "soft" },
        el("bdi", {}, visible(incident.item_name)),
        " ",
        el("bdi", {}, visible(incident.version)),
        " · ",
        incident.acknowledged_by
          ? fill("acknowledged.by", { name: el("bdi", {}, visible(incident.acknowledged_by)) })
          : t("acknowledged.nobody"),
      ),
    ),
    clocks(incident.clocks),
  );
}

function items(found) {
  const heading = el(
    "div",
    { class: "row" },
    el("h2", { id: "items" }, t("extensions"), " ", el("span", { class: "soft" }, String(found.items.length))),
    frame.mayAct && el("button", { type: "button", class: "quiet", on: { click: () => pause(frame) } }, t("pause.everything")),
  );
  if (found.items.length === 0)
    return el("section", { "aria-labelledby": "items" }, heading, empty(t("overview.empty"), "release-guard init"));
  const sorted = [...found.items].sort((one, other) => urgency(other) - urgency(one) || one.name.localeCompare(other.name));
  const shown = sorted.filter(
    (item) => (!wanted.attention || urgency(item) > 1) && `${item.name} ${item.item}`.toLowerCase().includes(wanted.text),
  );
  return el(
    "section",
    { "aria-labelledby": "items" },
    heading,
    found.items.length > FEW && search(),
    shown.length
      ? el(
          "div",
          { class: "items" },
          shown.map((item) => card(item, frame)),
        )
      : empty(t("search.nothing")),
  );
}

function search() {
  const again = () => frame.show();
  return el(
    "form",
    { class: "filters", role: "search", on: { submit: (event) => event.preventDefault() } },
    el(
      "label",
      { class: "field" },
      el("span", {}, t("search.name")),
      el("input", {
        type: "search",
        value: wanted.text,
        on: { input: (event) => ((wanted.text = event.target.value.toLowerCase()), again()) },
      }),
    ),
    el(
      "label",
      { class: "sure" },
      el("input", {
        type: "checkbox",
        checked: wanted.attention,
        on: { change: (event) => ((wanted.attention = event.target.checked), again()) },
      }),
      el("span", {}, t("search.attention")),
    ),
  );
}

frame.open();
