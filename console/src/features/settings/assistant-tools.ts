// The tools for assistants, asked for as an assistant does it: a message of the Model Context Protocol.

import { ApiError } from "../../lib/api";
import { asObject, asText } from "../../lib/json";

export type AssistantTool = { name: string; title: string; description: string };

/** The public address of the tools, as the server names it to assistants. */
export async function toolsAddress(): Promise<string> {
  const response = await fetch("/.well-known/oauth-protected-resource");
  const address = asText(asObject(await response.json().catch(() => null)).resource);
  if (!response.ok || !address) throw new ApiError(response.status, `The server answered ${response.status}.`);
  return address;
}

export async function listTools(workspace: string): Promise<AssistantTool[]> {
  const response = await fetch(`/mcp?workspace=${encodeURIComponent(workspace)}`, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json, text/event-stream" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" }),
  });
  const answer = asObject(await response.json().catch(() => null));
  const { tools } = asObject(answer.result);
  if (!response.ok || !Array.isArray(tools)) {
    const sentence = asText(answer.message) ?? asText(asObject(answer.error).message);
    throw new ApiError(response.status, sentence ?? `The server answered ${response.status}.`);
  }
  return tools.map((tool) => {
    const { name, title, description } = asObject(tool);
    return { name: asText(name) ?? "", title: asText(title) ?? "", description: asText(description) ?? "" };
  });
}
