//! Notifications to an organisation's own members: from events, of failed jobs, and of disabled
//! endpoints.

use std::time::{Duration, Instant};

use campanile_db::params;
use campanile_testkit::provider::sign;
use campanile_testkit::receiver::Receiver;
use campanile_testkit::server::{SOURCE_SECRET, Server};
use serde_json::{Value, json};

use crate::on_each_server;

pub(crate) async fn until(server: &Server, path: &str, is_right: impl Fn(&Value) -> bool) -> Value {
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

/// Renames a table while the server is stopped.
async fn rename(server: &mut Server, sql: &'static str) {
    server.kill().await;
    let db = server.open_database().await;
    let renamed = db.write(move |tx| Box::pin(async move { tx.execute(sql, params![]).await.map(drop) }));
    renamed.await.unwrap();
    drop(db);
    server.restart().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_whose_job_dies_is_told_without_sql_and_can_be_processed_again() {
    on_each_server(&[], async |mut server| {
        rename(&mut server, "ALTER TABLE actor_profile RENAME TO actor_away").await;
        let issue = json!({
            "action": "opened", "repository": { "id": 1, "full_name": "acme/shop" }, "sender": { "id": 7, "login": "ada" },
            "issue": { "id": 12, "number": 3, "title": "The bell is silent", "state": "open", "user": { "id": 7, "login": "ada" },
                "created_at": "2026-02-04T10:00:00Z", "updated_at": "2026-02-04T10:00:00Z", "labels": [],
                "html_url": "https://github.com/acme/shop/issues/3" },
        });
        let delivery = sign("github", SOURCE_SECRET, "issues", "d-1", issue.to_string().as_bytes());
        let taken = server.deliver(&delivery).await.unwrap();
        assert_eq!(taken.status, 202, "{}", taken.json);
        let is_there = |list: &Value| list["data"].as_array().is_some_and(|all| !all.is_empty());
        let failed = until(&server, "/api/deliveries?status=failed", is_there).await["data"][0].clone();
        let reason = failed["reason"].as_str().unwrap();
        assert!(reason.contains("can be processed again") && !reason.contains("actor"), "{reason}");
        let told = until(&server, "/v1/messages?source=job-failed", |found| !items(found).is_empty()).await;
        assert_eq!(told["items"][0]["data"]["title"], "inbound.process has failed");

        rename(&mut server, "ALTER TABLE actor_away RENAME TO actor_profile").await;
        let path = format!("/api/deliveries/{}", failed["id"].as_str().unwrap());
        let again = server.post(&format!("{path}/process"), &Value::Null).await.unwrap();
        assert_eq!((again.status, &again.json["status"]), (202, &json!("received")), "{}", again.json);
        until(&server, &path, |delivery| delivery["status"] == "processed").await;
        assert_eq!(server.all("/api/observations").await.len(), 1);
        let done = server.post(&format!("{path}/process"), &Value::Null).await.unwrap();
        assert_eq!(done.status, 409, "{}", done.json);
        let unknown = server.get("/api/deliveries?status=4").await.unwrap();
        assert_eq!((unknown.status, &unknown.json["code"]), (400, &json!("VALIDATION_ERROR")), "{}", unknown.json);
    })
    .await;
}
