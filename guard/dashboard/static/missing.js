// An address that leads nowhere.

import { Refused } from "./api.js";
import { Frame } from "./frame.js";
import { t } from "./words.js";

const frame = new Frame({
  place: "missing",
  concerns: () => false,
  load: () => Promise.reject(new Refused(t("missing.what"), { status: 404 })),
  title: () => t("trouble.missing"),
  draw: () => [],
});

frame.open();
