//! Every payload example of GitHub's own collection, for the kinds of events that are remembered.

use std::path::PathBuf;

use campanile_testkit::provider::sign;
use campanile_testkit::server::SOURCE_SECRET;
use serde_json::Value;

use crate::on_each_server;

const REMEMBERED: [&str; 16] = [
    "push",
    "pull_request",
    "issues",
    "release",
    "discussion",
    "issue_comment",
    "pull_request_review",
    "pull_request_review_comment",
    "discussion_comment",
    "commit_comment",
    "check_suite",
    "workflow_run",
    "deployment_status",
    "installation",
    "installation_repositories",
    "repository",
];

#[tokio::test(flavor = "multi_thread")]
async fn every_published_example_is_remembered_or_skipped_with_a_reason() {
    let file = "../../tests/node/node_modules/@octokit/webhooks-examples/api.github.com/index.json";
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(file);
    assert!(
        file.exists(),
        "the npm packages of tests/node are not installed: run `cargo xtask test`, or `npm ci` there"
    );
    let events: Vec<Value> = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    on_each_server(&[], async |server| {
        let mut sent = 0;
        for event in &events {
            let name = event["name"].as_str().unwrap();
            for (index, example) in event["examples"].as_array().unwrap().iter().enumerate() {
                let id = format!("{name}-{index}");
                let delivery = sign("github", SOURCE_SECRET, name, &id, example.to_string().as_bytes());
                let answer = server.deliver(&delivery).await.unwrap();
                assert_eq!(answer.status, 202, "{id}: {}", answer.json);
                sent += 1;
            }
        }
        server.until_settled().await;
        let deliveries = server.all("/api/deliveries").await;
        assert_eq!(deliveries.len(), sent);
        let mut remembered = 0;
        for delivery in &deliveries {
            let (event, status) = (delivery["event"].as_str().unwrap(), delivery["status"].as_str().unwrap());
            let reason = delivery["reason"].as_str().unwrap_or_default();
            match (REMEMBERED.contains(&event), status) {
                (true, "processed") => remembered += 1,
                // Some examples describe the same event twice, others that all is well.
                (true, "skipped") => {
                    assert!(reason.contains("remembered before") || reason.contains("remembered when"), "{delivery}");
                }
                (false, "skipped") => assert!(!reason.is_empty(), "{delivery}"),
                _ => panic!("{delivery}"),
            }
        }
        assert!(remembered >= 85, "{remembered} of {sent}");
        assert_eq!(server.all("/api/observations").await.len(), remembered);
    })
    .await;
}
