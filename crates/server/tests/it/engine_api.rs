//! The engine, as the API shows it: schedules, queues, and runs that start others.

use serde_json::{Value, json};

use crate::notices::until;
use crate::on_each_server;

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_shows_its_schedules_with_their_next_times() {
    on_each_server(&[], async |server| {
        let workflows = server.get("/api/workflows").await.unwrap().json;
        let of = |name: &str| {
            let all = workflows["data"].as_array().unwrap();
            all.iter().find(|workflow| workflow["name"] == name).unwrap()["schedules"].clone()
        };
        let schedules = of("campanile.tidy");
        assert_eq!(schedules.as_array().unwrap().len(), 1, "{workflows:#}");
        assert_eq!((&schedules[0]["timeZone"], &schedules[0]["lastAt"]), (&json!("UTC"), &json!(null)));
        assert_eq!(schedules[0]["cron"].as_str().unwrap().split(' ').count(), 5);
        assert!(schedules[0]["nextAt"].is_string(), "{schedules}");
        assert_eq!(of("campanile.drill"), json!([]));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_workflow_shows_how_many_runs_wait_and_since_when() {
    on_each_server(&[], async |server| {
        let empty = json!({});
        server.post("/api/workflows/campanile.drill/pause", &empty).await.unwrap();
        let drill = |workflows: &Value| {
            let all = workflows["data"].as_array().unwrap();
            all.iter().find(|workflow| workflow["name"] == "campanile.drill").unwrap().clone()
        };
        let idle = drill(&server.get("/api/workflows").await.unwrap().json);
        assert_eq!((&idle["waiting"], &idle["oldestWaitingAt"]), (&json!(0), &json!(null)));
        for _ in 0..3 {
            let started = server.post("/api/workflows/campanile.drill/runs", &json!({ "steps": 1 })).await.unwrap();
            assert_eq!(started.status, 201, "{}", started.json);
        }
        let waiting = drill(&until(&server, "/api/workflows", |all| drill(all)["waiting"] == 3).await);
        assert!(waiting["active"] == 3 && waiting["oldestWaitingAt"].is_string(), "{waiting}");
        server.post("/api/workflows/campanile.drill/resume", &empty).await.unwrap();
        let idle = drill(&until(&server, "/api/workflows", |all| drill(all)["waiting"] == 0).await);
        assert_eq!(idle["oldestWaitingAt"], json!(null));
    })
    .await;
}
