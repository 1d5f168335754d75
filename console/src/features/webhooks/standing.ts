// How a message stands at all of its endpoints, in a word.

export function standing(words: string[]): { word: string; note?: string } {
  const count = (word: string) => words.filter((one) => one === word).length;
  const of = (part: number) => (words.length > 1 ? `${part} of ${words.length}` : undefined);
  if (words.length === 0) return { word: "no endpoint" };
  const fail = count("fail");
  if (fail > 0) return { word: "failed", note: of(fail) };
  const open = count("pending") + count("sending");
  if (open > 0) return { word: "pending", note: of(open) };
  const success = count("success");
  if (success > 0) return { word: "delivered", note: success < words.length ? of(success) : undefined };
  return { word: "cancelled" };
}
