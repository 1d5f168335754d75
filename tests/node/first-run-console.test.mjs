// The first minutes in a real browser: from the printed link to the first observation, and a colleague who comes in on a phone.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import MailDev from "maildev";

import { check, launch, open as openPage, tabTo } from "./browser.mjs";
import { api, freePort, OWNER, receiver, start, until, workspace } from "./harness.mjs";

let browser;
let server;
let target;
let maildev;
const mails = [];

before(async () => {
  browser = await launch();
  const [smtp, web] = [await freePort(), await freePort()];
  maildev = new MailDev({ smtp, web, ip: "127.0.0.1", webIp: "127.0.0.1", silent: true, disableWeb: true });
  await new Promise((resolve, reject) => maildev.listen((error) => (error ? reject(error) : resolve())));
  maildev.on("new", (mail) => mails.push(mail));
  // No password and no sources: the owner has nothing but the link that the first start prints.
  server = await start("sqlite", {
    CAMPANILE_BOOTSTRAP_OWNER_PASSWORD: "",
    CAMPANILE_BOOTSTRAP_SOURCES: "",
    CAMPANILE_SMTP_URL: `smtp://127.0.0.1:${smtp}`,
    CAMPANILE_MAIL_FROM: "Campanile <noreply@example.com>",
  });
  target = await receiver();
  const ws = await workspace(server);
  await api(server, `/api/v1/app/${ws}/endpoint`, { method: "POST", body: JSON.stringify({ url: target.url }) });
});

after(async () => {
  await browser?.close();
  target?.stop();
  await server?.stop();
  await new Promise((resolve) => (maildev ? maildev.close(resolve) : resolve()));
});

const phone = { viewport: { width: 390, height: 844 }, hasTouch: true };
const mailTo = (address) => until(() => mails.find(({ to }) => to.some((one) => one.address === address)), `a mail to ${address}`);

test("from the printed link to the first observation with its notification and webhook, by keyboard alone", async () => {
  const page = await openPage(browser);
  await page.goto(await until(server.signInLink, "the first start prints a link"));
  await tabTo(page, page.getByRole("button", { name: "Sign in with this link" }));
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Welcome to Campanile" }).waitFor();

  await tabTo(page, page.getByLabel("Password"));
  await page.keyboard.type("chosen by the owner");
  await page.keyboard.press("Enter");
  await page.getByText("The password is chosen").waitFor();
  await tabTo(page, page.getByLabel("Name of the workspace"));
  await page.keyboard.press("Control+a");
  await page.keyboard.type("Shop");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Workspace Shop" }).waitFor();
  await tabTo(page, page.getByRole("button", { name: "Send a test mail" }));
  await page.keyboard.press("Enter");
  await mailTo(OWNER.email);
  await page.getByRole("listitem").filter({ hasText: "Mail server" }).getByLabel("Done").waitFor();
  await tabTo(page, page.getByRole("button", { name: "Make a source for GitHub" }));
  await page.keyboard.press("Enter");
  await tabTo(page, page.getByRole("button", { name: "Send a sample delivery" }));
  await check(page, "first-run-source");
  await page.keyboard.press("Enter");
  await page.getByText("It became your first observation:").waitFor();
  await check(page, "first-run-done");
  await tabTo(page, page.getByRole("link", { name: "Go to Home" }));
  await page.keyboard.press("Enter");
  await page.getByRole("region", { name: "Significant observations" }).getByText("Sample release").waitFor();
  await page.getByRole("region", { name: "Set-up" }).getByText("4 of 5 done").waitFor();
  await until(() => target.received.some(({ body }) => body.includes("Sample release")), "the webhook arrives");
  await page.getByTestId("unread").waitFor();
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("the same by mouse, and the password lets the owner in again", async () => {
  const page = await openPage(browser);
  await page.goto(server.url);
  await page.getByLabel("Mail address").fill(OWNER.email);
  await page.getByLabel("Password").fill("chosen by the owner");
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("heading", { name: "Home", exact: true }).waitFor();
  await page.goto(page.url().replace("/home", "/first-run"));
  await page.getByRole("button", { name: "Make a source for GitHub" }).click();
  await page.getByRole("button", { name: "Send a sample delivery" }).click();
  await page.getByText("It became your first observation:").waitFor();
  await page.getByRole("link", { name: "Sample release" }).click();
  await page.getByRole("heading", { name: "Sample release", level: 1 }).waitFor();
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("a colleague is invited by mail, and comes in and chooses a password on a phone", async () => {
  const page = await openPage(browser);
  await page.goto(server.url);
  await page.getByLabel("Mail address").fill(OWNER.email);
  await page.getByLabel("Password").fill("chosen by the owner");
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("region", { name: "Set-up" }).getByRole("link", { name: /Invite a colleague/ }).click();
  await page.getByRole("button", { name: "Invite a member" }).click();
  await page.getByLabel("Mail address").fill("grace@example.com");
  await page.getByLabel("Role").selectOption("manager");
  await page.getByRole("button", { name: "Send the invitation" }).click();
  await page.getByText("grace@example.com gets a mail with a link").waitFor();

  const mail = await mailTo("grace@example.com");
  const link = /http\S+sign-in\?token=[\w.-]+/.exec(mail.text ?? mail.html)[0];
  const hers = await openPage(browser, phone);
  await hers.goto(link);
  await check(hers, "invited-link-390");
  await hers.getByRole("button", { name: "Sign in with this link" }).tap();
  await hers.getByRole("heading", { name: "Welcome to Campanile" }).waitFor();
  await check(hers, "invited-390");
  await hers.getByLabel("Password").fill("a horse of her own");
  await hers.getByRole("button", { name: "Choose the password" }).tap();
  await hers.getByText("The password is chosen").waitFor();
  await hers.getByRole("link", { name: "Go to Home" }).tap();
  await hers.getByRole("heading", { name: "Home", exact: true }).waitFor();
  await hers.getByRole("button", { name: "Areas" }).tap();
  await hers.getByRole("dialog", { name: "Areas" }).getByRole("link", { name: "Observations" }).tap();
  await hers.getByRole("row").filter({ hasText: "Sample release" }).first().tap();
  await hers.getByRole("dialog", { name: "Sample release" }).getByText("A sample that was sent from the console.").waitFor();
  await check(hers, "observation-of-hers-390");
  assert.deepEqual(hers.problems, []);
  await hers.context().close();
  await page.context().close();
});
