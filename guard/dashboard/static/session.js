// Coming and going: the token is sent once, and the browser keeps only a cookie that no script can read.

import { post, remove } from "./api.js";
import { ask, line } from "./dialogs.js";
import { el } from "./dom.js";
import { t } from "./words.js";

/** Ask for the token and a name. */
export async function login(frame) {
  const came = await ask({
    title: t("login.title"),
    lines: [el("p", {}, t("login.why"))],
    fields: [
      line("name", t("login.name"), { complete: "username", longest: 100 }),
      line("token", t("login.token"), { type: "password", complete: "current-password", longest: 1000 }),
    ],
    verb: t("login"),
    send: ({ token, name }) => post("/session", { token, name }),
  });
  if (!came) return;
  await frame.meet();
  frame.tell(t("login.done", { name: frame.who?.name ?? "" }));
}

/** Leave: nothing can be done from here any more. */
export async function logout(frame) {
  try {
    await remove("/session");
  } catch (error) {
    frame.tell(error.message);
    return;
  }
  await frame.meet();
  frame.tell(t("logout.done"));
}
