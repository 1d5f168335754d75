// Sending a webhook with the official libraries of Svix, pointed at this server.

import type { SnippetTab } from "../../components/ui/snippet";

export const svix = (host: string): SnippetTab[] => [
  {
    name: "curl",
    code: `curl -X POST "${host}/api/v1/app?get_if_exists=true" \\
  -H "Authorization: Bearer $CAMPANILE_KEY" -H "Content-Type: application/json" \\
  -d '{"uid": "acme", "name": "Acme Inc."}'

curl -X POST ${host}/api/v1/app/acme/msg \\
  -H "Authorization: Bearer $CAMPANILE_KEY" -H "Content-Type: application/json" \\
  -d '{"eventType": "invoice.paid", "payload": {"id": "inv_1", "amount": 4200}}'`,
  },
  {
    name: "JavaScript",
    code: `// npm install svix
import { Svix } from "svix";

const svix = new Svix(process.env.CAMPANILE_KEY, { serverUrl: "${host}" });

await svix.application.getOrCreate({ uid: "acme", name: "Acme Inc." });
await svix.message.create("acme", {
  eventType: "invoice.paid",
  payload: { id: "inv_1", amount: 4200 },
});`,
  },
  {
    name: "Python",
    code: `# pip install svix
import os
from svix.api import ApplicationIn, MessageIn, Svix, SvixOptions

svix = Svix(os.environ["CAMPANILE_KEY"], SvixOptions(server_url="${host}"))

svix.application.get_or_create(ApplicationIn(uid="acme", name="Acme Inc."))
svix.message.create("acme", MessageIn(
    event_type="invoice.paid",
    payload={"id": "inv_1", "amount": 4200},
))`,
  },
  {
    name: "Go",
    code: `// go get github.com/svix/svix-webhooks
import (
	svix "github.com/svix/svix-webhooks/go"
	"github.com/svix/svix-webhooks/go/models"
)

server, _ := url.Parse("${host}")
client, err := svix.New(os.Getenv("CAMPANILE_KEY"), &svix.SvixOptions{ServerUrl: server})

uid := "acme"
client.Application.GetOrCreate(ctx, models.ApplicationIn{Uid: &uid, Name: "Acme Inc."}, nil)
client.Message.Create(ctx, "acme", models.MessageIn{
	EventType: "invoice.paid",
	Payload:   map[string]any{"id": "inv_1", "amount": 4200},
}, nil)`,
  },
  {
    name: "Rust",
    code: `// cargo add svix
use svix::api::{MessageIn, Svix, SvixOptions};

let svix = Svix::new(
    std::env::var("CAMPANILE_KEY")?,
    Some(SvixOptions { server_url: Some("${host}".into()), ..Default::default() }),
);
let payload = serde_json::json!({ "id": "inv_1", "amount": 4200 });
svix.message()
    .create("acme".into(), MessageIn::new("invoice.paid".into(), payload), None)
    .await?;`,
  },
  {
    name: "Ruby",
    code: `# gem install svix
require "svix"

svix = Svix::Client.new(ENV.fetch("CAMPANILE_KEY"), Svix::SvixOptions.new(false, "${host}"))

svix.application.get_or_create(Svix::ApplicationIn.new({ "uid" => "acme", "name" => "Acme Inc." }))
svix.message.create("acme", Svix::MessageIn.new({
  "event_type" => "invoice.paid",
  "payload" => { "id" => "inv_1", "amount" => 4200 },
}))`,
  },
  {
    name: "PHP",
    code: `// composer require svix/svix
use Svix\\Models\\MessageIn;
use Svix\\Svix;
use Svix\\SvixOptions;

$svix = new Svix(getenv("CAMPANILE_KEY"), new SvixOptions(serverUrl: "${host}"));

$svix->message->create("acme", MessageIn::create("invoice.paid", ["id" => "inv_1", "amount" => 4200]));`,
  },
  {
    name: "Java",
    code: `// com.svix:svix
SvixOptions options = new SvixOptions();
options.setServerUrl("${host}");
Svix svix = new Svix(System.getenv("CAMPANILE_KEY"), options);

svix.getMessage().create("acme", new MessageIn()
    .eventType("invoice.paid")
    .payload("{\\"id\\": \\"inv_1\\", \\"amount\\": 4200}"));`,
  },
  {
    name: "C#",
    code: `// dotnet add package Svix
using Svix;
using Svix.Models;

var svix = new SvixClient(
    Environment.GetEnvironmentVariable("CAMPANILE_KEY"), new SvixOptions("${host}"));

await svix.Message.CreateAsync("acme", new MessageIn {
    EventType = "invoice.paid",
    Payload = new { id = "inv_1", amount = 4200 },
});`,
  },
];
