// Numbers of things in words.

/** `isMore` if there are more than were counted. */
export type Amount = { count: number; isMore?: boolean };

/** "no endpoints", "1 endpoint", "more than 250 endpoints". */
export function amountInWords({ count, isMore }: Amount, thing: string): string {
  const number = count === 0 ? "no" : count.toLocaleString("en");
  return `${isMore ? "more than " : ""}${number} ${thing}${count === 1 && !isMore ? "" : "s"}`;
}
