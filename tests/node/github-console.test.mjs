// GitHub in the console, in a real browser, against a stand-in of GitHub: an app is created, installed and asked for, a token is
// entered, and repositories are linked to a workspace.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { check, launch, open as openPage, signIn } from "./browser.mjs";
import { repository, startGithub, TOKEN } from "./github.mjs";
import { api, start, until, workspace } from "./harness.mjs";

const NAMES = ["shop", "site", "docs", "infra"];

let browser;
let server;
let github;
let ws;

before(async () => {
  browser = await launch();
  const own = NAMES.map((name, at) => repository(`acme/${name}`, 100 + at));
  own.push(repository("acme/secrets", 200, { private: true }), repository("acme/attic", 201, { archived: true }));
  own.push(repository("octocat/notes", 300));
  github = await startGithub({ repositories: own });
  server = await start("sqlite", { CAMPANILE_CONNECTOR_GITHUB_API_URL: github.url, CAMPANILE_CONNECTOR_GITHUB_WEB_URL: github.url });
  ws = await workspace(server);
});

after(async () => {
  await browser?.close();
  await server?.stop();
  github?.stop();
});

const within = (path) => `${server.url}/w/${ws}${path}`;
const connections = async () => (await api(server, "/api/connections")).body.data;
const cardOf = (page, name) =>
  page.getByRole("region", { name: "Accounts" }).getByRole("listitem").filter({ has: page.getByRole("heading", { name, exact: true }) });
const dialogOf = (page, name) => page.getByRole("dialog", { name, exact: true });
/** Problems of the page, without those that a refusal of ours or of the stand-in writes. */
const problems = (page) => page.problems.filter((problem) => !/40[049]/.test(problem));

async function signedIn(options) {
  const page = await openPage(browser, options);
  await signIn(page, server);
  return page;
}

