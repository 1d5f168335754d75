//! Users of the notification API: found by what people know of them.

use axum::extract::{Query, State};
use campanile_base::Timestamp;
use campanile_http::Web;
use campanile_http::body::Json;
use campanile_http::caller::Configuring;
use campanile_http::error::ApiResult;
use campanile_notify::recipients::{self, Recipient};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::page::PageView;

/// The number of users that a search finds at most.
const MOST_FOUND: i64 = 50;

/// The text to search for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Search {
    /// The beginning of an id, a name or a mail address.
    q: String,
}

/// A user that was found.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FoundUser {
    /// The id of the user.
    id: String,
    /// The name.
    name: Option<String>,
    /// The mail address.
    email: Option<String>,
    /// The phone number.
    phone_number: Option<String>,
    /// The IANA time zone.
    timezone: Option<String>,
    /// The language.
    locale: Option<String>,
    /// The time of the last change.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

impl From<Recipient> for FoundUser {
    fn from(user: Recipient) -> Self {
        let text = |name: &str| user.text(name).map(str::to_owned);
        let (name, email, phone_number) = (text("name"), text("email"), text("phone_number"));
        let (timezone, locale) = (text("timezone"), text("locale"));
        Self { name, email, phone_number, timezone, locale, updated_at: user.updated_at, id: user.reference.id }
    }
}

/// Users whose id, name or mail address begins with a text, at most 50.
///
/// Names and addresses are compared without regard to large and small letters.
#[utoipa::path(get, path = "/api/recipients/users", tag = "told", params(Search),
    responses((status = 200, body = PageView<FoundUser>), (status = 400), (status = 403)))]
pub(super) async fn users(
    State(web): State<Web>,
    Configuring(caller): Configuring,
    Query(search): Query<Search>,
) -> ApiResult<Json<PageView<FoundUser>>> {
    let found = web.app.db.read(move |tx| {
        Box::pin(async move { recipients::search(tx, &caller.organisation, &search.q, MOST_FOUND).await })
    });
    Ok(Json(PageView::whole(found.await?.into_iter().map(FoundUser::from).collect())))
}
