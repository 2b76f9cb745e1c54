// A page of the extension uses the SDK as every page does: it has a session, and the SDK's own global handlers.
import { flush, getClient, getCurrentScope, init, metrics, startInactiveSpan } from "@sentry/browser";
import { createSignals, releaseName } from "release-guard-signals";

init({ dsn: DSN, release: releaseName("real"), environment: "production", dataCollection: { userInfo: false }, tracesSampleRate: 1 });

const { guarded } = createSignals({ client: getClient(), scope: getCurrentScope(), metrics, component: "popup" });

document.querySelector("#span").addEventListener("click", () => {
  const span = startInactiveSpan({ name: "open", op: "ui.action" });
  span.setStatus({ code: 2, message: "not_found" });
  span.end();
  flush();
});

document.querySelector("#fail").addEventListener("click", () => {
  throw new Error("in the popup");
});

const fail = () => {
  throw new Error("in a guarded handler");
};
document.querySelector("#guarded").addEventListener("click", guarded("open", fail));
