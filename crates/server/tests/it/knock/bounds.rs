//! Limits of customers' input: endless templates, partials, names, rules and workflows harm only
//! their own run.

use std::time::{Duration, Instant};

use campanile_db::testing::TestDatabase;
use campanile_testkit::server::Server;
use serde_json::{Value, json};

use super::{Knock, feed_step, rendered};
use crate::on_each_server;

/// About a hundred bytes that would take years to render.
const ENDLESS: &str =
    "{% for i in (1..3000) %}{% for j in (1..3000) %}{% for k in (1..3000) %}{% endfor %}{% endfor %}{% endfor %}";

/// The longest health check, on a machine that also compiles. Without limits, these cases took
/// minutes or never ended.
const HEALTH: Duration = Duration::from_secs(15);

/// Calls the health check during some work. Returns the longest time of a call.
async fn health_during<T>(server: &Server, work: impl Future<Output = T>) -> (T, Duration) {
    let mut longest = Duration::ZERO;
    let asking = async {
        loop {
            let began = Instant::now();
            let answer = server.ask("GET", "/api/_health/live", &[], Vec::new()).await.unwrap();
            assert_eq!(answer.status, 200);
            longest = longest.max(began.elapsed());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let result = tokio::select! {
        result = work => result,
        () = asking => unreachable!("it asks for ever"),
    };
    (result, longest)
}

async fn runs_of(knock: &Knock<'_>, workflow: &str, recipient: &str) -> Value {
    let path = format!("/workflow_recipient_runs?workflow={workflow}&recipient={recipient}&status=completed");
    let runs = knock.until(&path, |runs| !runs["items"].as_array().unwrap().is_empty()).await;
    knock.get(&format!("/workflow_recipient_runs/{}", runs["items"][0]["id"].as_str().unwrap())).await
}

async fn failure_of(knock: &Knock<'_>, workflow: &str) -> String {
    let path = format!("/messages?source={workflow}");
    let found = knock.until(&path, |found| !found["items"].as_array().unwrap().is_empty()).await;
    assert_eq!(found["items"][0]["status"], "undelivered", "{found}");
    knock.get(&format!("/messages/{}/events", found["items"][0]["id"].as_str().unwrap())).await.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn previews_without_end_end_while_everybody_else_is_served() {
    on_each_server(&[], async |server| {
        let knock = Knock::of(&server);
        knock.workflow("w", json!([feed_step("x")])).await;
        let preview = |template: &str| {
            let body = json!({ "template": { "markdown_body": template } });
            knock.post("/workflows/w/steps/feed/preview_template", body)
        };
        let doubled = format!("{{% assign a = 'xxxxxxxx' %}}{}", "{% assign a = a | append: a %}".repeat(28));
        let all = async {
            tokio::join!(
                preview(ENDLESS),
                preview(ENDLESS),
                preview(&doubled),
                preview("{{ -9223372036854775808 | divided_by: -1 }}")
            )
        };
        let ((one, two, large, number), longest) = health_during(&server, all).await;
        for (answer, why) in
            [(&one, "the template takes"), (&two, "the template takes"), (&large, "larger"), (&number, "too large")]
        {
            assert_eq!(answer["result"], "error");
            assert!(answer["errors"][0]["message"].as_str().unwrap().contains(why), "{answer}");
        }
        assert!(longest < HEALTH, "{longest:?}");
        assert_eq!(preview("{{ recipient.name }}").await["template"]["blocks"][0]["rendered"], "<p>Somebody</p>");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poisoned_template_fails_its_message_and_no_start() {
    for database in TestDatabase::each().await {
        let mut server = Server::start(crate::BINARY, database, &[]).await;
        let knock = Knock::of(&server);
        let partial = json!({ "name": "p", "type": "text", "content": "{% render 'p' %}" });
        knock.put("/partials/p?commit=true", json!({ "partial": partial })).await;
        knock.workflow("itself", json!([feed_step("{% render 'p' %}")])).await;
        knock.workflow("endless", json!([feed_step(ENDLESS)])).await;
        knock.workflow("good", json!([feed_step("good")])).await;
        for workflow in ["itself", "endless"] {
            knock.trigger(workflow, json!({ "recipients": ["jane", "john"] })).await;
        }
        server.kill().await;
        server.restart().await;
        let knock = Knock::of(&server);
        let told = async {
            knock.trigger("good", json!({ "recipients": ["jane"] })).await;
            knock.until("/messages?source=good", |found| found["items"].as_array().unwrap().len() == 1).await
        };
        let (_, longest) = health_during(&server, told).await;
        assert!(longest < HEALTH, "{longest:?}");
        assert!(failure_of(&knock, "itself").await.contains("10 deep"));
        assert!(failure_of(&knock, "endless").await.contains("the template takes"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_takes_too_much_ends_alone_and_says_why() {
    on_each_server(&[], async |server| {
        let knock = Knock::of(&server);
        let steps: Vec<Value> = (0..25)
            .map(|number| {
                let slow = "{% for i in (1..300) %}{% for j in (1..150) %}{{ j }}{% endfor %}{% endfor %}";
                let mut step =
                    feed_step(&format!("{{% if recipient.id == 'slow' %}}{slow}{{% else %}}quick{{% endif %}}"));
                step["ref"] = json!(format!("feed-{number}"));
                step
            })
            .collect();
        knock.workflow("w", json!(steps)).await;
        knock.trigger("w", json!({ "recipients": ["before", "slow", "zed"] })).await;
        for quick in ["before", "zed"] {
            knock.until_fed(quick, 25).await;
        }
        let run = runs_of(&knock, "w", "slow").await;
        assert!(run["error_count"].as_i64().unwrap() > 0, "{run}");
        assert!(run["events"].to_string().contains("the run's templates take"), "{run}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_without_end_of_one_user_keeps_nothing_from_others() {
    on_each_server(&[], async |server| {
        let knock = Knock::of(&server);
        let digest = |interval: i64| json!({ "frequency": "daily", "interval": interval });
        knock.put("/users/evil", json!({ "digest_at": digest(1_000_000_000_000) })).await;
        for user in ["jane", "john"] {
            knock.put(&format!("/users/{user}"), json!({ "digest_at": digest(1) })).await;
        }
        let batch = json!({ "ref": "digest", "type": "batch",
            "settings": { "batch_until_field_path": "recipient.digest_at" } });
        let mut after = feed_step("after");
        after["ref"] = json!("after");
        knock.workflow("w", json!([feed_step("before"), batch, after])).await;
        knock.trigger("w", json!({ "recipients": ["evil", "jane", "john"] })).await;
        for user in ["jane", "john"] {
            assert_eq!(rendered(&knock.until_fed(user, 1).await["entries"][0]), "<p>before</p>");
        }
        let waiting = "/workflow_recipient_runs?workflow=w&status=paused";
        knock.until(waiting, |runs| runs["items"].as_array().unwrap().len() == 2).await;
        let run = runs_of(&knock, "w", "evil").await;
        assert!(run["events"].to_string().contains("there is no time at the path"), "{run}");
        let constant = json!({ "ref": "s", "type": "batch", "settings": { "batch_until": digest(1_000_000_000_000) } });
        knock.ask("PUT", "/workflows/x", json!({ "workflow": { "name": "x", "steps": [constant] } }), 422).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_of_two_hundred_kilobytes_keeps_nothing_from_forty_people() {
    on_each_server(&[], async |server| {
        let knock = Knock::of(&server);
        knock.put("/users/evil", json!({ "name": "<div>".repeat(40_000) })).await;
        knock.workflow("comment", json!([feed_step("{{ actor.name }} has commented")])).await;
        let people: Vec<String> = (0..40).map(|number| format!("user-{number}")).collect();
        let told = async {
            knock.trigger("comment", json!({ "recipients": people, "actor": "evil" })).await;
            for user in &people {
                let feed = knock.until_fed(user, 1).await;
                assert!(rendered(&feed["entries"][0]).starts_with("<p>&lt;div&gt;"));
            }
        };
        let (_, longest) = health_during(&server, told).await;
        assert!(longest < HEALTH, "{longest:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_that_sets_itself_off_comes_to_an_end() {
    on_each_server(&[], async |server| {
        let knock = Knock::of(&server);
        let again = json!({ "ref": "again", "type": "trigger_workflow", "settings": { "workflow_key": "w" } });
        knock.workflow("w", json!([feed_step("x"), again])).await;
        knock.trigger("w", json!({ "recipients": ["jane"] })).await;
        let path = "/workflow_recipient_runs?workflow=w&status=completed&page_size=50";
        let ended = |runs: &Value| runs["items"].as_array().unwrap().iter().any(|run| run["error_count"] != 0);
        let runs = knock.until(path, ended).await;
        let items = runs["items"].as_array().unwrap();
        let last = items.iter().find(|run| run["error_count"] != 0).unwrap();
        let run = knock.get(&format!("/workflow_recipient_runs/{}", last["id"].as_str().unwrap())).await;
        assert!(run["events"].to_string().contains("10 times in a row"), "{run}");
        knock.until(path, |runs| runs["items"].as_array().unwrap().len() == 11).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_beyond_their_bounds_are_refused_and_the_server_goes_on() {
    on_each_server(&[], async |server| {
        let knock = Knock::of(&server);
        let nested = format!("a\n{}", "{% if a %}".repeat(1_500));
        let refused = async |method: &'static str, path: &str, body: Value, why: &str| {
            let began = Instant::now();
            let answer = knock.ask(method, path, body, 422).await.to_string();
            assert!(answer.contains(why), "{path}: {answer}");
            assert!(began.elapsed() < Duration::from_secs(10), "{path}: {:?}", began.elapsed());
        };
        let workflow = |body: Value| json!({ "workflow": body });
        let of_steps = |steps: Value| workflow(json!({ "name": "x", "steps": steps }));
        refused("PUT", "/workflows/x", of_steps(json!([feed_step(&nested)])), "100 deep").await;
        refused("PUT", "/workflows/x", of_steps(json!([feed_step(&"{{ a[a[".repeat(9_000))])), "line").await;
        refused("PUT", "/workflows/x/validate", of_steps(json!([feed_step(&nested)])), "100 deep").await;
        let partial = json!({ "partial": { "name": "p", "type": "text", "content": nested } });
        refused("PUT", "/partials/p?commit=true", partial, "100 deep").await;
        let layout = json!({ "email_layout": { "name": "l", "html_layout": nested } });
        refused("PUT", "/email_layouts/l", layout, "100 deep").await;
        let mut definitions = serde_json::Map::new();
        for index in 0..30 {
            let next = json!({ "$ref": format!("#/$defs/d{}", index + 1) });
            definitions.insert(format!("d{index}"), json!({ "allOf": [next, next] }));
        }
        definitions.insert("d30".to_owned(), json!({}));
        let doubling = json!({ "$defs": definitions, "$ref": "#/$defs/d0" });
        for (schema, why) in [
            (doubling, "20000 schemas"),
            (json!({ "$id": "https://x.example/s", "allOf": [{ "$ref": "#" }] }), "comes back"),
        ] {
            let document = json!({ "name": "x", "steps": [feed_step("x")], "trigger_data_json_schema": schema });
            refused("PUT", "/workflows/x", workflow(document), why).await;
        }
        let condition = json!({ "variable": "data.a", "operator": "equal_to", "argument": "x".repeat(1_000) });
        let set = |many: usize| json!({ "workflows": { "w": { "conditions": vec![condition.clone(); many] } } });
        refused("PUT", "/users/jane/preferences/default", set(101), "more than 100").await;
        refused("PUT", "/users/jane/preferences/default", set(90), "larger").await;
        let deep = (0..100).fold(json!({}), |inner, _| json!({ "a": inner }));
        refused("PUT", "/users/jane", json!({ "deep": deep }), "32 deep").await;
        let digest = json!([{ "frequency": "daily", "interval": 1_000_000_000_000_i64 }]);
        knock.workflow("w", json!([feed_step("x")])).await;
        let schedule = json!({ "workflow": "w", "recipients": ["jane"], "repeats": digest });
        refused("POST", "/schedules", schedule, "interval").await;
        knock.trigger("w", json!({ "recipients": ["jane"] })).await;
        knock.until_fed("jane", 1).await;
    })
    .await;
}
