//! Layouts, partials, translations, channel groups and guides. They are written, read and committed
//! like workflows.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use campanile_http::Web;
use campanile_http::operation::{Operation, delete, get, put};
use campanile_notify::management;
use campanile_notify::resources::{self, DEFAULT_NAMESPACE, Kind, Resource};
use campanile_notify::workflows;
use serde_json::{Value, json};

use super::body::Body;
use super::client::{Client, Manager};
use super::error::{KnockError, KnockResult};
use super::management::{by_key, page_of};
use super::parameters::{COMMIT, PAGE_BY_KEY, TRANSLATION, TRANSLATION_FORMAT};
use super::query::Query;

/// A kind of document, with the field that wraps it in requests.
#[derive(Debug, Clone, Copy)]
pub(super) struct Documents {
    kind: Kind,
    word: &'static str,
    /// True if a change takes effect only once it is committed.
    has_drafts: bool,
    schemas: Schemas,
}

/// The names of a kind's schemas.
#[derive(Debug, Clone, Copy)]
struct Schemas {
    /// A stored document.
    document: &'static str,
    /// The body of a request that writes or checks a document.
    input: &'static str,
    /// The answer to a change.
    answer: &'static str,
    /// The answer to a check.
    check: &'static str,
}

const LAYOUTS: Documents = Documents::new(
    Kind::EmailLayout,
    "email_layout",
    Schemas {
        document: "KnockEmailLayout",
        input: "KnockEmailLayoutIn",
        answer: "KnockEmailLayoutAnswer",
        check: "KnockEmailLayoutCheck",
    },
);
const PARTIALS: Documents = Documents::new(
    Kind::Partial,
    "partial",
    Schemas {
        document: "KnockPartial",
        input: "KnockPartialIn",
        answer: "KnockPartialAnswer",
        check: "KnockPartialCheck",
    },
);
const GUIDES: Documents = Documents::new(
    Kind::Guide,
    "guide",
    Schemas { document: "KnockGuide", input: "KnockGuideIn", answer: "KnockGuideAnswer", check: "KnockGuideCheck" },
);
const CHANNEL_GROUPS: Documents = Documents {
    has_drafts: false,
    ..Documents::new(
        Kind::ChannelGroup,
        "channel_group",
        Schemas {
            document: "KnockChannelGroup",
            input: "KnockChannelGroupIn",
            answer: "KnockChannelGroupAnswer",
            check: "KnockChannelGroupCheck",
        },
    )
};
const TRANSLATIONS: Documents = Documents::new(
    Kind::Translation,
    "translation",
    Schemas {
        document: "KnockTranslation",
        input: "KnockTranslationIn",
        answer: "KnockTranslationAnswer",
        check: "KnockTranslationCheck",
    },
);

impl Documents {
    const fn new(kind: Kind, word: &'static str, schemas: Schemas) -> Self {
        Self { kind, word, has_drafts: true, schemas }
    }

    fn list(self, path: &'static str, summary: &'static str) -> Operation {
        get(path, 200, summary, move |State(web): State<Web>, Manager(client): Manager, query: Query| async move {
            let (range, size) = by_key(&query);
            let read = web.app.db.read(move |tx| {
                Box::pin(async move { resources::list(tx, &client.organisation, self.kind, &range).await })
            });
            KnockResult::Ok(page_of(read.await?, size, |found| &found.key, Resource::view))
        })
        .query(PAGE_BY_KEY)
        .answers_page(self.schemas.document)
    }

