// The answer to a question as it comes: server-sent events in the body of a POST, which EventSource cannot make.

import { ApiError, type Schemas } from "../../lib/api";
import { asObject, asText } from "../../lib/json";

export type Answer = Schemas["Answer"];
export type Passage = Schemas["AnswerPassage"];

export type AnswerEvent = { name: string; data: unknown };

/** The events of a text that has come so far, and the rest that is not whole yet. */
export function takeEvents(text: string): { events: AnswerEvent[]; rest: string } {
  const blocks = text.split("\n\n");
  const rest = blocks.pop() ?? "";
  const events = blocks.flatMap((block) => {
    const field = (name: string) =>
      block
        .split("\n")
        .find((line) => line.startsWith(`${name}:`))
        ?.slice(name.length + 1)
        .trim();
    const [name, data] = [field("event"), field("data")];
    return name && data ? [{ name, data: JSON.parse(data) as unknown }] : [];
  });
  return { events, rest };
}

/** Asks, and tells each event. The answer goes on without its asker, so leaving loses nothing. */
export async function ask(
  workspace: string,
  body: { question: string; session?: string },
  tell: (event: AnswerEvent) => void,
  signal: AbortSignal,
): Promise<void> {
  const response = await fetch(`/api/answer?workspace=${encodeURIComponent(workspace)}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    signal,
  });
  if (!response.ok || !response.body) {
    const refusal = asObject(await response.json().catch(() => undefined));
    throw new ApiError(
      response.status,
      asText(refusal.message) ?? `The server answered ${response.status}.`,
      asText(refusal.request_id),
    );
  }
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const { events, rest } = takeEvents(text + value);
    text = rest;
    for (const event of events) tell(event);
  }
}
