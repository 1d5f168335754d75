import { expect, test } from "vitest";

import { isPrivate, problemOf } from "./private-address";

test("this machine and private networks are told from the internet", () => {
  for (const host of ["localhost", "127.0.0.1", "10.1.2.3", "172.16.0.1", "[::1]", "bell.local"])
    expect(isPrivate(host)).toBe(true);
  for (const host of ["bell.example.com", "172.15.0.1", "1.1.1.1"]) expect(isPrivate(host)).toBe(false);
});

test("a public address needs TLS", () => {
  expect(problemOf({ protocol: "http:", hostname: "bell.example.com" })).toBe("plain");
  expect(problemOf({ protocol: "https:", hostname: "bell.example.com" })).toBeUndefined();
  expect(problemOf({ protocol: "http:", hostname: "127.0.0.1" })).toBe("private");
});
