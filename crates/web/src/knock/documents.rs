//! Layouts, partials, translations, groups of channels and guides: written, read and committed like workflows.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{MethodRouter, get, put};
use campanile_base::Error;
use campanile_notify::resources::{self, DEFAULT_NAMESPACE, Kind, Resource};
use campanile_notify::workflows;
use serde_json::{Value, json};

use super::body::Body;
use super::client::Client;
use super::error::{KnockError, KnockResult};
use super::management::{author, by_key, page_of};
use super::query::Query;
use crate::Web;

/// A kind of document, and what requests wrap it in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Documents {
    kind: Kind,
    word: &'static str,
    /// Whether what is written counts only once it is committed.
    has_drafts: bool,
}

pub(super) const LAYOUTS: Documents = Documents::new(Kind::EmailLayout, "email_layout");
pub(super) const PARTIALS: Documents = Documents::new(Kind::Partial, "partial");
pub(super) const GUIDES: Documents = Documents::new(Kind::Guide, "guide");
pub(super) const CHANNEL_GROUPS: Documents =
    Documents { has_drafts: false, ..Documents::new(Kind::ChannelGroup, "channel_group") };
const TRANSLATIONS: Documents = Documents::new(Kind::Translation, "translation");

impl Documents {
    const fn new(kind: Kind, word: &'static str) -> Self {
        Self { kind, word, has_drafts: true }
    }

    pub(super) fn list(self) -> MethodRouter<Web> {
        get(move |State(web): State<Web>, client: Client, query: Query| async move {
            client.must_manage()?;
            let (range, size) = by_key(&query);
            let read = web.app.db.read(move |tx| {
                Box::pin(async move { resources::list(tx, &client.organisation, self.kind, &range).await })
            });
            KnockResult::Ok(page_of(read.await?, size, |found| &found.key, Resource::view))
        })
    }

    pub(super) fn one(self) -> MethodRouter<Web> {
        get(move |State(web): State<Web>, client: Client, Path(key): Path<String>| self.read(web, client, key))
            .put(move |State(web): State<Web>, client: Client, Path(key): Path<String>, query: Query, body: Body| {
                self.write(web, client, key, query, body)
            })
            .delete(move |State(web): State<Web>, client: Client, Path(key): Path<String>| {
                self.delete(web, client, key)
            })
    }

    pub(super) fn validate(self) -> MethodRouter<Web> {
        put(move |State(web): State<Web>, client: Client, Path(key): Path<String>, body: Body| async move {
            client.must_manage()?;
            let mut document = self.checked(&web, &client, body).await?;
            document["key"] = key.into();
            document["valid"] = true.into();
            KnockResult::Ok(Json(json!({ self.word: document })))
        })
    }

    pub(super) fn activate(self) -> MethodRouter<Web> {
        put(move |State(web): State<Web>, client: Client, Path(key): Path<String>, body: Body| async move {
            client.must_manage()?;
            let is_active = body.0.get("status").and_then(Value::as_bool);
            let is_active = is_active.ok_or_else(|| KnockError::field("status", "must be true or false"))?;
            let written = web.app.db.write(move |tx| {
                Box::pin(async move {
                    resources::activate(tx, &client.organisation, self.kind, &key, is_active).await?;
                    resources::get(tx, &client.organisation, self.kind, &key).await
                })
            });
            let found = written.await?.ok_or_else(|| KnockError::missing(self.word))?;
            KnockResult::Ok(Json(json!({ self.word: found.view() })))
        })
    }

    async fn read(self, web: Web, client: Client, key: String) -> KnockResult<Json<Value>> {
        client.must_manage()?;
        let read = web
            .app
            .db
            .read(move |tx| Box::pin(async move { resources::get(tx, &client.organisation, self.kind, &key).await }));
        Ok(Json(read.await?.ok_or_else(|| KnockError::missing(self.word))?.view()))
    }

