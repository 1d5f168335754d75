// Triggering a workflow with the official libraries of Knock, pointed at this server.

import type { SnippetTab } from "../../components/ui/snippet";

export const knock = (host: string): SnippetTab[] => [
  {
    name: "curl",
    code: `curl -X POST ${host}/v1/workflows/comment-created/trigger \\
  -H "Authorization: Bearer $CAMPANILE_KEY" -H "Content-Type: application/json" \\
  -d '{"recipients": [{"id": "jane", "email": "jane@example.com"}], "data": {"text": "Hello"}}'`,
  },
  {
    name: "JavaScript",
    code: `// npm install @knocklabs/node
import Knock from "@knocklabs/node";

const knock = new Knock({ apiKey: process.env.CAMPANILE_KEY, baseURL: "${host}" });

await knock.workflows.trigger("comment-created", {
  recipients: [{ id: "jane", email: "jane@example.com" }],
  data: { text: "Hello" },
});`,
  },
  {
    name: "Python",
    code: `# pip install knockapi
import os
from knockapi import Knock

knock = Knock(api_key=os.environ["CAMPANILE_KEY"], base_url="${host}")

knock.workflows.trigger(
    key="comment-created",
    recipients=[{"id": "jane", "email": "jane@example.com"}],
    data={"text": "Hello"},
)`,
  },
  {
    name: "Go",
    code: `// go get github.com/knocklabs/knock-go
import (
	"github.com/knocklabs/knock-go"
	"github.com/knocklabs/knock-go/option"
	"github.com/knocklabs/knock-go/shared"
)

client := knock.NewClient(
	option.WithBaseURL("${host}"),
	option.WithAPIKey(os.Getenv("CAMPANILE_KEY")),
)
client.Workflows.Trigger(ctx, "comment-created", knock.WorkflowTriggerParams{
	Recipients: knock.F([]knock.RecipientRequestUnionParam{shared.UnionString("jane")}),
	Data:       knock.F(map[string]any{"text": "Hello"}),
})`,
  },
  {
    name: "Rust",
    code: `// There is no official library: it is one request.
reqwest::Client::new()
    .post("${host}/v1/workflows/comment-created/trigger")
    .bearer_auth(std::env::var("CAMPANILE_KEY")?)
    .json(&serde_json::json!({ "recipients": ["jane"], "data": { "text": "Hello" } }))
    .send()
    .await?
    .error_for_status()?;`,
  },
  {
    name: "Ruby",
    code: `# gem install knockapi
require "knockapi"

knock = Knockapi::Client.new(api_key: ENV.fetch("CAMPANILE_KEY"), base_url: "${host}")

knock.workflows.trigger("comment-created", recipients: ["jane"], data: { text: "Hello" })`,
  },
  {
    name: "PHP",
    code: `// composer require knocklabs/knock-php php-http/guzzle7-adapter
use Knock\\KnockSdk\\Client;

$knock = new Client(getenv("CAMPANILE_KEY"));
$knock->setHost("${host}");

$knock->workflows()->trigger("comment-created", [
    "recipients" => ["jane"],
    "data" => ["text" => "Hello"],
]);`,
  },
  {
    name: "Java",
    code: `// app.knock.api:knock-java
KnockClient knock = KnockOkHttpClient.builder()
    .apiKey(System.getenv("CAMPANILE_KEY"))
    .baseUrl("${host}")
    .build();

knock.workflows().trigger(WorkflowTriggerParams.builder()
    .key("comment-created")
    .addRecipient("jane")
    .data(WorkflowTriggerParams.Data.builder()
        .putAdditionalProperty("text", JsonValue.from("Hello"))
        .build())
    .build());`,
  },
  {
    name: "C#",
    code: `// dotnet add package Knock.net
using Knock;

var knock = new KnockClient(new KnockOptions {
    ApiKey = Environment.GetEnvironmentVariable("CAMPANILE_KEY"),
    ApiBaseURL = "${host}",
});

await knock.Workflows.Trigger("comment-created", new TriggerWorkflow {
    Recipients = new List<object> { "jane" },
    Data = new Dictionary<string, object> { { "text", "Hello" } },
});`,
  },
];
