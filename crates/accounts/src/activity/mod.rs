//! The activity trail: a record of each change, with its actor, action, subject, time and result.
//!
//! A record is written in the transaction of its change. So no change lacks its record, and no
//! record exists for a change that did not happen.

mod queries;

use campanile_base::{Clock, Cursor, Error, Page, PageSize, Result, Timestamp, new_id};
use campanile_db::Tx;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::{Caller, OrganisationId};

/// A recorded action. The stored names are `{noun}.{past tense}` and are never renamed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Action {
    OrganisationCreated,
    WorkspaceCreated,
    WorkspaceUpdated,
    MemberAdded,
    MemberInvited,
    MemberJoined,
    MemberUpdated,
    MemberRemoved,
    InvitationDeclined,
    PasswordChanged,
    PasswordReset,
    KeyCreated,
    KeyRevoked,
    AssistantConnected,
    AssistantDisconnected,
    SignedIn,
    SignInLinkSent,
    SessionEnded,
    SourceCreated,
    SourceLinked,
    SourceSecretRotated,
    SourceSecretAwaited,
    SourceDeleted,
    SourceConfigured,
    SyncRequested,
    SyncCompleted,
    SyncFailed,
    RepositoriesDisconnected,
    ConnectionRequested,
    ConnectionConnected,
    ConnectionDegraded,
    ConnectionRecovered,
    ConnectionRevoked,
    ConnectionSuspended,
    ConnectionDisconnected,
    ConnectionClosed,
    BackfillStarted,
    BackfillCancelled,
    BackfillFinished,
    ConnectorAppRegistered,
    ConnectorAppRemoved,
    DeliveryReopened,
    ObservationCreated,
    DocumentCreated,
    DocumentUpdated,
    DocumentDeleted,
    SuppressionCreated,
    SuppressionDeleted,
    ApplicationCreated,
    ApplicationUpdated,
    ApplicationDeleted,
    EndpointCreated,
    EndpointUpdated,
    EndpointDeleted,
    EndpointDisabled,
    EndpointSecretRotated,
    ChannelUpdated,
    ChannelDeleted,
    ResourceUpdated,
    ResourceCommitted,
    ResourceActivated,
    ResourceDeactivated,
    ResourceDeleted,
    ResourcesCommitted,
    AnswerSessionDeleted,
    MemorySettingsUpdated,
    PersonMerged,
    PersonSplit,
    PersonKeptApart,
}

impl Action {
    /// The stored name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OrganisationCreated => "organisation.created",
            Self::WorkspaceCreated => "workspace.created",
            Self::WorkspaceUpdated => "workspace.updated",
            Self::MemberAdded => "member.added",
            Self::MemberInvited => "member.invited",
            Self::MemberJoined => "member.joined",
            Self::MemberUpdated => "member.updated",
            Self::MemberRemoved => "member.removed",
            Self::InvitationDeclined => "invitation.declined",
            Self::PasswordChanged => "password.changed",
            Self::PasswordReset => "password.reset",
            Self::KeyCreated => "key.created",
            Self::KeyRevoked => "key.revoked",
            Self::AssistantConnected => "assistant.connected",
            Self::AssistantDisconnected => "assistant.disconnected",
            Self::SignedIn => "session.created",
            Self::SignInLinkSent => "sign_in_link.sent",
            Self::SessionEnded => "session.ended",
            Self::SourceCreated => "source.created",
            Self::SourceLinked => "source.linked",
            Self::SourceSecretRotated => "source.secret_rotated",
            Self::SourceSecretAwaited => "source.secret_awaited",
            Self::SourceDeleted => "source.deleted",
            Self::SourceConfigured => "source.configuration_found",
            Self::SyncRequested => "source.sync_requested",
            Self::SyncCompleted => "source.sync_completed",
            Self::SyncFailed => "source.sync_failed",
            Self::RepositoriesDisconnected => "repositories.disconnected",
            Self::ConnectionRequested => "connection.requested",
            Self::ConnectionConnected => "connection.connected",
            Self::ConnectionDegraded => "connection.degraded",
            Self::ConnectionRecovered => "connection.recovered",
            Self::ConnectionRevoked => "connection.revoked",
            Self::ConnectionSuspended => "connection.suspended",
            Self::ConnectionDisconnected => "connection.disconnected",
            Self::ConnectionClosed => "connection.closed",
            Self::BackfillStarted => "backfill.started",
            Self::BackfillCancelled => "backfill.cancelled",
            Self::BackfillFinished => "backfill.finished",
            Self::ConnectorAppRegistered => "connector_app.registered",
            Self::ConnectorAppRemoved => "connector_app.removed",
            Self::DeliveryReopened => "delivery.reopened",
            Self::ObservationCreated => "observation.created",
            Self::DocumentCreated => "document.created",
            Self::DocumentUpdated => "document.updated",
            Self::DocumentDeleted => "document.deleted",
            Self::SuppressionCreated => "suppression.created",
            Self::SuppressionDeleted => "suppression.deleted",
            Self::ApplicationCreated => "application.created",
            Self::ApplicationUpdated => "application.updated",
            Self::ApplicationDeleted => "application.deleted",
            Self::EndpointCreated => "endpoint.created",
            Self::EndpointUpdated => "endpoint.updated",
            Self::EndpointDeleted => "endpoint.deleted",
            Self::EndpointDisabled => "endpoint.disabled",
            Self::EndpointSecretRotated => "endpoint.secret_rotated",
            Self::ChannelUpdated => "channel.updated",
            Self::ChannelDeleted => "channel.deleted",
            Self::ResourceUpdated => "resource.updated",
            Self::ResourceCommitted => "resource.committed",
            Self::ResourceActivated => "resource.activated",
            Self::ResourceDeactivated => "resource.deactivated",
            Self::ResourceDeleted => "resource.deleted",
            Self::ResourcesCommitted => "resources.committed",
            Self::AnswerSessionDeleted => "answer_session.deleted",
            Self::MemorySettingsUpdated => "memory_settings.updated",
            Self::PersonMerged => "person.merged",
            Self::PersonSplit => "person.split",
            Self::PersonKeptApart => "person.kept_apart",
        }
    }
}

