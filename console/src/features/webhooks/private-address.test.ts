import { expect, it } from "vitest";

import { isPrivateAddress } from "./private-address";

it("addresses of this machine and of private networks are private", () => {
  for (const host of [
    "localhost:3000",
    "127.0.0.1:9",
    "10.1.2.3",
    "172.20.0.4",
    "192.168.1.9",
    "169.254.1.1",
    "[::1]:80",
    "[fd00::1]",
    "api.internal",
  ]) {
    expect(isPrivateAddress(`http://${host}/hook`), host).toBe(true);
  }
});

it("public addresses, and what is no address yet, are not", () => {
  for (const url of [
    "https://example.com",
    "https://172.32.0.1/",
    "https://11.0.0.1/",
    "https://10.example.com/",
    "https://",
    "127.0.0.1",
    "ftp://127.0.0.1/",
  ]) {
    expect(isPrivateAddress(url), url).toBe(false);
  }
});
