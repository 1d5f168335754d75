import { expect, test } from "vitest";

import { PROVIDERS } from "../../lib/providers";
import { isReachable, setUpOf } from "./set-up";

test("every provider's steps show the address, and its secret goes one way or the other", () => {
  for (const { key } of PROVIDERS) {
    const { steps, makesSecret } = setUpOf(key);
    expect(steps.some(({ shows }) => shows === "address")).toBe(true);
    expect(steps.some(({ shows }) => shows === (makesSecret ? "enter" : "secret"))).toBe(true);
  }
});

test("addresses of this machine and of private networks are not reached from outside", () => {
  for (const host of ["localhost:4400", "127.0.0.1:4400", "192.168.1.2", "172.20.0.1", "nas.local"])
    expect(isReachable(`http://${host}/x`)).toBe(false);
  for (const host of ["campanile.example.com", "172.40.0.1", "8.8.8.8"])
    expect(isReachable(`https://${host}/x`)).toBe(true);
});
