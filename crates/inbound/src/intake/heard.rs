//! Records that apps and sources are delivered to, and keeps the token that a tool sends beforehand.

use std::time::Duration;

use campanile_accounts::OrganisationId;
use campanile_base::{Secret, Timestamp};

use super::{Intake, Receipt};
use crate::sources::{Source, SourceId};
use crate::{Code, IngestError, handshakes, upkeep};

/// The time between two records of the last delivery to a linked source.
const SOURCE_HEARD: Duration = Duration::from_secs(600);
/// The apps and sources whose last record is known, before old ones are forgotten.
const MOST_HEARD: usize = 10_000;

impl Intake {
    /// Keeps the token that a tool sends before its webhooks, if the source waits for one.
    pub(super) async fn receive_token(&self, source: Source, token: Secret) -> Result<Receipt, IngestError> {
        let (vault, now) = (self.vault.clone(), self.clock.now());
        let kept = self
            .db
            .write(move |tx| Box::pin(async move { handshakes::receive(tx, &vault, &source, &token, now).await }));
        if !kept.await? {
            return Err(IngestError::new(
                Code::MissingSignature,
                "this address takes no token at present; let it wait for one in the console",
            ));
        }
        Ok(Receipt::of_handshake())
    }

    /// Records that a linked source was delivered to, once in ten minutes at most. It is not polled then.
    pub(super) async fn note_source_heard(
        &self,
        organisation: &OrganisationId,
        source: &SourceId,
    ) -> Result<(), IngestError> {
        let now = self.clock.now();
        if !self.is_heard_anew(source.as_str(), SOURCE_HEARD, now) {
            return Ok(());
        }
        let (organisation, source) = (organisation.clone(), source.clone());
        let noted = self.db.write(move |tx| {
            Box::pin(async move { upkeep::queries::note_heard(tx, (&organisation, &source), now).await })
        });
        noted.await?;
        Ok(())
    }

    /// True if an app or a source was not recorded as delivered to within a time. It counts as recorded
    /// from now on.
    pub(super) fn is_heard_anew(&self, id: &str, within: Duration, now: Timestamp) -> bool {
        let mut heard = self.heard.lock().expect("nobody panics while they hold it");
        if heard.get(id).is_some_and(|at| now.since(*at) < within) {
            return false;
        }
        if heard.len() >= MOST_HEARD {
            heard.retain(|_, at| now.since(*at) < SOURCE_HEARD);
        }
        heard.insert(id.to_owned(), now);
        true
    }
}
