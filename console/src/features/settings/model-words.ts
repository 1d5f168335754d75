// Numbers of the models' page in words.

/** A share as a whole number of percent; never 100 before all is there. */
export function percent(share: number): string {
  const whole = Math.round(100 * share);
  return `${share < 1 ? Math.min(99, whole) : 100} %`;
}

/** `1,234`, `12.3 k`, `4.5 M`. */
export function count(number: number): string {
  if (number < 10_000) return number.toLocaleString("en");
  const [size, unit] = number < 1_000_000 ? [1000, "k"] : [1_000_000, "M"];
  return `${(number / size).toFixed(1).replace(/\.0$/, "")} ${unit}`;
}
