// The official libraries of the Knock API, as a backend and a page use them.

import assert from "node:assert/strict";
import { test } from "node:test";

import WebSocket from "ws";

import { KEY, start, until } from "./harness.mjs";

// The browser's library opens a socket only where there is a window.
globalThis.window ??= Object.assign(new EventTarget(), { location: new URL("http://localhost") });
globalThis.document ??= Object.assign(new EventTarget(), { visibilityState: "visible", hidden: false });
globalThis.WebSocket = globalThis.window.WebSocket = WebSocket;

const { default: Knock } = await import("@knocklabs/node");
const { default: Browser } = await import("@knocklabs/client");
const { signUserToken, buildUserTokenGrant } = await import("@knocklabs/node/lib/tokenSigner");
const { Grants } = await import("@knocklabs/node/lib/userTokens");

const own = (server, method, path, body) =>
  fetch(server.url + path, {
    method,
    headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json" },
    body: body && JSON.stringify(body),
  }).then((answer) => answer.json());

const workflow = (server, key, steps) =>
  own(server, "PUT", `/v1/workflows/${key}?commit=true`, { workflow: { name: key, steps } });

const feedStep = {
  ref: "feed", type: "channel", channel_key: "in-app", channel_type: "in_app_feed",
  template: { markdown_body: "**{{ actor.name }}**: {{ text }}", action_url: "https://example.com/{{ id }}" },
};

for (const kind of ["sqlite", "postgres"]) {
  test(`a backend and a page work with the official libraries, on ${kind}`, async (t) => {
    const server = await start(kind);
    t.after(() => server.stop());
    const knock = new Knock({ apiKey: KEY, baseURL: server.url });

    const jane = await knock.users.update("jane", { name: "Jane", email: "jane@example.com", plan: "pro" });
    assert.equal(jane.plan, "pro");
    await knock.users.setPreferences("jane", "default", { workflows: { quiet: false } });
    assert.deepEqual((await knock.users.getPreferences("jane", "default")).workflows, { quiet: false });
    await knock.tenants.set("acme", { name: "Acme" });
    await knock.objects.set("projects", "p1", { name: "Project" });
    const subscribed = await knock.objects.addSubscriptions("projects", "p1", { recipients: ["jane", { id: "john", name: "John" }] });
    assert.equal(subscribed.length, 2);
    const listed = [];
    for await (const user of knock.users.list({ page_size: 1 })) listed.push(user.id);
    assert.deepEqual(listed.sort(), ["jane", "john"]);

    await workflow(server, "comment", [feedStep]);
    const trigger = (text) =>
      knock.workflows.trigger("comment", {
        recipients: [{ id: "p1", collection: "projects" }],
        actor: { id: "ada", name: "Ada" },
        data: { text, id: 7 },
        tenant: "acme",
      });
    const { workflow_run_id } = await trigger("first");
    const sent = await until(async () => {
      const { items } = await knock.messages.list({ workflow_run_id });
      return items.length === 2 && items;
    });
    assert.deepEqual(sent.map((message) => message.status), ["delivered", "delivered"]);
    assert.equal((await knock.messages.getContent(sent[0].id)).data.__typename, "MessageInAppFeedContent");

    // The page: with a token that the backend signs, as the library writes it.
    const { private_key } = await own(server, "POST", "/api/signing-keys", {});
    const { key } = await own(server, "POST", "/api/public-keys", { name: "page" });
    const token = await signUserToken("jane", { signingKey: Buffer.from(private_key).toString("base64") });
    const browser = new Browser(key, { host: server.url, logLevel: "none" });
    browser.authenticate({ id: "jane" }, token);
    t.after(() => browser.teardown());
    const { id: feed_channel_id } = await own(server, "GET", "/v1/channels/in-app");
    const feed = browser.feeds.initialize(feed_channel_id, { tenant: "acme", has_tenant: true });
    feed.listenForUpdates();
    await feed.fetch();
    const state = () => feed.store.getState();
    assert.deepEqual([state().items.length, state().metadata.unseen_count], [1, 1]);
    assert.equal(state().items[0].blocks[0].rendered, "<p><strong>Ada</strong>: first</p>");

    await new Promise((resolve) => setTimeout(resolve, 500));
    const heard = new Promise((resolve) => feed.on("items.received.realtime", resolve));
    await trigger("second");
    await heard;
    await until(() => state().items.length === 2);
    assert.equal(state().metadata.unread_count, 2);
    await feed.markAsRead(state().items[0]);
    await feed.markAllAsSeen();
    await until(async () => {
      await feed.fetch();
      return state().metadata.unread_count === 1 && state().metadata.unseen_count === 0;
    });
    await feed.markAllAsArchived();
    await until(async () => {
      await feed.fetch();
      return state().items.length === 0 && state().metadata.total_count === 0;
    });
    const preferences = await browser.user.setPreferences({ channel_types: { email: false }, workflows: {}, categories: {} });
    assert.equal(preferences.channel_types.email, false);

    // What the library names in a token opens what it names.
    await knock.objects.setChannelData("projects", "p1", feed_channel_id, { data: { connections: [] } });
    const grant = buildUserTokenGrant({ type: "object", id: "p1", collection: "projects" }, [Grants.ChannelDataRead]);
    const granted = await signUserToken("jane", { signingKey: private_key, grants: [grant] });
    const channelData = (id, token) =>
      fetch(`${server.url}/v1/objects/projects/${id}/channel_data/${feed_channel_id}`, {
        headers: { authorization: `Bearer ${key}`, "x-knock-user-token": token },
      }).then((answer) => answer.status);
    assert.deepEqual([await channelData("p1", granted), await channelData("p1", token), await channelData("p2", granted)], [200, 403, 403]);

    // Another's feed is not opened by it.
    const other = await fetch(`${server.url}/v1/users/john/feeds/${feed_channel_id}`, {
      headers: { authorization: `Bearer ${key}`, "x-knock-user-token": token },
    });
    assert.equal(other.status, 403);
  });
}
