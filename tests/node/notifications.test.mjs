// The console's pages of notifications, in a real browser: what the member is told, workflows, runs, Slack, mail.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { check, launch, open as openPage, signIn } from "./browser.mjs";
import { api, deliver, release, start, until } from "./harness.mjs";
import { startProviders } from "./providers.mjs";

let browser;
let server;
let providers;
let workspace;

before(async () => {
  browser = await launch();
  providers = await startProviders();
  server = await start("sqlite");
  providers.console = server.url;
  workspace = (await api(server, "/api/workspaces")).body.data[0].id;
  const branch = {
    ref: "plan", type: "branch", name: "By plan",
    branches: [
      { name: "pro", conditions: { all: [{ variable: "recipient.plan", operator: "equal_to", argument: "pro" }] }, steps: [
        { ref: "wait", type: "delay", settings: { delay_for: { unit: "minutes", value: 5 } } }] },
      { name: "otherwise", steps: [] },
    ],
  };
  const workflow = { name: "By plan", description: "Goes one of two ways.", steps: [branch] };
  await set("/workflows/by-plan?commit=true", { workflow });
  await deliver(server, "release", release("1.0"));
});

after(async () => {
  await browser?.close();
  await server?.stop();
  await providers?.stop();
});

async function set(path, body) {
  const answer = await api(server, `/v1${path}`, { method: "PUT", body: JSON.stringify(body) });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
}

async function signedIn(options) {
  const page = await openPage(browser, options);
  await signIn(page, server);
  return page;
}

const go = (page, name) => page.getByRole("navigation", { name: "Notifications" }).getByRole("link", { name }).click();

