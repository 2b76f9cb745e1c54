// A client of its own, as the recipe's first lines show it: nothing global is touched.
import { BrowserClient, Scope, defaultStackParser, getDefaultIntegrations, makeFetchTransport, metrics } from "@sentry/browser";
import { createSignals, releaseName, withoutGlobals } from "release-guard-signals";

export function start(component) {
  const client = new BrowserClient({
    dsn: DSN, // put in by the bundler
    release: releaseName("real"),
    environment: "production",
    transport: makeFetchTransport,
    stackParser: defaultStackParser,
    integrations: withoutGlobals(getDefaultIntegrations({})),
    dataCollection: { userInfo: false },
    tracesSampleRate: 1,
  });
  const scope = new Scope();
  scope.setClient(client);
  client.init();
  return { client, scope, ...createSignals({ client, scope, metrics, component }) };
}
