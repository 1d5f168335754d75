//! What the server tells its own people: whatever an event says, jobs that fail; endpoints that are disabled.

use std::time::{Duration, Instant};

use campanile_testkit::receiver::Receiver;
use campanile_testkit::server::Server;
use serde_json::{Value, json};

use crate::on_each_server;

async fn until(server: &Server, path: &str, is_right: impl Fn(&Value) -> bool) -> Value {
    let began = Instant::now();
    loop {
        let answer = server.get(path).await.unwrap().json;
        if is_right(&answer) {
            return answer;
        }
        assert!(began.elapsed() < Duration::from_secs(20), "{path} stays {answer:#}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn items(answer: &Value) -> &[Value] {
    answer["items"].as_array().map(Vec::as_slice).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_triggers_any_notification_once() {
    on_each_server(&[], async |server| {
        let data = json!({ "title": "All done" });
        let asked =
            json!({ "workflow": "job-completed", "recipients": [{ "id": "ada", "name": "Ada" }], "data": data });
        for _ in 0..2 {
            let event = json!({ "name": "notification.dispatch", "id": "e-1", "data": asked });
            let sent = server.post("/api/events", &event).await.unwrap();
            assert_eq!(sent.status, 202, "{}", sent.json);
        }
        let path = "/v1/users/ada/feeds/in-app";
        let feed = until(&server, path, |feed| feed["entries"].as_array().is_some_and(|all| !all.is_empty())).await;
        assert_eq!(feed["entries"][0]["blocks"][0]["rendered"], "<p><strong>All done</strong></p>");
        server.until_settled().await;
        assert_eq!(server.get(path).await.unwrap().json["entries"].as_array().unwrap().len(), 1);
        for (name, data) in [
            ("notification.dispatch", json!({ "workflow": "nothing", "recipients": ["ada"] })),
            ("notification.dispatch", json!({ "recipients": "ada" })),
        ] {
            server.post("/api/events", &json!({ "name": name, "data": data })).await.unwrap();
        }
        let failed = "/api/runs?name=campanile.notification-dispatch&status=failed";
        until(&server, failed, |runs| runs["data"].as_array().is_some_and(|all| all.len() == 2)).await;
        let ours = server.post("/api/events", &json!({ "name": "engine/run.failed" })).await.unwrap();
        assert_eq!(ours.status, 400, "{}", ours.json);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn those_who_run_it_are_told_of_failed_jobs_and_disabled_endpoints() {
    on_each_server(&[], async |server| {
        let told = async |workflow: &str| {
            let path = format!("/v1/messages?source={workflow}");
            until(&server, &path, |found| !items(found).is_empty()).await["items"][0].clone()
        };
        server.post("/api/workflows/campanile.drill/runs", &json!({ "steps": 0 })).await.unwrap();
        let message = told("job-failed").await;
        assert_eq!(message["data"]["title"], "campanile.drill has failed");
        assert!(message["data"]["detail"].as_str().unwrap().contains("1 to 100 steps"), "{message:#}");

        let gone = Receiver::answering(std::sync::Arc::new(|_| 410)).await;
        server.add_endpoint(&gone.url()).await;
        let body = json!({ "eventType": "observation.created", "payload": {} });
        let applications = server.get("/api/v1/app").await.unwrap().json;
        let application = applications["data"][0]["id"].as_str().unwrap();
        let sent = server.post(&format!("/api/v1/app/{application}/msg"), &body).await.unwrap();
        assert_eq!(sent.status, 202, "{}", sent.json);
        let message = told("admin-alert").await;
        assert!(message["data"]["title"].as_str().unwrap().contains(&gone.url()), "{message:#}");
    })
    .await;
}