/// A record of the trail.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Activity {
    /// Its id.
    pub id: String,
    /// The time of the action.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// `person`, `key`, `application` or `system`.
    pub actor_kind: String,
    /// The actor's id; empty for `system`.
    pub actor_id: String,
    /// The name of the action, such as `key.created`.
    pub action: String,
    /// The id of the object that was changed.
    pub subject_id: String,
    /// The result; at present always `success`.
    pub result: String,
    /// Further details of the action.
    #[schema(value_type = Object)]
    pub metadata: Value,
}

/// Records a change that the surrounding transaction makes.
pub async fn record(
    tx: &mut Tx,
    clock: &Clock,
    caller: &Caller,
    action: Action,
    subject_id: &str,
    metadata: Value,
) -> Result<()> {
    let (actor_kind, actor_id) = caller.actor.parts();
    let activity = Activity {
        id: new_id("act", clock.now()),
        at: clock.now(),
        actor_kind: actor_kind.to_owned(),
        actor_id: actor_id.to_owned(),
        action: action.as_str().to_owned(),
        subject_id: subject_id.to_owned(),
        result: "success".to_owned(),
        metadata,
    };
    queries::insert(tx, &caller.organisation, &activity).await?;
    Ok(())
}

/// The kinds of actors.
pub const ACTOR_KINDS: [&str; 4] = ["person", "key", "application", "system"];

/// Which records are listed: those that match all that is given.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// The action, or its first word: `key` matches everything that is done to keys.
    pub action: Option<String>,
    /// One of [`ACTOR_KINDS`].
    pub actor_kind: Option<String>,
    /// The actor's id.
    pub actor: Option<String>,
    /// The id of the object that was changed.
    pub subject: Option<String>,
    /// Not before this time.
    pub after: Option<Timestamp>,
    /// Before this time.
    pub before: Option<Timestamp>,
}

impl Filter {
    fn is_empty(&self) -> bool {
        let Self { action, actor_kind, actor, subject, after, before } = self;
        [action, actor_kind, actor, subject].iter().all(|text| text.is_none()) && after.or(*before).is_none()
    }
}

/// A page of the trail of an organisation, newest first.
///
/// # Errors
/// `InvalidField` for an unknown kind of actor.
pub async fn page(
    tx: &mut Tx,
    organisation: &OrganisationId,
    filter: &Filter,
    from: &Cursor,
    size: PageSize,
) -> Result<Page<Activity>> {
    if filter.actor_kind.as_deref().is_some_and(|kind| !ACTOR_KINDS.contains(&kind)) {
        return Err(Error::invalid_field("kind", format!("must be one of {}", ACTOR_KINDS.join(", "))));
    }
    Ok(queries::page(tx, organisation, filter, from, size).await?)
}
