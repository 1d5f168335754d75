//! The route that receives deliveries: `/api/ingest/{provider}/{source}`.

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::CONTENT_LENGTH;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use campanile_accounts::live::LiveEventKind;
use campanile_base::bounds;
use campanile_http::body::Json;
use campanile_http::error::own_shape;
use campanile_http::{Web, request_id};
use campanile_inbound::{Arrival, Code, IngestError};
use http_body_util::BodyExt as _;
use serde_json::json;

/// Receives a delivery at the source whose path is the name of the provider.
#[utoipa::path(post, path = "/api/ingest/{provider}", tag = "ingest", request_body = Object,
    responses((status = 200, description = "The same, to Linear"), (status = 202, description = "Stored, or known already"), (status = 401), (status = 404), (status = 413), (status = 503)))]
pub(super) async fn by_provider(
    State(web): State<Web>,
    Path(provider): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let path = provider.clone();
    receive(web, provider, path, &headers, body).await
}

/// Receives a delivery at a source, or at an app for all accounts that have installed it.
#[utoipa::path(post, path = "/api/ingest/{provider}/{source}", tag = "ingest", request_body = Object,
    responses((status = 200, description = "The same, to Linear"), (status = 202, description = "Stored, or known already"), (status = 401), (status = 404), (status = 413), (status = 503)))]
pub(super) async fn by_source(
    State(web): State<Web>,
    Path((provider, path)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    receive(web, provider, path, &headers, body).await
}

async fn receive(web: Web, provider: String, path: String, headers: &HeaderMap, body: Body) -> Response {
    // The receiver is looked up first: without one, nothing of the body is read.
    let receiver = match web.app.intake.receiver_at(&provider, &path).await {
        Ok(receiver) => receiver,
        Err(error) => return refused(&provider, &error),
    };
    let body = match read_whole(headers, body).await {
        Ok(body) => body,
        Err(error) => return refused(&provider, &error),
    };
    let text = headers.iter().filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())));
    let arrival = Arrival { headers: text.collect(), body };
    let received = web.app.intake.receive(receiver, arrival).await;
    let receipt = match received {
        Ok(receipt) => receipt,
        Err(error) => return refused(&provider, &error),
    };
    let result = receipt.result.as_str();
    count(&provider, result);
    for stored in &receipt.stored {
        let (live, id) = (&web.app.live, stored.id.as_str());
        live.tell(&stored.organisation, &stored.workspace, LiveEventKind::Delivery, id);
    }
    let answer = json!({ "status": result, "id": receipt.id, "deliveryId": receipt.delivery_id });
    (StatusCode::from_u16(receipt.status).unwrap_or(StatusCode::ACCEPTED), Json(answer)).into_response()
}

fn refused(provider: &str, error: &IngestError) -> Response {
    let (provider, why) = (known_name(provider), error.code.as_str());
    tracing::info!(request_id = request_id::current(), provider, why, "a delivery was refused");
    count(provider, why);
    let status = StatusCode::from_u16(error.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    own_shape(status, error.code.as_str(), &error.message)
}

fn count(provider: &str, result: &'static str) {
    metrics::counter!("campanile_deliveries_total", "provider" => known_name(provider), "result" => result)
        .increment(1);
}

/// Reads a body, which is already bounded, into one piece of memory of the announced size.
/// Collecting pieces and joining them would hold the body twice.
async fn read_whole(headers: &HeaderMap, mut body: Body) -> Result<Vec<u8>, IngestError> {
    let announced = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    // The system gives memory only as it is written to. So a body that is announced, and does not
    // come, costs nothing.
    let mut whole = Vec::with_capacity(announced.unwrap_or_default().min(bounds::DELIVERY_BYTES));
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| IngestError::new(Code::InvalidPayload, "the body broke off"))?;
        if let Ok(data) = frame.into_data() {
            whole.extend_from_slice(&data);
        }
    }
    Ok(whole)
}

/// The provider as a metric label. Unknown names become `unknown`: a caller must not be able to
/// create labels.
fn known_name(provider: &str) -> &'static str {
    campanile_inbound::Provider::parse(provider).map_or("unknown", campanile_inbound::Provider::as_str)
}