    async fn write(self, web: Web, client: Client, key: String, query: Query, body: Body) -> KnockResult<Json<Value>> {
        client.must_manage()?;
        let document = self.checked(&web, &client, body).await?;
        let commits = !self.has_drafts || query.flag("commit") == Some(true);
        let note = query.text("commit_message").unwrap_or_default().to_owned();
        let (author, notify) = (author(&client), web.app.notify.clone());
        let written = web.app.db.write(move |tx| {
            Box::pin(async move {
                let organisation = &client.organisation;
                let written = resources::put(tx, &notify, organisation, self.kind, &key, &document).await?;
                if commits {
                    resources::commit(tx, &notify, organisation, self.kind, &key, (&note, &author)).await?;
                }
                if let Some(is_active) = document.get("active").and_then(Value::as_bool) {
                    resources::activate(tx, organisation, self.kind, &key, is_active).await?;
                }
                let found = resources::get(tx, organisation, self.kind, &key).await?;
                Ok::<_, Error>(found.unwrap_or(written))
            })
        });
        Ok(Json(json!({ self.word: written.await?.view() })))
    }

    async fn delete(self, web: Web, client: Client, key: String) -> KnockResult<StatusCode> {
        client.must_manage()?;
        let deleted = web.app.db.write(move |tx| {
            Box::pin(async move { resources::delete(tx, &client.organisation, self.kind, &key).await })
        });
        deleted.await?;
        Ok(StatusCode::NO_CONTENT)
    }

    /// The document in a request, with all that it must say.
    async fn checked(self, web: &Web, client: &Client, Body(mut body): Body) -> KnockResult<Value> {
        let document = body.remove(self.word).ok_or_else(|| KnockError::field(self.word, "is required"))?;
        if !document.is_object() {
            return Err(KnockError::field(self.word, "must be an object"));
        }
        let check = move || resources::check(self.kind, &document).map(|()| document);
        let checked = workflows::in_sandbox(&web.app.notify, &client.organisation, check).await?;
        checked.map_err(|(field, why)| KnockError::field(field, &why))
    }
}

/// Translations are asked for by locale, namespace and tenant; together they are the key.
pub(super) fn translation() -> MethodRouter<Web> {
    get(|State(web): State<Web>, client: Client, Path(locale): Path<String>, query: Query| async move {
        let Json(found) = TRANSLATIONS.read(web, client, translation_key(&locale, &query)).await?;
        KnockResult::Ok(Json(json!({ "translation": found })))
    })
    .put(|State(web): State<Web>, client: Client, Path(locale): Path<String>, query: Query, body: Body| async move {
        let body = placed(&locale, &query, body);
        TRANSLATIONS.write(web, client, translation_key(&locale, &query), query, body).await
    })
    .delete(|State(web): State<Web>, client: Client, Path(locale): Path<String>, query: Query| async move {
        TRANSLATIONS.delete(web, client, translation_key(&locale, &query)).await
    })
}

pub(super) fn translations() -> MethodRouter<Web> {
    TRANSLATIONS.list()
}

pub(super) fn validate_translation() -> MethodRouter<Web> {
    put(|State(web): State<Web>, client: Client, Path(locale): Path<String>, query: Query, body: Body| async move {
        client.must_manage()?;
        let document = TRANSLATIONS.checked(&web, &client, placed(&locale, &query, body)).await?;
        KnockResult::Ok(Json(json!({ "translation": document })))
    })
}

fn translation_key(locale: &str, query: &Query) -> String {
    let words = [Some(locale), query.text("namespace"), query.text("tenant")];
    // A tenant's words are under a namespace, if only under the one that has no name.
    let words = match words {
        [locale, None, Some(tenant)] => [locale, Some(DEFAULT_NAMESPACE), Some(tenant)],
        words => words,
    };
    words.into_iter().flatten().collect::<Vec<_>>().join("/")
}

/// A translation that knows where it belongs.
fn placed(locale: &str, query: &Query, Body(mut body): Body) -> Body {
    if let Some(Value::Object(document)) = body.get_mut("translation") {
        document.insert("locale_code".to_owned(), locale.into());
        document.insert("namespace".to_owned(), query.text("namespace").unwrap_or(DEFAULT_NAMESPACE).into());
        document.insert("tenant".to_owned(), query.text("tenant").map_or(Value::Null, Value::from));
        document.entry("format").or_insert_with(|| query.text("format").unwrap_or("json").into());
    }
    Body(body)
}
