// The rooms of Notify in the console, in a real browser: workflows, messages, runs, recipients, channels, the inbox and preferences.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { after, before, test } from "node:test";

import MailDev from "maildev";

import { check, launch, open as openPage, signIn, tabTo, walkTo } from "./browser.mjs";
import { api, deliver, freePort, release, start, until } from "./harness.mjs";
import { startProviders } from "./providers.mjs";

let browser;
let server;
let providers;
let workspace;
let member;
let maildev;
const mails = [];

before(async () => {
  browser = await launch();
  providers = await startProviders();
  const [smtp, web] = [await freePort(), await freePort()];
  maildev = new MailDev({ smtp, web, ip: "127.0.0.1", webIp: "127.0.0.1", silent: true, disableWeb: true });
  await new Promise((resolve, reject) => maildev.listen((error) => (error ? reject(error) : resolve())));
  maildev.on("new", (mail) => mails.push(mail));
  server = await start("sqlite", { CAMPANILE_SMTP_URL: `smtp://127.0.0.1:${smtp}`, CAMPANILE_MAIL_FROM: "Campanile <noreply@example.com>" });
  providers.console = server.url;
  workspace = (await api(server, "/api/workspaces")).body.data[0].id;
  member = (await api(server, "/api/members")).body.data[0].id;
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
  const mail = (conditions) => ({
    ref: "mail", type: "channel", channel_key: "email", channel_type: "email", conditions,
    template: { subject: "{{ title }}", html_body: "<p>{{ title }}</p>" },
  });
  const feed = { ref: "feed", type: "channel", channel_key: "in-app", channel_type: "in_app_feed", template: { markdown_body: "{{ title }}" } };
  const conditions = { all: [{ variable: "recipient.plan", operator: "equal_to", argument: "pro" }] };
  await set("/workflows/news?commit=true", { workflow: { name: "News", categories: ["social"], steps: [feed, mail(conditions)] } });
  await set("/users/jane", { name: "Jane Doe", email: "jane@example.com", plan: "free" });
  await set("/users/jane/preferences/default", { workflows: { news: { channel_types: { in_app_feed: false } } } });
  await set("/objects/projects/alpha", { name: "Project Alpha" });
  await set("/tenants/acme", { name: "Acme Inc." });
  await set("/translations/fr?commit=true", { translation: { format: "json", content: '{"greeting": "Salut"}' } });
  await set("/guides/tour?commit=true", { guide: { name: "Tour", type: "tour", active: true, steps: [{ ref: "a", schema_key: "card", values: {} }] } });
  await set("/channel_groups/mails", { channel_group: { name: "Mails", channel_rules: [{ channel_key: "email", rule_type: "always" }] } });
  await set("/partials/button?commit=true", { partial: { name: "Button", type: "html", content: "<a href=\"{{ url }}\">{{ label }}</a>" } });
  const pressed = { ref: "feed", type: "channel", channel_key: "in-app", channel_type: "in_app_feed", template: { markdown_body: "{% render 'button', url: url %}" } };
  const compared = (name) => set("/workflows/compared?commit=true", { workflow: { name, steps: [pressed] } });
  await compared("A first name");
  await compared("Compared");
  await deliver(server, "release", release("1.0"));
});

after(async () => {
  await browser?.close();
  await server?.stop();
  await providers?.stop();
  await new Promise((resolve) => (maildev ? maildev.close(resolve) : resolve()));
});

async function set(path, body) {
  const answer = await api(server, `/v1${path}`, { method: "PUT", body: JSON.stringify(body) });
  assert.ok(answer.status < 300, JSON.stringify(answer.body));
}

async function trigger(workflow, recipients, data) {
  const answer = await api(server, `/v1/workflows/${workflow}/trigger`, { method: "POST", body: JSON.stringify({ recipients, data }) });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
}

async function signedIn(options) {
  const page = await openPage(browser, options);
  await signIn(page, server);
  return page;
}

/** Goes to an address within the workspace. */
const at = (page, path) => page.goto(`${server.url}/w/${workspace}/notify${path}`);
/** Goes to an area by the side bar. */
const go = (page, name) => page.getByRole("navigation", { name: "Areas" }).getByRole("link", { name, exact: true }).click();

/** Replaces the text of a code editor, as somebody does who selects all and writes. */
async function write(page, label, text) {
  const editor = page.getByRole("textbox", { name: label, exact: true });
  await editor.click();
  await page.keyboard.press("Control+A");
  await page.keyboard.insertText(text);
}

/** Goes back by Shift and Tab until something has the focus. */
async function tabBack(page, target, most = 60) {
  for (let times = 0; times < most; times++) {
    if (await target.evaluate((element) => element === document.activeElement).catch(() => false)) return;
    await page.keyboard.press("Shift+Tab");
  }
  throw new Error(`not reached by ${most} times Shift and Tab: ${target}`);
}

const workflow = async (key) => (await api(server, `/v1/workflows/${key}`)).body;
const commits = async (key) => (await api(server, "/v1/commits")).body.entries.filter(({ resource }) => resource.identifier === key).length;
const done = (page, text) => page.getByText(text, { exact: true }).first().waitFor();

async function close(page, allowed = /(?!)/) {
  assert.deepEqual(page.problems.filter((problem) => !allowed.test(problem)), []);
  await page.context().close();
}

test("what a member unticks is kept, said and taken back", async () => {
  const page = await signedIn();
  await go(page, "Preferences");
  const mail = page.getByRole("checkbox", { name: "Observation captured: E-mail" });
  const kept = async () => (await api(server, `/v1/users/${member}/preferences/default`)).body.workflows?.["observation-captured"]?.channel_types?.email;
  await mail.click();
  await done(page, "Saved: Observation captured off");
  assert.equal(await kept(), false);
  await page.reload();
  await mail.waitFor();
  assert.equal(await mail.isChecked(), false);
  assert.equal(await page.getByText("By plan").count(), 0, "what sends nothing is not listed");
  await mail.click();
  await done(page, "Saved: Observation captured on");
  await page.getByRole("button", { name: "Undo" }).last().click();
  await until(async () => (await kept()) === false, "it is off again");
  await mail.click();
  await until(async () => (await kept()) === true, "it is on again");
  await close(page);
});

