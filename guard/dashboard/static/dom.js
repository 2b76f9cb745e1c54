// Elements are built here and nowhere else, and text only ever becomes text: no page of the dashboard parses HTML.

const SVG = "http://www.w3.org/2000/svg";
const HANDLERS = Symbol("handlers");
const AS_PROPERTY = new Set(["value", "checked", "selected", "disabled", "indeterminate"]);

/** An HTML element. `props`: attributes; `on`: handlers by event; `key`: what it is known by when the page is drawn again. */
export function el(tag, props = {}, ...children) {
  return dress(document.createElement(tag), props, children);
}

/** An SVG element. */
export function svg(tag, props = {}, ...children) {
  return dress(document.createElementNS(SVG, tag), props, children);
}

function dress(node, props, children) {
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") listen(node, value);
    else if (name === "key") node.dataset.key = value;
    else if (AS_PROPERTY.has(name)) node[name] = value;
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...flat(children));
  return node;
}

/** Children without the empty ones; numbers and strings become text. */
export function flat(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false && child !== "");
}

function listen(node, handlers) {
  node[HANDLERS] = handlers;
  for (const type of Object.keys(handlers)) {
    // Handlers are looked up when they are needed: drawing again replaces them without touching the listener.
    node.addEventListener(type, (event) => node[HANDLERS]?.[type]?.(event));
  }
}

/** Make the children of `target` those of `source`, touching only what differs: focus, scrolling and open details stay. */
export function morph(target, source) {
  const keyed = new Map();
  for (const child of target.children) if (child.dataset.key) keyed.set(child.dataset.key, child);
  let cursor = target.firstChild;
  for (const next of [...source.childNodes]) {
    const key = next.dataset?.key;
    const found = key ? keyed.get(key) : cursor && !cursor.dataset?.key ? cursor : null;
    if (!found || found.nodeName !== next.nodeName) {
      target.insertBefore(next, cursor);
      continue;
    }
    if (found === cursor) cursor = cursor.nextSibling;
    else target.insertBefore(found, cursor);
    patch(found, next);
  }
  while (cursor) {
    const gone = cursor;
    cursor = cursor.nextSibling;
    gone.remove();
  }
}

function patch(old, next) {
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.data !== next.data) old.data = next.data;
    return;
  }
  if (old.hasAttribute("data-keep")) return; // it looks after itself
  const stays = (name) => name === "open" && old.nodeName === "DETAILS"; // a person opened it
  for (const { name } of [...old.attributes]) if (!next.hasAttribute(name) && !stays(name)) old.removeAttribute(name);
  for (const { name, value } of [...next.attributes]) if (old.getAttribute(name) !== value && !stays(name)) old.setAttribute(name, value);
  for (const name of AS_PROPERTY) if (name in next && !isBeingFilledIn(old) && old[name] !== next[name]) old[name] = next[name];
  adopt(old, next);
  morph(old, next);
}

/** What somebody types in, or moves, right now is not taken away by what comes from the server. */
function isBeingFilledIn(node) {
  return node === document.activeElement && node.matches("textarea, input:not([type=checkbox], [type=radio])");
}

function adopt(old, next) {
  const before = old[HANDLERS];
  const after = next[HANDLERS];
  if (!after) {
    old[HANDLERS] = undefined;
    return;
  }
  if (!before) listen(old, after);
  else {
    for (const type of Object.keys(after)) if (!(type in before)) old.addEventListener(type, (event) => old[HANDLERS]?.[type]?.(event));
    old[HANDLERS] = after;
  }
}

/** Draw a page's part again. */
export function redraw(target, ...children) {
  const source = document.createElement("div");
  source.append(...flat(children));
  morph(target, source);
}

// What turns the direction of text or is no visible letter is shown as its number: nothing that comes from outside may look like something else.
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;
const LONG = 420;

/** Text from outside, as it is: visible, with its own direction, and folded where it is very long. Backticks of ours become code. */
export function said(text, { long = LONG } = {}) {
  const shown = visible(text);
  if (shown.length <= long) return el("bdi", { class: "said" }, coded(shown));
  return el(
    "details",
    { class: "long" },
    el("summary", {}, el("bdi", { class: "said" }, coded(`${shown.slice(0, long)}…`))),
    el("bdi", { class: "said" }, coded(shown)),
  );
}

/** The same as one plain string: for names in attributes, titles and options. */
export function visible(text) {
  return String(text ?? "").replace(UNSEEN, (letter) => `\u27e8${letter.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}\u27e9`);
}

function coded(text) {
  const parts = text.split("`");
  if (parts.length % 2 === 0) return [text]; // a lone backtick is only a backtick
  return parts.map((part, place) => (place % 2 ? el("code", {}, part) : part));
}

/** A table in a box of its own, that scrolls by itself and can be reached by keyboard. `rows` are lists of cells. */
export function table(caption, columns, rows, { key = null, name = null, cards = true } = {}) {
  const head = el(
    "tr",
    {},
    columns.map((column) => el("th", { scope: "col" }, column)),
  );
  const body = rows.map(({ cells, key: row, ...props }) =>
    el(
      "tr",
      { ...props, key: row },
      cells.map((cell, place) => el(place ? "td" : "th", place ? { "data-label": columns[place] } : { scope: "row" }, cell)),
    ),
  );
  return el(
    "div",
    { class: cards ? "scroll cards" : "scroll", tabindex: "0", role: "group", "aria-label": name ?? caption, key },
    el("table", {}, el("caption", { class: name ? "" : "hidden" }, caption), el("thead", {}, head), el("tbody", {}, body)),
  );
}
