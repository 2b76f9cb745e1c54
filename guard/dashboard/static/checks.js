// The browser checks of the release and of its baseline side by side, with what they found and their screenshots.

import { el, said, visible } from "./dom.js";
import { show } from "./dialogs.js";
import { chip, empty, sign } from "./signs.js";
import { ago, length } from "./time.js";
import { fill, name, t } from "./words.js";

/** A column for each report. */
export function checkPanels(found) {
  if (found.checks.length === 0) return empty(t("checks.none"), "release-guard check store");
  return el(
    "div",
    { class: "beside" },
    found.checks.map((report) => column(report, found)),
  );
}

function column(report, found) {
  const role = report.version === found.release.version ? "release" : "baseline";
  return el(
    "section",
    { key: `${role}-${report.version}` },
    el("h3", {}, t(`column.${role}`, { version: visible(report.version) })),
    el("p", {}, sign("check", report.status), " ", el("span", { class: "soft" }, fill("checked", { ago: ago(report.checked_at) }))),
    el(
      "ul",
      { class: "check-list" },
      report.checks.map((check) => one(check, report.version)),
    ),
  );
}

function one(check, version) {
  return el(
    "li",
    { key: check.check },
    el(
      "p",
      {},
      sign("check", check.status, `${name("check", check.check)}: ${name("check", check.status)}`),
      " ",
      check.flaky && chip(t("flaky"), t("flaky.what")),
      " ",
      check.seconds > 0 && el("span", { class: "soft" }, length(check.seconds)),
    ),
    check.note && el("p", { class: "soft" }, said(check.note)),
    check.findings.map(finding),
    check.pictures.length > 0 &&
      el(
        "div",
        { class: "pictures" },
        check.pictures.map((picture) => thumbnail(picture, check, version)),
      ),
  );
}

function finding(found) {
  return el(
    "div",
    { class: found.is_failure ? "finding failure" : "finding" },
    el("p", {}, el("span", { class: "hidden" }, t(found.is_failure ? "finding.failure" : "finding.remark")), said(found.message)),
    found.hint && el("p", { class: "soft" }, said(found.hint)),
    found.detail && el("details", {}, el("summary", {}, t("finding.detail")), el("pre", { tabindex: "0" }, visibleLines(found.detail))),
  );
}

function visibleLines(text) {
  return text.split("\n").map(visible).join("\n");
}

/** Where a picture is had: a path of this dashboard, and nothing else. */
function address(picture) {
  const found = new URL(picture.address, location.origin);
  return found.origin === location.origin ? found.pathname : null;
}

function thumbnail(picture, check, version) {
  const src = address(picture);
  if (src === null) return null;
  const words = t("picture.alt", { check: name("check", check.check), version: visible(version), name: visible(picture.name) });
  return el(
    "button",
    {
      type: "button",
      class: "picture",
      "aria-label": t("picture.enlarge", { words }),
      on: { click: () => show({ title: words, content: el("img", { src, alt: words, class: "whole" }) }) },
    },
    el("img", {
      src,
      alt: "",
      loading: "lazy",
      width: 160,
      height: 110,
      on: { error: (event) => event.target.closest("button")?.classList.add("gone") },
    }),
    el("span", {}, visible(picture.name)),
  );
}
