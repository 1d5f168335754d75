// The account: the address of a server, and a secret key of an organisation on it.

import { addressOf, call, strange } from "./server.js";

/** Proves the address and the key, and names the account: the server, and the workspace or the number of them. */
async function test(z, bundle) {
  const { data } = await call(z, bundle, "/api/workspaces");
  const server = addressOf(z, bundle);
  if (!Array.isArray(data)) throw strange(z, server, 200);
  const { host } = new URL(server);
  const names = data.map(({ name }) => name);
  return { host, workspaces: names.length === 1 ? names[0] : `${names.length} workspaces` };
}

export default {
  type: "custom",
  fields: [
    {
      key: "server_url",
      label: "Server Address",
      type: "string",
      required: true,
      placeholder: "https://campanile.example.com",
      helpText: "The address at which you open the console. Zapier has to reach it from the Internet.",
    },
    {
      key: "api_key",
      label: "API Key",
      type: "password",
      required: true,
      helpText: "A secret key (`sk_…`). Owners make one in the console under Settings, Keys.",
    },
  ],
  test,
  connectionLabel: "{{host}} ({{workspaces}})",
};
