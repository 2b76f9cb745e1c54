// The words of the page, in the language of who reads it. What the server says comes in that language from there.

import { ENGLISH } from "./words-en.js";
import { CHINESE } from "./words-zh.js";

const TABLES = { en: ENGLISH, "zh-TW": CHINESE };
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

/** Words by their name, filled in. A name without words is a fault, and shows itself. */
export function t(name, values = {}) {
  const words = TABLES[language()][name] ?? ENGLISH[name] ?? `[${name}]`;
  return words.replace(/\{(\w+)\}/g, (whole, key) => (key in values ? String(values[key]) : whole));
}

/** The same with elements in the places of the values: a list of text and elements. */
export function fill(name, values) {
  const words = TABLES[language()][name] ?? ENGLISH[name] ?? `[${name}]`;
  return words.split(/(\{\w+\})/).map((piece) => {
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
  const found = TABLES[language()][`${kind}.${constant}`];
  return found ?? String(constant ?? "").replaceAll("_", " ");
}

/** "1 incident", "3 incidents". */
export function count(kind, number) {
  return t(number === 1 ? `${kind}.one` : `${kind}.many`, { n: number });
}
