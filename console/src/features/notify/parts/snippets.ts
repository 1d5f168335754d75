// How a workflow is triggered from a program, with this server's address.

import type { SnippetTab } from "../../../components/ui/snippet";

export function triggerSnippets(
  workflow = "comment-created",
  recipient = "jane",
  data: unknown = { text: "Hello" },
): SnippetTab[] {
  const { origin } = location;
  const json = JSON.stringify(data);
  return [
    {
      name: "curl",
      code: `curl ${origin}/v1/workflows/${workflow}/trigger \\\n  -H "authorization: Bearer $CAMPANILE_KEY" -H "content-type: application/json" \\\n  -d '${JSON.stringify({ recipients: [recipient], data }).replaceAll("'", "'\\''")}'`,
    },
    {
      name: "JavaScript",
      code: `import Knock from "@knocklabs/node";\n\nconst knock = new Knock({ apiKey: process.env.CAMPANILE_KEY, baseURL: "${origin}" });\nawait knock.workflows.trigger("${workflow}", { recipients: ["${recipient}"], data: ${json} });`,
    },
    {
      name: "Python",
      code: `import os\nfrom knockapi import Knock\n\nknock = Knock(api_key=os.environ["CAMPANILE_KEY"], base_url="${origin}")\nknock.workflows.trigger(key="${workflow}", recipients=["${recipient}"], data=${json.replaceAll("true", "True").replaceAll("false", "False").replaceAll("null", "None")})`,
    },
  ];
}
