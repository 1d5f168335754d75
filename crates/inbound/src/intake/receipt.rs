//! The end of a delivery that was accepted, for the answer to its sender.

use campanile_accounts::{OrganisationId, WorkspaceId};

use crate::deliveries::DeliveryId;

/// The answer to the sender.
#[derive(Debug, Clone)]
pub struct Receipt {
    /// The provider's id of the delivery.
    pub delivery_id: String,
    /// The end that it came to.
    pub result: ReceiptResult,
    /// Our id of it in one workspace, now or since an earlier request.
    pub id: Option<DeliveryId>,
    /// The workspaces in which it was stored by this request, for the live view.
    pub stored: Vec<StoredDelivery>,
    /// The HTTP status that tells this provider that the delivery was accepted.
    pub status: u16,
}

impl Receipt {
    /// The answer to a tool that sent the secret of its webhooks: it wants the status 200.
    pub(super) fn of_handshake() -> Self {
        let (delivery_id, stored, result) = (String::new(), Vec::new(), ReceiptResult::Accepted);
        Self { delivery_id, result, id: None, stored, status: 200 }
    }
}

/// A delivery that was stored in a workspace.
#[derive(Debug, Clone)]
pub struct StoredDelivery {
    /// Our id of it.
    pub id: DeliveryId,
    /// The organisation that it belongs to.
    pub organisation: OrganisationId,
    /// The workspace that it belongs to.
    pub workspace: WorkspaceId,
}

/// The end of a delivery that was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReceiptResult {
    /// It was stored, or has changed a connection.
    Accepted,
    /// It was stored before.
    Duplicate,
    /// It is kept until somebody connects the account that it is about.
    Waiting,
    /// Nothing of it is kept: what it is about is not linked, or is disconnected.
    Ignored,
}

impl ReceiptResult {
    /// The word as sent, and as the label of the metric.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Duplicate => "duplicate",
            Self::Waiting => "waiting",
            Self::Ignored => "ignored",
        }
    }
}
