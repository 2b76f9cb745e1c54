// What a person does to an incident or to the guard: each asks for what the timeline must say, then does it.

import { part, plan as planned, post } from "./api.js";
import { ask, choice, line, text } from "./dialogs.js";
import { el, said, visible } from "./dom.js";
import { name, t } from "./words.js";

/** Do something, then show the page anew and say what came of it; a refusal is said where it was asked. */
async function then(frame, promise) {
  const done = await promise;
  if (!done) return;
  await frame.reload();
  frame.tell(visible(done.words ?? t("done")));
}

const at = (incident, action) => `/incidents/${part(incident.id)}/${action}`;

/** Only what was given: an empty field is none. */
function given(data) {
  const trimmed = Object.entries(data).map(([field, value]) => [field, value.trim()]);
  return Object.fromEntries(trimmed.filter(([, value]) => value !== ""));
}

/** What each action that needs only a few words asks for. */
const ASKED = {
  acknowledge: () => [text("why", t("field.comment"), { required: false })],
  note: () => [text("text", t("field.note"))],
  resolve: () => [text("how", t("field.how"))],
  false_alarm: () => [text("why", t("field.why"))],
  reopen: () => [text("why", t("field.why"))],
  close: () => [text("why", t("field.comment"), { required: false })],
  abort: () => [text("why", t("field.why"))],
};
const PATHS = { false_alarm: "false-alarm", abort: "rollback/abort" };

/** One of: acknowledge, note, resolve, false_alarm, reopen, close, abort. */
export function order(frame, incident, action) {
  return then(
    frame,
    ask({
      title: `${name("may", action)}: ${visible(incident.id)}`,
      lines: [el("p", {}, said(incident.title)), el("p", { class: "soft" }, t(`may.${action}.what`))],
      fields: ASKED[action](),
      verb: name("may", action),
      danger: action === "abort",
      send: (data) => post(at(incident, PATHS[action] ?? action), given(data)),
    }),
  );
}

/** Who holds a role. */
export function assign(frame, incident, role) {
  return then(
    frame,
    ask({
      title: t("assign.title", { id: visible(incident.id) }),
      fields: [
        choice(
          "role",
          t("field.role"),
          incident.roles.map((one) => [one.role, visible(one.words)]),
          role.role,
        ),
        line("to", t("field.to"), { value: role.holder ? "" : (frame.who?.name ?? ""), longest: 100 }),
        text("why", t("field.why"), { required: false }),
      ],
      verb: name("may", "assign"),
      send: (data) => post(at(incident, "assign"), given(data)),
    }),
  );
}

/** Tick an item of the checklist, with what shows it; or take that back, with a reason. */
export function tick(frame, incident, entry) {
  const undo = Boolean(entry.done_by);
  return then(
    frame,
    ask({
      title: t(undo ? "untick.title" : "tick.title"),
      lines: [el("p", {}, said(entry.words))],
      fields: [undo ? text("why", t("field.why")) : text("evidence", t("field.evidence"), { required: false })],
      verb: t(undo ? "untick" : "tick"),
      send: (data) => post(at(incident, undo ? "untick" : "tick"), { entry: entry.entry, ...given(data) }),
    }),
  );
}

/** Approve a rollback: the plan as it would be followed now is shown, and asked about twice; what is confirmed is this very plan. */
export async function approve(frame, incident) {
  let plan = null;
  const content = el("div", { "aria-live": "polite" }, el("p", {}, t("approve.planning")));
  const sure = el("input", { type: "checkbox", name: "sure", required: true, disabled: true });
  const asked = ask({
    title: t("approve.title", { id: visible(incident.id) }),
    lines: [content],
    fields: [el("label", { class: "sure" }, sure, el("span", {}, t("approve.sure")))],
    verb: t("approve.verb"),
    danger: true,
    wide: true,
    send: async () => {
      if (!plan) return null;
      const done = await post(at(incident, "rollback/approve"), { confirm: plan.confirm });
      return done;
    },
  });
  planned(incident.id).then(
    (found) => {
      plan = found;
      content.replaceChildren(
        el("p", { class: "headline" }, said(found.headline)),
        el(
          "ul",
          {},
          found.lines.map((one) => el("li", {}, said(one))),
        ),
        el("p", { class: "warned" }, t("approve.warning")),
      );
      sure.disabled = false;
      sure.focus();
    },
    (error) => {
      content.replaceChildren(el("p", { class: "warned" }, visible(error.message)), el("p", {}, visible(error.hint ?? "")));
    },
  );
  return then(frame, asked);
}

/** Keep the guard from acting by itself: on one extension, or on all. */
export function pause(frame, item = null) {
  const named = item ? visible(item.name) : t("pause.all");
  return then(
    frame,
    ask({
      title: t("pause.title", { name: named }),
      lines: [el("p", { class: "soft" }, t("pause.what"))],
      fields: [text("reason", t("field.why"), { longest: 500 })],
      verb: t("pause"),
      danger: true,
      send: ({ reason }) => post("/pause", { ...(item ? { item: item.item } : {}), reason }),
    }),
  );
}

/** Let it act again. */
export function resume(frame, order) {
  const named = order.item ? visible(order.item_name || order.item) : t("pause.all");
  return then(
    frame,
    ask({
      title: t("resume.title", { name: named }),
      lines: [el("p", {}, said(order.reason)), el("p", { class: "soft" }, t("resume.what"))],
      verb: t("resume"),
      send: () => post("/resume", order.item ? { item: order.item } : {}),
    }),
  );
}
