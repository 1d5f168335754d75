import { expect, test } from "vitest";

import { asDays, clockOf } from "./rules";
import { durationWords, summaryOf, untilWords } from "./summary";

test("times are told in words", () => {
  expect(durationWords({ unit: "minutes", value: 5 })).toBe("5 minutes");
  expect(durationWords({ unit: "hours", value: 1 })).toBe("1 hour");
  expect(untilWords({ frequency: "weekly", days: ["mon", "fri"], hours: 9 })).toBe("weekly on mon, fri at 09:00");
  expect(untilWords({ frequency: "hourly", interval: 2 })).toBe("hourly, every 2");
  expect(untilWords("2026-01-01T00:00:00Z")).toBe("2026-01-01T00:00:00Z");
});

test("steps are told in a line", () => {
  expect(
    summaryOf({
      ref: "a",
      type: "batch",
      settings: { batch_window: { unit: "minutes", value: 5 }, batch_key: "data.page" },
    }),
  ).toBe("5 minutes, by data.page");
  expect(summaryOf({ ref: "a", type: "delay", settings: { delay_until: { frequency: "daily", hours: 9 } } })).toBe(
    "until daily at 09:00",
  );
  expect(
    summaryOf({
      ref: "a",
      type: "throttle",
      settings: { throttle_limit: 20, throttle_window: { unit: "hours", value: 1 } },
    }),
  ).toBe("20 within 1 hour");
  expect(summaryOf({ ref: "a", type: "http_fetch", settings: { url: "https://example.com" } })).toBe(
    "GET https://example.com",
  );
  expect(summaryOf({ ref: "a", type: "channel", channel_type: "email", template: { subject: " Hello\nthere" } })).toBe(
    "Hello",
  );
  expect(summaryOf({ ref: "a", type: "update_user", settings: { update_properties: '{\n  "plan": "pro"\n}' } })).toBe(
    '"plan": "pro"',
  );
});

test("days are a list, one, or a word for several", () => {
  expect(asDays("weekends")).toEqual(["sat", "sun"]);
  expect(asDays(["monday", "tue"])).toEqual(["mon", "tue"]);
  expect(asDays(undefined)).toEqual([]);
});

test("a clock is read", () => {
  expect(clockOf("09:30")).toEqual({ hours: 9, minutes: 30 });
  expect(clockOf("later")).toBeUndefined();
});
