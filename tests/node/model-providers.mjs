// Models over HTTP that answer at once, late, or not at all: vectors (`/embeddings`), orders (`/rerank`) and texts (`/v1/messages`).

import { createServer } from "node:http";

const NUMBERS = 64;

function vector(text) {
  const numbers = Array.from({ length: NUMBERS }, () => 0.001);
  for (const word of text.toLowerCase().split(/\W+/)) {
    for (let at = 0; at + 3 <= word.length; at++) {
      const place = [...word.slice(at, at + 3)].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 7) % NUMBERS;
      numbers[place] += 1;
    }
  }
  return numbers;
}

function events(text) {
  const list = [
    { type: "message_start", message: { usage: { input_tokens: 12, output_tokens: 1 } } },
    { type: "content_block_delta", index: 0, delta: { type: "text_delta", text } },
    { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 3 } },
    { type: "message_stop" },
  ];
  return list.map((event) => `data: ${JSON.stringify(event)}\n\n`).join("");
}

/** Starts the providers. `wait` delays each reply, and `status` replaces it. */
export async function startModels() {
  const models = { wait: 0, status: 200, writes: "ready" };
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const piece of request) body += piece;
    await new Promise((resolve) => setTimeout(resolve, models.wait));
    if (models.status !== 200) return response.writeHead(models.status).end("{}");
    const asked = JSON.parse(body);
    if (request.url === "/embeddings") {
      const data = asked.input.map((text, index) => ({ index, embedding: vector(text) }));
      response.setHeader("content-type", "application/json");
      return response.end(JSON.stringify({ data, usage: { total_tokens: 9 * data.length } }));
    }
    if (request.url === "/rerank") {
      response.setHeader("content-type", "application/json");
      return response.end(JSON.stringify(asked.texts.map((_, index) => ({ index, score: 1 / (index + 2) }))));
    }
    response.setHeader("content-type", "text/event-stream");
    return response.end(events(models.writes));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  models.url = `http://127.0.0.1:${server.address().port}`;
  models.stop = () => {
    server.closeAllConnections();
    server.close();
  };
  return models;
}
