//! A memory key opens the reads of its workspace, and no other route of the table.

use serde_json::json;

use super::{Callers, bearer, method, rows};
use crate::on_each_server;

/// The routes that a memory key opens. Those that are open to everybody are open to it too.
const READS: &[(&str, &str)] = &[
    ("POST", "/api/search"),
    ("POST", "/v1/search"),
    ("POST", "/api/findsimilar"),
    ("POST", "/v1/findsimilar"),
    ("POST", "/api/contents"),
    ("POST", "/v1/contents"),
    ("GET", "/v1/related/{id}"),
    ("GET", "/v1/graph/{id}"),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_memory_key_opens_its_reads_and_nothing_else() {
    on_each_server(&[], async |server| {
        let mut callers = Callers::of(&server).await;
        let workspace = server.all("/api/workspaces").await[0]["id"].clone();
        let new = json!({ "name": "an assistant", "workspace_id": workspace });
        let made = server.post("/api/memory-keys", &new).await.unwrap();
        assert_eq!(made.status, 201, "{}", made.json);
        callers.by_column.insert('R', bearer(made.json["secret"].as_str().unwrap()));
        let mut wrong = Vec::new();
        for (method_name, path, rights) in rows() {
            let is_open = READS.contains(&(method_name, path)) || rights.ends_with('N');
            let (is_allowed, said) = callers.is_allowed(&server, 'R', method(method_name), path).await;
            if is_allowed != is_open {
                wrong.push(format!("{method_name} {path}: {said}"));
            }
        }
        assert!(wrong.is_empty(), "{} answers are wrong:\n{}", wrong.len(), wrong.join("\n"));
    })
    .await;
}
