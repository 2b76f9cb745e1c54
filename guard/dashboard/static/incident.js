// The page of an incident: what is to be done on the left of it, the timeline that grows by itself, and everything around.

import { approve, assign, order, tick } from "./actions.js";
import { address, get, part } from "./api.js";
import { releasePath } from "./cards.js";
import { clocks } from "./clocks.js";
import { el, said, table, visible } from "./dom.js";
import { Frame } from "./frame.js";
import { plan, rollback } from "./rollbacks.js";
import { cause, chip, severity, shape, sign } from "./signs.js";
import { absolute, ago, moment } from "./time.js";
import { fill, name, t } from "./words.js";

const ID = decodeURIComponent(location.pathname.split("/")[2] ?? "");
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
    el("div", { class: "columns" }, el("div", {}, timeline(found), found.rollback && panel("rollback", t("rollback"), rollback(found.rollback, { linked: false })), messages(found)), el("div", {}, aside(found))),
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
      el("a", { href: releasePath(found.item, found.version) }, el("bdi", {}, visible(found.item_name)), " ", el("bdi", {}, visible(found.version))),
      found.cause && el("span", {}, fill("incident.cause", { cause: cause(found.cause) })),
      found.affected_users > 0 && el("span", {}, t("incident.users", { n: found.affected_users })),
      el("span", {}, fill("incident.opened", { ago: ago(found.opened_at), trigger: name("trigger", found.trigger) })),
      el("span", {}, found.acknowledged_by ? fill("acknowledged.by", { name: el("bdi", {}, visible(found.acknowledged_by)) }) : t("acknowledged.nobody")),
      chip(t("urgency", { urgency: name("urgency", found.urgency) })),
    ),
    clocks(found.clocks),
    found.resolution && el("p", {}, el("strong", {}, t("incident.resolution")), " ", said(found.resolution), found.resolved_at && [" · ", moment(found.resolved_at)]),
  );
}

function proposal(found) {
  const asked = found.proposal;
  return el(
    "section",
    { class: "banner ask", "aria-label": t("waits") },
    shape("check", "error"),
    el("div", {}, el("p", { class: "headline" }, el("strong", {}, t("waits"))), el("p", {}, said(asked.headline)), el("p", { class: "soft" }, fill("proposed", { ago: ago(asked.proposed_at) }))),
    may(found, "approve") && el("p", { class: "buttons" }, el("button", { type: "button", class: "danger", id: "approve", on: { click: () => approve(frame, found) } }, t("approve.see"))),
  );
}

const may = (found, action) => frame.mayAct && found.may.includes(action);

function buttons(found) {
  if (!frame.mayAct) {
    const how = frame.who?.how;
    return how && el("p", { class: "soft rights" }, said(t(how === "token" ? "rights.token" : how === "proxy" ? "rights.proxy" : "readonly.hint")));
  }
  const shown = BUTTONS.filter((action) => found.may.includes(action));
  return (
    shown.length > 0 &&
    el(
      "p",
      { class: "buttons start", role: "group", "aria-label": t("actions") },
      shown.map((action) => el("button", { type: "button", key: action, class: action === "acknowledge" ? "main" : action === "abort" ? "warn" : "", on: { click: () => order(frame, found, action) } }, name("may", action))),
    )
  );
}

function panel(id, title, ...content) {
  return el("section", { class: "panel", key: id, "aria-labelledby": id }, el("h2", { id }, title), content);
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
    cells: [moment(message.created_at), sign("message", message.state), el("span", {}, el("bdi", {}, visible(message.channel)), " · ", el("bdi", {}, visible(message.target))), [said(message.subject, { long: 160 }), message.last_words && el("p", { class: "soft" }, said(message.last_words, { long: 160 }))], String(message.attempts)],
  }));
  const columns = [t("column.time"), t("column.delivery"), t("column.to"), t("column.message"), t("column.attempts")];
  return panel("messages", t("messages"), rows.length ? table(t("messages"), columns, rows) : el("p", { class: "soft" }, t("messages.none")));
}

