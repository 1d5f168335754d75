//! Receives the deliveries of an app, which has one address for all accounts that have installed it.
//!
//! 1. The signature is checked with the secret of the app.
//! 2. What the delivery says about the account itself changes its connections, in one transaction.
//! 3. For each source of the resource, in any workspace, the delivery is stored like one that was sent
//!    to the source.
//! 4. Without a connection of the account, it is kept as a stray. A connection that is disconnected
//!    wants nothing of it, and a resource that is not linked is counted only. In all of these cases
//!    it is acknowledged: a refusal would make the provider send it again, or switch the webhook off.

use std::sync::Arc;
use std::time::Duration;

use campanile_base::Secret;

use super::{Arrival, Arrived, Intake, Receipt, ReceiptResult, StoredDelivery, kept};
use crate::apps::{OpenApp, queries};
use crate::connections::Connection;
use crate::deliveries::{self, Delivery, DeliveryId};
use crate::envelope::Envelope;
use crate::github::account_events::{AccountChange, AppOutline, change, is_about_account};
use crate::routing::{self, AppDelivery, Route};
use crate::strays::{self, Stray};
use crate::{Code, IngestError};

/// The time between two records of the last delivery to an app.
const RARELY: Duration = Duration::from_secs(60);

/// A delivery that was read.
struct ReadDelivery {
    envelope: Envelope,
    outline: AppOutline,
    change: Option<AccountChange>,
}

impl Arrived {
    /// Checks the signature and the body, and reads what the delivery is about. Returns `self` too,
    /// since this may run on another thread.
    fn read_of_app(self) -> (Self, Result<ReadDelivery, IngestError>) {
        let read = self.of_app();
        (self, read)
    }

    fn of_app(&self) -> Result<ReadDelivery, IngestError> {
        let envelope = self.envelope()?;
        let unreadable = |why: String| IngestError::new(Code::InvalidPayload, why);
        let outline = deliveries::parse_body(&self.headers, &self.body).map_err(unreadable)?;
        let change = match is_about_account(&envelope.event) {
            true => {
                let payload = deliveries::parse_body(&self.headers, &self.body).map_err(unreadable)?;
                change(&envelope.event, &payload).map_err(|error| unreadable(error.to_string()))?
            }
            false => None,
        };
        Ok(ReadDelivery { envelope, outline, change })
    }
}

impl Intake {
    pub(super) async fn receive_at_app(&self, app: OpenApp, arrival: Arrival) -> Result<Receipt, IngestError> {
        let (provider, now) = (app.app.provider, self.clock.now());
        let Arrival { headers, body } = arrival;
        let length = body.len();
        let secrets: Vec<Secret> = app.secrets.webhook_secret.iter().cloned().collect();
        let arrived = Arrived { provider, secrets, headers, body };
        // The slot is held until the delivery is stored: database drivers copy the body.
        let ((arrived, read), _turn) = self.large.run(arrived, length, Arrived::read_of_app).await?;
        let (ReadDelivery { envelope, outline, change }, Arrived { headers, body, .. }) = (read?, arrived);
        self.check_age(envelope.sent_at, now)?;
        self.note_heard(&app).await?;
        let delivery = AppDelivery {
            app_id: app.app.id.to_string(),
            owner: app.app.organisation_id.clone(),
            provider,
            account: outline.account().unwrap_or_default(),
            resource: outline.resource(),
            delivery_id: deliveries::storable(&envelope.delivery_id),
            event: deliveries::storable(&envelope.event),
            headers: kept(headers),
            body,
            received_at: now,
        };
        let mut receipt = Receipt {
            delivery_id: delivery.delivery_id.clone(),
            result: ReceiptResult::Ignored,
            id: None,
            stored: Vec::new(),
            status: provider.delivery_rules().success,
        };
        if delivery.account.is_empty() {
            // It is about the app itself, such as the first delivery, by which the provider tries the address.
            receipt.result = ReceiptResult::Accepted;
            return Ok(receipt);
        }
        let mut is_changed = false;
        if let (Some(change), Some(connectors)) = (change, &self.connectors) {
            is_changed = connectors.apply_account_change(&app, &delivery.account, change).await?;
        }
        match self.go_its_way(&delivery).await? {
            Way::Stray if is_changed => receipt.result = ReceiptResult::Accepted,
            Way::Stray => receipt.result = self.keep_stray(&delivery).await?,
            Way::Ended if is_changed => receipt.result = ReceiptResult::Accepted,
            Way::Ended => {}
            Way::Stored { id, stored } => {
                receipt.result = if stored.is_empty() { ReceiptResult::Duplicate } else { ReceiptResult::Accepted };
                (receipt.id, receipt.stored) = (Some(id), stored);
            }
        }
        Ok(receipt)
    }

