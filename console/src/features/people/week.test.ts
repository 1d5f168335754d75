import { expect, test } from "vitest";

import { busiest, byWeekday, inZone } from "./week";

const at = (...places: number[]) => {
  const hours = Array.from({ length: 168 }, () => 0);
  for (const place of places) hours[place] = 1;
  return hours;
};

test("an hour in UTC is another one elsewhere, also over the end of the week", () => {
  expect(inZone(at(0), 60)).toEqual(at(1));
  expect(inZone(at(0), -60)).toEqual(at(167));
  expect(inZone(at(167), 120)).toEqual(at(1));
  expect(inZone(at(10), 330)).toEqual(at(15));
  expect(inZone(at(10), -210)).toEqual(at(6));
  expect(inZone(at(3, 90), 0)).toEqual(at(3, 90));
});

test("no observation is lost between zones", () => {
  const hours = Array.from({ length: 168 }, (_, hour) => hour);
  for (const minutes of [-720, -210, 0, 345, 840]) {
    expect(inZone(hours, minutes).toSorted((a, b) => a - b)).toEqual(hours);
  }
});

test("the busiest hour is told in words", () => {
  expect([busiest(at()), busiest(at(24 + 9))]).toEqual([undefined, undefined]);
  expect(busiest(at(24 + 9).map((count) => 2 * count))).toBe("most on Tuesdays from 09:00");
  expect(byWeekday(at(24 + 9))[1]?.[9]).toBe(1);
});
