// The head of every page: where one is, the language, the theme, and who one is.

import { login, logout } from "./session.js";
import { el, visible } from "./dom.js";
import { language, t } from "./words.js";

const REMEMBERED = "release-guard-theme";
const THEMES = ["system", "light", "dark"];
const LANGUAGES = { en: "English", "zh-TW": "繁體中文" };

/** The head's content. `place`: the page it stands on. */
export function head(frame, place) {
  return [
    el(
      "a",
      { class: "brand", href: "/" },
      el("img", { src: "/static/icon.svg", alt: "", width: 22, height: 22 }),
      el("span", {}, t("brand")),
    ),
    el(
      "nav",
      { "aria-label": t("nav") },
      link("/", t("place.overview"), place === "overview"),
      link("/history", t("place.history"), place === "history"),
    ),
    el("p", { id: "fresh", class: "fresh", "data-keep": true }),
    el("div", { class: "tools" }, languages(frame), themes(frame), person(frame)),
  ];
}

function link(href, words, isHere) {
  return el("a", { href, "aria-current": isHere ? "page" : null }, words);
}

function languages(frame) {
  return el(
    "label",
    {},
    el("span", { class: "hidden" }, t("language")),
    el(
      "select",
      { id: "language", on: { change: (event) => frame.speak(event.target.value) } },
      Object.entries(LANGUAGES).map(([code, words]) => el("option", { value: code, lang: code, selected: code === language() }, words)),
    ),
  );
}

function themes(frame) {
  return el(
    "label",
    {},
    el("span", { class: "hidden" }, t("theme")),
    el(
      "select",
      { id: "theme", on: { change: (event) => wear(event.target.value) } },
      THEMES.map((theme) =>
        el("option", { value: theme, selected: theme === (document.documentElement.dataset.theme ?? "system") }, t(`theme.${theme}`)),
      ),
    ),
  );
}

function wear(theme) {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  try {
    if (theme === "system") localStorage.removeItem(REMEMBERED);
    else localStorage.setItem(REMEMBERED, theme);
  } catch {
    return; // storage is switched off: the choice holds for this page
  }
}

function person(frame) {
  const who = frame.who;
  if (!who) return null;
  if (who.may_act) {
    return el(
      "span",
      { class: "who" },
      el("bdi", {}, visible(who.name)),
      who.how === "token" && el("button", { type: "button", class: "quiet", on: { click: () => logout(frame) } }, t("logout")),
    );
  }
  if (who.how === "token") return el("button", { type: "button", id: "login", on: { click: () => login(frame) } }, t("login"));
  return el("span", { class: "who soft", title: t("readonly.hint").replaceAll("`", "") }, t("readonly"));
}
