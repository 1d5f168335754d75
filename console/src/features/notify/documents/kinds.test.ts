import { expect, test } from "vitest";

import { keyOfPlace, placeOfKey } from "./kinds";

test("the key of a translation is its language, and its place where it has one", () => {
  expect(keyOfPlace({ locale: "en" })).toBe("en");
  expect(keyOfPlace({ locale: "en", namespace: "mails" })).toBe("en/mails");
  expect(keyOfPlace({ locale: "en", namespace: "", tenant: "acme" })).toBe("en/default/acme");
  expect(placeOfKey("en/default/acme")).toEqual({ locale: "en", namespace: "default", tenant: "acme" });
  expect(placeOfKey("de-CH")).toEqual({ locale: "de-CH" });
});
