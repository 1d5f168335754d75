//! Applications: create, list, change and remove.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use campanile_base::Error;
use campanile_http::Web;
use campanile_webhooks::applications::{self, Application, ApplicationSpec};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::access::{App, Org, OrgManager};
use super::body::{Body, Field, given};
use super::error::{SvixError, SvixResult};
use super::list::{List, PageRequest};
use super::query::Query;

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ApplicationIn {
    name: String,
    uid: Option<String>,
    metadata: Option<Map<String, Value>>,
    throttle_rate: Option<u16>,
    rate_limit: Option<u16>,
}

impl ApplicationIn {
    pub(super) fn spec(self) -> ApplicationSpec {
        ApplicationSpec {
            name: self.name,
            uid: self.uid,
            metadata: self.metadata.unwrap_or_default(),
            throttle_rate: self.throttle_rate.or(self.rate_limit).map(i64::from),
        }
    }

    /// The specification of an application that is created with its first message, or with its
    /// first portal link. Its `uid` must be the one in the path.
    pub(super) fn spec_of(self, named: &str) -> SvixResult<ApplicationSpec> {
        let refuse = |msg: &str, kind| {
            let loc = ["body", "application", "uid"].map(str::to_owned).to_vec();
            Err(SvixError::Unreadable { loc, msg: msg.to_owned(), kind })
        };
        match &self.uid {
            None => refuse("Application uid is required here", "application_uid_missing"),
            Some(uid) if uid != named => refuse("Application uid must be that of the path", "application_uid_mismatch"),
            Some(_) => Ok(self.spec()),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ApplicationPatch {
    #[serde(deserialize_with = "given")]
    name: Option<String>,
    uid: Field<String>,
    metadata: Field<Map<String, Value>>,
    throttle_rate: Field<u16>,
    rate_limit: Field<u16>,
}

impl Default for ApplicationPatch {
    fn default() -> Self {
        let (uid, metadata) = (Field::Keep, Field::Keep);
        Self { name: None, uid, metadata, throttle_rate: Field::Keep, rate_limit: Field::Keep }
    }
}

impl ApplicationPatch {
    fn over(self, mut spec: ApplicationSpec) -> ApplicationSpec {
        spec.name = self.name.unwrap_or(spec.name);
        self.uid.change(&mut spec.uid);
        self.metadata.change_or_empty(&mut spec.metadata);
        let mut rate = spec.throttle_rate.and_then(|rate| u16::try_from(rate).ok());
        let given = if self.throttle_rate.is_given() { self.throttle_rate } else { self.rate_limit };
        given.change(&mut rate);
        spec.throttle_rate = rate.map(i64::from);
        spec
    }
}

pub(super) async fn create(
    State(web): State<Web>,
    OrgManager(caller): OrgManager,
    query: Query,
    Body(asked): Body<ApplicationIn>,
) -> SvixResult<(StatusCode, Json<Application>)> {
    let get_if_exists = query.flag("get_if_exists", false)?;
    let clock = web.app.clock.clone();
    let made = web.app.db.write(move |tx| {
        Box::pin(async move {
            if let (true, Some(uid)) = (get_if_exists, &asked.uid)
                && let Ok(existing) = applications::get(tx, &caller.organisation, uid).await
            {
                return Ok((StatusCode::OK, existing));
            }
            let made = applications::create(tx, &clock, &caller, asked.spec()).await?;
            Ok::<_, Error>((StatusCode::CREATED, made))
        })
    });
    let (status, application) = made.await?;
    Ok((status, Json(application)))
}

pub(super) async fn list(
    State(web): State<Web>,
    Org(caller): Org,
    query: Query,
) -> SvixResult<Json<List<Application>>> {
    let asked = PageRequest::by_id(&query, "app", true)?;
    let range = asked.range.clone();
    let rows =
        web.app.db.read(move |tx| Box::pin(async move { applications::list(tx, &caller.organisation, &range).await }));
    Ok(Json(asked.page(rows.await?, |application| application.id.to_string(), |application| application)))
}

pub(super) async fn get(app: App) -> Json<Application> {
    Json(app.application)
}

pub(super) async fn upsert(
    State(web): State<Web>,
    OrgManager(caller): OrgManager,
    Path(id): Path<String>,
    Body(asked): Body<ApplicationIn>,
) -> SvixResult<(StatusCode, Json<Application>)> {
    let webhooks = web.app.webhooks.clone();
    let put = web.app.db.write(move |tx| {
        Box::pin(async move {
            match applications::get(tx, &caller.organisation, &id).await {
                Ok(before) => {
                    let changed = applications::update(tx, &webhooks, &caller, before, asked.spec()).await?;
                    Ok((StatusCode::OK, changed))
                }
                Err(Error::NotFound(_)) => {
                    let made = applications::create(tx, &webhooks.clock, &caller, asked.spec()).await?;
                    Ok((StatusCode::CREATED, made))
                }
                Err(error) => Err(error),
            }
        })
    });
    let (status, application) = put.await?;
    Ok((status, Json(application)))
}

pub(super) async fn patch(
    State(web): State<Web>,
    OrgManager(caller): OrgManager,
    app: App,
    Body(patch): Body<ApplicationPatch>,
) -> SvixResult<Json<Application>> {
    let webhooks = web.app.webhooks.clone();
    let spec = patch.over((&app.application).into());
    let changed = web.app.db.write(move |tx| {
        Box::pin(async move { applications::update(tx, &webhooks, &caller, app.application, spec).await })
    });
    Ok(Json(changed.await?))
}

pub(super) async fn delete(State(web): State<Web>, OrgManager(caller): OrgManager, app: App) -> SvixResult<StatusCode> {
    let webhooks = web.app.webhooks.clone();
    let gone = web
        .app
        .db
        .write(move |tx| Box::pin(async move { applications::delete(tx, &webhooks, &caller, &app.application).await }));
    gone.await?;
    Ok(StatusCode::NO_CONTENT)
}
