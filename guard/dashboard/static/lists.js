// What each list of the history shows, and what it can be asked for.

import { part } from "./api.js";
import { releasePath } from "./cards.js";
import { el, said, visible } from "./dom.js";
import { cause, severity, sign } from "./signs.js";
import { moment } from "./time.js";
import { name, t } from "./words.js";

const SEVERITIES = ["P0", "P1", "P2", "P3"];
const ITEM = { name: "item", values: "items" };

const incidentLink = (id) => el("a", { href: `/incidents/${part(id)}` }, visible(id));
const versionLink = (row, version) => el("a", { href: releasePath(row.item, version) }, el("bdi", {}, visible(version)));

/** By tab: the filters, the columns, a row's cells, and the command that fills an empty list. */
export const LISTS = {
  releases: {
    command: "release-guard watch --once",
    filters: [ITEM, { name: "state", words: "release", values: ["watched", "good", "bad", "rolled_back"] }],
    columns: ["version", "extension", "state", "came_from", "deployed", "first_seen", "drill", "incidents"],
    cells: (row) => [
      versionLink(row, row.version),
      el("bdi", {}, visible(row.item_name)),
      [sign("release", row.state), row.blocked && el("p", { class: "soft" }, said(row.blocked, { long: 120 }))],
      row.restores
        ? [name("provenance", row.provenance), el("p", { class: "soft" }, t("release.carries", { version: visible(row.restores) }))]
        : name("provenance", row.provenance),
      `${row.deploy_percentage} %`,
      moment(row.first_seen_at),
      row.drill ? sign("drill", row.drill) : "–",
      row.incidents.length ? row.incidents.map((id) => [incidentLink(id), " "]) : "–",
    ],
  },
  rollbacks: {
    command: 'release-guard rollback --reason "..." --dry-run',
    filters: [ITEM, { name: "state", words: "rollback", values: ["planned", "running", "completed", "failed", "stopped"] }],
    columns: ["rolled_back", "extension", "state", "to", "began", "ended", "asked_by", "reason", "incidents"],
    cells: (row) => [
      versionLink(row, row.from_version),
      el("bdi", {}, visible(row.item_name)),
      [sign("rollback", row.state), row.failure && el("p", { class: "soft" }, said(row.failure, { long: 160 }))],
      [el("bdi", {}, visible(row.target)), " → ", el("bdi", {}, visible(row.new_version))],
      moment(row.created_at),
      row.finished_at ? moment(row.finished_at) : "–",
      t(row.automatic ? "rollback.automatic" : "rollback.by_hand"),
      said(row.reason, { long: 160 }),
      row.incident ? incidentLink(row.incident) : "–",
    ],
  },
  incidents: {
    command: "release-guard incident list",
    filters: [
      ITEM,
      { name: "severity", words: "severity", values: SEVERITIES },
      {
        name: "state",
        words: "incident",
        values: ["investigating", "identified", "mitigating", "monitoring", "resolved", "postmortem_done", "closed", "false_alarm"],
      },
      { name: "open", values: "flag" },
    ],
    columns: ["incident", "severity", "state", "title", "extension", "cause", "opened", "resolved", "commander"],
    cells: (row) => [
      incidentLink(row.id),
      severity(row.severity),
      sign("incident", row.state),
      said(row.title, { long: 160 }),
      [el("bdi", {}, visible(row.item_name)), " ", versionLink(row, row.version)],
      row.cause ? cause(row.cause) : "–",
      moment(row.opened_at),
      row.resolved_at ? moment(row.resolved_at) : "–",
      row.commander ? el("bdi", {}, visible(row.commander)) : "–",
    ],
  },
  actions: {
    command: "release-guard action add",
    filters: [
      { name: "state", words: "action", values: ["open", "in_progress", "done", "dropped"] },
      { name: "overdue", values: "flag" },
    ],
    columns: ["action", "state", "title", "owner", "priority", "due", "incidents"],
    cells: (row) => [
      visible(row.id),
      sign("action", row.state),
      said(row.title, { long: 160 }),
      el("bdi", {}, visible(row.owner)),
      name("priority", row.priority),
      el("span", { class: row.is_overdue ? "warned" : "" }, visible(row.due_on), row.is_overdue ? ` ${t("overdue")}` : ""),
      row.incidents.length ? row.incidents.map((id) => [incidentLink(id), " "]) : "–",
    ],
  },
};
