// The official React components, in a real browser, on another site's page: the bell and its popover, preferences, SlackKit.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";

import { build } from "esbuild";

import { launch, open, picture } from "./browser.mjs";
import { KEY, api, start, until } from "./harness.mjs";
import { startProviders } from "./providers.mjs";

const { signUserToken, buildUserTokenGrant } = await import("@knocklabs/node/lib/tokenSigner");
const { Grants } = await import("@knocklabs/node/lib/userTokens");

const PAGE = `
  import { createElement as h, useRef, useState } from "react";
  import { createRoot } from "react-dom/client";
  import { KnockFeedProvider, KnockProvider, KnockSlackProvider, NotificationFeedPopover, NotificationIconButton,
    SlackAuthButton, SlackAuthContainer, SlackChannelCombobox, usePreferences } from "@knocklabs/react";

  const { host, key, token, feed, slack } = window.given;

  const ACROSS = { __experimentalCrossBrowserUpdates: true };

  function Bell() {
    const [isOpen, setOpen] = useState(false);
    const button = useRef(null);
    return h("header", null,
      h(NotificationIconButton, { ref: button, onClick: () => setOpen(!isOpen) }),
      h(NotificationFeedPopover, { buttonRef: button, isVisible: isOpen, onClose: () => setOpen(false) }));
  }
  function Preferences() {
    const { preferences, setPreferences } = usePreferences();
    const mail = preferences?.workflows?.release?.channel_types?.email ?? true;
    const turn = () => setPreferences({ workflows: { release: { channel_types: { email: !mail } } } });
    return h("p", null, h("button", { id: "mail", onClick: turn }, "mail " + (mail ? "on" : "off")));
  }
  const Slack = () => h(KnockSlackProvider, { knockSlackChannelId: slack, tenantId: "acme" },
    h(SlackAuthContainer, { actionButton: h(SlackAuthButton, { slackClientId: "1.2" }) }),
    h(SlackChannelCombobox, { slackChannelsRecipientObject: { objectId: "w1", collection: "workspaces" } }));
  const App = () => h(KnockProvider, { apiKey: key, host, user: { id: "ada" }, userToken: token },
    h(KnockFeedProvider, { feedId: feed, colorMode: "light", defaultFeedOptions: ACROSS }, h(Bell)),
    h(Preferences), h(Slack));
  createRoot(document.body.appendChild(document.createElement("div"))).render(h(App));
`;

let browser;
let server;
let providers;
let host;
let given;

before(async () => {
  browser = await launch();
  providers = await startProviders();
  server = await start("sqlite");
  providers.console = server.url;
  await set("/tenants/acme", { name: "Acme" });
  const settings = { base_url: `${providers.url}/slack`, client_id: "1.2", client_secret: "secret" };
  await set("/channels/slack", { type: "chat", provider: "chat_slack", provider_settings: settings });
  const steps = [
    { ref: "feed", type: "channel", channel_key: "in-app", channel_type: "in_app_feed",
      template: { markdown_body: "**{{ title }}** is out", action_url: "#read" } },
    { ref: "slack", type: "channel", channel_key: "slack", channel_type: "chat",
      template: { markdown_body: "**{{ title }}** is out" } },
  ];
  await set("/workflows/release?commit=true", { workflow: { name: "Releases", steps } });
  given = { host: server.url, ...(await credentials()) };
  const bundle = await build({
    stdin: { contents: PAGE, resolveDir: import.meta.dirname },
    bundle: true, write: false, format: "iife", logLevel: "error", outdir: "/", loader: { ".css": "empty" },
    define: { "process.env.NODE_ENV": '"production"' },
  });
  const html = `<!doctype html><body><script>window.given = ${JSON.stringify(given)};</script><script src="/page.js"></script>`;
  host = createServer((request, response) => {
    const isScript = request.url === "/page.js";
    response.writeHead(200, { "content-type": isScript ? "text/javascript" : "text/html" });
    response.end(isScript ? bundle.outputFiles.find((file) => file.path.endsWith(".js")).text : html);
  });
  await new Promise((resolve) => host.listen(0, "127.0.0.1", resolve));
});

after(async () => {
  await browser?.close();
  host?.closeAllConnections();
  host?.close();
  await server?.stop();
  await providers?.stop();
});

async function set(path, body) {
  const answer = await api(server, `/v1${path}`, { method: "PUT", body: JSON.stringify(body) });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer.body;
}

