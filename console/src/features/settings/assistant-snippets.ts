// Commands and files that connect an assistant.

import type { SnippetTab } from "../../components/ui/snippet";

const json = (value: unknown) => JSON.stringify(value, null, 2);

/** The ways to connect: without a key the assistant asks its user to sign in. */
export function waysToConnect(address: string, key?: string): SnippetTab[] {
  const headers = key ? { headers: { Authorization: `Bearer ${key}` } } : {};
  const header = key ? ` \\\n  --header "Authorization: Bearer ${key}"` : "";
  const tabs = [
    { name: "Claude Code", code: `claude mcp add --transport http campanile ${address}${header}` },
    {
      name: "Claude, ChatGPT",
      code: [
        "Claude:   Settings, Connectors, Add custom connector",
        "ChatGPT:  Settings, Connectors, Create",
        "",
        "Name      Campanile",
        `Address   ${address}`,
        "Sign in   OAuth; leave the client's id and secret empty",
      ].join("\n"),
    },
    {
      name: "Cursor",
      code: `// ~/.cursor/mcp.json\n${json({ mcpServers: { campanile: { url: address, ...headers } } })}`,
    },
    {
      name: "VS Code",
      code: `// .vscode/mcp.json\n${json({ servers: { campanile: { type: "http", url: address, ...headers } } })}`,
    },
    {
      name: "Inspector",
      code: key
        ? `npx @modelcontextprotocol/inspector --cli ${address} --transport http \\\n  --method tools/list${header}`
        : "npx @modelcontextprotocol/inspector",
    },
  ];
  // Claude and ChatGPT connect from their own servers by signing in; they take no key.
  return key ? tabs.filter(({ name }) => name !== "Claude, ChatGPT") : tabs;
}
