// Settings, activity, and the documentation in a real browser: what an owner sets, and what a colleague who was invited sees.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { check, launch, open as openPage, signIn, tabTo } from "./browser.mjs";
import { api, deliver, OWNER, release, start, until, workspace } from "./harness.mjs";

let browser;
let server;
let ws;

before(async () => {
  browser = await launch();
  server = await start("sqlite");
  ws = await workspace(server);
  await deliver(server, "release", release("1.0"));
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

const within = (path) => `${server.url}/w/${ws}${path}`;

async function signedIn(options) {
  const page = await openPage(browser, options);
  await signIn(page, server);
  return page;
}

async function signInAs(page, email, password) {
  await page.goto(server.url);
  await page.getByLabel("Mail address").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("heading", { name: "Home", exact: true }).waitFor();
}

test("the threshold is explained, saved and taken back", async () => {
  const page = await signedIn();
  await page.goto(within("/settings/workspace"));
  const slider = page.getByRole("slider", { name: "Threshold" });
  await slider.waitFor();
  await page.getByText(/Of the latest 1 observations, 1 reach 70/).waitFor();
  await tabTo(page, slider);
  for (let times = 0; times < 5; times++) await page.keyboard.press("ArrowRight");
  await tabTo(page, page.getByRole("button", { name: "Save the threshold" }));
  await page.keyboard.press("Enter");
  await page.getByText("People are notified from 75 on").waitFor();
  const threshold = async () => (await api(server, "/api/workspaces")).body.data[0].notify_threshold;
  assert.equal(await threshold(), 75);
  await page.getByRole("button", { name: "Undo" }).click();
  await until(async () => (await threshold()) === 70, "it is taken back");
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("a change that is not saved is asked about", async () => {
  const page = await signedIn();
  await page.goto(within("/settings/workspace"));
  await page.getByLabel("Threshold as a number").fill("90");
  let asked = "";
  page.once("dialog", (dialog) => {
    asked = dialog.message();
    return dialog.dismiss();
  });
  await page.getByRole("link", { name: "Members", exact: true }).click();
  await until(() => asked, "it is asked");
  assert.match(asked, /not saved/);
  assert.match(page.url(), /settings\/workspace/);
  await page.context().close();
});

test("a workspace is made, and one stands in it", async () => {
  const page = await signedIn();
  await page.goto(within("/settings/workspace"));
  await page.getByRole("button", { name: "New workspace" }).click();
  await page.getByRole("dialog", { name: "New workspace" }).getByLabel("Name").fill("Mobile team");
  await page.getByRole("button", { name: "Make the workspace" }).click();
  await page.getByRole("heading", { name: "Integrations", exact: true }).waitFor();
  await page.getByRole("button", { name: "Workspace Mobile team" }).waitFor();
  await page.getByText("No source is connected to this workspace yet.").waitFor();
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("a colleague is invited, given a role and a password, seen in sessions, and removed; they get in on a phone", async () => {
  const page = await signedIn();
  await page.goto(within("/settings/members"));
  await page.getByRole("button", { name: "Invite a member" }).click();
  await page.getByLabel("Mail address").fill("grace@example.com");
  await page.getByLabel("Role").selectOption("staff");
  await page.getByText("Choose a password for them").click();
  await page.getByLabel("Password", { exact: true }).fill("a horse of her own");
  await check(page, "invite");
  await page.getByRole("button", { name: "Add the member" }).click();
  await page.getByText("grace@example.com can sign in with the password").waitFor();
  const invited = page.getByRole("region", { name: "Invited, not signed in yet" });
  await invited.getByText("grace@example.com").waitFor();
  await invited.getByText(/^Invited .* by /).waitFor();
  await check(page, "members-invited");
  await invited.getByRole("button").click();
  const waiting = page.getByRole("complementary", { name: "grace" });
  await waiting.getByText("invited", { exact: true }).waitFor();
  await waiting.getByRole("button", { name: "Send the invitation again" }).waitFor();
  await waiting.getByRole("button", { name: "Withdraw the invitation" }).waitFor();
  await check(page, "member-invited");
  await waiting.getByRole("button", { name: "Close" }).click();

  const phone = await openPage(browser, { viewport: { width: 390, height: 844 }, hasTouch: true });
  await signInAs(phone, "grace@example.com", "a horse of her own");
  await phone.goto(within("/settings/keys"));
  await phone.getByText("Owners see and make secret keys.").waitFor();
  await phone.goto(within("/integrations"));
  await phone.getByText("Managers and owners add sources.").waitFor();
  assert.equal(await phone.getByRole("button", { name: /^Add / }).count(), 0, "what is not allowed is not offered");
  assert.deepEqual(phone.problems, []);

  await page.getByRole("region", { name: "Members" }).getByRole("button", { name: /grace@example.com/ }).click();
  const panel = page.getByRole("complementary", { name: "grace" });
  await panel.getByText("By password").first().waitFor();
  await check(page, "member");
  await panel.getByLabel("Role of grace@example.com").selectOption("manager");
  await page.getByText("grace@example.com is manager now").waitFor();
  await panel.getByRole("button", { name: "Set a password" }).click();
  await page.getByLabel("New password").fill("another horse of hers");
  await page.getByRole("dialog", { name: /Set a password/ }).getByRole("button", { name: "Set the password" }).click();
  await page.getByText("grace@example.com signs in with the new password").waitFor();
  await panel.getByRole("button", { name: "Remove the member" }).click();
  await page.getByText(/Secret keys that they made stay valid/).waitFor();
  await page.getByRole("alertdialog").getByRole("button", { name: "Remove the member" }).click();
  await until(async () => (await page.getByRole("button", { name: /grace@example.com/ }).count()) === 0, "she is gone");
  await phone.getByRole("heading", { name: "Sign in to Campanile" }).waitFor();
  await page.getByRole("button", { name: /owner@example.com.*owner/s }).last().click();
  await page.getByText("The last owner can neither leave nor be demoted.").waitFor();
  assert.deepEqual(page.problems, []);
  await phone.context().close();
  await page.context().close();
});

test("a secret key is shown once, works, and is revoked after a question", async () => {
  const page = await signedIn();
  await page.goto(within("/settings/keys"));
  await page.getByRole("button", { name: "New secret key" }).click();
  await page.getByLabel("What it is for").fill("The billing job");
  await page.keyboard.press("Enter");
  const made = page.getByRole("dialog", { name: "Key The billing job" });
  const secret = await made.locator("code").first().textContent();
  assert.match(secret, /^sk_/);
  await check(page, "key-made");
  const ask = () => fetch(`${server.url}/api/workspaces`, { headers: { authorization: `Bearer ${secret}` } });
  assert.equal((await ask()).status, 200);
  await made.getByRole("button", { name: "Done" }).click();
  assert.equal(await page.getByText(secret).count(), 0);
  await page.getByRole("button", { name: "Revoke The billing job" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Revoke the key" }).click();
  await page.getByText("The billing job is revoked").waitFor();
  assert.equal((await ask()).status, 401);
  await page.getByRole("button", { name: "New public key" }).click();
  await page.getByLabel("What it is for").fill("The web application");
  await page.keyboard.press("Enter");
  await page.getByText(/^pk_/).waitFor();
  await page.getByRole("button", { name: "New signing key" }).click();
  await page.getByText("BEGIN PRIVATE KEY").waitFor();
  await page.getByRole("button", { name: "Done" }).click();
  await page.getByRole("button", { name: "Need users' tokens" }).click();
  await page.getByText("Pages need a user's token now").waitFor();
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("one's own password is changed, which ends one's other sessions", async () => {
  await api(server, "/api/members", { method: "POST", body: JSON.stringify({ email: "alan@example.com", role: "manager", password: "the first of his" }) });
  const page = await openPage(browser);
  const other = await openPage(browser);
  await signInAs(page, "alan@example.com", "the first of his");
  await signInAs(other, "alan@example.com", "the first of his");
  await page.goto(within("/settings/sign-in"));
  await page.getByText("this one").waitFor();
  await page.getByLabel("Present password").fill("wrong");
  await page.getByLabel("New password").fill("the second of his");
  await page.getByRole("button", { name: "Change the password" }).click();
  await page.getByRole("alert").waitFor();
  await page.getByLabel("Present password").fill("the first of his");
  await page.getByRole("button", { name: "Change the password" }).click();
  await page.getByText("The password is changed").waitFor();
  await other.goto(server.url);
  await other.getByRole("heading", { name: "Sign in to Campanile" }).waitFor();
  await other.context().close();
  await page.context().close();
});

test("the system tells its version, its health and what waits; a kind of job is paused and resumed", async () => {
  const page = await signedIn();
  await page.goto(within("/settings/system"));
  const { body } = await api(server, "/openapi.json");
  await page.getByRole("region", { name: "Health" }).getByText(body.info.version).waitFor();
  await page.getByRole("region", { name: "Since the start" }).getByText("1 accepted, 0 refused").waitFor();
  await page.getByRole("button", { name: "Pause notify.bulk" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Pause" }).click();
  await page.getByRole("button", { name: "Resume notify.bulk" }).click();
  await page.getByText("notify.bulk goes on").waitFor();
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("the trail is read with names and sentences, and narrowed by action and member", async () => {
  const page = await signedIn();
  await page.goto(within("/activity"));
  const grid = page.getByRole("grid", { name: "Activity" });
  await grid.getByText("Created a key").first().waitFor();
  await grid.getByRole("link", { name: "The billing job" }).first().waitFor();
  await grid.getByText(OWNER.email).first().waitFor();
  await page.goto(within("/activity?action=source.created"));
  await grid.getByText("Added a source").first().waitFor();
  assert.equal(await grid.getByText("Signed in").count(), 0);
  await grid.getByRole("row").nth(1).click();
  await page.getByRole("complementary", { name: "Added a source" }).getByText("source.created").waitFor();
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("the documentation has this server's address, links between its pages, and a search that marks what it found", async () => {
  const page = await signedIn();
  await page.goto(within("/docs"));
  await page.getByRole("figure", { name: "Send a webhook" }).getByRole("tab", { name: "Python" }).click();
  await page.getByRole("figure", { name: "Send a webhook" }).getByText(`server_url="${server.url}"`).waitFor();
  await page.getByRole("figure", { name: "Notify somebody" }).getByText(`base_url="${server.url}"`).waitFor();
  await page.getByRole("link", { name: "The API" }).click();
  await page.getByRole("heading", { name: "The API", level: 1 }).waitFor();
  await page.getByRole("link", { name: "notifications", exact: true }).first().click();
  await page.getByRole("heading", { name: "Notifications", level: 1 }).waitFor();
  assert.equal(page.context().pages().length, 1, "links within the documentation stay in the window");
  await page.getByText(`baseURL: "${server.url}"`).waitFor();
  await page.keyboard.press("/");
  await page.keyboard.type("suppressions address");
  await page.getByRole("region", { name: "Results" }).locator("mark").first().waitFor();
  assert.match(page.url(), /q=suppressions/);
  await page.getByRole("region", { name: "Results" }).getByRole("link").first().click();
  await until(() => /docs\/\w+#/.test(page.url()), "a hit leads to its section");
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("the set-up list goes and comes back", async () => {
  const page = await signedIn();
  const list = page.getByRole("region", { name: "Set-up" });
  await list.waitFor();
  await list.getByText("Invite a colleague").waitFor();
  await list.getByRole("button", { name: /Put this list away/ }).click();
  await until(async () => (await list.count()) === 0, "it is put away");
  await page.goto(within("/settings/workspace"));
  await page.getByRole("switch", { name: "Show the set-up list on Home" }).click();
  await page.getByRole("link", { name: "Home", exact: true }).click();
  await list.waitFor();
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

for (const theme of ["light", "dark"]) {
  for (const width of [1280, 390]) {
    test(`the pages are readable and fit, ${theme} at ${width} px`, async () => {
      const page = await signedIn({ viewport: { width, height: 844 }, colorScheme: theme, reducedMotion: "reduce" });
      const me = (await api(server, "/api/members")).body.data[0].id;
      const pages = [
        ["workspace", "/settings/workspace", () => page.getByText("All workspaces")],
        ["members", "/settings/members", () => page.getByText("owner@example.com").first()],
        ["member", `/settings/members?open=${me}`, () => page.getByText("By password").first()],
        ["keys", "/settings/keys", () => page.getByText("first key")],
        ["sign-in-settings", "/settings/sign-in", () => page.getByText("this one")],
        ["system", "/settings/system", () => page.getByText("Open files", { exact: true })],
        ["activity", "/activity", () => page.getByText("Signed in").first()],
        ["docs", "/docs", () => page.getByText("Notify somebody").first()],
        ["doc", "/docs/operating", () => page.getByRole("heading", { name: "Watching" })],
        ["docs-search", "/docs?q=webhook", () => page.locator("mark").first()],
      ];
      for (const [name, path, shown] of pages) {
        await page.goto(within(path));
        await shown().waitFor();
        await check(page, `${name}-${theme}-${width}`);
      }
      assert.deepEqual(page.problems, []);
      await page.context().close();
    });
  }
}
