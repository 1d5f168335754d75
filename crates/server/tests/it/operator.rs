//! The operator's control over runs: by the API, and by `campanile runs`.

use std::process::Command;
use std::time::{Duration, Instant};

use campanile_testkit::server::{SECRET_KEY, Server};
use serde_json::{Value, json};

use crate::{BINARY, on_each_server};

const DRILL: &str = "/api/workflows/campanile.drill/runs";

async fn start(server: &Server, input: Value) -> String {
    let begun = server.post(DRILL, &input).await.unwrap();
    assert_eq!((begun.status, &begun.json["outcome"]), (201, &json!("started")), "{}", begun.json);
    begun.json["id"].as_str().unwrap().to_owned()
}

/// Waits until a run has this status. Returns the whole run.
async fn until(server: &Server, id: &str, status: &str) -> Value {
    let began = Instant::now();
    loop {
        let run = server.get(&format!("/api/runs/{id}")).await.unwrap().json;
        if run["status"] == status {
            return run;
        }
        assert!(began.elapsed() < Duration::from_secs(20), "{id} is not {status}: {run}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_shown_with_its_steps_and_is_counted() {
    on_each_server(&[], async |server| {
        let id = start(&server, json!({ "steps": 2 })).await;
        let run = until(&server, &id, "completed").await;
        assert_eq!((&run["output"], &run["input"]["data"]), (&json!(2), &json!({ "steps": 2 })));
        let keys: Vec<&str> =
            run["steps"].as_array().unwrap().iter().map(|step| step["key"].as_str().unwrap()).collect();
        assert_eq!(keys.len(), 5, "two events, two counts and a wait: {keys:?}");
        assert!(run["steps"].as_array().unwrap().iter().all(|step| step["status"] == "completed"));
        assert_eq!(server.get("/api/runs/run_nobodys").await.unwrap().status, 404);

        let failed = start(&server, json!({ "steps": 0 })).await;
        let run = until(&server, &failed, "failed").await;
        assert_eq!(run["error"], "a drill has 1 to 100 steps");
        let listed = server.get("/api/runs?name=campanile.drill&status=failed").await.unwrap().json;
        assert_eq!(listed["data"].as_array().unwrap().len(), 1);
        assert_eq!(server.get("/api/runs?status=odd").await.unwrap().status, 400);
        let counted = server.get("/api/runs/statistics?name=campanile.drill&window=7d").await.unwrap().json;
        assert_eq!([&counted["queued"], &counted["completed"], &counted["failed"]], [2, 1, 1], "{counted}");
        assert_eq!((&counted["success_rate"], &counted["active"]), (&json!(0.5), &json!(0)));
        assert_eq!(server.get("/api/runs/statistics?window=1y").await.unwrap().status, 400);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_are_cancelled_retried_and_replayed() {
    on_each_server(&[], async |server| {
        let id = start(&server, json!({ "steps": 2, "pause_ms": 3_600_000 })).await;
        until(&server, &id, "waiting").await;
        let cancelled = server.post(&format!("/api/runs/{id}/cancel"), &json!({ "reason": "enough" })).await.unwrap();
        assert_eq!((cancelled.status, &cancelled.json["changed"]), (200, &json!(true)));
        assert_eq!(until(&server, &id, "cancelled").await["error"], "enough");
        // The run continues at the same step: asleep.
        assert_eq!(server.post(&format!("/api/runs/{id}/retry"), &json!({})).await.unwrap().status, 200);
        let run = until(&server, &id, "waiting").await;
        assert_eq!(run["steps"][0]["status"], "completed", "{run}");
        assert_eq!(server.post(&format!("/api/runs/{id}/retry"), &json!({})).await.unwrap().status, 409);

        let replay = json!({ "input": { "steps": 1 } });
        let replayed = server.post(&format!("/api/runs/{id}/replay"), &replay).await.unwrap();
        assert_eq!(replayed.status, 201, "{}", replayed.json);
        until(&server, replayed.json["id"].as_str().unwrap(), "completed").await;

        let opened = server.post("/api/runs/cancellations", &json!({ "name": "campanile.drill" })).await.unwrap();
        assert_eq!(opened.status, 202, "{}", opened.json);
        until(&server, &id, "cancelled").await;
        let path = format!("/api/runs/cancellations/{}", opened.json["id"].as_str().unwrap());
        let began = Instant::now();
        while server.get(&path).await.unwrap().json["finished_at"].is_null() {
            assert!(began.elapsed() < Duration::from_secs(10), "a cancellation does not finish");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(server.get(&path).await.unwrap().json["cancelled"], 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_workflow_starts_nothing_until_it_is_resumed() {
    on_each_server(&[], async |server| {
        let paused = server.post("/api/workflows/campanile.drill/pause", &json!({})).await.unwrap();
        assert_eq!((paused.status, &paused.json["paused"]), (200, &json!(true)));
        let id = start(&server, json!({})).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        until(&server, &id, "queued").await;
        assert_eq!(server.post("/api/workflows/campanile.drill/resume", &json!({})).await.unwrap().status, 200);
        until(&server, &id, "completed").await;
        assert_eq!(server.post("/api/workflows/nobody's/pause", &json!({})).await.unwrap().status, 404);
        assert_eq!(server.post("/api/workflows/nobody's/runs", &json!({})).await.unwrap().status, 404);
    })
    .await;
}

/// Runs `campanile runs`. Returns true if it succeeded, and its output.
fn runs(server: &Server, arguments: &[&str]) -> (bool, String) {
    let mut command = Command::new(BINARY);
    command.arg("runs").args(arguments).args(["--server", &server.url("")]).env("CAMPANILE_CLI_KEY", SECRET_KEY);
    let output = command.output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(text).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_does_what_the_api_does() {
    on_each_server(&[], async |server| {
        let (_, started) = runs(&server, &["start", "campanile.drill", r#"{"steps": 1}"#, "--json"]);
        let started: Value = serde_json::from_str(&started).unwrap();
        let id = started["id"].as_str().unwrap();
        until(&server, id, "completed").await;
        let (_, listed) = runs(&server, &["list", "--of", "campanile.drill", "--status", "completed"]);
        assert!(listed.lines().count() == 2 && listed.contains(id) && listed.starts_with("ID "), "{listed}");
        let (_, shown) = runs(&server, &["show", id]);
        assert!(shown.contains("send:campanile.drill") && shown.contains("output"), "{shown}");
        let (_, counted) = runs(&server, &["stats", "--of", "campanile.drill"]);
        assert!(counted.contains("completed"), "{counted}");
        assert!(runs(&server, &["pause", "campanile.drill"]).0 && runs(&server, &["resume", "campanile.drill"]).0);
        assert!(runs(&server, &["workflows"]).1.contains("campanile.drill"));
        assert!(runs(&server, &["replay", id]).0);
        assert!(runs(&server, &["cancel-all", "campanile.drill"]).0);
        assert!(!runs(&server, &["retry", id]).0, "what has ended well is not retried");
        let (content, why) = runs(&server, &["show", "run_nobodys"]);
        assert!(!content && why.contains("404") && why.contains("there is no such run"), "{why}");
    })
    .await;
}