function aside(found) {
  return [
    panel("roles", t("roles"), el("dl", { class: "roles" }, found.roles.map((role) => roleLine(found, role)))),
    checklist(found),
    found.plan && panel("plan", t("plan"), plan(found.plan)),
    panel("papers", t("papers"), papers(found)),
    actionItems(found),
  ];
}

function roleLine(found, role) {
  const held = role.holder ? [el("bdi", {}, visible(role.holder)), role.since && el("span", { class: "soft" }, " ", ago(role.since))] : el("span", { class: "warned" }, t("role.nobody"));
  const button = may(found, "assign") && el("button", { type: "button", class: "quiet", "aria-label": t("assign.role", { role: visible(role.words) }), on: { click: () => assign(frame, found, role) } }, t(role.holder ? "assign.hand_over" : "assign"));
  return el("div", { key: role.role }, el("dt", {}, visible(role.words)), el("dd", {}, held, " ", button));
}

function checklist(found) {
  const phases = [...new Map(found.checklist.map((entry) => [entry.phase, entry.phase_words]))];
  const done = found.checklist.filter((entry) => entry.done_by).length;
  if (found.checklist.length === 0) return null;
  return panel(
    "checklist",
    [t("checklist"), " ", el("span", { class: "soft" }, t("checklist.done", { done, all: found.checklist.length }))],
    phases.map(([phase, words]) => [
      el("h3", {}, visible(words)),
      el("ul", { class: "checklist" }, found.checklist.filter((entry) => entry.phase === phase).map((entry) => entryLine(found, entry))),
    ]),
  );
}

function entryLine(found, entry) {
  const ticked = Boolean(entry.done_by);
  const box = may(found, "tick")
    ? el("button", { type: "button", class: "box", role: "checkbox", "aria-checked": String(ticked), "aria-label": visible(entry.words), on: { click: () => tick(frame, found, entry) } }, shape("step", ticked ? "done" : "pending"))
    : el("span", { class: "box" }, shape("step", ticked ? "done" : "pending"), el("span", { class: "hidden" }, t(ticked ? "checklist.ticked" : "checklist.open")));
  return el(
    "li",
    { key: entry.entry, class: ticked ? "done" : "" },
    box,
    el("div", {}, el("p", {}, said(entry.words)), ticked && el("p", { class: "soft" }, el("bdi", {}, entry.done_by === "guard" ? t("guard") : visible(entry.done_by)), entry.done_at && [" · ", moment(entry.done_at)], entry.evidence && [" · ", said(entry.evidence, { long: 160 })])),
  );
}

function papers(found) {
  return el(
    "ul",
    { class: "papers" },
    el("li", {}, el("a", { href: address(`/incidents/${part(found.id)}/postmortem`) }, t("postmortem"))),
    el("li", {}, el("a", { href: address(`/incidents/${part(found.id)}`) }, t("as_json"))),
    found.tickets.map((ticket) => el("li", {}, link(ticket))),
  );
}

/** Only what leads to a page of the web is a link; anything else is shown as the text that it is. */
function link(ticket) {
  const shown = visible(ticket);
  if (!/^https?:\/\//i.test(ticket) || !URL.canParse(ticket)) return el("bdi", {}, shown);
  return el("a", { href: new URL(ticket).href, rel: "noreferrer noopener" }, el("bdi", {}, shown));
}

function actionItems(found) {
  if (found.actions.length === 0) return null;
  const rows = found.actions.map((action) => ({
    key: action.id,
    cells: [el("span", {}, visible(action.id), " ", said(action.title, { long: 160 })), sign("action", action.state), el("bdi", {}, visible(action.owner)), el("span", { class: action.is_overdue ? "warned" : "", title: absolute(action.due_on) }, visible(action.due_on), action.is_overdue ? ` ${t("overdue")}` : "")],
  }));
  return panel("actions", t("tab.actions"), table(t("tab.actions"), [t("column.action"), t("column.state"), t("column.owner"), t("column.due")], rows));
}

frame.open();
