// The page of an incident: what is to be done on the left of it, the timeline that grows by itself, and everything around.

import { approve, order } from "./actions.js";
import { get, part, places } from "./api.js";
import { releasePath } from "./cards.js";
import { clocks } from "./clocks.js";
import { el, said, table, visible } from "./dom.js";
import { Frame } from "./frame.js";
import { actionItems, checklist, panel, papers, roles } from "./parts.js";
import { plan, rollback } from "./rollbacks.js";
import { cause, chip, severity, shape, sign } from "./signs.js";
import { ago, moment } from "./time.js";
import { fill, name, t } from "./words.js";

const [, ID] = places();
const BUTTONS = ["acknowledge", "note", "resolve", "false_alarm", "reopen", "close", "abort"];

const frame = new Frame({
  place: "incident",
  concerns: (topic) => topic === `incident:${ID}`,
  load: (signal) => get(`/incidents/${part(ID)}`, {}, signal),
  title: (found) => `${found.id} ${found.severity}`,
  missing: "release-guard incident list",
  draw,
});

function draw(found) {
  return [
    heading(found),
    found.proposal && proposal(found),
    buttons(found),
    el(
      "div",
      { class: "columns" },
      el(
        "div",
        {},
        timeline(found),
        found.rollback && panel("rollback", t("rollback"), rollback(found.rollback, { linked: false })),
        messages(found),
      ),
      el("div", {}, aside(found)),
    ),
  ];
}

function heading(found) {
  return el(
    "header",
    { class: "heading" },
    el("p", { class: "crumbs" }, el("a", { href: "/history?tab=incidents" }, t("tab.incidents")), " / ", visible(found.id)),
    el("h1", {}, severity(found.severity), " ", said(found.title, { long: 240 })),
    el(
      "p",
      { class: "facts" },
      sign("incident", found.state),
      el(
        "a",
        { href: releasePath(found.item, found.version) },
        el("bdi", {}, visible(found.item_name)),
        " ",
        el("bdi", {}, visible(found.version)),
      ),
      found.cause && el("span", {}, fill("incident.cause", { cause: cause(found.cause) })),
      found.affected_users > 0 && el("span", {}, t("incident.users", { n: found.affected_users })),
      el("span", {}, fill("incident.opened", { ago: ago(found.opened_at), trigger: name("trigger", found.trigger) })),
      el(
        "span",
        {},
        found.acknowledged_by ? fill("acknowledged.by", { name: el("bdi", {}, visible(found.acknowledged_by)) }) : t("acknowledged.nobody"),
      ),
      chip(t("urgency", { urgency: name("urgency", found.urgency) })),
    ),
    clocks(found.clocks),
    found.resolution &&
      el(
        "p",
        {},
        el("strong", {}, t("incident.resolution")),
        " ",
        said(found.resolution),
        found.resolved_at && [" · ", moment(found.resolved_at)],
      ),
  );
}

function proposal(found) {
  const asked = found.proposal;
  return el(
    "section",
    { class: "banner ask", "aria-label": t("waits") },
    shape("check", "error"),
    el(
      "div",
      {},
      el("p", { class: "headline" }, el("strong", {}, t("waits"))),
      el("p", {}, said(asked.headline)),
      el("p", { class: "soft" }, fill("proposed", { ago: ago(asked.proposed_at) })),
    ),
    may(found, "approve") &&
      el(
        "p",
        { class: "buttons" },
        el("button", { type: "button", class: "danger", id: "approve", on: { click: () => approve(frame, found) } }, t("approve.see")),
      ),
  );
}

const may = (found, action) => frame.mayAct && found.may.includes(action);

function buttons(found) {
  if (!frame.mayAct) {
    const how = frame.who?.how;
    return (
      how &&
      el("p", { class: "soft rights" }, said(t(how === "token" ? "rights.token" : how === "proxy" ? "rights.proxy" : "readonly.hint")))
    );
  }
  const shown = BUTTONS.filter((action) => found.may.includes(action));
  return (
    shown.length > 0 &&
    el(
      "p",
      { class: "buttons start", role: "group", "aria-label": t("actions") },
      shown.map((action) =>
        el(
          "button",
          {
            type: "button",
            key: action,
            class: action === "acknowledge" ? "main" : action === "abort" ? "warn" : "",
            on: { click: () => order(frame, found, action) },
          },
          name("may", action),
        ),
      ),
    )
  );
}

function timeline(found) {
  return panel(
    "timeline",
    t("timeline"),
    el(
      "ol",
      { class: "timeline", "aria-live": "polite", "aria-relevant": "additions" },
      found.timeline.map((entry, place) =>
        el(
          "li",
          { key: `entry-${place}`, class: entry.actor === "guard" ? "guard" : "person" },
          el("p", { class: "soft" }, moment(entry.at), " · ", el("bdi", {}, entry.actor === "guard" ? t("guard") : visible(entry.actor))),
          el("p", {}, said(entry.words)),
          entry.evidence && el("p", { class: "soft" }, said(entry.evidence, { long: 280 })),
        ),
      ),
    ),
  );
}

function messages(found) {
  const rows = found.messages.map((message, place) => ({
    key: `message-${place}`,
    cells: [
      moment(message.created_at),
      sign("message", message.state),
      el("span", {}, el("bdi", {}, visible(message.channel)), " · ", el("bdi", {}, visible(message.target))),
      [said(message.subject, { long: 160 }), message.last_words && el("p", { class: "soft" }, said(message.last_words, { long: 160 }))],
      String(message.attempts),
    ],
  }));
  const columns = [t("column.time"), t("column.delivery"), t("column.to"), t("column.message"), t("column.attempts")];
  return panel(
    "messages",
    t("messages"),
    rows.length ? table(t("messages"), columns, rows) : el("p", { class: "soft" }, t("messages.none")),
  );
}

function aside(found) {
  return [
    roles(frame, found, may(found, "assign")),
    checklist(frame, found, may(found, "tick")),
    found.plan && panel("plan", t("plan"), plan(found.plan)),
    papers(found),
    actionItems(found),
  ];
}

frame.open();
