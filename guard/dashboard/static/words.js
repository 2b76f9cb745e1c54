// The words of the page, in the language of who reads it. What the server says comes in that language from there.

import { visible } from "./dom.js";
import { ENGLISH } from "./words-en.js";
import { CHINESE } from "./words-zh.js";

const TABLES = { en: ENGLISH, "zh-TW": CHINESE };
const LONGEST = 32; // of a constant that has no words here
const REMEMBERED = "release-guard-language";

/** The language of this page: en or zh-TW. */
export function language() {
  return document.documentElement.lang in TABLES ? document.documentElement.lang : "en";
}

/** Whether a person has chosen it, here or in the address. */
export const isChosen = () => "chosen" in document.documentElement.dataset;

/** Take another language; a person's choice is remembered. */
export function speak(wanted, { remember = false } = {}) {
  if (!(wanted in TABLES)) return;
  document.documentElement.lang = wanted;
  if (!remember) return;
  document.documentElement.dataset.chosen = wanted;
  try {
    localStorage.setItem(REMEMBERED, wanted);
  } catch {
    return; // storage is switched off: the choice holds for this page
  }
}

function found(name) {
  return TABLES[language()][name] ?? ENGLISH[name] ?? `[${visible(name).slice(0, 2 * LONGEST)}]`;
}

/** Words by their name, filled in. A name without words is a fault, and shows itself. */
export function t(name, values = {}) {
  return found(name).replace(/\{(\w+)\}/g, (whole, key) => (key in values ? visible(values[key]) : whole));
}

/** The same with elements in the places of the values: a list of text and elements. */
export function fill(name, values) {
  return found(name)
    .split(/(\{\w+\})/)
    .map((piece) => {
      const key = /^\{(\w+)\}$/.exec(piece)?.[1];
      return key && key in values ? values[key] : piece;
    });
}

/** Whether there are words by that name. */
export function has(name) {
  return name in ENGLISH;
}

/** One of the API's constants in words; a new one that has none yet is shown as it is. */
export function name(kind, constant) {
  return TABLES[language()][`${kind}.${constant}`] ?? visible(constant).slice(0, LONGEST).replaceAll("_", " ");
}

/** "1 incident", "3 incidents". */
export function count(kind, number) {
  return t(number === 1 ? `${kind}.one` : `${kind}.many`, { n: number });
}
