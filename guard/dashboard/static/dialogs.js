// Questions in dialogs: the browser keeps the focus inside, gives it back afterwards, and closes them with Escape.

import { Refused } from "./api.js";
import { el, flat, visible } from "./dom.js";
import { t } from "./words.js";

/**
 * Show a dialog until it is answered or left. `fields`: elements of a form; `send(data)`: does it, and may be refused: then the dialog
 * stays, with the reason. Returns what `send` has returned, or null when it was left.
 */
export function ask({ title, lines = [], fields = [], verb, danger = false, send, wide = false }) {
  return new Promise((done) => {
    const trouble = el("div", { class: "refused", role: "alert" });
    const go = el("button", { type: "submit", class: danger ? "danger" : "main" }, verb);
    const leave = el("button", { type: "button", on: { click: () => dialog.close() } }, t("cancel"));
    let result = null;
    const form = el(
      "form",
      { method: "dialog", on: { submit: (event) => submit(event) } },
      el("h2", { id: "dialog-title" }, title),
      el("div", { class: "body" }, lines, fields, trouble),
      el("p", { class: "buttons" }, leave, go),
    );
    const dialog = el("dialog", { "aria-labelledby": "dialog-title", class: wide ? "wide" : "", on: { close: () => finish() } }, form);

    async function submit(event) {
      event.preventDefault();
      if (go.disabled) return; // it is under way: a second press is not a second order
      go.disabled = true;
      trouble.replaceChildren();
      try {
        result = (await send(Object.fromEntries(new FormData(form)))) ?? true;
        dialog.close();
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        trouble.replaceChildren(...refusal(error));
      } finally {
        go.disabled = false;
      }
    }

    function finish() {
      dialog.remove();
      done(result);
    }

    document.getElementById("dialogs").append(dialog);
    dialog.showModal();
  });
}

/** A refusal in words. */
export function refusal(error) {
  return flat([el("p", {}, el("strong", {}, visible(error.message))), error.hint && el("p", {}, visible(error.hint))]);
}

/** Show something that asks nothing. */
export function show({ title, content }) {
  const dialog = el(
    "dialog",
    {
      class: "wide",
      "aria-labelledby": "dialog-title",
      on: { close: () => dialog.remove(), click: (event) => event.target === dialog && dialog.close() },
    },
    el(
      "form",
      { method: "dialog" },
      el("h2", { id: "dialog-title" }, title),
      el("div", { class: "body" }, content),
      el("p", { class: "buttons" }, el("button", { type: "submit" }, t("close"))),
    ),
  );
  document.getElementById("dialogs").append(dialog);
  dialog.showModal();
}

/** A field for a line of text. */
export function line(name, words, { required = true, type = "text", value = "", complete = "off", longest = 200 } = {}) {
  return el(
    "label",
    { class: "field" },
    el("span", {}, words, !required && el("span", { class: "soft" }, ` (${t("optional")})`)),
    el("input", { name, type, required, value, autocomplete: complete, maxlength: longest, spellcheck: "false" }),
  );
}

/** A field for several lines. */
export function text(name, words, { required = true, longest = 4000 } = {}) {
  return el(
    "label",
    { class: "field" },
    el("span", {}, words, !required && el("span", { class: "soft" }, ` (${t("optional")})`)),
    el("textarea", { name, required, rows: 3, maxlength: longest }),
  );
}

/** A field with a choice. `options`: pairs of value and words. */
export function choice(name, words, options, value = "") {
  return el(
    "label",
    { class: "field" },
    el("span", {}, words),
    el(
      "select",
      { name, required: true },
      options.map(([option, label]) => el("option", { value: option, selected: option === value }, label)),
    ),
  );
}
