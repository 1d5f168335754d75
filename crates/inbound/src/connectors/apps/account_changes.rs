//! Applies what GitHub tells about an account: the app was installed, suspended or uninstalled, and
//! repositories came and went.
//!
//! Each change names the status that it changes from, so a repeat does nothing. A delivery may arrive
//! late; so after each change of an installation the connection is checked, or its repositories are
//! listed again, and that has the last word.

use campanile_accounts::Caller;
use campanile_base::{Result, Timestamp};
use campanile_db::Tx;

use super::super::{Connectors, listing};
use super::installation::{installed, requested_by};
use crate::apps::OpenApp;
use crate::connections::resources::queries as resources;
use crate::connections::{Change, Connection, LogEvent, Status, Trigger, note, queries};
use crate::github::account_events::AccountChange;
use crate::github::app::Installation;
use crate::remote::ListedResource;
use crate::routing;
use crate::upkeep::kinds::queries as kinds;

const UNINSTALLED: &str = "the owner of the account has uninstalled the app";
const SUSPENDED: &str = "the owner of the account has suspended the app";

impl Connectors {
    /// Applies a change to the connections of an account. `false` if it has none.
    pub(crate) async fn apply_account_change(
        &self,
        app: &OpenApp,
        account: &str,
        change: AccountChange,
    ) -> Result<bool> {
        let (connectors, app, account) = (self.clone(), app.clone(), account.to_owned());
        self.db.write(move |tx| Box::pin(async move { connectors.apply(tx, &app, &account, change).await })).await
    }

    async fn apply(&self, tx: &mut Tx, app: &OpenApp, account: &str, change: AccountChange) -> Result<bool> {
        let of = (app.app.id.as_str(), app.app.organisation_id.as_ref());
        if let AccountChange::Installed { installation, requester: Some(requester) } = &change {
            self.connect_requested(tx, app, installation, requester).await?;
        }
        let open = routing::open_connections(tx, of, account).await?;
        for connection in &open {
            self.apply_to(tx, connection, &change).await?;
        }
        Ok(!open.is_empty())
    }

    async fn apply_to(&self, tx: &mut Tx, connection: &Connection, change: &AccountChange) -> Result<()> {
        let (of, now) = ((&connection.organisation_id, &connection.id), self.clock.now());
        match change {
            AccountChange::Installed { .. } => Ok(()),
            AccountChange::Uninstalled => {
                let reason = Some(UNINSTALLED.to_owned());
                self.change_status(tx, connection, by_provider(Status::Closing, LogEvent::Closing, reason)).await?;
                queries::stop_checks(tx, of.0, of.1).await?;
                Ok(())
            }
            AccountChange::Suspended if connection.status.is_usable() => {
                let reason = Some(SUSPENDED.to_owned());
                self.change_status(tx, connection, by_provider(Status::Suspended, LogEvent::Suspended, reason)).await?;
                queries::set_check_at(tx, of, now).await?;
                Ok(())
            }
            AccountChange::Resumed if connection.status == Status::Suspended => {
                self.change_status(tx, connection, by_provider(Status::Active, LogEvent::Recovered, None)).await?;
                queries::set_check_at(tx, of, now).await?;
                listing::request(tx, self, connection).await
            }
            AccountChange::Suspended | AccountChange::Resumed => Ok(()),
            AccountChange::Permissions(granted) => {
                queries::set_scopes(tx, of, granted).await?;
                kinds::unblock_all(tx, of.0, of.1).await?;
                self.note_change(tx, connection, now, "its permissions were changed").await
            }
            AccountChange::Renamed(name) => {
                queries::set_label(tx, of, name).await?;
                listing::request(tx, self, connection).await?;
                self.note_change(tx, connection, now, &format!("the account is called {name} now")).await
            }
            AccountChange::Repositories { added, removed } => {
                for repository in added {
                    self.put_resource(tx, connection, repository.clone().listed(self.github.web_url()), now).await?;
                }
                for id in removed {
                    resources::retire_one(tx, of, ("repository", id), now).await?;
                }
                listing::request(tx, self, connection).await?;
                let said = format!("repositories: {} added, {} removed", added.len(), removed.len());
                self.note_change(tx, connection, now, &said).await
            }
            AccountChange::Repository(repository) => {
                self.put_resource(tx, connection, repository.clone().listed(self.github.web_url()), now).await
            }
        }
    }

    /// Connects an installation in place of the connection of the person who asked for it.
    async fn connect_requested(
        &self,
        tx: &mut Tx,
        app: &OpenApp,
        installation: &Installation,
        requester: &str,
    ) -> Result<()> {
        let of = (app.app.id.as_str(), app.app.organisation_id.as_ref());
        for pending in routing::open_connections(tx, of, &requested_by(requester)).await? {
            let by = Caller::system(pending.organisation_id.clone());
            let known = queries::by_account(tx, &by.organisation, pending.provider, &installation.id).await?;
            if known.as_ref().is_some_and(|known| known.status == Status::Closing) {
                continue;
            }
            let mut new = installed(app, installation.clone());
            new.connected_by = Some(pending.connected_by.clone());
            match known {
                None => drop(queries::set_account(tx, &pending, &installation.id).await?),
                // It is connected already, or was: what was asked for is not needed any more.
                Some(_) => new.replaces = Some(pending.account_id.clone()),
            }
            self.put_connection(tx, &by, new).await?;
        }
        Ok(())
    }

    async fn put_resource(
        &self,
        tx: &mut Tx,
        connection: &Connection,
        listed: ListedResource,
        now: Timestamp,
    ) -> Result<()> {
        let of = (&connection.organisation_id, &connection.id);
        resources::put(tx, of, &listing::row(listed, now)).await?;
        Ok(())
    }

    async fn note_change(&self, tx: &mut Tx, connection: &Connection, now: Timestamp, said: &str) -> Result<()> {
        note(tx, connection, now, LogEvent::Changed, None, Some(said), Trigger::Provider).await
    }
}

/// A change of which the provider has told.
fn by_provider(to: Status, event: LogEvent, reason: Option<String>) -> Change {
    Change { to, event, reason, trigger: Trigger::Provider }
}
