import { expect, test } from "vitest";

import { ApiError } from "../../../lib/api";
import type { Connection, ConnectionStatus, Resource } from "./connections";
import {
  amountInWords,
  badgeOfConnector,
  checkInWords,
  counted,
  endInWords,
  eventInWords,
  limitInWords,
  listed,
  marksOf,
  nameOf,
  tokenFault,
} from "./words";

const connection = (more: Partial<Connection>): Connection => ({
  id: "con_1",
  provider: "linear",
  app_id: null,
  account_id: "1",
  account_label: "Acme",
  kind: "token",
  scopes: [],
  status: "active",
  status_reason: null,
  status_at: "2026-01-01T00:00:00Z",
  connected_by: "user_1",
  last_seen_at: null,
  expires_at: null,
  failures: 0,
  limit_total: null,
  limit_remaining: null,
  limit_reset_at: null,
  created_at: "2026-01-01T00:00:00Z",
  ...more,
});

test("of several accounts the one that needs somebody most gives the badge", () => {
  const badge = (...statuses: ConnectionStatus[]) =>
    badgeOfConnector(
      { state: "available" },
      statuses.map((status) => ({ status })),
    ).title;
  expect(badge()).toBe("Available");
  expect(badge("active")).toBe("Connected");
  expect(badge("active", "degraded")).toBe("Degraded");
  expect(badge("active", "degraded", "revoked")).toBe("Reconnect");
  expect(badge("closed", "closing"), "an account that goes away is none").toBe("Available");
  expect(badgeOfConnector({ state: "coming_soon" }, [{ status: "active" }]).title).toBe("Coming soon");
});

test("a fault of the token stands beside the field, and others below the form", () => {
  const fault = (status: number, sentence = "A sentence.") => tokenFault(new ApiError(status, sentence), "Linear");
  expect(fault(400, "token is not accepted by Linear").token).toMatch(/does not accept this token/);
  expect(fault(400, "token must be 1 to 4096 printable characters without blanks").token).toMatch(/without blanks/);
  const named = tokenFault(new ApiError(400, "team is not there"), "Vercel", [{ name: "team", label: "Team" }]);
  expect(named).toEqual({ fields: { team: "Team is not there" } });
  expect(fault(503).form).toMatch(/does not answer/);
  expect(fault(429).form).toMatch(/some minutes/);
  expect(tokenFault(new TypeError("Failed to fetch"), "Linear")).toEqual({ form: "Failed to fetch" });
});

test("a check tells the reason, or how often calls have failed, or that a limit held it back", () => {
  const before = connection({ last_seen_at: "2026-01-01T00:00:00Z" });
  const check = (more: Partial<Connection>) => checkInWords(before, { ...before, ...more }, "Linear");
  const seen = { last_seen_at: "2026-01-01T00:05:00Z" };
  expect(check(seen)).toEqual({ isGood: true, text: "Linear accepted the call" });
  expect(check({ failures: 1 })).toEqual({ isGood: false, text: "The last call failed." });
  const degraded = { failures: 3, status: "degraded", status_reason: "Linear answered 500" } as const;
  expect(check(degraded).text).toBe("Linear answered 500");
  expect(check({})).toEqual({ isGood: false, text: "Linear takes no more calls for now." });
});

test("a connection that is only asked for is called by the request", () => {
  expect(nameOf({ account_id: "request:7", account_label: "asked for by ada" })).toBe("Asked for by ada");
  expect(nameOf({ account_id: "7", account_label: "acme" })).toBe("acme");
});

test("before it is disconnected, the thing that stays at the provider is told", () => {
  const end = (kind: Connection["kind"], account_id = "1") => endInWords({ kind, account_id }, "Linear").join(" ");
  expect(end("token")).toMatch(/stays valid at Linear/);
  expect(end("oauth")).toMatch(/is ended at Linear/);
  expect(end("app")).toMatch(/stays installed at Linear/);
  expect(end("app", "request:7")).toMatch(/request is forgotten here/);
});

test("an event of a later version is read as the API calls it", () => {
  expect(eventInWords({ event: "access_revoked" }, "Linear")).toBe("Access ended at Linear");
  expect(eventInWords({ event: "scopes_changed" }, "Linear")).toBe("scopes changed");
});

test("a limit that the provider does not tell is not shown as nothing left", () => {
  expect(limitInWords(connection({}))).toBeUndefined();
  expect(limitInWords(connection({ limit_remaining: 0 }))).toBe("0");
  expect(limitInWords(connection({ limit_remaining: 4_990, limit_total: 5_000 }))).toBe("4,990 of 5,000");
});

test("private, archived and vanished resources are marked", () => {
  const team: Resource = {
    kind: "team",
    provider_id: "1",
    name: "Engineering",
    is_private: false,
    is_archived: false,
    status: "active",
    listed_at: "2026-01-01T00:00:00Z",
    sources: [],
  };
  expect(marksOf(team)).toEqual([]);
  const marks = marksOf({ ...team, is_private: true, is_archived: true, status: "inactive" });
  expect(marks.map(({ title }) => title)).toEqual(["Private", "Archived", "Not listed any more"]);
});

test("resources are counted in words", () => {
  expect(counted(1, "repository")).toBe("1 repository");
  expect(counted(2, "repository")).toBe("2 repositories");
  expect(counted(3, "team")).toBe("3 teams");
});

test("names are a list in words", () => {
  expect(listed(["teams"])).toBe("teams");
  expect(listed(["teams", "projects", "issues"])).toBe("teams, projects and issues");
});

test("the amount of data is told before somebody deletes it", () => {
  const of = { observations: 1200, documents: 1, deliveries: 40, has_more: false };
  expect(amountInWords(of)).toBe("1,200 events, 1 document and 40 deliveries");
  expect(amountInWords({ ...of, has_more: true })).toMatch(/^At least 1,200/);
});
