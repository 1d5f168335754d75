//! The server itself: its version, nodes, database and settings, for the console's page of the
//! system.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use campanile_accounts::organisations;
use campanile_base::{Error, Timestamp};
use campanile_db::Engine as Database;
use campanile_engine::operate::{self, NodeView};
use campanile_http::Web;
use campanile_http::body::Json;
use campanile_http::caller::Administering;
use campanile_http::error::ApiResult;
use serde::Serialize;
use utoipa::ToSchema;

/// A setting of the server, as it is in force.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SettingView {
    /// Its name, as in `campanile.toml`.
    pub name: String,
    /// Its value. A secret is only said to be set; addresses come without user and password.
    pub value: String,
    /// Where the value comes from: `default`, the name of a file, a variable or a flag.
    pub origin: String,
    /// Its meaning.
    pub help: String,
}

/// The settings that the server was started with. Kept by the listener, and given to [`get`].
#[derive(Debug, Clone, Default)]
pub struct SettingsInForce(pub Arc<[SettingView]>);

/// The server, as an owner sees it.
#[derive(Serialize, ToSchema)]
pub(super) struct System {
    /// The version of the program.
    version: String,
    /// The address by which people reach the server.
    base_url: String,
    /// The time of the server's clock.
    #[schema(value_type = String, format = DateTime)]
    now: Timestamp,
    database: DatabaseView,
    /// The nodes that are alive, oldest first.
    nodes: Vec<NodeView>,
    /// The settings. Empty on a server of several organisations: they belong to its operator.
    settings: Vec<SettingView>,
}

/// The database.
#[derive(Serialize, ToSchema)]
struct DatabaseView {
    /// `sqlite` or `postgres`.
    kind: String,
    /// The bytes that it uses on disk.
    bytes: i64,
    /// The largest tables with their indexes, largest first. Of SQLite, the one file as `all`.
    tables: Vec<TableView>,
    /// The version of each component's schema.
    schemas: Vec<SchemaView>,
}

/// The space of a table.
#[derive(Serialize, ToSchema)]
struct TableView {
    name: String,
    bytes: i64,
}

/// The version of a component's schema.
#[derive(Serialize, ToSchema)]
struct SchemaView {
    component: String,
    version: i64,
}

/// The number of tables that are shown.
const TABLES_SHOWN: usize = 20;

/// The server: version, nodes, database, and the settings in force with their origins.
#[utoipa::path(get, path = "/api/system", tag = "operations",
    responses((status = 200, body = System), (status = 403)))]
pub(super) async fn get(
    State(web): State<Web>,
    _owner: Administering,
    Extension(SettingsInForce(settings)): Extension<SettingsInForce>,
) -> ApiResult<Json<System>> {
    let db = &web.app.db;
    let sizes = db.sizes().await.map_err(Error::from)?;
    let schemas = db.schema_versions().await.map_err(Error::from)?;
    let (nodes, organisations) = db
        .read(|tx| {
            Box::pin(async move { Ok::<_, Error>((operate::nodes(tx).await?, organisations::all(tx).await?.len())) })
        })
        .await?;
    let database = DatabaseView {
        kind: match db.engine() {
            Database::Sqlite => "sqlite".to_owned(),
            Database::Postgres => "postgres".to_owned(),
        },
        bytes: sizes.iter().map(|size| size.bytes).sum(),
        tables: sizes
            .into_iter()
            .take(TABLES_SHOWN)
            .map(|size| TableView { name: size.table, bytes: size.bytes })
            .collect(),
        schemas: schemas.into_iter().map(|(component, version)| SchemaView { component, version }).collect(),
    };
    Ok(Json(System {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        base_url: web.app.base_url.clone(),
        now: web.app.clock.now(),
        database,
        nodes,
        settings: if organisations == 1 { settings.to_vec() } else { Vec::new() },
    }))
}