test("what was told is grouped, followed, put away, taken back and found again", async () => {
  const page = await signedIn();
  const data = (n) => ({ title: `Job ${n}`, url: `${server.url}/w/${workspace}/notify/runs`, job: "j", run: `r${n}` });
  for (const n of [1, 2, 3, 4, 5]) await trigger("job-completed", [member], data(n));
  await go(page, "Inbox");
  const inbox = page.getByRole("region", { name: "Inbox" });
  await inbox.getByText("job completed · 5").waitFor();
  await inbox.getByRole("heading", { name: "Today", exact: true }).waitFor();
  assert.equal(await inbox.getByText("Job 1", { exact: true }).count(), 0, "three are shown");
  await inbox.getByRole("button", { name: /2 more: job completed/ }).click();
  await inbox.getByRole("button", { name: "Archive: Job 1" }).click();
  await inbox.getByText("job completed · 4").waitFor();
  await page.getByRole("button", { name: "Undo" }).click();
  await inbox.getByText("job completed · 5").waitFor();
  await inbox.getByRole("button", { name: "Archive: Job 1" }).click();
  await inbox.getByText("job completed · 4").waitFor();
  await inbox.getByRole("button", { name: "Archive", exact: true }).click();
  assert.match(page.url(), /view=archived/);
  await inbox.getByRole("button", { name: "Take out of the archive: Job 1" }).click();
  await inbox.getByText("Nothing was archived.").waitFor();
  await inbox.getByRole("button", { name: "All", exact: true }).click();
  await inbox.getByText("job completed · 5").waitFor();
  await inbox.getByRole("button", { name: /Job 3/ }).first().click();
  await page.getByRole("heading", { name: "Recipient runs", exact: true }).waitFor();
  await page.getByRole("button", { name: /^Notifications, \d/ }).click();
  await page.getByRole("button", { name: "Mark all as read" }).click();
  await page.getByRole("button", { name: "Notifications, 0 unread", includeHidden: true }).waitFor();
  await page.getByRole("button", { name: "Unread", exact: true }).click();
  await page.getByText("You have read everything.").waitFor();
  await close(page);
});

test("the bell counts what was not seen, and keys walk the inbox", async () => {
  const page = await signedIn();
  await page.getByRole("button", { name: /^Notifications, \d/ }).click();
  await page.getByTestId("unread").waitFor({ state: "detached" });
  await page.keyboard.press("Escape");
  for (const n of [6, 7]) await trigger("job-completed", [member], { title: `Job ${n}` });
  await page.getByTestId("unread").getByText("2", { exact: true }).waitFor();
  await page.keyboard.press("g");
  await page.keyboard.press("n");
  await page.getByRole("heading", { name: "Inbox", exact: true }).waitFor();
  await page.getByTestId("unread").waitFor({ state: "detached" });
  await page.getByRole("button", { name: /^Unread: Job 7/ }).waitFor();
  await page.keyboard.press("j");
  const focused = () => page.evaluate(() => document.activeElement?.closest("[data-item]")?.textContent ?? "");
  await until(async () => /Job 7/.test(await focused()), "the first has the focus");
  await page.keyboard.press("u");
  await page.getByRole("button", { name: "Mark as unread: Job 7" }).waitFor();
  await page.keyboard.press("j");
  await until(async () => /Job 6/.test(await focused()), "the next has the focus");
  await page.keyboard.press("k");
  await page.keyboard.press("e");
  await page.getByRole("button", { name: "Archive: Job 7" }).waitFor({ state: "detached" });
  await until(async () => /Job 6/.test(await focused()), "the focus went on");
  await close(page);
});

