//! Workflows: fan-out, delays, batches, throttles, branches, preferences.

use std::time::Duration;

use campanile_testkit::mailbox::Mailbox;
use campanile_testkit::receiver::Receiver;
use campanile_testkit::server::Server;
use serde_json::{Value, json};

use super::{Knock, feed_step, rendered};
use crate::on_each_server;

#[tokio::test(flavor = "multi_thread")]
async fn a_trigger_reaches_who_is_named_and_who_subscribes_but_not_who_did_it() {
    on_each_server(&[], async |server| {
        let knock = Knock::of(&server);
        knock.workflow("comment", json!([feed_step("**{{ actor.name }}** to {{ recipient.name }}: {{ text }}")])).await;
        knock
            .post("/objects/teams/t1/subscriptions", json!({ "recipients": [{ "id": "deep", "name": "Deep" }, "ada"] }))
            .await;
        let team = json!({ "id": "t1", "collection": "teams" });
        knock
            .post(
                "/objects/projects/p1/subscriptions",
                json!({ "recipients": [{ "id": "jane", "name": "Jane" }, "ada", team] }),
            )
            .await;
        let run = knock
            .trigger(
                "comment",
                json!({
                    "recipients": [{ "id": "p1", "collection": "projects" }, "jane", { "id": "john", "name": "John" }],
                    "actor": { "id": "ada", "name": "Ada" }, "data": { "text": "<i>hello</i>" },
                }),
            )
            .await;
        let feed = knock.until_fed("jane", 1).await;
        assert_eq!(rendered(&feed["entries"][0]), "<p><strong>Ada</strong> to Jane: <i>hello</i></p>");
        assert_eq!(feed["entries"][0]["actors"][0]["name"], "Ada");
        knock.until_fed("john", 1).await;
        knock.until_fed("deep", 1).await;
        assert_eq!(knock.feed("ada", "").await["entries"], json!([]), "who did it subscribes, and is not told");
        let runs = knock.get("/workflow_recipient_runs?workflow=comment").await;
        // Jane is a recipient in two ways and has one run. The project and the team have runs of
        // their own.
        assert_eq!(runs["items"].as_array().unwrap().len(), 5, "{runs:#}");
        assert!(runs["items"].as_array().unwrap().iter().all(|item| item["workflow_run_id"] == run.as_str()));
        let message = &knock.get(&format!("/messages?workflow_run_id={run}")).await["items"][0];
        assert_eq!((&message["status"], &message["source"]["key"]), (&json!("delivered"), &json!("comment")));
        let detail = knock
            .get(&format!(
                "/workflow_recipient_runs/{}",
                message["source"]["workflow_recipient_run_id"].as_str().unwrap()
            ))
            .await;
        assert_eq!(
            (&detail["status"], &detail["events"][0]["event"]),
            (&json!("completed"), &json!("message_enqueued"))
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_triggers_say_what_is_wrong() {
    on_each_server(&[], async |server| {
        let knock = Knock::of(&server);
        let trigger = async |key: &str, body: Value, status: u16| {
            knock.ask("POST", &format!("/workflows/{}/trigger", key), body, status).await["code"].clone()
        };
        assert_eq!(trigger("nothing", json!({ "recipients": ["a"] }), 404).await, "workflow_missing");
        let schema = json!({ "type": "object", "required": ["n"], "properties": { "n": { "type": "number" } } });
        let document =
            json!({ "workflow": { "name": "w", "trigger_data_json_schema": schema, "steps": [feed_step("x")] } });
        knock.put("/workflows/w?commit=true", document).await;
        assert_eq!(trigger("w", json!({ "recipients": ["a"], "data": { "n": "five" } }), 422).await, "invalid_params");
        assert_eq!(trigger("w", json!({ "recipients": [], "data": { "n": 5 } }), 422).await, "invalid_params");
        assert_eq!(
            trigger("w", json!({ "recipients": ["a"], "actor": "nobody", "data": { "n": 5 } }), 422).await,
            "actor_missing"
        );
        knock.put("/workflows/w/activate", json!({ "status": false })).await;
        assert_eq!(trigger("w", json!({ "recipients": ["a"], "data": { "n": 5 } }), 422).await, "workflow_inactive");
        let broken = json!({ "workflow": { "steps": [feed_step("{% if %}")] } });
        let refused = knock.ask("PUT", "/workflows/b", broken, 422).await;
        assert!(refused["errors"][0]["field"].as_str().unwrap().contains("markdown_body"), "{refused}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_trigger_is_answered_like_the_first() {
    on_each_server(&[], async |server| {
        let knock = Knock::of(&server);
        knock.workflow("w", json!([feed_step("x")])).await;
        let key = [("idempotency-key", "k-1")];
        let body = json!({ "recipients": ["jane"] });
        let first = knock.call("POST", "/workflows/w/trigger", &body, &key).await;
        let again = knock.call("POST", "/workflows/w/trigger", &body, &key).await;
        assert_eq!((first.status, &first.json), (200, &again.json));
        let header =
            |name: &str| again.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        assert_eq!(header("idempotent-replayed"), Some("true"));
        assert!(header("original-x-request-id").is_some_and(|id| !id.is_empty()));
        // A refused request does not use up its key.
        let later = [("idempotency-key", "k-2")];
        let refused = knock.call("POST", "/workflows/later/trigger", &json!({ "recipients": ["later"] }), &later).await;
        assert_eq!(refused.status, 404, "{}", refused.json);
        knock.workflow("later", json!([feed_step("x")])).await;
        let accepted =
            knock.call("POST", "/workflows/later/trigger", &json!({ "recipients": ["later"] }), &later).await;
        assert!(accepted.status == 200 && !accepted.headers.iter().any(|(name, _)| name == "idempotent-replayed"));
        knock.until_fed("later", 1).await;
        let other = knock.call("POST", "/workflows/w/trigger", &json!({ "recipients": ["john"] }), &key).await;
        assert_eq!(other.status, 422, "{}", other.json);
        knock.until_fed("jane", 1).await;
        assert_eq!(knock.get("/users/jane/messages").await["items"].as_array().unwrap().len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_gathers_what_comes_and_says_how_much() {
    on_each_server(&[], async |server| {
        let knock = Knock::of(&server);
        let batch = json!({ "ref": "gather", "type": "batch",
            "settings": { "batch_window": { "unit": "seconds", "value": 2 }, "batch_key": "page" } });
        let text = "{{ total_activities }} by {{ total_actors }}: {% for a in activities %}{{ a.n }}{{ a.actor.name }} {% endfor %}";
        knock.workflow("digest", json!([batch, feed_step(text)])).await;
        for (number, actor, page) in [(1, "Ada", "p"), (2, "Bob", "p"), (3, "Ada", "p"), (4, "Ada", "q")] {
            let actor = json!({ "id": actor, "name": actor });
            knock.trigger("digest", json!({ "recipients": ["jane"], "actor": actor, "data": { "n": number, "page": page } })).await;
        }
        let feed = knock.until_fed("jane", 2).await;
        let mut texts: Vec<&str> = feed["entries"].as_array().unwrap().iter().map(rendered).collect();
        texts.sort_unstable();
        assert_eq!(texts, ["<p>1 by 1: 4Ada</p>", "<p>3 by 2: 1Ada 2Bob 3Ada</p>"]);
        let gathered = feed["entries"].as_array().unwrap().iter().find(|entry| entry["total_activities"] == 3).unwrap();
        assert_eq!((gathered["activities"].as_array().unwrap().len(), &gathered["total_actors"]), (3, &json!(2)));
        assert_eq!(gathered["activities"][0]["actor"]["name"], "Ada");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_batch_ends_at_once_and_a_leading_item_goes_ahead() {
    on_each_server(&[], async |server| {
        let knock = Knock::of(&server);
        let batch = |more: Value| {
            let mut settings = json!({ "batch_window": { "unit": "hours", "value": 1 } });
            settings.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            json!({ "ref": "gather", "type": "batch", "settings": settings })
        };
        let text = feed_step("{{ total_activities }}");
        knock.workflow("full", json!([batch(json!({ "batch_items_max_limit": 3 })), text])).await;
        for _ in 0..3 {
            knock.trigger("full", json!({ "recipients": ["jane"] })).await;
        }
        assert_eq!(rendered(&knock.until_fed("jane", 1).await["entries"][0]), "<p>3</p>");
        let leading = batch(
            json!({ "batch_execution_mode": "flush_leading", "batch_window": { "unit": "seconds", "value": 2 } }),
        );
        knock.workflow("leading", json!([leading, feed_step("{{ total_activities }}")])).await;
        for _ in 0..3 {
            knock.trigger("leading", json!({ "recipients": ["john"] })).await;
        }
        knock.until_fed("john", 1).await;
        let feed = knock.until_fed("john", 2).await;
        assert_eq!((rendered(&feed["entries"][1]), rendered(&feed["entries"][0])), ("<p>1</p>", "<p>2</p>"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_can_be_called_off() {
    on_each_server(&[], async |server| {
        let knock = Knock::of(&server);
        let delay =
            json!({ "ref": "wait", "type": "delay", "settings": { "delay_for": { "unit": "seconds", "value": 3 } } });
        knock.workflow("later", json!([delay, feed_step("{{ n }}")])).await;
        for (user, key) in [("jane", "a"), ("john", "b")] {
            knock
                .trigger("later", json!({ "recipients": [user], "cancellation_key": key, "data": { "n": key } }))
                .await;
        }
        // Cancelled at once, perhaps before the trigger was fanned out.
        knock.ask("POST", "/workflows/later/cancel", json!({ "cancellation_key": "a" }), 204).await;
        knock.until_fed("john", 1).await;
        let run = &knock
            .until("/workflow_recipient_runs?status=cancelled", |runs| runs["items"].as_array().unwrap().len() == 1)
            .await["items"][0];
        assert_eq!(run["recipient"], "jane");
        assert_eq!(knock.feed("jane", "").await["entries"], json!([]));
        let skipped = json!({ "recipients": ["jane"], "settings": { "skip_delay": true }, "data": { "n": "now" } });
        knock.trigger("later", skipped).await;
        knock.until_fed("jane", 1).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_goes_on_when_its_first_trigger_is_called_off() {
    on_each_server(&[], async |server| {
        let knock = Knock::of(&server);
        let batch = json!({ "ref": "gather", "type": "batch", "settings": { "batch_window": { "unit": "seconds", "value": 2 } } });
        knock.workflow("digest", json!([batch, feed_step("{{ total_activities }}")])).await;
        knock.trigger("digest", json!({ "recipients": ["jane"], "cancellation_key": "first" })).await;
        // This may come before the run has reached the batch, or after.
        knock.ask("POST", "/workflows/digest/cancel", json!({ "cancellation_key": "first" }), 204).await;
        for _ in 0..2 {
            knock.trigger("digest", json!({ "recipients": ["jane"] })).await;
        }
        let feed = knock.until_fed("jane", 1).await;
        assert_eq!(rendered(&feed["entries"][0]), "<p>2</p>");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn branches_throttles_and_conditions_decide() {
    on_each_server(&[], async |server| {
        let knock = Knock::of(&server);
        let when =
            |value: &str| json!({ "all": [{ "variable": "data.kind", "operator": "equal_to", "argument": value }] });
        let step = |name: &str, text: &str| {
            let mut step = feed_step(text);
            step["ref"] = name.into();
            step
        };
        let branch = json!({ "ref": "ways", "type": "branch", "branches": [
            { "name": "loud", "conditions": when("loud"), "terminates": true, "steps": [step("loud", "LOUD")] },
            { "name": "quiet", "conditions": when("quiet"), "steps": [] },
            { "name": "else", "terminates": false, "steps": [step("else", "else")] },
        ] });
        knock.workflow("ways", json!([branch, step("last", "last")])).await;
        for (user, kind) in [("a", "loud"), ("b", "quiet"), ("c", "other")] {
            knock.trigger("ways", json!({ "recipients": [user], "data": { "kind": kind } })).await;
        }
        let texts = async |user: &str, items: usize| -> Vec<String> {
            let feed = knock.until_fed(user, items).await;
            let mut texts: Vec<String> =
                feed["entries"].as_array().unwrap().iter().map(|entry| rendered(entry).to_owned()).collect();
            texts.sort_unstable();
            texts
        };
        assert_eq!(texts("a", 1).await, ["<p>LOUD</p>"]);
        assert_eq!(texts("b", 1).await, ["<p>last</p>"]);
        assert_eq!(texts("c", 2).await, ["<p>else</p>", "<p>last</p>"]);

        let throttle = json!({ "ref": "calm", "type": "throttle",
            "settings": { "throttle_limit": 2, "throttle_window": { "unit": "hours", "value": 1 } } });
        knock.workflow("calm", json!([throttle, feed_step("x")])).await;
        for _ in 0..4 {
            knock.trigger("calm", json!({ "recipients": ["d"] })).await;
        }
        knock
            .until("/workflow_recipient_runs?workflow=calm&status=completed", |runs| {
                runs["items"].as_array().unwrap().len() == 4
            })
            .await;
        assert_eq!(knock.feed("d", "").await["entries"].as_array().unwrap().len(), 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn preferences_stop_a_message_and_the_run_says_why() {
    on_each_server(&[], async |server| {
        let knock = Knock::of(&server);
        knock.workflow("news", json!([feed_step("x")])).await;
        knock
            .put(
                "/users/jane/preferences/default",
                json!({ "workflows": { "news": { "channel_types": { "in_app_feed": false } } } }),
            )
            .await;
        let run = knock.trigger("news", json!({ "recipients": ["jane", "john"] })).await;
        knock.until_fed("john", 1).await;
        let runs = knock
            .until("/workflow_recipient_runs?workflow=news&status=completed", |runs| {
                runs["items"].as_array().unwrap().len() == 2
            })
            .await;
        let jane = runs["items"].as_array().unwrap().iter().find(|one| one["recipient"] == "jane").unwrap();
        let detail = knock.get(&format!("/workflow_recipient_runs/{}", jane["id"].as_str().unwrap())).await;
        assert_eq!(
            detail["events"][0]["data"]["decision"]["by"], "workflows.news.channel_types.in_app_feed",
            "{detail:#}"
        );
        assert_eq!(knock.get(&format!("/messages?workflow_run_id={run}")).await["items"].as_array().unwrap().len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mails_and_webhooks_are_carried_and_say_how_it_went() {
    for database in campanile_db::testing::TestDatabase::each().await {
        let mut mailbox = Mailbox::start().await;
        let mut receiver = Receiver::start().await;
        let server = Server::start(crate::BINARY, database, &[("CAMPANILE_SMTP_URL", &mailbox.url())]).await;
        let knock = Knock::of(&server);
        knock.put("/channels/hook", json!({ "type": "http", "provider": "http_knock_webhook", "provider_settings": { "signing_key": "k" } })).await;
        let mail = json!({ "ref": "mail", "type": "channel", "channel_key": "email", "channel_type": "email",
            "template": { "subject": "Hi {{ recipient.name }}", "html_body": "<p>{{ text }} &amp; more</p>" },
            "channel_overrides": { "from_address": "bell@example.com", "from_name": "Bell" } });
        let hook = json!({ "ref": "hook", "type": "channel", "channel_key": "hook", "channel_type": "http",
            "template": { "method": "post", "url": receiver.url(), "body": "{\"text\": {{ text | json }}}",
                "query_params": [{ "key": "to", "value": "{{ recipient.id }}" }] } });
        knock.workflow("out", json!([mail, hook])).await;
        knock.trigger("out", json!({ "recipients": [{ "id": "jane", "name": "Jane", "email": "jane@example.com" }, "nobody"], "data": { "text": "a \"b\"" } })).await;
        let got = tokio::time::timeout(Duration::from_secs(20), mailbox.mails.recv()).await.unwrap().unwrap();
        assert_eq!(
            (got.recipients.as_slice(), got.subject()),
            (&["jane@example.com".to_owned()][..], "Hi Jane".to_owned())
        );
        assert!(got.content.contains("Bell <bell@example.com>"), "{}", got.content);
        for _ in 0..2 {
            let request =
                tokio::time::timeout(Duration::from_secs(20), receiver.requests.recv()).await.unwrap().unwrap();
            assert_eq!(request.body, br#"{"text": "a \"b\""}"#);
            assert!(request.header("x-webhook-signature").starts_with("t="));
        }
        let done = |items: &Value| items["items"].as_array().unwrap().iter().all(|item| item["status"] != "queued");
        let messages =
            knock.until("/messages", |items| items["items"].as_array().unwrap().len() == 3 && done(items)).await;
        let of =
            |status: &str| messages["items"].as_array().unwrap().iter().filter(|item| item["status"] == status).count();
        assert_eq!((of("sent"), of("delivered")), (1, 2), "{messages:#}");
        let hook = messages["items"].as_array().unwrap().iter().find(|item| item["channel"]["key"] == "hook").unwrap();
        let logs = knock.get(&format!("/messages/{}/delivery_logs", hook["id"].as_str().unwrap())).await;
        let went = &logs["items"][0];
        assert_eq!((&went["response"]["status"], &went["request"]["path"]), (&json!(204), &json!("/hook")), "{logs:#}");
        let mail = messages["items"].as_array().unwrap().iter().find(|item| item["status"] == "sent").unwrap();
        let content = knock.get(&format!("/messages/{}/content", mail["id"].as_str().unwrap())).await;
        assert_eq!(
            (&content["data"]["text_body"], &content["data"]["to"]),
            (&json!("a \"b\" & more"), &json!("jane@example.com"))
        );
        let events = knock.get(&format!("/messages/{}/events", mail["id"].as_str().unwrap())).await;
        let kinds: Vec<&str> =
            events["items"].as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["message.sent", "message.queued", "message.created"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_asks_a_system_of_others_and_goes_on_with_its_answer() {
    on_each_server(&[], async |server| {
        let mut asked = Receiver::replying(std::sync::Arc::new(|request| match request.target.as_str() {
            "POST /prices/7?currency=eur" => (200, r#"{"price": 12, "name": "tea"}"#.to_owned()),
            "GET /busy" => (503, String::new()),
            _ => (404, String::new()),
        }))
        .await;
        let base = format!("http://{}", asked.address);
        let knock = Knock::of(&server);
        let step = |settings: Value| json!({ "ref": "ask", "type": "http_fetch", "settings": settings });
        let price = step(json!({
            "method": "post", "url": format!("{base}/prices/{{{{ id }}}}"), "query_params": [{ "key": "currency", "value": "eur" }],
            "headers": [{ "key": "x-for", "value": "{{ recipient.id }}" }], "body": "{\"id\": {{ id }}}",
            "response_path": "found.here", "signing_key": "k",
        }));
        knock.workflow("price", json!([price, feed_step("{{ data.found.here.name }} for {{ found.here.price }}")])).await;
        knock.trigger("price", json!({ "recipients": ["jane"], "data": { "id": 7 } })).await;
        assert_eq!(rendered(&knock.until_fed("jane", 1).await["entries"][0]), "<p>tea for 12</p>");
        let request = asked.requests.recv().await.unwrap();
        assert_eq!((request.body.as_slice(), request.header("x-for")), (&br#"{"id": 7}"#[..], "jane"));
        assert!(request.header("x-knock-signature").starts_with("t="), "{request:?}");

        // A permanent error halts the run. A temporary one is tried again later, and the run can be
        // cancelled meanwhile.
        knock.workflow("gone", json!([step(json!({ "url": format!("{base}/gone") })), feed_step("never")])).await;
        knock.trigger("gone", json!({ "recipients": ["john"] })).await;
        let runs = "/workflow_recipient_runs?workflow=gone";
        let halted = knock.until(runs, |runs| runs["items"][0]["status"] == "completed").await["items"][0].clone();
        let detail = knock.get(&format!("/workflow_recipient_runs/{}", halted["id"].as_str().unwrap())).await;
        assert!(detail.to_string().contains("the answer was 404"), "{detail:#}");
        knock.workflow("busy", json!([step(json!({ "url": format!("{base}/busy") })), feed_step("never")])).await;
        knock.trigger("busy", json!({ "recipients": ["john"], "cancellation_key": "c" })).await;
        let runs = "/workflow_recipient_runs?workflow=busy";
        let paused = |runs: &Value| {
            runs["items"][0]["status"] == "paused" && runs["items"][0].to_string().contains("paused")
        };
        knock.until(runs, paused).await;
        knock.ask("POST", "/workflows/busy/cancel", json!({ "cancellation_key": "c" }), 204).await;
        knock.until(runs, |runs| runs["items"][0]["status"] == "cancelled").await;
        assert_eq!(knock.feed("john", "").await["entries"], json!([]));
        let inner = step(json!({ "url": "http://169.254.169.254/latest/meta-data" }));
        knock.workflow("inner", json!([inner, feed_step("never")])).await;
        knock.trigger("inner", json!({ "recipients": ["john"] })).await;
        let runs = "/workflow_recipient_runs?workflow=inner";
        knock.until(runs, |runs| runs["items"][0]["status"] == "completed").await;
        assert_eq!(knock.feed("john", "").await["entries"], json!([]));
    })
    .await;
}
