//! Reverse ETL: Census and Hightouch send users from a data warehouse, by JSON-RPC 2.0.
//!
//! Sources: the documentation of custom destinations (Census) and of embedded destinations
//! (Hightouch).

use axum::Json;
use axum::extract::State;
use campanile_http::Web;
use campanile_notify::Reference;
use campanile_notify::recipients::{self, RecipientInput};
use serde_json::{Map, Value, json};

use super::body::Body;
use super::client::{Client, Manager};
use super::error::KnockResult;

/// The largest number of records in one batch.
const BATCH: usize = 1_000;
/// The built-in fields of users.
const FIELDS: [&str; 6] = ["name", "email", "phone_number", "avatar", "timezone", "locale"];
/// The JSON-RPC error code for an unknown method.
const NO_METHOD: i32 = -32_601;

pub(super) async fn call(State(web): State<Web>, Manager(client): Manager, body: Body) -> KnockResult<Json<Value>> {
    let id = body.text("id")?.to_owned();
    let params = body.object("params")?;
    let result = match body.text("method")? {
        "test_connection" => json!({ "success": true }),
        "list_objects" => json!({ "objects": [{ "object_api_name": "user", "label": "User" }] }),
        "list_fields" => json!({ "fields": fields() }),
        "supported_operations" => json!({ "operations": ["upsert"] }),
        "get_sync_speed" => json!({
            "maximum_batch_size": BATCH, "maximum_parallel_batches": 4, "maximum_records_per_second": 2_000,
        }),
        "sync_batch" => json!({ "record_results": sync(&web, &client, &params).await? }),
        method => {
            let error = json!({ "code": NO_METHOD, "message": format!("there is no method {method}") });
            return Ok(Json(json!({ "jsonrpc": "2.0", "id": id, "error": error })));
        }
    };
    Ok(Json(json!({ "jsonrpc": "2.0", "id": id, "result": result })))
}

fn fields() -> Vec<Value> {
    let field = |name: &str, identifier: bool| {
        json!({ "field_api_name": name, "label": name, "identifier": identifier, "required": identifier,
            "createable": true, "updateable": !identifier, "type": "string", "array": false })
    };
    std::iter::once(field("id", true)).chain(FIELDS.iter().map(|name| field(name, false))).collect()
}

/// Stores the records of a batch. Each is checked by itself: a bad one does not stop the others.
async fn sync(web: &Web, client: &Client, params: &Map<String, Value>) -> KnockResult<Vec<Value>> {
    let records = params.get("records").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut results = Vec::with_capacity(records.len());
    let mut good = Vec::new();
    for record in records.iter().take(BATCH) {
        let mut properties = record.as_object().cloned().unwrap_or_default();
        let id = properties.remove("id").and_then(|id| id.as_str().map(str::to_owned)).unwrap_or_default();
        match Reference::user(id.as_str()).checked().and_then(|user| RecipientInput::of(user, properties)) {
            Ok(told) => {
                good.push(told);
                results.push(json!({ "identifier": id, "success": true }));
            }
            Err(error) => {
                results.push(json!({ "identifier": id, "success": false, "error_message": error.to_string() }));
            }
        }
    }
    let (notify, organisation) = (web.app.notify.clone(), client.organisation.clone());
    let written = web.app.db.write(move |tx| {
        Box::pin(async move { recipients::identify(tx, &notify, &organisation, good).await.map(drop) })
    });
    written.await?;
    Ok(results)
}