test("an app is created for an organisation at GitHub, and the browser comes back to install it", async () => {
  const page = await signedIn();
  await page.goto(within("/integrations"));
  const card = cardOf(page, "GitHub");
  await card.getByText("10 permissions, and why").click();
  await card.getByText("To read commits, releases and documents.").waitFor();
  assert.equal(await card.getByText(/needs an application of this server/).count(), 0, "an app needs no operator");
  await card.getByRole("button", { name: "Connect GitHub", exact: true }).click();
  const dialog = dialogOf(page, "Connect GitHub");
  await dialog.getByText("Recommended").waitFor();
  await dialog.getByText(/ends with their account/).waitFor();
  await dialog.getByLabel("Organisation at GitHub").fill("acme/shop");
  await dialog.getByRole("button", { name: "Create a GitHub app" }).click();
  await dialog.getByText(/Enter the last part of the organisation's address/).waitFor();
  await check(page, "connect-github");
  await dialog.getByLabel("Organisation at GitHub").fill("acme");
  await dialog.getByLabel("Organisation at GitHub").press("Enter");

  await page.waitForURL(`${github.url}/organizations/acme/settings/apps/new?**`);
  await page.getByRole("button", { name: "Create GitHub App for acme" }).click();
  await page.getByRole("heading", { name: /^The app campanile-\S+ is registered$/ }).waitFor();
  assert.ok(new URL(page.url()).pathname.startsWith(`/w/${ws}/connect/done`), "the workspace is the one before");
  await check(page, "connect-registered");
  const { app } = (await api(server, "/api/connect/github/app")).body;
  assert.equal(app.slug, github.app.slug);
  await page.goto(within("/connect/done?provider=github&result=registered&app=another"));
  await page.getByRole("heading", { name: "Nothing was connected here" }).waitFor();
  assert.deepEqual(problems(page), []);
  await page.context().close();
});

test("somebody who may not install the app asks an owner; the request is told, and taken back", async () => {
  const page = await signedIn();
  await page.goto(within("/integrations?connect=github"));
  await dialogOf(page, "Connect GitHub").getByText(/is registered\.$/).waitFor();
  await check(page, "connect-github-install");
  await page.getByRole("button", { name: "Install it" }).click();
  await page.getByRole("button", { name: "Ask the owners of initech" }).click();
  await page.getByRole("heading", { name: "An owner has to approve it" }).waitFor();
  await check(page, "connect-requested");
  await page.getByRole("link", { name: "Look at the request" }).click();
  await page.getByRole("heading", { name: "Asked for by octocat", level: 1 }).waitFor();
  const status = page.getByRole("status", { name: "Status" });
  await status.getByText(/^Waiting for an owner since/).waitFor();
  await page.getByRole("button", { name: "It was approved: connect it" }).waitFor();
  assert.equal(await page.getByRole("button", { name: "Check now" }).count(), 0, "there is nothing to check yet");
  await check(page, "connection-pending");
  await page.getByRole("button", { name: "Take it back" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Take it back" }).click();
  await status.getByText(/^Disconnected since/).waitFor();
  assert.deepEqual(problems(page), []);
  await page.context().close();
});

test("an installation of strangers connects nothing, and says why", async () => {
  const page = await signedIn();
  await page.goto(within("/integrations?connect=github"));
  await page.getByRole("button", { name: "Install it" }).click();
  await page.getByRole("button", { name: "Install on strangers" }).click();
  await page.getByRole("heading", { name: "The installation is not yours" }).waitFor();
  await check(page, "connect-not-theirs");
  assert.deepEqual((await connections()).filter(({ status }) => status !== "closed"), []);
  await page.context().close();
});

test("the app is installed, and its account is connected with its repositories", async () => {
  const page = await signedIn();
  await page.goto(within("/integrations?connect=github"));
  await page.getByRole("button", { name: "Install it" }).click();
  await page.getByRole("button", { name: "Install on acme" }).click();
  await page.getByRole("heading", { name: "acme of GitHub is connected" }).waitFor();
  await page.getByRole("link", { name: "Choose what is read" }).click();
  const about = page.getByRole("region", { name: "About" });
  await about.getByText("an app that the account installed").waitFor();
  await about.getByText(/never stored/).waitFor();
  const resources = page.getByRole("region", { name: "Resources" });
  await resources.getByText("acme/secrets").waitFor();
  await resources.getByText("Private", { exact: true }).waitFor();
  await resources.getByText("Archived", { exact: true }).waitFor();
  assert.equal(await resources.getByText("octocat/notes").count(), 0, "only what the account has");

  await page.goto(within("/integrations?connect=github"));
  await page.getByRole("button", { name: "Forget it" }).click();
  await page.getByRole("button", { name: "Forget the app" }).click();
  await page.getByText("accounts are connected by this app; disconnect them first").waitFor();
  assert.deepEqual(problems(page), []);
  await page.context().close();
});

test("repositories are chosen and linked to a workspace in one step, all or none, and unlinked", async () => {
  const made = await api(server, "/api/workspaces", { method: "POST", body: JSON.stringify({ name: "Research" }) });
  const { id } = (await connections()).find(({ account_label }) => account_label === "acme");
  const page = await signedIn();
  await page.goto(within(`/integrations/${id}`));
  const resources = page.getByRole("region", { name: "Resources" });
  const linked = page.getByRole("list", { name: "Linked" });
  await page.getByText("Nothing is linked yet.").waitFor();
  await resources.getByRole("checkbox", { name: "Choose all that are shown" }).check();
  await resources.getByText("6 chosen").waitFor();
  await resources.getByRole("button", { name: "None" }).click();
  await resources.getByText("Choose up to 50 to link").waitFor();
  await resources.getByRole("checkbox", { name: "Choose acme/shop" }).check();
  await page.getByLabel("Search the resources").fill("site");
  await until(async () => (await resources.getByText("acme/shop").count()) === 0, "only what fits is shown");
  await resources.getByRole("checkbox", { name: "Choose acme/site" }).check();
  await resources.getByText("2 chosen").waitFor();
  await page.getByLabel("Search the resources").fill("");
  await resources.getByText("acme/shop").waitFor();
  await check(page, "resources-chosen");
  await resources.getByRole("button", { name: "Link to default" }).click();
  await page.getByText("2 repositories linked to default").waitFor();
  await linked.getByText("acme/shop").waitFor();
  await linked.getByText("acme/site").waitFor();
  assert.ok(await resources.getByRole("checkbox", { name: "Choose acme/shop" }).isDisabled(), "it is linked once in a workspace");
  await resources.getByLabel("Workspace").selectOption("Research");
  await resources.getByRole("checkbox", { name: "Choose acme/shop" }).check();
  await resources.getByRole("checkbox", { name: "Choose acme/docs" }).check();

  // Somebody else links one of them meanwhile: nothing is linked, and the list tells why.
  const body = JSON.stringify({ connection: id, resources: [{ kind: "repository", provider_id: "102" }] });
  assert.equal((await api(server, `/api/workspaces/${made.body.id}/sources`, { method: "POST", body })).status, 201);
  await resources.getByRole("button", { name: "Link to Research" }).click();
  await resources.getByText(/Nothing was linked: the repository "acme\/docs" \(102\) is linked in this workspace already\./).waitFor();
  await check(page, "resources-refused");
  await resources.getByText("1 chosen").waitFor();
  await resources.getByRole("button", { name: "Link to Research" }).click();
  await until(async () => (await linked.getByRole("listitem").count()) === 4, "it is linked in two workspaces");
  await resources.getByRole("link", { name: "Linked to Research" }).first().waitFor();

  await linked.getByRole("button", { name: "Unlink acme/docs from Research" }).click();
  const question = page.getByRole("alertdialog", { name: "Unlink acme/docs from Research?" });
  await check(page, "unlink");
  await question.getByRole("button", { name: "Unlink it" }).click();
  await until(async () => (await linked.getByText("acme/docs").count()) === 0, "it is not linked any more");
  await linked.getByRole("listitem").filter({ hasText: "default" }).getByRole("link", { name: "acme/shop" }).click();
  await page.getByRole("heading", { name: "GitHub acme/shop", level: 1 }).waitFor();
  await page.getByRole("region", { name: "About" }).getByRole("link", { name: "acme" }).waitFor();
  await check(page, "source-linked");
  await page.goto(within("/integrations"));
  await page.getByRole("link", { name: /acme\/site/ }).getByText("linked").waitFor();
  assert.deepEqual(problems(page), []);
  await page.context().close();
});

test("a token is entered with its warning, and GitHub's refusal stands beside it", async () => {
  const page = await signedIn();
  await page.goto(within("/integrations?connect=github"));
  await page.getByRole("button", { name: "Use a token" }).click();
  const dialog = dialogOf(page, "Connect GitHub with a token");
  await dialog.getByText(/ends with their account/).waitFor();
  await dialog.getByLabel("Personal access token").fill("ghp_unknown");
  await dialog.getByRole("button", { name: "Connect", exact: true }).click();
  await dialog.getByText("GitHub does not accept this token.").waitFor();
  await check(page, "connect-github-token");
  await dialog.getByLabel("Personal access token").fill(TOKEN);
  await dialog.getByRole("button", { name: "Connect", exact: true }).click();
  await page.getByRole("heading", { name: "octocat", level: 1 }).waitFor();
  await page.getByRole("region", { name: "Resources" }).getByText("octocat/notes").waitFor();
  assert.deepEqual(problems(page), []);
  await page.context().close();
});

for (const [theme, width] of [["light", 1280], ["dark", 1280], ["light", 390], ["dark", 390]]) {
  test(`the pages of GitHub fit and can be read, ${theme} and ${width} wide`, async () => {
    const page = await signedIn({ viewport: { width, height: 2_000 }, colorScheme: theme });
    const { id } = (await connections()).find(({ account_label }) => account_label === "acme");
    const pages = [
      ["github-card", "/integrations", () => cardOf(page, "GitHub").getByRole("link", { name: /acme/ })],
      ["github-connect", "/integrations?connect=github", () => dialogOf(page, "Connect GitHub").getByRole("button", { name: "Install it" })],
      ["github-token", "/integrations?token=github", () => dialogOf(page, "Connect GitHub with a token")],
      ["github-connection", `/integrations/${id}`, () => page.getByRole("region", { name: "Resources" }).getByText("acme/attic")],
    ];
    for (const [name, path, shown] of pages) {
      await page.goto(within(path));
      await shown().first().waitFor();
      await check(page, `${name}-${theme}-${width}`);
    }
    assert.deepEqual(problems(page), []);
    await page.context().close();
  });
}
