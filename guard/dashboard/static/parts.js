// The parts of an incident beside its story: roles, checklist, papers, action items.

import { assign, tick } from "./actions.js";
import { address, part } from "./api.js";
import { el, said, table, visible } from "./dom.js";
import { shape, sign } from "./signs.js";
import { absolute, ago, moment } from "./time.js";
import { t } from "./words.js";

/** A part of a page under its heading. */
export function panel(id, title, ...content) {
  return el("section", { class: "panel", key: id, "aria-labelledby": id }, el("h2", { id }, title), content);
}

/** Who holds which role. `mayAssign`: whether this person may change it. */
export function roles(frame, found, mayAssign) {
  return panel(
    "roles",
    t("roles"),
    el(
      "dl",
      { class: "roles" },
      found.roles.map((role) => roleLine(frame, found, role, mayAssign)),
    ),
  );
}

function roleLine(frame, found, role, mayAssign) {
  const held = role.holder
    ? [el("bdi", {}, visible(role.holder)), role.since && el("span", { class: "soft" }, " ", ago(role.since))]
    : el("span", { class: "warned" }, t("role.nobody"));
  const button =
    mayAssign &&
    el(
      "button",
      {
        type: "button",
        class: "quiet",
        "aria-label": t("assign.role", { role: visible(role.words) }),
        on: { click: () => assign(frame, found, role) },
      },
      t(role.holder ? "assign.hand_over" : "assign"),
    );
  return el("div", { key: role.role }, el("dt", {}, visible(role.words)), el("dd", {}, held, " ", button));
}

/** The checklist by its phases. `mayTick`: whether this person may tick it. */
export function checklist(frame, found, mayTick) {
  const phases = [...new Map(found.checklist.map((entry) => [entry.phase, entry.phase_words]))];
  const done = found.checklist.filter((entry) => entry.done_by).length;
  if (found.checklist.length === 0) return null;
  return panel(
    "checklist",
    [t("checklist"), " ", el("span", { class: "soft" }, t("checklist.done", { done, all: found.checklist.length }))],
    phases.map(([phase, words]) => [
      el("h3", {}, visible(words)),
      el(
        "ul",
        { class: "checklist" },
        found.checklist.filter((entry) => entry.phase === phase).map((entry) => entryLine(frame, found, entry, mayTick)),
      ),
    ]),
  );
}

function entryLine(frame, found, entry, mayTick) {
  const ticked = Boolean(entry.done_by);
  const box = mayTick
    ? el(
        "button",
        {
          type: "button",
          class: "box",
          role: "checkbox",
          "aria-checked": String(ticked),
          "aria-label": visible(entry.words),
          on: { click: () => tick(frame, found, entry) },
        },
        shape("step", ticked ? "done" : "pending"),
      )
    : el(
        "span",
        { class: "box" },
        shape("step", ticked ? "done" : "pending"),
        el("span", { class: "hidden" }, t(ticked ? "checklist.ticked" : "checklist.open")),
      );
  return el(
    "li",
    { key: entry.entry, class: ticked ? "done" : "" },
    box,
    el(
      "div",
      {},
      el("p", {}, said(entry.words)),
      ticked &&
        el(
          "p",
          { class: "soft" },
          el("bdi", {}, entry.done_by === "guard" ? t("guard") : visible(entry.done_by)),
          entry.done_at && [" · ", moment(entry.done_at)],
          entry.evidence && [" · ", said(entry.evidence, { long: 160 })],
        ),
    ),
  );
}

/** What was written about it: the postmortem's draft, the document itself, tickets elsewhere. */
export function papers(found) {
  return panel(
    "papers",
    t("papers"),
    el(
      "ul",
      { class: "papers" },
      el("li", {}, el("a", { href: address(`/incidents/${part(found.id)}/postmortem`) }, t("postmortem"))),
      el("li", {}, el("a", { href: address(`/incidents/${part(found.id)}`) }, t("as_json"))),
      found.tickets.map((ticket) => el("li", {}, link(ticket))),
    ),
  );
}

/** Only what leads to a page of the web is a link; anything else is shown as the text that it is. */
function link(ticket) {
  const shown = visible(ticket);
  if (!/^https?:\/\//i.test(ticket) || !URL.canParse(ticket)) return el("bdi", {}, shown);
  return el("a", { href: new URL(ticket).href, rel: "noreferrer noopener" }, el("bdi", {}, shown));
}

/** What is done so that it does not come back. */
export function actionItems(found) {
  if (found.actions.length === 0) return null;
  const rows = found.actions.map((action) => ({
    key: action.id,
    cells: [
      el("span", {}, visible(action.id), " ", said(action.title, { long: 160 })),
      sign("action", action.state),
      el("bdi", {}, visible(action.owner)),
      el(
        "span",
        { class: action.is_overdue ? "warned" : "", title: absolute(action.due_on) },
        visible(action.due_on),
        action.is_overdue ? ` ${t("overdue")}` : "",
      ),
    ],
  }));
  return panel(
    "actions",
    t("tab.actions"),
    table(t("tab.actions"), [t("column.action"), t("column.state"), t("column.owner"), t("column.due")], rows),
  );
}
