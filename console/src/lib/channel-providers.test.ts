import { expect, test } from "vitest";

import { changeOf, lacking, PROVIDERS, providerOf, settingsOf, stateOf } from "./channel-providers";

const resend = providerOf("email_resend");
const fcm = providerOf("push_fcm");
if (!resend || !fcm) throw new Error("the providers are gone");

test("only what was written is sent, and null takes out", () => {
  expect(settingsOf(resend, { api_key: "", from_address: "a@b.c", webhook_secret: null })).toEqual({
    from_address: "a@b.c",
    webhook_secret: null,
  });
  expect(settingsOf(resend, {})).toEqual({});
});

test("what is stored is not sent again, and is taken out where it was emptied", () => {
  expect(changeOf("a@b.c", "a@b.c")).toBeUndefined();
  expect(changeOf("", "a@b.c")).toBeNull();
  expect(changeOf("", undefined)).toBeUndefined();
  expect(changeOf("x@y.z", "a@b.c")).toBe("x@y.z");
});

test("a JSON file is sent as what it says", () => {
  expect(settingsOf(fcm, { service_account: '{"project_id": "p"}' })).toEqual({ service_account: { project_id: "p" } });
  expect(settingsOf(fcm, { service_account: "{" })).toEqual({ service_account: "{" });
});

test("what is needed and not there is named", () => {
  expect(lacking(resend, [], {})).toEqual(["API key"]);
  expect(lacking(resend, ["api_key"], {})).toEqual([]);
  expect(lacking(resend, ["api_key"], { api_key: null })).toEqual(["API key"]);
});

test("keys of providers are their own", () => {
  expect(new Set(PROVIDERS.map(({ key }) => key)).size).toBe(PROVIDERS.length);
});

test("a channel that only plays says so first, and one that lacks something is not set up", () => {
  const channel = (is_sandbox: boolean, is_valid: boolean, provider = "email_smtp", provider_settings: string[] = []) =>
    ({ provider, environment_settings: { production: { is_sandbox, is_valid, provider_settings } } }) as never;
  expect([stateOf(channel(true, true)), stateOf(channel(false, true)), stateOf(channel(false, false))]).toEqual([
    "sandbox",
    "active",
    "not set up",
  ]);
  expect(stateOf(channel(false, true, "chat_slack", ["client_id"]))).toBe("not set up");
  expect(stateOf(channel(false, true, "chat_slack", ["client_id", "client_secret"]))).toBe("active");
});