test("what a member unticks is kept, and stays", async () => {
  const page = await signedIn();
  await page.getByRole("link", { name: "Notification settings" }).click();
  const mail = page.getByRole("checkbox", { name: "Observation captured: E-mail" });
  await mail.uncheck();
  const { body } = await api(server, "/api/members");
  const set = async () => (await api(server, `/v1/users/${body.data[0].id}/preferences/default`)).body;
  await until(async () => (await set()).workflows?.["observation-captured"]?.channel_types?.email === false, "it is kept");
  await page.reload();
  await mail.waitFor();
  assert.equal(await mail.isChecked(), false);
  assert.equal(await page.getByText("By plan").count(), 0, "what sends nothing is not listed");
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("what was told is grouped, followed, put away and found again", async () => {
  const page = await signedIn();
  const member = (await api(server, "/api/members")).body.data[0].id;
  const data = (n) => ({ title: `Job ${n}`, url: `${server.url}/notifications/runs`, job: "j", run: `r${n}` });
  for (const n of [1, 2, 3, 4, 5]) {
    const body = JSON.stringify({ recipients: [member], data: data(n) });
    await api(server, "/v1/workflows/job-completed/trigger", { method: "POST", body });
  }
  await page.getByRole("link", { name: "Notification settings" }).click();
  await go(page, "Inbox");
  const inbox = page.getByRole("region", { name: "Inbox" });
  await until(async () => {
    await page.reload();
    return inbox.getByText("job completed · 5").waitFor({ timeout: 2_000 }).then(() => true, () => false);
  }, "all five are there");
  await inbox.getByRole("heading", { name: "Today" }).waitFor();
  assert.equal(await inbox.getByText("Job 1", { exact: true }).count(), 0, "three are shown");
  await inbox.getByRole("button", { name: /2 more: job completed/ }).click();
  await inbox.getByRole("button", { name: "Archive: Job 1" }).click();
  await inbox.getByText("job completed · 4").waitFor();
  await inbox.getByRole("button", { name: "Archive", exact: true }).click();
  await inbox.getByRole("button", { name: "Take out of the archive: Job 1" }).click();
  await inbox.getByText("Nothing was archived.").waitFor();
  await inbox.getByRole("button", { name: "All", exact: true }).click();
  await inbox.getByText("job completed · 5").waitFor();
  await inbox.getByRole("button", { name: /Job 3/ }).first().click();
  await page.getByRole("region", { name: "The newest runs" }).waitFor();
  await page.getByRole("button", { name: /^Notifications, \d/ }).click();
  await page.getByRole("button", { name: "Mark all as read" }).click();
  await page.getByRole("button", { name: "Notifications, 0 unread" }).waitFor();
  await page.getByRole("button", { name: "Unread", exact: true }).click();
  await page.getByText("You have read everything.").waitFor();
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("what a step says is written beside how it looks", async () => {
  const page = await signedIn();
  await page.getByRole("link", { name: "Notification settings" }).click();
  await go(page, "Workflows");
  await page.getByRole("link", { name: /Observation captured/ }).click();
  const preview = page.getByRole("region", { name: "Preview" });
  await page.getByRole("link", { name: "Edit slack" }).click();
  await preview.getByText(/^Release.*: Score \d+\/100$/).first().waitFor();
  await page.goBack();
  await page.getByRole("link", { name: "Edit mail" }).click();
  const framed = preview.frameLocator("iframe");
  await page.getByLabel("HTML", { exact: true }).fill("<h1>Hello {{ recipient.name }}: {{ title }}</h1>");
  await framed.getByRole("heading", { name: /^Hello .+: \[Release Published\] Version 1\.0$/ }).waitFor();
  await page.getByLabel("Data", { exact: true }).fill('{"title": "Another"}');
  await framed.getByRole("heading", { name: /: Another$/ }).waitFor();
  await page.getByLabel("HTML", { exact: true }).fill("<p>\n{% if %}</p>");
  await preview.getByRole("alert").waitFor();
  await page.getByLabel("HTML", { exact: true }).fill("<h1>{{ title }}, {{ total_activities }} of them</h1>");
  await page.getByLabel(/^What a batch has gathered/).fill('[{"title": "a"}, {"title": "b"}]');
  await framed.getByRole("heading", { name: "Another, 2 of them" }).waitFor();
  const count = async () => (await api(server, "/v1/commits")).body.entries.length;
  const before = await count();
  await page.getByRole("button", { name: "Save as draft" }).click();
  await page.getByText("Saved", { exact: true }).waitFor();
  assert.equal(await count(), before, "a draft does not count yet");
  await page.getByRole("button", { name: "Save and use" }).click();
  await until(async () => (await count()) === before + 1, "it counts");
  const { body } = await api(server, "/v1/workflows/observation-captured");
  const mail = body.steps.find((step) => step.ref === "mail");
  assert.equal(mail.template.html_body, "<h1>{{ title }}, {{ total_activities }} of them</h1>");
  assert.equal(body.active, true);
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("a run says what was done and why something was not", async () => {
  const page = await signedIn();
  await page.getByRole("link", { name: "Notification settings" }).click();
  await go(page, "Runs");
  const runs = page.getByRole("region", { name: "The newest runs" });
  // The workspace itself has a run, too: it has no feed, which its run says.
  await runs.getByRole("link", { name: new RegExp(`for workspaces/${workspace}`) }).click();
  await page.getByText("objects have no feed").waitFor();
  await page.getByText("step skipped").first().waitFor();
  await page.context().close();
});

test("a workflow is switched off and on", async () => {
  const page = await signedIn();
  await page.getByRole("link", { name: "Notification settings" }).click();
  await go(page, "Workflows");
  await page.getByRole("link", { name: /By plan/ }).click();
  await page.getByText("otherwise").waitFor();
  const active = async () => (await api(server, "/v1/workflows/by-plan")).body.active;
  await page.getByRole("button", { name: "Switch off" }).click();
  await page.getByRole("button", { name: "Switch on" }).waitFor();
  assert.equal(await active(), false);
  await page.getByRole("button", { name: "Switch on" }).click();
  await page.getByRole("button", { name: "Switch off" }).waitFor();
  assert.equal(await active(), true);
  await page.context().close();
});

test("Slack is set up, connected, tried, told of what is chosen, and let go", async () => {
  const page = await signedIn();
  await page.getByRole("link", { name: "Notification settings" }).click();
  await go(page, "Slack");
  await page.getByLabel("Client ID").fill("1.2");
  await page.getByLabel("Client secret").fill("secret");
  await page.getByRole("button", { name: "Save the app" }).click();
  await page.getByRole("button", { name: "Connect to Slack" }).waitFor();
  // From here on Slack is played by the stand-in.
  const told = { base_url: `${providers.url}/slack`, authorize_url: `${providers.url}/oauth/v2/authorize` };
  const provider_settings = { ...told, client_id: "1.2", client_secret: "secret" };
  await set("/channels/slack", { type: "chat", provider: "chat_slack", provider_settings });
  await check(page, "slack-not-connected");
  const [popup] = await Promise.all([
    page.waitForEvent("popup"),
    page.getByRole("button", { name: "Connect to Slack" }).click(),
  ]);
  await popup.waitForEvent("close");
  await page.getByText("Acme", { exact: true }).waitFor();
  await page.getByLabel("Channel").selectOption("C2");
  await page.getByRole("button", { name: "Save changes" }).click();
  await page.getByText("Saved.").waitFor();
  await page.getByRole("button", { name: "Send test" }).click();
  await page.getByText("sent", { exact: true }).waitFor();
  assert.deepEqual(providers.posted.at(-1), { channel: "C2", text: "This is a test of Campanile.", mrkdwn: true });
  await check(page, "slack-connected");

  await deliver(server, "release", release("2.0"));
  const said = await until(() => providers.posted.find((told) => told.blocks), "Slack is told of the release");
  assert.match(said.blocks[0].text.text, /^Release.*: Score \d+\/100$/);
  assert.match(said.blocks.at(-1).elements[0].url, /\/observations\/obs_/);
  const before = providers.posted.length;
  await page.getByLabel(/^Nothing/).check();
  await page.getByRole("button", { name: "Save changes" }).click();
  const threshold = async () => (await api(server, `/v1/objects/workspaces/${workspace}`)).body.properties.slack_threshold;
  await until(async () => (await threshold()) === 101, "what is chosen is kept");
  await deliver(server, "release", release("3.0"));
  const runs = async () => (await api(server, "/v1/workflow_recipient_runs?workflow=observation-captured")).body.items;
  const done = async () => {
    const all = (await runs()).filter((run) => run.recipient.collection === "workspaces");
    return all.length === 3 && all.every((run) => run.status === "completed");
  };
  await until(done, "the third release has run");
  assert.equal(providers.posted.length, before);

  await page.getByRole("button", { name: "Disconnect" }).click();
  await page.getByRole("button", { name: "Connect to Slack" }).waitFor();
  assert.equal(providers.isRevoked, true);
  assert.deepEqual(providers.faults, []);
  // Nothing is connected: the page asks, and is told so by a 403 or a 404.
  assert.deepEqual(page.problems.filter((problem) => !/40[34]/.test(problem)), []);
  await page.context().close();
});

test("mail is set up with a fallback, and tried", async () => {
  const page = await signedIn();
  await page.getByRole("link", { name: "Notification settings" }).click();
  await go(page, "E-mail");
  await page.getByRole("radio", { name: "Resend" }).check();
  await page.getByLabel("API key", { exact: true }).fill("re_1");
  await page.getByLabel("Mails are from", { exact: true }).fill("bell@example.com");
  await page.getByLabel(/^Fall back to SMTP/).check();
  await page.getByLabel("Address of the server of the fallback").fill("smtp://127.0.0.1:9");
  await page.getByRole("button", { name: "Save changes" }).click();
  await page.getByText("Saved.").waitFor();
  const { body } = await api(server, "/v1/channels/email");
  assert.equal(body.provider, "email_resend");
  assert.ok(body.environment_settings.production.provider_settings.includes("fallback"));
  // What is not written stays: the key, the sender and the fallback's server.
  await page.getByLabel(/^Tell when links are followed/).check();
  await page.getByRole("button", { name: "Save changes" }).click();
  const tracks = async () => (await api(server, "/v1/channels/email")).body.environment_settings.production;
  await until(async () => (await tracks()).channel_settings.track_links === true, "it is kept");
  assert.deepEqual((await tracks()).provider_settings.sort(), ["api_key", "fallback", "from_address"]);
  assert.equal(await page.getByLabel("API key", { exact: true }).getAttribute("placeholder"), "as it is");
  await page.getByLabel(/^Fall back to SMTP/).uncheck();
  await page.getByRole("button", { name: "Save changes" }).click();
  await until(async () => !(await tracks()).provider_settings.includes("fallback"), "it is gone");
  await set("/channels/email", { type: "email", provider: "email_smtp", provider_settings: { url: "smtp://user@:bad" } });
  await page.getByLabel("Mail address").fill("ada@example.com");
  await until(async () => {
    await page.getByRole("button", { name: "Send test" }).click();
    return page.getByText("undelivered").waitFor({ timeout: 2_000 }).then(() => true, () => false);
  }, "what went wrong is told");
  await page.getByText("cannot be used").waitFor();
  await page.context().close();
});

for (const theme of ["light", "dark"]) {
  for (const width of [1280, 390]) {
    test(`the pages are readable and fit, ${theme} at ${width} px`, async () => {
      const page = await signedIn({ viewport: { width, height: 844 }, colorScheme: theme, reducedMotion: "reduce" });
      await page.getByRole("link", { name: "Notification settings" }).click();
      await page.getByRole("checkbox").first().waitFor();
      await check(page, `preferences-${theme}-${width}`);
      await go(page, "Workflows");
      await page.getByRole("link", { name: /Observation captured/ }).click();
      await page.getByText("What it says").first().click();
      await page.getByRole("region", { name: "Runs" }).getByRole("link").first().waitFor();
      await check(page, `workflow-${theme}-${width}`);
      for (const step of ["mail", "slack"]) {
        await page.getByRole("link", { name: `Edit ${step}` }).click();
        const preview = page.getByRole("region", { name: "Preview" });
        await preview.locator("iframe").or(preview.getByText(/Score/)).first().waitFor();
        await check(page, `editor-${step}-${theme}-${width}`);
        await page.goBack();
      }
      await page.getByRole("link", { name: "All workflows" }).click();
      await page.getByRole("link", { name: /By plan/ }).waitFor();
      await check(page, `workflows-${theme}-${width}`);
      await page.getByRole("link", { name: /By plan/ }).click();
      await page.getByText("otherwise").waitFor();
      await check(page, `branches-${theme}-${width}`);
      await page.goBack();
      await go(page, "Runs");
      await page.getByRole("region", { name: "The newest runs" }).getByRole("link").first().click();
      await page.getByText("How it was decided").first().click();
      await check(page, `run-${theme}-${width}`);
      await page.goBack();
      await go(page, "Inbox");
      await page.getByRole("heading", { name: "Today" }).waitFor();
      await check(page, `inbox-${theme}-${width}`);
      await page.getByRole("button", { name: /^Notifications, \d/ }).click();
      await page.getByRole("link", { name: "Show all" }).waitFor();
      await check(page, `bell-list-${theme}-${width}`);
      await page.keyboard.press("Escape");
      await go(page, "E-mail");
      await page.getByText("In force").waitFor();
      await check(page, `email-${theme}-${width}`);
      await page.context().close();
    });
  }
}
