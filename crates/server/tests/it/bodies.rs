//! Bodies of requests: where an object is wanted, a list is refused, in every operation of every API.

use campanile_testkit::server::{Answer, SECRET_KEY, Server};
use serde_json::{Value, json};

use crate::on_each_server;

/// The operations of all APIs.
const DOCUMENT: &str = include_str!("../../../../docs/openapi.json");

async fn send(server: &Server, method: &'static str, path: &str, body: &Value) -> Answer {
    let authorization = format!("Bearer {SECRET_KEY}");
    let headers = [("authorization", authorization.as_str()), ("content-type", "application/json")];
    server.ask(method, path, &headers, body.to_string().into_bytes()).await.unwrap()
}

/// The operations that take a body, with a word in place of each part of the path that differs.
fn operations_with_bodies() -> Vec<(&'static str, String)> {
    let document: Value = serde_json::from_str(DOCUMENT).unwrap();
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let parts = path.split('/').map(|part| if part.starts_with('{') { "x" } else { part });
        let path = parts.collect::<Vec<_>>().join("/");
        for method in ["POST", "PUT", "PATCH", "DELETE"] {
            let has_body = item[method.to_lowercase()].get("requestBody").is_some();
            // The body of a delivery is the provider's.
            if has_body && !path.starts_with("/api/ingest/") {
                operations.push((method, path.clone()));
            }
        }
    }
    operations
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_no_object_in_any_operation() {
    on_each_server(&[], async |server| {
        let operations = operations_with_bodies();
        assert!(operations.len() > 150, "{}", operations.len());
        let mut told = 0;
        for (method, path) in operations {
            for list in [json!([]), json!([true]), json!([null, null, null])] {
                let answer = send(&server, method, &path, &list).await;
                let text = answer.json.to_string();
                assert!((400..500).contains(&answer.status), "{method} {path} {list}: {} {text}", answer.status);
                told += usize::from(text.contains("sequence, expected struct") || text.contains("object"));
            }
        }
        assert!(told > 300, "most say that it is the body: {told}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_changes_no_settings_and_the_refusal_has_the_shape_of_its_api() {
    on_each_server(&[], async |server| {
        let before = server.get("/api/models").await.unwrap().json["settings"].clone();
        for (body, says) in [
            (json!([true]), "invalid type: sequence, expected struct"),
            (json!([]), "invalid type: sequence, expected struct"),
            (json!("x"), "invalid type: string"),
        ] {
            let refused = send(&server, "PATCH", "/api/models", &body).await;
            assert_eq!((refused.status, &refused.json["code"]), (422, &json!("VALIDATION_ERROR")), "{}", refused.json);
            assert!(refused.json["message"].as_str().unwrap().contains(says), "{}", refused.json);
        }
        assert_eq!(server.get("/api/models").await.unwrap().json["settings"], before);

        // Within an object, too.
        let nested = json!({ "query": "x", "filters": [["github"]] });
        let refused = send(&server, "POST", "/api/search", &nested).await;
        assert_eq!(refused.status, 422, "{}", refused.json);
        assert!(refused.json["message"].as_str().unwrap().starts_with("Failed to deserialize"), "{}", refused.json);
        assert!(refused.json["message"].as_str().unwrap().contains("filters: "), "{}", refused.json);

        let svix = send(&server, "POST", "/api/v1/app", &json!(["name"])).await;
        assert_eq!(svix.status, 422, "{}", svix.json);
        assert_eq!(svix.json["detail"][0]["type"], "value_error.jsondecode", "{}", svix.json);
        let knock = send(&server, "PUT", "/v1/users/ada", &json!(["name"])).await;
        assert_eq!((knock.status, &knock.json["type"]), (422, &json!("invalid_request_error")), "{}", knock.json);
        assert!(knock.json["errors"].to_string().contains("object") || knock.json["message"].is_string());
    })
    .await;
}
