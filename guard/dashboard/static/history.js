// History: everything that was, in tabs; what is asked for stands in the address, so that it can be kept, sent and gone back to.

import { address, get } from "./api.js";
import { el, table, visible } from "./dom.js";
import { Frame } from "./frame.js";
import { report } from "./report.js";
import { LISTS } from "./lists.js";
import { empty } from "./signs.js";
import { count, name, t } from "./words.js";

const TABS = ["releases", "rollbacks", "incidents", "actions", "report"];
const DAYS = [7, 30, 90, 365];

let extensions = null;

const asked = () => new URLSearchParams(location.search);
const tab = () => (TABS.includes(asked().get("tab")) ? asked().get("tab") : "releases");

const frame = new Frame({
  place: "history",
  concerns: (topic) => topic === "history" || topic === "overview",
  load,
  title: () => t(`tab.${tab()}`),
  draw,
});

async function load(signal) {
  const here = tab();
  extensions ??= (await get("/overview", {}, signal)).items.map((item) => [item.item, item.name]);
  if (here === "report") return { tab: here, ...(await get("/report", { days: days() }, signal)) };
  return { tab: here, ...(await get(`/${here}`, query(here), signal)) };
}

const days = () => (DAYS.includes(Number(asked().get("days"))) ? Number(asked().get("days")) : 30);

/** What the list is asked, of what stands in the address: only what it knows. */
function query(here) {
  const given = asked();
  const known = [...LISTS[here].filters.map((filter) => filter.name), "after", "limit"];
  return Object.fromEntries(known.map((one) => [one, given.get(one) ?? ""]));
}

/** Go to another address of this page, without loading it anew. */
function go(changes) {
  const wanted = asked();
  for (const [key, value] of Object.entries(changes)) {
    if (value === "" || value === null) wanted.delete(key);
    else wanted.set(key, value);
  }
  history.pushState(null, "", `?${wanted}`);
  frame.reload();
}

addEventListener("popstate", () => frame.reload());

function draw(found) {
  return [
    el("h1", {}, t("place.history")),
    el(
      "nav",
      { class: "tabs", "aria-label": t("place.history") },
      TABS.map((one) => tabLink(one)),
    ),
    found.tab !== tab() ? el("p", { class: "soft" }, t("loading")) : found.tab === "report" ? period(found) : list(found),
  ];
}

function tabLink(one) {
  const href = `/history?tab=${one}`;
  return el(
    "a",
    { href, key: one, "aria-current": one === tab() ? "page" : null, on: { click: (event) => followed(event, href) } },
    t(`tab.${one}`),
  );
}

/** A plain press stays on this page; a press that wants a new tab gets one. */
function followed(event, href) {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  history.pushState(null, "", href);
  frame.reload();
}

function list(found) {
  const kind = LISTS[found.tab];
  const filtered = kind.filters.some((filter) => asked().get(filter.name));
  return el(
    "section",
    { key: found.tab, class: "panel", "aria-label": t(`tab.${found.tab}`) },
    filters(kind, filtered),
    el("div", { class: "row" }, el("p", { class: "soft", role: "status" }, count("count.rows", found.total)), ways(found.tab)),
    found.rows.length
      ? table(
          t(`tab.${found.tab}`),
          kind.columns.map((column) => t(`column.${column}`)),
          found.rows.map((row) => ({ cells: kind.cells(row), key: row.id ?? `${row.item}/${row.version}` })),
        )
      : filtered
        ? empty(t("list.filtered"))
        : empty(t(`list.empty.${found.tab}`), kind.command),
    paging(found),
  );
}

function filters(kind, filtered) {
  return el(
    "form",
    { class: "filters", role: "search", on: { submit: (event) => event.preventDefault() } },
    kind.filters.map((filter) => (filter.values === "flag" ? flag(filter) : select(filter))),
    filtered &&
      el(
        "button",
        {
          type: "button",
          class: "quiet",
          on: { click: () => go({ ...Object.fromEntries(kind.filters.map((filter) => [filter.name, ""])), after: "" }) },
        },
        t("filter.clear"),
      ),
  );
}

function select(filter) {
  const now = asked().get(filter.name) ?? "";
  const options = filter.values === "items" ? (extensions ?? []) : filter.values.map((value) => [value, name(filter.words, value)]);
  // What the address asks for is shown even where the list does not have it.
  const shown = now && !options.some(([value]) => value === now) ? [...options, [now, now]] : options;
  return el(
    "label",
    { class: "field", key: filter.name },
    el("span", {}, t(`filter.${filter.name}`)),
    el(
      "select",
      { id: `filter-${filter.name}`, value: now, on: { change: (event) => go({ [filter.name]: event.target.value, after: "" }) } },
      el("option", { value: "", selected: now === "" }, t("filter.all")),
      shown.map(([value, words]) => el("option", { value, selected: value === now }, visible(words))),
    ),
  );
}

function flag(filter) {
  return el(
    "label",
    { class: "sure", key: filter.name },
    el("input", {
      type: "checkbox",
      id: `filter-${filter.name}`,
      checked: asked().get(filter.name) === "true",
      on: { change: (event) => go({ [filter.name]: event.target.checked ? "true" : "", after: "" }) },
    }),
    el("span", {}, t(`filter.${filter.name}`)),
  );
}

/** The same rows for programs and for spreadsheets. */
function ways(here) {
  const { after: _, ...all } = query(here);
  return el(
    "p",
    { class: "ways" },
    el("a", { href: address(`/${here}`, query(here)) }, "JSON"),
    " ",
    el("a", { href: address(`/${here}`, { ...all, format: "csv" }), download: `${here}.csv` }, "CSV"),
  );
}

function paging(found) {
  const more = found.next && new URLSearchParams(found.next).get("after");
  const first = asked().get("after");
  return (
    (more || first) &&
    el(
      "p",
      { class: "buttons start" },
      first && el("button", { type: "button", on: { click: () => go({ after: "" }) } }, t("page.first")),
      more && el("button", { type: "button", on: { click: () => go({ after: more }) } }, t("page.next")),
    )
  );
}

function period(found) {
  return el(
    "section",
    { key: "report", "aria-label": t("tab.report") },
    el(
      "div",
      { class: "row" },
      el(
        "label",
        { class: "field" },
        el("span", {}, t("filter.days")),
        el(
          "select",
          { id: "filter-days", value: String(days()), on: { change: (event) => go({ days: event.target.value }) } },
          DAYS.map((one) => el("option", { value: String(one), selected: one === days() }, t("report.days", { n: one }))),
        ),
      ),
      el("p", { class: "ways" }, el("a", { href: address("/report", { days: days() }) }, "JSON")),
    ),
    report(found),
  );
}

frame.open();