    fn one(self, path: &'static str, [read, write, remove]: [&'static str; 3]) -> Vec<Operation> {
        vec![
            get(path, 200, read, move |State(web): State<Web>, manager: Manager, Path(key): Path<String>| {
                self.read(web, manager, key)
            })
            .answers(self.schemas.document),
            put(
                path,
                200,
                write,
                move |State(web): State<Web>, manager: Manager, Path(key): Path<String>, query: Query, body: Body| {
                    self.write(web, manager, key, query, body)
                },
            )
            .query(COMMIT)
            .takes(self.schemas.input)
            .answers(self.schemas.answer),
            delete(path, 204, remove, move |State(web): State<Web>, manager: Manager, Path(key): Path<String>| {
                self.delete(web, manager, key)
            }),
        ]
    }

    fn validate(self, path: &'static str, summary: &'static str) -> Operation {
        put(
            path,
            200,
            summary,
            move |State(web): State<Web>, Manager(client): Manager, Path(key): Path<String>, body: Body| async move {
                let mut document = self.checked(&web, &client, body).await?;
                document["key"] = key.into();
                document["valid"] = true.into();
                KnockResult::Ok(Json(json!({ self.word: document })))
            },
        )
        .takes(self.schemas.input)
        .answers(self.schemas.check)
    }

    fn activate(self, path: &'static str, summary: &'static str) -> Operation {
        put(
            path,
            200,
            summary,
            move |State(web): State<Web>, Manager(client): Manager, Path(key): Path<String>, body: Body| async move {
                let is_active = body.0.get("status").and_then(Value::as_bool);
                let is_active = is_active.ok_or_else(|| KnockError::field("status", "must be true or false"))?;
                let (caller, notify) = (client.manager()?, web.app.notify.clone());
                let written = web.app.db.write(move |tx| {
                    Box::pin(async move {
                        management::activate_resource(tx, &notify, &caller, self.kind, &key, is_active).await
                    })
                });
                KnockResult::Ok(Json(json!({ self.word: written.await?.view() })))
            },
        )
        .takes("KnockActivateIn")
        .answers(self.schemas.answer)
    }

    async fn read(self, web: Web, Manager(client): Manager, key: String) -> KnockResult<Json<Value>> {
        let read = web
            .app
            .db
            .read(move |tx| Box::pin(async move { resources::get(tx, &client.organisation, self.kind, &key).await }));
        Ok(Json(read.await?.ok_or_else(|| KnockError::missing(self.kind.thing()))?.view()))
    }

    async fn write(
        self,
        web: Web,
        Manager(client): Manager,
        key: String,
        query: Query,
        body: Body,
    ) -> KnockResult<Json<Value>> {
        let document = self.checked(&web, &client, body).await?;
        let commits = !self.has_drafts || query.flag("commit") == Some(true);
        let note = query.text("commit_message").unwrap_or_default().to_owned();
        let (caller, notify) = (client.manager()?, web.app.notify.clone());
        let written = web.app.db.write(move |tx| {
            Box::pin(async move {
                let note = commits.then_some(note.as_str());
                management::put_resource(tx, &notify, &caller, self.kind, &key, (&document, note)).await
            })
        });
        Ok(Json(json!({ self.word: written.await?.view() })))
    }

    async fn delete(self, web: Web, Manager(client): Manager, key: String) -> KnockResult<StatusCode> {
        let (caller, notify) = (client.manager()?, web.app.notify.clone());
        let deleted = web.app.db.write(move |tx| {
            Box::pin(async move { management::delete_resource(tx, &notify, &caller, self.kind, &key).await })
        });
        deleted.await?;
        Ok(StatusCode::NO_CONTENT)
    }

    /// The document in a request, checked for all required fields.
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

