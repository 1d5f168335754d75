//! What the API shows of the engine: schedules, queues, and runs that start others.

use serde_json::json;

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
