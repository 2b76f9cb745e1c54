// Runs once in a page: one operation that ends well, and one that an update has cut off.
import { start } from "./client.js";

const { guarded } = start("content");

const collect = guarded("collect", (text) => text.length);
const ask = guarded("collect", () => {
  throw new Error("Extension context invalidated.");
});

collect(document.title);
ask();