/// The operations on documents of every kind.
pub(super) fn operations() -> Vec<Operation> {
    let mut operations = vec![
        LAYOUTS.list("/email_layouts", "List layouts"),
        LAYOUTS.validate("/email_layouts/{key}/validate", "Check a layout"),
        PARTIALS.list("/partials", "List partials"),
        PARTIALS.validate("/partials/{key}/validate", "Check a partial"),
        CHANNEL_GROUPS.list("/channel_groups", "List channel groups"),
        CHANNEL_GROUPS.validate("/channel_groups/{key}/validate", "Check a channel group"),
        GUIDES.list("/guides", "List guides"),
        GUIDES.validate("/guides/{key}/validate", "Check a guide"),
        GUIDES.activate("/guides/{key}/activate", "Switch a guide on or off"),
        TRANSLATIONS.list("/translations", "List translations"),
    ];
    operations.extend(LAYOUTS.one("/email_layouts/{key}", ["Get a layout", "Write a layout", "Delete a layout"]));
    operations.extend(PARTIALS.one("/partials/{key}", ["Get a partial", "Write a partial", "Delete a partial"]));
    let words = ["Get a channel group", "Write a channel group", "Delete a channel group"];
    operations.extend(CHANNEL_GROUPS.one("/channel_groups/{key}", words));
    operations.extend(GUIDES.one("/guides/{key}", ["Get a guide", "Write a guide", "Delete a guide"]));
    operations.extend(translations());
    operations
}

/// Operations on translations. Locale, namespace and tenant together are the key.
fn translations() -> Vec<Operation> {
    let (path, Schemas { input, answer, check, .. }) = ("/translations/{locale}", TRANSLATIONS.schemas);
    vec![
        get(path, 200, "Get a translation", read_translation).query(TRANSLATION).answers(answer),
        put(path, 200, "Write a translation", write_translation)
            .query(TRANSLATION)
            .query(TRANSLATION_FORMAT)
            .query(COMMIT)
            .takes(input)
            .answers(answer),
        delete(path, 204, "Delete a translation", delete_translation).query(TRANSLATION),
        put("/translations/{locale}/validate", 200, "Check a translation", validate_translation)
            .query(TRANSLATION)
            .query(TRANSLATION_FORMAT)
            .takes(input)
            .answers(check),
    ]
}

async fn read_translation(
    State(web): State<Web>,
    manager: Manager,
    Path(locale): Path<String>,
    query: Query,
) -> KnockResult<Json<Value>> {
    let Json(found) = TRANSLATIONS.read(web, manager, translation_key(&locale, &query)).await?;
    Ok(Json(json!({ "translation": found })))
}

async fn write_translation(
    State(web): State<Web>,
    manager: Manager,
    Path(locale): Path<String>,
    query: Query,
    body: Body,
) -> KnockResult<Json<Value>> {
    let body = placed(&locale, &query, body);
    TRANSLATIONS.write(web, manager, translation_key(&locale, &query), query, body).await
}

async fn delete_translation(
    State(web): State<Web>,
    manager: Manager,
    Path(locale): Path<String>,
    query: Query,
) -> KnockResult<StatusCode> {
    TRANSLATIONS.delete(web, manager, translation_key(&locale, &query)).await
}

async fn validate_translation(
    State(web): State<Web>,
    Manager(client): Manager,
    Path(locale): Path<String>,
    query: Query,
    body: Body,
) -> KnockResult<Json<Value>> {
    let document = TRANSLATIONS.checked(&web, &client, placed(&locale, &query, body)).await?;
    Ok(Json(json!({ "translation": document })))
}

fn translation_key(locale: &str, query: &Query) -> String {
    let words = [Some(locale), query.text("namespace"), query.text("tenant")];
    // The translations of a tenant always have a namespace; the default one if none is given.
    let words = match words {
        [locale, None, Some(tenant)] => [locale, Some(DEFAULT_NAMESPACE), Some(tenant)],
        words => words,
    };
    words.into_iter().flatten().collect::<Vec<_>>().join("/")
}

/// Adds locale, namespace and tenant to the translation in a body.
fn placed(locale: &str, query: &Query, Body(mut body): Body) -> Body {
    if let Some(Value::Object(document)) = body.get_mut("translation") {
        document.insert("locale_code".to_owned(), locale.into());
        document.insert("namespace".to_owned(), query.text("namespace").unwrap_or(DEFAULT_NAMESPACE).into());
        document.insert("tenant".to_owned(), query.text("tenant").map_or(Value::Null, Value::from));
        document.entry("format").or_insert_with(|| query.text("format").unwrap_or("json").into());
    }
    Body(body)
}
