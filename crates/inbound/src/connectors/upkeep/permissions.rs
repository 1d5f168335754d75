//! Missing permissions, by name: a kind of thing that a tool refuses to give out is blocked for its
//! source, and the connection says which permission is missing, and where somebody grants it.
//!
//! Polls leave a blocked kind out. A reconcile and a backfill try it again, and so does everything after
//! the account was checked by hand or its permissions were changed.

use campanile_accounts::OrganisationId;
use campanile_base::{Cursor, Page, PageSize, Result};
use campanile_db::Tx;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::Connectors;
use crate::Provider;
use crate::connections::{self, Connection, ConnectionId, ConnectionKind};
use crate::github::app::manifest::PERMISSIONS;
use crate::remote::Trouble;
use crate::sources::Source;
use crate::upkeep::MissingPermission;
use crate::upkeep::kinds::queries as kinds;

/// The permission that is needed to connect an account, and not afterwards. The account of a person has none.
const OWNERSHIP: &str = "members:read";

/// A connection, with the permissions that it lacks.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ConnectionView {
    /// The connection.
    #[serde(flatten)]
    pub connection: Connection,
    /// The permissions that are missing, by name.
    pub missing_permissions: Vec<MissingPermission>,
    /// The page at which somebody grants them; `null` if it is not known, or none is missing.
    pub grant_url: Option<String>,
}

impl Connectors {
    /// The connection with this id, and the permissions that it lacks.
    ///
    /// # Errors
    /// `NotFound` for another organisation's connection.
    pub async fn connection_view(
        &self,
        tx: &mut Tx,
        organisation: &OrganisationId,
        id: &ConnectionId,
    ) -> Result<ConnectionView> {
        let connection = connections::find(tx, organisation, id).await?;
        self.view(tx, connection).await
    }

    /// A page of the connections of an organisation, newest first, with the permissions that each lacks.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn connection_page(
        &self,
        tx: &mut Tx,
        organisation: &OrganisationId,
        from: &Cursor,
        size: PageSize,
    ) -> Result<Page<ConnectionView>> {
        let Page { data, next } = connections::page(tx, organisation, from, size).await?;
        let mut viewed = Vec::with_capacity(data.len());
        for connection in data {
            viewed.push(self.view(tx, connection).await?);
        }
        Ok(Page { data: viewed, next })
    }

    /// A connection with the permissions that it lacks.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn view(&self, tx: &mut Tx, connection: Connection) -> Result<ConnectionView> {
        let blocked = match connection.status.is_usable() {
            true => kinds::missing_of_connection(tx, &connection.organisation_id, &connection.id).await?,
            false => Vec::new(),
        };
        let missing_permissions = missing(&connection, blocked);
        let grant_url = match missing_permissions.is_empty() {
            true => None,
            false => self.remote(connection.provider).and_then(|remote| remote.grant_url(connection.kind)),
        };
        Ok(ConnectionView { connection, missing_permissions, grant_url })
    }

    /// Blocks a kind of a source that the tool refuses to give out.
    pub(in crate::connectors) async fn block_kind(
        &self,
        source: &Source,
        connection: &Connection,
        kind: &str,
        trouble: &Trouble,
    ) -> Result<()> {
        let permission = self.remote(connection.provider).and_then(|remote| remote.permission_for(kind));
        let (of, id, connection) = (source.organisation_id.clone(), source.id.clone(), connection.id.clone());
        let (kind, reason, now) = (kind.to_owned(), trouble.to_string(), self.clock.now());
        tracing::info!(source = %id, kind, reason, "a kind of thing cannot be read");
        self.db
            .write(move |tx| {
                Box::pin(
                    async move { kinds::block(tx, &of, (&id, &connection), &kind, (permission, &reason), now).await },
                )
            })
            .await?;
        Ok(())
    }
}

/// The permissions that a connection lacks: those for want of which kinds are blocked, and those of our
/// app's manifest that an installation has not granted.
fn missing(connection: &Connection, blocked: Vec<(String, String)>) -> Vec<MissingPermission> {
    let mut found: Vec<MissingPermission> = Vec::new();
    for (permission, kind) in blocked {
        match found.iter_mut().find(|known| known.permission == permission) {
            Some(known) => known.kinds.push(kind),
            None => {
                let reason = reason_for(connection.provider, &permission);
                found.push(MissingPermission { permission, kinds: vec![kind], reason });
            }
        }
    }
    let is_installed = connection.provider == Provider::Github && connection.kind == ConnectionKind::App;
    if is_installed && connection.status.is_usable() && !connection.scopes.is_empty() {
        let is_missing = |scope: &str| scope != OWNERSHIP && !is_granted(&connection.scopes, scope);
        for permission in PERMISSIONS.iter().filter(|wanted| is_missing(wanted.scope)) {
            if !found.iter().any(|known| known.permission == permission.scope) {
                let (permission, reason) = (permission.scope.to_owned(), Some(permission.reason.to_owned()));
                found.push(MissingPermission { permission, kinds: Vec::new(), reason });
            }
        }
    }
    found
}

fn reason_for(provider: Provider, permission: &str) -> Option<String> {
    let known = PERMISSIONS.iter().find(|known| provider == Provider::Github && known.scope == permission);
    known.map(|known| known.reason.to_owned())
}

/// True if a permission such as `issues:read` is among those that were granted. The level does not matter:
/// a permission to write includes reading.
fn is_granted(granted: &[String], wanted: &str) -> bool {
    let Some((name, _)) = wanted.split_once(':') else { return false };
    granted.iter().any(|scope| scope.split_once(':').is_some_and(|(known, _)| known == name))
}

#[cfg(test)]
mod tests;