/** What a backend gives its page. */
async function credentials() {
  const post = (path, body) => api(server, path, { method: "POST", body: JSON.stringify(body) });
  const { private_key } = (await post("/api/signing-keys", {})).body;
  const { key } = (await post("/api/public-keys", { name: "page" })).body;
  const grants = [
    buildUserTokenGrant({ type: "tenant", id: "acme" }, [Grants.SlackChannelsRead]),
    buildUserTokenGrant({ type: "object", id: "w1", collection: "workspaces" }, [Grants.ChannelDataRead, Grants.ChannelDataWrite]),
    buildUserTokenGrant({ type: "user", id: "ada" }, [Grants.UserFeedRead, Grants.PreferencesRead, Grants.PreferencesWrite]),
  ];
  const token = await signUserToken("ada", { signingKey: private_key, grants });
  const id = async (key) => (await api(server, `/v1/channels/${key}`)).body.id;
  return { key, token, feed: await id("in-app"), slack: await id("slack") };
}

const trigger = (title) =>
  api(server, "/v1/workflows/release/trigger", {
    method: "POST",
    body: JSON.stringify({ recipients: ["ada", { collection: "workspaces", id: "w1" }], tenant: "acme", data: { title } }),
  });

async function visit(page) {
  await page.goto(`http://localhost:${host.address().port}`);
}

test("the bell counts, and two windows see each other's reads", async () => {
  const page = await open(browser);
  const other = await page.context().newPage();
  await visit(page);
  await visit(other);
  await page.locator(".rnf-notification-icon-button").waitFor();
  await trigger("v1");
  await trigger("v2");
  for (const window of [page, other]) {
    await window.locator(".rnf-unseen-badge__count", { hasText: "2" }).waitFor();
  }
  await page.locator(".rnf-notification-icon-button").click();
  await page.getByText("v2 is out").waitFor();
  await picture(page, "knock-react-popover");
  // What was seen here has been seen there.
  await other.locator(".rnf-unseen-badge__count").waitFor({ state: "detached" });
  await other.locator(".rnf-notification-icon-button").click();
  await other.getByText("v1 is out").waitFor();
  const unread = other.locator(".rnf-notification-cell__unread-dot");
  assert.equal(await unread.count(), 2);
  await page.getByRole("button", { name: /mark all as read/i }).click();
  await until(async () => (await unread.count()) === 0, "the other window shows that all was read");
  const { body } = await api(server, "/v1/users/ada/feeds/in-app");
  assert.equal(body.meta.unread_count, 0);
  await page.locator(".rnf-notification-cell").first().click();
  const first = async () => (await api(server, "/v1/users/ada/feeds/in-app")).body.entries[0];
  await until(async () => (await first()).interacted_at, "the click is kept");
  // SlackKit asks whether Slack is connected, and is told by a 403 that it is not.
  assert.deepEqual(page.problems.filter((problem) => !problem.includes("403")), []);
  await page.context().close();
});

test("preferences that a page sets are kept", async () => {
  const page = await open(browser);
  await visit(page);
  await page.getByRole("button", { name: "mail on" }).click();
  await page.getByRole("button", { name: "mail off" }).waitFor();
  const { body } = await api(server, "/v1/users/ada/preferences/default");
  assert.equal(body.workflows.release.channel_types.email, false);
  await page.context().close();
});

test("SlackKit connects a workspace, picks a channel, and lets go of it", async () => {
  const page = await open(browser);
  // Slack's own page is hard-coded in the library: it leads to the stand-in.
  await page.context().route("https://slack.com/**", (route) => {
    const wanted = new URL(route.request().url());
    return route.fulfill({ status: 302, headers: { location: `${providers.url}${wanted.pathname}${wanted.search}` } });
  });
  await visit(page);
  const [popup] = await Promise.all([page.waitForEvent("popup"), page.getByRole("button", { name: /connect to slack/i }).click()]);
  await popup.waitForEvent("close");
  await page.getByText("Connected", { exact: true }).waitFor();
  const combobox = page.getByRole("combobox").or(page.locator("[data-tgph-combobox-trigger]")).first();
  await combobox.click();
  await page.getByRole("option", { name: "releases" }).click();
  const connections = async () => (await api(server, `/v1/objects/workspaces/w1/channel_data/slack`)).body.data?.connections;
  await until(async () => (await connections())?.[0]?.channel_id === "C2", "the channel is kept");
  await picture(page, "knock-react-slack");
  await trigger("v3");
  await until(() => providers.posted.length === 1, "Slack was told");
  assert.deepEqual(providers.posted[0], { channel: "C2", text: "*v3* is out", mrkdwn: true });
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: /disconnect|connected/i }).first().hover();
  await page.getByRole("button", { name: /disconnect/i }).first().click();
  await page.getByRole("button", { name: /connect to slack/i }).waitFor();
  assert.equal(providers.isRevoked, true);
  assert.deepEqual(providers.faults, []);
  await page.context().close();
});
