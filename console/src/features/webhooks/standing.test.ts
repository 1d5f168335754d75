import { expect, it } from "vitest";

import { standing } from "./standing";

it("a failure counts more than what is still tried, and that more than what is delivered", () => {
  expect(standing(["success", "fail", "pending"])).toEqual({ word: "failed", note: "1 of 3" });
  expect(standing(["success", "sending"])).toEqual({ word: "pending", note: "1 of 2" });
  expect(standing(["success", "success"])).toEqual({ word: "delivered", note: undefined });
  expect(standing(["success", "canceled"])).toEqual({ word: "delivered", note: "1 of 2" });
});

it("one endpoint needs no count, and none has a word of its own", () => {
  expect(standing(["fail"])).toEqual({ word: "failed", note: undefined });
  expect(standing([])).toEqual({ word: "no endpoint" });
  expect(standing(["canceled"])).toEqual({ word: "cancelled" });
});