    /// Stores a delivery for each source that it is for.
    async fn go_its_way(&self, delivery: &AppDelivery) -> Result<Way, IngestError> {
        let wanted = delivery.clone_without_body();
        let route = self.db.read(move |tx| Box::pin(async move { routing::find(tx, &wanted).await })).await?;
        let (targets, without) = match route {
            Route::Nobody => return Ok(Way::Stray),
            Route::Closed => return Ok(Way::Ended),
            Route::Found { targets, without } => (targets, without),
        };
        if targets.is_empty() {
            // What is about the account itself has no resource that could be linked.
            if delivery.resource.is_some() {
                self.count_unlinked(&without, delivery).await?;
            }
            return Ok(Way::Ended);
        }
        let (mut first, mut stored) = (None, Vec::new());
        for target in targets {
            let row = Arc::new(delivery.for_source(target));
            if self.accept.submit(row.clone()).await? {
                stored.push(stored_delivery(&row));
                self.note_source_heard(&row.organisation_id, &row.source_id).await?;
            }
            first.get_or_insert_with(|| row.id.clone());
        }
        let id = first.unwrap_or_else(|| DeliveryId::new(delivery.received_at));
        Ok(Way::Stored { id, stored })
    }

    async fn count_unlinked(&self, connections: &[Connection], delivery: &AppDelivery) -> Result<(), IngestError> {
        let (connections, event) = (connections.to_vec(), delivery.event.clone());
        let now = delivery.received_at;
        let counted = self.db.write(move |tx| {
            Box::pin(async move {
                for connection in &connections {
                    routing::count_unlinked(tx, connection, &event, now).await?;
                }
                Ok::<_, campanile_db::Error>(())
            })
        });
        Ok(counted.await?)
    }

    /// Records that an app was delivered to, once a minute at most.
    async fn note_heard(&self, app: &OpenApp) -> Result<(), IngestError> {
        let (id, now) = (app.app.id.to_string(), self.clock.now());
        if !self.is_heard_anew(&id, RARELY, now) {
            return Ok(());
        }
        self.db.write(move |tx| Box::pin(async move { queries::note_heard(tx, &id, now).await })).await?;
        Ok(())
    }

    /// Keeps a delivery until somebody connects its account. If somebody did so meanwhile, it goes its
    /// way at once.
    async fn keep_stray(&self, delivery: &AppDelivery) -> Result<ReceiptResult, IngestError> {
        let of = delivery.clone();
        let kept = self.db.write(move |tx| Box::pin(async move { strays::keep(tx, &of).await })).await?;
        let Some(id) = kept else { return Ok(ReceiptResult::Ignored) };
        let (app, owner, account) = (delivery.app_id.clone(), delivery.owner.clone(), delivery.account.clone());
        let open = self.db.read(move |tx| {
            Box::pin(async move { routing::open_connections(tx, (&app, owner.as_ref()), &account).await })
        });
        if !open.await?.is_empty() {
            self.adopt(Stray { id, delivery: delivery.clone() }).await?;
        }
        Ok(ReceiptResult::Waiting)
    }

    /// Lets a stray go its way, now that its account is connected.
    ///
    /// # Errors
    /// `Unavailable`; it is still a stray then.
    pub(crate) async fn adopt(&self, stray: Stray) -> Result<(), IngestError> {
        let Stray { id, delivery } = stray;
        self.go_its_way(&delivery).await?;
        self.db.write(move |tx| Box::pin(async move { strays::queries::delete(tx, &id).await })).await?;
        Ok(())
    }
}

/// The way that a delivery took.
enum Way {
    /// Nobody has connected its account.
    Stray,
    /// Nobody wants it.
    Ended,
    /// It was stored for sources, by this request or before.
    Stored { id: DeliveryId, stored: Vec<StoredDelivery> },
}

fn stored_delivery(row: &Delivery) -> StoredDelivery {
    let (organisation, workspace) = (row.organisation_id.clone(), row.workspace_id.clone());
    StoredDelivery { id: row.id.clone(), organisation, workspace }
}