test("what a step says is written beside how it looks", async () => {
  const page = await signedIn();
  await go(page, "Workflows");
  await page.getByRole("row", { name: /Observation captured/ }).click();
  const preview = page.getByRole("region", { name: "Preview" });
  await page.getByRole("button", { name: /^Chat Slack/ }).click();
  await preview.getByText(/^Release.*: Score \d+\/100$/).first().waitFor();
  await page.getByRole("button", { name: /^E-mail Mail/ }).click();
  const framed = preview.frameLocator("iframe");
  await write(page, "HTML", "<h1>Hello {{ recipient.name }}: {{ title }}</h1>");
  await framed.getByRole("heading", { name: /^Hello .+: \[Release Published\] Version 1\.0$/ }).waitFor();
  await page.getByRole("button", { name: "Sample data" }).click();
  await write(page, "Data", '{"title": "Another"}');
  await framed.getByRole("heading", { name: /: Another$/ }).waitFor();
  await write(page, "HTML", "<p>\n{% if %}</p>");
  await preview.getByRole("alert").waitFor();
  // The same fault stands at its field, and at the step in the diagram.
  await page.getByRole("region", { name: "Mail", exact: true }).getByRole("alert").waitFor();
  await page.getByText("1 problem", { exact: true }).waitFor();
  await write(page, "HTML", "<h1>{{ title }}, {{ total_activities }} of them</h1>");
  await write(page, "Gathered activities", '[{"title": "a"}, {"title": "b"}]');
  await framed.getByRole("heading", { name: "Another, 2 of them" }).waitFor();
  const before = await commits("observation-captured");
  await page.getByRole("button", { name: "Save draft" }).click();
  await done(page, "The draft is saved.");
  assert.equal(await commits("observation-captured"), before, "a draft does not count yet");
  await page.getByRole("button", { name: "Commit…" }).waitFor();
  await page.reload();
  await page.getByText("Draft", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Commit…" }).click();
  await page.getByLabel("Message").fill("Shorter");
  await page.getByRole("button", { name: "Commit", exact: true }).click();
  await until(async () => (await commits("observation-captured")) === before + 1, "it counts");
  const body = await workflow("observation-captured");
  const mail = body.steps.find((step) => step.ref === "mail");
  assert.equal(mail.template.html_body, "<h1>{{ title }}, {{ total_activities }} of them</h1>");
  assert.equal(body.active, true);
  await page.getByRole("tab", { name: "Versions" }).click();
  await page.getByText("Shorter").waitFor();
  // An older version is compared with the draft, then made the draft again.
  const versions = page.getByRole("region", { name: "Versions" }).getByRole("listitem");
  await versions.last().getByRole("button", { name: "Compare" }).click();
  const changes = page.getByRole("region", { name: "What has changed" });
  await changes.getByText(/The draft$/).waitFor();
  await versions.last().getByRole("button", { name: "Restore" }).click();
  await done(page, "The draft is as that version was. Save or commit it to keep it.");
  await page.getByRole("button", { name: "Commit…" }).click();
  await page.getByLabel("Message").fill("As it was");
  await page.getByRole("button", { name: "Commit", exact: true }).click();
  await until(async () => (await commits("observation-captured")) === before + 2, "it counts again");
  const restored = (await workflow("observation-captured")).steps.find((step) => step.ref === "mail");
  assert.notEqual(restored.template.html_body, "<h1>{{ title }}, {{ total_activities }} of them</h1>");
  await close(page, /422/);
});

test("a workflow is made by keyboard alone: a digest, whose mail arrives", async () => {
  const page = await signedIn();
  await page.keyboard.press("g");
  await page.keyboard.press("w");
  await page.getByRole("heading", { name: "Workflows", exact: true }).waitFor();
  await tabTo(page, page.getByRole("button", { name: "New workflow" }));
  await page.keyboard.press("Enter");
  await page.keyboard.type("Weekly digest");
  await tabTo(page, page.getByRole("radio", { name: /^E-mail/ }));
  for (const _ of [1, 2]) await page.keyboard.press("ArrowDown");
  assert.equal(await page.getByRole("radio", { name: /Daily digest/ }).isChecked(), true);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Weekly digest", exact: true }).waitFor();
  // The batch gathers for a second instead of until nine.
  const batch = page.getByRole("button", { name: /^Batch gather/ });
  await tabTo(page, page.locator("[data-step][tabindex='0']"));
  await page.keyboard.press("ArrowDown");
  await until(() => batch.evaluate((element) => element === document.activeElement), "the batch has the focus");
  await page.keyboard.press("Enter");
  await tabTo(page, page.getByLabel("Window", { exact: true }));
  await page.keyboard.type("1");
  await tabTo(page, page.getByLabel("Window: unit"));
  await page.keyboard.type("seconds");
  await tabTo(page, page.getByLabel("Until (a digest)"));
  await page.keyboard.press("Home");
  await page.keyboard.type("No such");
  await until(async () => !(await page.getByRole("group", { name: "Rule" }).count()), "there is no rule any more");
  // The subject of the mail.
  await page.getByRole("button", { name: /^E-mail Mail/ }).press("Enter");
  await tabTo(page, page.getByRole("textbox", { name: "Subject", exact: true }));
  await page.keyboard.press("Control+A");
  await page.keyboard.insertText("{{ total_activities }} things for {{ recipient.name }}");
  await page.getByRole("region", { name: "Preview" }).getByText(/^1 things for /).waitFor();
  await page.keyboard.press("Control+S");
  await done(page, "The draft is saved.");
  const key = "weekly-digest";
  assert.deepEqual((await workflow(key)).steps[1].settings.batch_window, { unit: "seconds", value: 1 });
  // Tab indents in an editor; Escape lets go of it.
  await page.keyboard.press("Escape");
  await tabBack(page, page.getByRole("button", { name: "Commit…" }));
  await page.keyboard.press("Enter");
  await page.keyboard.type("First");
  await page.keyboard.press("Enter");
  await until(async () => (await commits(key)) === 1, "it is committed");
  // A test run with a recipient by name.
  const steps = page.getByRole("tab", { name: "Steps" });
  await tabTo(page, steps);
  await page.keyboard.press("ArrowRight");
  const recipient = page.getByRole("combobox", { name: "Recipient", exact: true });
  await tabTo(page, recipient);
  await page.keyboard.press("Control+A");
  await page.keyboard.type("Jane Doe");
  await page.keyboard.press("Enter");
  const run = page.getByRole("region", { name: "What it does" });
  await run.getByText("The batch closed with 1 activity").waitFor({ timeout: 15_000 });
  await run.getByText("Message made: email").waitFor();
  await until(() => mails.some(({ subject, to }) => subject === "1 things for Jane Doe" && to[0].address === "jane@example.com"), "the mail arrives");
  // A new key is looked up first, and is not there.
  await close(page, /404/);
});

test("steps are added, moved, removed and brought back, and leaving asks", async () => {
  const page = await signedIn();
  await at(page, "/workflows/by-plan");
  const boxes = () => page.getByRole("region", { name: "Diagram" }).locator("[data-step]").evaluateAll((all) => all.map((one) => one.dataset.step));
  await page.getByRole("button", { name: "Add a step here" }).last().waitFor();
  assert.deepEqual(await boxes(), ["plan", "wait"]);
  await page.getByRole("region", { name: "Diagram" }).getByRole("button", { name: "Add a step at the end" }).click();
  const kinds = page.getByRole("dialog", { name: "Add a step" });
  for (const kind of ["E-mail", "In-app feed", "Chat", "Text message", "Push", "Webhook", "Batch", "Delay", "Throttle", "Wait for an event", "Branch", "Random choice", "Trigger a workflow", "Fetch", "Update the data", "Update a user", "Update a tenant", "Update an object"]) {
    await kinds.getByRole("button", { name: new RegExp(`^${kind}`) }).first().waitFor();
  }
  await kinds.getByRole("button", { name: /^Throttle/ }).click();
  await page.getByLabel("Runs that pass").fill("3");
  assert.deepEqual(await boxes(), ["plan", "wait", "throttle"]);
  const throttle = page.getByRole("button", { name: /^Throttle throttle/ });
  await throttle.press("Alt+ArrowUp");
  await until(async () => (await boxes()).join() === "throttle,plan,wait", "it is moved");
  await throttle.press("Delete");
  await until(async () => (await boxes()).join() === "plan,wait", "it is removed");
  await page.getByRole("button", { name: "Undo", exact: true }).click();
  await until(async () => (await boxes()).join() === "throttle,plan,wait", "it is back");
  await page.getByRole("button", { name: "Redo", exact: true }).click();
  await until(async () => (await boxes()).join() === "plan,wait", "it is gone again");
  await page.getByRole("button", { name: "Undo", exact: true }).click();
  // Conditions by form and as text.
  await page.getByRole("button", { name: /^Throttle throttle/ }).click();
  await page.getByRole("button", { name: "Conditions", exact: true }).click();
  await page.getByRole("button", { name: "Add a condition" }).click();
  await page.getByLabel("Variable of condition 1").fill("data.total");
  await page.getByLabel("Comparison of condition 1").selectOption({ label: "is more than" });
  await page.getByLabel("Value of condition 1").fill("10");
  await page.getByRole("button", { name: "Group", exact: true }).click();
  await page.getByLabel("Variable of condition 1").nth(1).fill("recipient.plan");
  await page.getByLabel("Comparison of condition 1").nth(1).selectOption({ label: "is not empty" });
  await page.getByRole("group", { name: "Conditions as" }).getByRole("button", { name: "JSON" }).click();
  await page.getByRole("textbox", { name: "Conditions as JSON" }).getByText('"any"').waitFor();
  // Leaving asks, since nothing is saved yet.
  await page.getByRole("navigation", { name: "Path" }).getByRole("link", { name: "Workflows" }).click();
  await page.getByRole("dialog", { name: "Leave without saving?" }).getByRole("button", { name: "Stay" }).click();
  await page.keyboard.press("Control+S");
  await done(page, "The draft is saved.");
  const [first] = (await workflow("by-plan")).steps;
  assert.deepEqual(first.settings, { throttle_limit: 3, throttle_window: { unit: "hours", value: 1 } });
  assert.deepEqual(first.conditions, { all: [{ variable: "data.total", operator: "greater_than", argument: "10" }, { any: [{ variable: "recipient.plan", operator: "not_empty" }] }] });
  // A step that cannot work says so at its field, and is not saved.
  await page.getByRole("button", { name: "Close the step" }).click();
  await page.getByRole("button", { name: "Add a step at the end" }).first().click();
  await kinds.getByRole("button", { name: /^Text message/ }).click();
  await page.getByText("Choose the channel that it goes through.").waitFor();
  await write(page, "Text", " ");
  await page.getByRole("region", { name: "sms", exact: true }).getByText("needs text_body").first().waitFor();
  await page.getByRole("button", { name: "Save draft" }).click();
  await page.getByText(/needs text_body/).first().waitFor();
  assert.equal((await workflow("by-plan")).steps.length, 2);
  await page.getByRole("link", { name: "Messages", exact: true }).click();
  await page.getByRole("dialog", { name: "Leave without saving?" }).getByRole("button", { name: "Leave" }).click();
  await page.getByRole("heading", { name: "Messages", exact: true }).waitFor();
  await close(page, /422/);
});

test("workflows leave as files, come back, and are deleted", async () => {
  const page = await signedIn();
  await go(page, "Workflows");
  await page.getByRole("searchbox", { name: "Search workflows" }).fill("News");
  await page.keyboard.press("Enter");
  await page.getByText("1 row", { exact: true }).waitFor();
  await page.getByRole("checkbox", { name: "Choose News" }).click();
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Export" }).click()]);
  const file = await download.path();
  const text = JSON.parse((await import("node:fs")).readFileSync(file, "utf8"));
  assert.equal(text.key, "news");
  assert.equal(text.sha, undefined);
  writeFileSync(`${file}.json`, JSON.stringify({ ...text, key: "news-copy", name: "News again" }));
  await page.getByRole("button", { name: "Import" }).click();
  const dialog = page.getByRole("dialog", { name: "Import a workflow" });
  await dialog.getByLabel("File").setInputFiles(`${file}.json`);
  assert.equal(await dialog.getByLabel("Key").inputValue(), "news-copy");
  await dialog.getByRole("button", { name: "Import" }).click();
  await page.getByRole("heading", { name: "News again", exact: true }).waitFor();
  await page.getByRole("tab", { name: "Settings" }).click();
  await page.getByRole("button", { name: "Delete…" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Delete the workflow" }).click();
  await page.getByRole("heading", { name: "Workflows", exact: true }).waitFor();
  assert.equal((await api(server, "/v1/workflows/news-copy")).status, 404);
  await close(page, /404/);
});

test("a workflow is switched off, after it was asked, and on", async () => {
  const page = await signedIn();
  await at(page, "/workflows/by-plan?tab=settings");
  const active = async () => (await workflow("by-plan")).active;
  await page.getByRole("button", { name: "Switch off" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Switch off" }).click();
  await page.getByRole("button", { name: "Switch on" }).click();
  await page.getByRole("button", { name: "Switch off" }).waitFor();
  assert.equal(await active(), true);
  await close(page);
});

test("why a person was not told is found by mouse and by keyboard", async () => {
  await trigger("news", ["jane"], { title: "Hello" });
  const runs = async () => (await api(server, "/v1/workflow_recipient_runs?workflow=news&recipient=jane")).body.items;
  await until(async () => (await runs())[0]?.status === "completed", "the run is over");
  const page = await signedIn();
  await go(page, "Recipient runs");
  await page.getByRole("button", { name: "Filter", exact: true }).click();
  await page.getByRole("button", { name: "Recipient", exact: true }).click();
  await page.getByLabel("Recipient", { exact: true }).fill("jane");
  await page.getByRole("button", { name: "Apply" }).click();
  const row = page.getByRole("row", { name: /News.*Jane Doe/ });
  await row.first().click();
  const panel = page.getByRole("complementary", { name: "News" });
  await panel.getByText("Nobody was told by this run").waitFor();
  await panel.getByText("workflows.news.channel_types.in_app_feed", { exact: true }).waitFor();
  await panel.getByText("found free").waitFor();
  await check(page, "run-panel");
  // The preference that refused is one click away, and so is its change.
  await panel.getByRole("link", { name: "Open the preferences" }).click();
  const box = page.getByRole("checkbox", { name: "News: In the app" });
  assert.equal(await box.isChecked(), false);
  await box.click();
  await done(page, "The preferences are saved.");
  await close(page);

  const keys = await signedIn();
  await keys.keyboard.press("g");
  await keys.keyboard.press("r");
  await keys.getByRole("row", { name: /News.*Jane Doe/ }).first().waitFor();
  await walkTo(keys, /News.*Jane Doe/);
  await keys.keyboard.press("Enter");
  await keys.getByRole("complementary", { name: "News" }).getByText("Nobody was told by this run").waitFor();
  await keys.keyboard.press("o");
  await keys.getByRole("heading", { name: "News", exact: true }).waitFor();
  await keys.getByRole("region", { name: "Run" }).getByText("found free").waitFor();
  await close(keys);
});

test("a run says what was done and why something was not", async () => {
  const page = await signedIn();
  await at(page, `/runs?recipient=workspaces/${workspace}`);
  // The workspace itself has a run, too: it has no feed, which its run says.
  await page.getByRole("row", { name: /Observation captured/ }).first().click();
  await page.getByText("Objects have no feed.").waitFor();
  await page.getByText("skipped", { exact: true }).first().waitFor();
  await close(page);
});

test("a message shows what was sent and what became of it, and one that failed is sent again", async () => {
  const page = await signedIn();
  await set("/channels/broken", { type: "email", provider: "email_smtp", name: "Broken", provider_settings: { url: "smtp://user@:bad" } });
  await at(page, "/channels/broken?tab=test");
  await page.getByLabel("Mail address").fill("ada@example.com");
  await page.getByRole("button", { name: "Send test" }).click();
  await page.getByText("undelivered").waitFor();
  await page.getByText(/cannot be used/).waitFor();
  await page.getByRole("link", { name: "Open the message" }).click();
  await page.getByRole("heading", { name: "Test message", exact: true }).waitFor();
  await page.frameLocator("iframe").getByText("This is a test of Campanile.").waitFor();
  // Why it did not arrive stands above the content, before anything is clicked.
  await page.getByRole("status").filter({ hasText: /Not delivered.*cannot be used/ }).waitFor();
  await check(page, "message-undelivered");
  await page.setViewportSize({ width: 390, height: 844 });
  await check(page, "message-undelivered-390");
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.getByRole("tab", { name: "Timeline" }).click();
  await page.getByText("Not delivered", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Send again" }).click();
  await page.getByText("Sent again by hand").waitFor();
  await at(page, "/messages?status=undelivered");
  await page.getByRole("row", { name: /undelivered.*Test message/ }).first().waitFor();
  await at(page, "/messages?workflow=observation-captured");
  const row = page.getByRole("row", { name: /Observation captured.*In-app feed/ }).first();
  await row.getByRole("checkbox").click();
  await page.getByRole("button", { name: "Archive" }).click();
  await done(page, "1 message is archived.");
  await page.getByRole("button", { name: "Undo" }).click();
  await done(page, "Taken back.");
  await close(page);
});

test("a recipient is made, changed, reached, scheduled and removed", async () => {
  const page = await signedIn();
  await go(page, "Recipients");
  await page.getByRole("row", { name: /Jane Doe/ }).waitFor();
  await page.getByRole("button", { name: "Add a user" }).click();
  const dialog = page.getByRole("dialog", { name: "Add a user" });
  await dialog.getByLabel("Id", { exact: true }).fill("sam");
  await dialog.getByLabel("Name", { exact: true }).fill("Sam Low");
  await dialog.getByRole("button", { name: "Add", exact: true }).click();
  await page.getByRole("heading", { name: "Sam Low", exact: true }).waitFor();
  await write(page, "Properties as JSON", '{"name": "Sam Low", "plan": "pro"}');
  await page.getByRole("region", { name: "Properties", exact: true }).getByRole("button", { name: "Save" }).click();
  await done(page, "The properties are saved.");
  assert.equal((await api(server, "/v1/users/sam")).body.plan, "pro");
  await page.getByRole("tab", { name: "Channel data" }).click();
  const slack = page.getByRole("region", { name: "Slack" });
  await slack.getByRole("button", { name: "Add a connection" }).click();
  await slack.getByLabel("Address of connection 1").fill("https://hooks.example.com/1");
  await slack.getByRole("button", { name: "Save" }).click();
  await slack.getByText("Set", { exact: true }).waitFor();
  await page.getByRole("tab", { name: "Schedules" }).click();
  await page.getByRole("button", { name: "Schedule a workflow" }).click();
  const schedule = page.getByRole("dialog", { name: "Schedule a workflow" });
  await schedule.getByLabel("Workflow").selectOption("news");
  await schedule.getByLabel("How often").selectOption("weekly");
  await schedule.getByRole("button", { name: "Monday" }).click();
  await schedule.getByRole("button", { name: "Schedule", exact: true }).click();
  await page.getByText("weekly on mon at 09:00").waitFor();
  await page.getByRole("tab", { name: "Follows" }).click();
  await page.getByLabel("Object").fill("projects/alpha");
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await page.getByRole("link", { name: "Project Alpha" }).waitFor();
  await page.getByRole("button", { name: "Delete…" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Delete" }).click();
  await page.getByRole("heading", { name: "Recipients", exact: true }).waitFor();
  assert.equal((await api(server, "/v1/users/sam")).status, 404);
  await page.getByRole("button", { name: "Tenants" }).click();
  await page.getByRole("row", { name: /Acme Inc\./ }).click();
  await page.getByRole("tab", { name: "Preferences" }).click();
  await page.getByRole("checkbox", { name: "News: E-mail" }).click();
  await done(page, "The preferences are saved.");
  const { body } = await api(server, "/v1/tenants/acme");
  assert.equal(body.settings.preference_set.workflows.news.channel_types.email, false);
  await close(page, /404/);
});

test("Slack is set up, corrected, connected, tried, told of what is chosen, and let go", async () => {
  const page = await signedIn();
  await page.goto(`${server.url}/notifications/slack`);
  await page.getByRole("heading", { name: "Slack", level: 1 }).waitFor();
  await page.getByText(`${server.url}/providers/slack/authenticate`).waitFor();
  await page.getByLabel("Client ID").fill("1.2");
  await page.getByLabel("Client secret").fill("mistyped");
  await page.getByRole("button", { name: "Save changes" }).click();
  await done(page, "The channel is saved.");
  // A secret that was mistyped is written again; the rest stays.
  await page.getByLabel("Client secret").fill("secret");
  await page.getByRole("button", { name: "Save changes" }).click();
  await until(async () => (await page.getByText("Replaced when you save").count()) === 0, "it is saved");
  // From here on Slack is played by the stand-in.
  const told = { base_url: `${providers.url}/slack`, authorize_url: `${providers.url}/oauth/v2/authorize` };
  const provider_settings = { ...told, client_id: "1.2", client_secret: "secret" };
  await set("/channels/slack", { type: "chat", provider: "chat_slack", name: "Slack", provider_settings });
  await page.getByRole("tab", { name: "Connection" }).click();
  await page.getByRole("button", { name: "Connect to Slack" }).waitFor();
  await check(page, "slack-not-connected");
  const [popup] = await Promise.all([page.waitForEvent("popup"), page.getByRole("button", { name: "Connect to Slack" }).click()]);
  await popup.waitForEvent("close");
  await page.getByText("Acme", { exact: true }).waitFor();
  await page.getByLabel("Channel", { exact: true }).selectOption("C2");
  await page.getByRole("button", { name: "Save changes" }).click();
  await done(page, "Saved.");
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
  const over = async () => {
    const all = (await runs()).filter((run) => run.recipient.collection === "workspaces");
    return all.length === 3 && all.every((run) => run.status === "completed");
  };
  await until(over, "the third release has run");
  assert.equal(providers.posted.length, before);

  await page.getByRole("button", { name: "Disconnect…" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Disconnect" }).click();
  await page.getByRole("button", { name: "Connect to Slack" }).waitFor();
  assert.equal(providers.isRevoked, true);
  assert.deepEqual(providers.faults, []);
  // Nothing is connected: the page asks, and is told so by a 403 or a 404.
  await close(page, /40[34]/);
});

test("mail is set up with a fallback, tried, and nothing is lost by saving something else", async () => {
  const page = await signedIn();
  await go(page, "Channels");
  await page.getByRole("row", { name: /^E-mail/ }).click();
  await page.getByText("Mails go through the server's own setting smtp_url.").waitFor();
  await page.getByLabel("Provider").selectOption("email_resend");
  await page.getByLabel("API key", { exact: true }).fill("re_1");
  await page.getByLabel("Sender's address", { exact: true }).fill("bell@example.com");
  await page.getByLabel(/^Fall back to SMTP/).click();
  await page.getByLabel("Address of the server of the fallback").fill("smtp://127.0.0.1:9");
  await page.getByRole("button", { name: "Save changes" }).click();
  await done(page, "The channel is saved.");
  const { body } = await api(server, "/v1/channels/email");
  assert.equal(body.provider, "email_resend");
  assert.ok(body.environment_settings.production.provider_settings.includes("fallback"));
  // What is not written stays: the key, the sender and the fallback's server.
  await page.getByLabel("Track links").click();
  await page.getByRole("button", { name: "Save changes" }).click();
  const stored = async () => (await api(server, "/v1/channels/email")).body.environment_settings.production;
  await until(async () => (await stored()).channel_settings.track_links === true, "it is kept");
  assert.deepEqual((await stored()).provider_settings.sort(), ["api_key", "fallback", "from_address"]);
  assert.equal(await page.getByLabel("API key", { exact: true }).getAttribute("placeholder"), "Set. Write to replace it");
  assert.equal(await page.getByLabel("API key", { exact: true }).getAttribute("type"), "password");
  await page.getByRole("button", { name: "Remove: Sender's address" }).click();
  await page.getByLabel(/^Fall back to SMTP/).click();
  await page.getByRole("button", { name: "Save changes" }).click();
  await until(async () => (await stored()).provider_settings.join() === "api_key", "only what was removed is gone");
  await set("/channels/email", { type: "email", provider: "email_smtp", name: "E-mail" });
  await page.reload();
  await page.getByRole("tab", { name: "Test" }).click();
  await page.getByLabel("Mail address").fill("ada@example.com");
  await page.getByRole("button", { name: "Send test" }).click();
  await page.getByText("sent", { exact: true }).waitFor();
  await page.getByRole("tab", { name: "Suppressions" }).click();
  await page.getByRole("button", { name: "Suppress an address" }).click();
  await page.getByRole("dialog").getByLabel("Mail address").fill("Gone@example.com");
  await page.getByRole("dialog").getByRole("button", { name: "Suppress" }).click();
  await page.getByText("gone@example.com").waitFor();
  await page.getByRole("checkbox", { name: "Choose gone@example.com" }).click();
  await page.getByRole("button", { name: "Allow mail again…" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Allow mail" }).click();
  await page.getByText("No suppressed addresses").waitFor();
  await close(page);
});

test("a channel of another provider is added", async () => {
  const page = await signedIn();
  await go(page, "Channels");
  await page.getByRole("button", { name: "Add a channel" }).click();
  for (const provider of ["SMTP server", "Resend", "Twilio", "Firebase", "Apple", "Slack", "Discord", "Microsoft Teams", "Webhook"]) {
    await page.getByRole("dialog").getByRole("button", { name: new RegExp(`^${provider}`) }).waitFor();
  }
  await page.getByRole("dialog").getByRole("button", { name: /^Twilio/ }).click();
  const dialog = page.getByRole("dialog", { name: "Add Twilio" });
  await dialog.getByLabel("Account SID").fill("AC1");
  await dialog.getByLabel("Auth token").fill("secret");
  await dialog.getByLabel("From", { exact: true }).fill("+15550100");
  await dialog.getByRole("button", { name: "Add the channel" }).click();
  await page.getByRole("heading", { name: "Twilio", exact: true }).waitFor();
  const { body } = await api(server, "/v1/channels/twilio");
  assert.deepEqual(body.environment_settings.production.provider_settings.sort(), ["account_sid", "auth_token", "from"]);
  await page.getByRole("button", { name: "Delete…" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Delete the channel" }).click();
  await page.getByRole("row", { name: /In-app feed/ }).waitFor();
  assert.equal((await api(server, "/v1/channels/twilio")).status, 404);
  await close(page, /404/);
});

test("a layout is made, mended where the server finds a fault, committed and deleted", async () => {
  const page = await signedIn();
  await go(page, "Templates");
  await page.getByText("No layouts yet").waitFor();
  await page.getByRole("figure", { name: "Write a layout" }).getByText(/v1\/email_layouts\/example/).waitFor();
  await page.getByRole("button", { name: "New layout" }).first().click();
  await page.getByLabel("Name").fill("Plain frame");
  await page.getByRole("button", { name: "Create the draft" }).click();
  await page.getByRole("heading", { name: "Plain frame", level: 1 }).waitFor();
  const framed = page.frameLocator("iframe");
  await framed.getByRole("heading", { name: "A sample mail" }).waitFor();
  await write(page, "HTML", "<p>\n{% if %}</p>");
  await page.getByText("1 problem", { exact: true }).waitFor();
  await write(page, "HTML", "<main><p>Above</p>{{ content }}</main>");
  await framed.getByText("Above").waitFor();
  await page.getByText("1 problem", { exact: true }).waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Save draft" }).click();
  await done(page, "The draft is saved.");
  assert.equal(await commits("plain-frame"), 0, "a draft does not count yet");
  await page.getByRole("button", { name: "Commit…" }).click();
  await page.getByLabel("Message").fill("The first");
  await page.getByRole("button", { name: "Commit", exact: true }).click();
  await until(async () => (await commits("plain-frame")) === 1, "it counts");
  await page.getByRole("tab", { name: "Versions" }).click();
  await page.getByText("The first").waitFor();
  const { body } = await api(server, "/v1/email_layouts/plain-frame");
  assert.equal(body.html_layout, "<main><p>Above</p>{{ content }}</main>");
  await page.getByRole("tab", { name: "State" }).click();
  await page.getByRole("button", { name: "Delete…" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Delete the layout" }).click();
  await page.getByText("No layouts yet").waitFor();
  assert.equal((await api(server, "/v1/email_layouts/plain-frame")).status, 404);
  await close(page, /404|422/);
});

test("texts of a language, a guide that is switched on, and a group of channels are written", async () => {
  const page = await signedIn();
  await at(page, "/templates?tab=translations");
  await page.getByRole("button", { name: "New translation" }).first().click();
  await page.getByLabel("Language").fill("de-CH");
  await page.getByLabel("Tenant").fill("acme");
  await page.getByRole("button", { name: "Create the draft" }).click();
  await page.getByRole("heading", { name: "de-CH/default/acme", level: 1 }).waitFor();
  await write(page, "Texts", '{"greeting": "Grüezi"}');
  await page.getByRole("button", { name: "Commit…" }).click();
  await page.getByRole("button", { name: "Commit", exact: true }).click();
  await page.getByRole("dialog", { name: "Commit the translation" }).waitFor({ state: "detached" });
  const { body } = await api(server, "/v1/translations/de-CH?namespace=default&tenant=acme");
  assert.equal(body.translation.content, '{"greeting": "Grüezi"}');
  await page.getByRole("navigation", { name: "Path" }).getByRole("link", { name: "Translations" }).click();
  await page.getByRole("row", { name: /de-CH/ }).waitFor();
  await at(page, "/guides");
  await page.getByRole("button", { name: "New guide" }).first().click();
  await page.getByLabel("Name").fill("Welcome");
  await page.getByRole("button", { name: "Create the draft" }).click();
  await page.getByRole("heading", { name: "Welcome", level: 1 }).waitFor();
  await page.getByRole("button", { name: "Add a condition" }).click();
  await page.getByLabel("Variable of condition 1").fill("recipient.plan");
  await page.getByLabel("Value of condition 1").fill("pro");
  await page.getByRole("button", { name: "Save draft" }).click();
  await done(page, "The draft is saved.");
  await page.getByRole("tab", { name: "State" }).click();
  await page.getByRole("button", { name: "Switch on" }).click();
  await done(page, "The guide is on.");
  assert.equal((await api(server, "/v1/guides/welcome")).body.active, true);
  await at(page, "/channel-groups");
  await page.getByRole("button", { name: "New channel group" }).first().click();
  await page.getByLabel("Name").fill("Any mail");
  await page.getByRole("button", { name: "Create the channel group" }).click();
  await page.getByRole("heading", { name: "Any mail", level: 1 }).waitFor();
  await page.getByLabel("Name").fill("Every mail");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await done(page, "Saved.");
  assert.equal((await api(server, "/v1/channel_groups/any-mail")).body.name, "Every mail");
  await close(page, /404/);
});

test("back leads to the same place of a list, with the same rows chosen", async () => {
  const objects = Array.from({ length: 90 }, (_, n) => ({ id: `thing-${n}`, name: `Thing ${n}` }));
  const answer = await api(server, "/v1/objects/things/bulk/set", { method: "POST", body: JSON.stringify({ objects }) });
  assert.ok(answer.status < 300, JSON.stringify(answer.body));
  await until(async () => (await api(server, "/v1/objects/things?page_size=50")).body.page_info.after, "there are many");
  const page = await signedIn();
  await at(page, "/recipients?tab=objects&collection=things");
  const row = (index) => page.locator(`[role=row][data-index="${index}"]`);
  await row(0).waitFor();
  const scroller = page.getByRole("grid", { name: "Objects of things" }).locator("..");
  const top = () => scroller.evaluate((element) => element.scrollTop);
  await scroller.evaluate((element) => element.scrollTo({ top: 900 }));
  await row(30).waitFor();
  const name = (await row(30).innerText()).split("\n")[0];
  await row(30).click();
  await page.getByRole("heading", { name, level: 1 }).waitFor();
  await page.goBack();
  await row(30).waitFor();
  await until(async () => (await top()) === 900, "the list is where it was");
  await page.keyboard.press("j");
  await until(() => row(30).evaluate((element) => element === document.activeElement), "the row that was open has the focus");
  await at(page, "/workflows");
  await page.getByRole("row", { name: /By plan/ }).getByRole("checkbox").click();
  await page.getByText("1 chosen").waitFor();
  await page.getByRole("row", { name: /News/ }).click();
  await page.getByRole("heading", { name: "News", level: 1 }).waitFor();
  await page.goBack();
  await page.getByText("1 chosen").waitFor();
  await close(page);
});

test("rows are chosen by check boxes on a touch screen", async () => {
  const page = await signedIn({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
  await at(page, "/workflows");
  const box = page.getByRole("row", { name: /By plan/ }).getByRole("checkbox");
  await box.waitFor();
  const isSeen = () => box.evaluate((element) => element.checkVisibility({ opacityProperty: true }));
  await until(isSeen, "the check box is seen");
  await box.tap();
  const bar = page.getByRole("toolbar", { name: "Chosen rows" });
  await bar.getByText("1 chosen").waitFor();
  await check(page, "chosen-390");
  await bar.getByRole("button", { name: /^All \d+$/ }).tap();
  await bar.getByText(/^[2-9]\d* chosen$/).waitFor();
  await bar.getByRole("button", { name: "Clear" }).tap();
  await bar.waitFor({ state: "detached" });
  assert.match(page.url(), /workflows$/, "the row was not opened");
  await close(page);
});

test("a run of a workspace leads to it by its name", async () => {
  await trigger("by-plan", [{ collection: "workspaces", id: workspace }], { title: "x" });
  const page = await signedIn();
  await at(page, "/runs?workflow=by-plan");
  await page.getByRole("row", { name: /Workspace default/ }).click();
  const panel = page.getByRole("complementary", { name: "By plan" });
  await panel.getByRole("link", { name: "Workspace default" }).waitFor();
  await panel.getByRole("link", { name: "By plan", exact: true }).waitFor();
  await close(page);
});

const PAGES = [
  ["inbox", "/inbox", (page) => page.getByRole("heading", { name: "Today" })],
  ["preferences", "/preferences", (page) => page.getByRole("checkbox").first()],
  ["default-preferences", "/preferences?tab=everybody", (page) => page.getByRole("checkbox").first()],
  ["workflows", "/workflows", (page) => page.getByRole("row", { name: /By plan/ })],
  ["workflow", "/workflows/by-plan", (page) => page.getByText("otherwise")],
  ["step-mail", "/workflows/observation-captured?step=mail", (page) => page.getByRole("region", { name: "Preview" }).locator("iframe")],
  ["step-chat", "/workflows/observation-captured?step=slack", (page) => page.getByRole("region", { name: "Preview" }).getByText(/Score/).first()],
  ["step-conditions", "/workflows/observation-captured?step=slack&part=conditions", (page) => page.getByLabel("Variable of condition 1").first()],
  ["step-branch", "/workflows/by-plan?step=plan", (page) => page.getByLabel("Name of way 1")],
  ["test-run", "/workflows/news?tab=test", (page) => page.getByRole("button", { name: "Run the test" })],
  ["workflow-runs", "/workflows/news?tab=runs", (page) => page.getByRole("row", { name: /Jane/ }).first()],
  ["versions", "/workflows/news?tab=versions", (page) => page.getByText("In use")],
  ["workflow-settings", "/workflows/news?tab=settings", (page) => page.getByRole("button", { name: "Switch off" })],
  ["partials", "/templates?tab=partials", (page) => page.getByRole("row", { name: /Button/ })],
  ["partial", "/templates/partials/button", (page) => page.getByRole("textbox", { name: "Content" })],
  ["layouts-empty", "/templates", (page) => page.getByText("No layouts yet")],
  ["translations", "/templates?tab=translations", (page) => page.getByRole("row", { name: /fr/ })],
  ["translation", "/templates/translations/fr", (page) => page.getByRole("textbox", { name: "Texts" })],
  ["guide-state", "/guides/tour?tab=state", (page) => page.getByRole("button", { name: "Switch off" })],
  ["partial-state", "/templates/partials/button?tab=state", (page) => page.getByRole("link", { name: "Compared" })],
  ["guides", "/guides", (page) => page.getByRole("row", { name: /Tour/ })],
  ["guide", "/guides/tour", (page) => page.getByRole("textbox", { name: "Address patterns" })],
  ["channel-group", "/channel-groups/mails", (page) => page.getByRole("textbox", { name: "Rules" })],
  ["messages", "/messages", (page) => page.getByRole("row", { name: /owner/ }).first()],
  ["runs", "/runs", (page) => page.getByRole("row", { name: /Jane/ }).first()],
  ["recipients", "/recipients", (page) => page.getByRole("row", { name: /Jane/ }).first()],
  ["objects", "/recipients?tab=objects&collection=projects", (page) => page.getByRole("row", { name: /Alpha/ })],
  ["audiences", "/recipients?tab=audiences", (page) => page.getByText("Which audience?")],
  ["user", "/recipients/users/jane", (page) => page.getByRole("textbox", { name: "Properties as JSON" })],
  ["user-preferences", "/recipients/users/jane?tab=preferences", (page) => page.getByRole("checkbox").first()],
  ["user-channels", "/recipients/users/jane?tab=channels", (page) => page.getByRole("region", { name: "Slack" })],
  ["tenant", "/recipients/tenants/acme", (page) => page.getByRole("textbox", { name: "Properties as JSON" })],
  ["channels", "/channels", (page) => page.getByRole("row", { name: /In-app feed/ })],
  ["channel", "/channels/email", (page) => page.getByRole("button", { name: "Save changes" })],
];


for (const theme of ["light", "dark"]) {
  for (const width of [1280, 390]) {
    test(`the pages are readable and fit, ${theme} at ${width} px`, async () => {
      const page = await signedIn({ viewport: { width, height: 844 }, colorScheme: theme, reducedMotion: "reduce" });
      for (const [name, path, there] of PAGES) {
        await at(page, path);
        await there(page).waitFor();
        await check(page, `${name}-${theme}-${width}`);
      }
      await at(page, "/workflows/compared?tab=versions");
      await page.getByRole("button", { name: "Compare" }).last().click();
      assert.equal(await page.getByText("Draft", { exact: true }).count(), 0, "what was committed is no draft");
      const changes = page.getByRole("region", { name: "What has changed" });
      for (const side of [/^−The version of/, /^\+The draft$/]) await changes.getByText(side).waitFor();
      await check(page, `comparison-${theme}-${width}`);
      await at(page, "/messages");
      await page.getByRole("row", { name: /owner/ }).first().click();
      await page.getByRole("tab", { name: "Timeline" }).click();
      await page.getByRole("list", { name: "What happened" }).waitFor();
      await check(page, `message-${theme}-${width}`);
      await at(page, "/runs?workflow=news");
      await page.getByRole("row", { name: /Jane/ }).first().click();
      await page.getByText("found free").first().waitFor();
      await check(page, `run-${theme}-${width}`);
      await at(page, "/inbox");
      await page.getByRole("button", { name: /^Notifications, \d/ }).click();
      await page.getByRole("link", { name: "Show all" }).waitFor();
      await check(page, `bell-list-${theme}-${width}`);
      await close(page, /40[34]/);
    });
  }
}
