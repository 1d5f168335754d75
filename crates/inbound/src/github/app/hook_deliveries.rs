//! The deliveries that GitHub has sent to an app, and those of them to ask for again.
//!
//! GitHub tries each delivery once, and keeps the failed ones for some days. A delivery and its
//! repeats have one `guid`, and an id each.

use std::collections::BTreeMap;

use campanile_base::Timestamp;
use serde_json::Value;

use super::as_app;
use crate::github::remote::Github;
use crate::payload::Read as _;
use crate::remote::{Api, Trouble, needed_text};

const FAILED: &str = "/app/hook/deliveries?status=failure&per_page=100";
/// The most pages that are read.
const PAGES: usize = 50;
/// The attempts after which a delivery is given up.
const ATTEMPTS: usize = 20;

/// An attempt of GitHub to deliver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HookDelivery {
    pub(crate) id: i64,
    pub(crate) guid: String,
    /// Our answer; 0 without one.
    pub(crate) status: i64,
}

impl HookDelivery {
    fn read(object: &Value) -> Result<Self, Trouble> {
        let id = object.number("id").ok_or_else(|| Trouble::Invalid("a delivery has no id".to_owned()))?;
        Ok(Self { id, guid: needed_text(object, "guid")?, status: object.number("status_code").unwrap_or_default() })
    }

    /// True if we have refused it, and would again.
    fn is_refused(&self) -> bool {
        (400..500).contains(&self.status) && !matches!(self.status, 408 | 429)
    }
}

/// The last attempts of the deliveries to ask for again, the oldest first: newer than `swept_to`, never
/// accepted, never refused, and not given up.
pub(crate) fn lost(attempts: Vec<HookDelivery>, swept_to: i64) -> Vec<HookDelivery> {
    let mut by_guid: BTreeMap<String, Vec<HookDelivery>> = BTreeMap::new();
    for attempt in attempts {
        by_guid.entry(attempt.guid.clone()).or_default().push(attempt);
    }
    let is_over = |all: &[HookDelivery]| {
        let is_final = |it: &HookDelivery| it.is_refused() || (200..300).contains(&it.status);
        all.len() >= ATTEMPTS || all.iter().any(is_final)
    };
    let last = |all: Vec<HookDelivery>| all.into_iter().max_by_key(|attempt| attempt.id);
    let open = by_guid.into_values().filter(|all| !is_over(all));
    let mut lost: Vec<HookDelivery> = open.filter_map(last).filter(|attempt| attempt.id > swept_to).collect();
    lost.sort_by_key(|attempt| attempt.id);
    lost
}

impl Github {
    /// All failed attempts that GitHub still has, asked for as the app.
    pub(crate) async fn failed_attempts(&self, api: &Api, now: Timestamp) -> Result<Vec<HookDelivery>, Trouble> {
        let (mut all, mut next) = (Vec::new(), Some(FAILED.to_owned()));
        for _ in 0..PAGES {
            let Some(path) = next else { return Ok(all) };
            let page = as_app(api, "GET", &path, None, now).await?;
            let listed = page.body.as_array().ok_or_else(|| Trouble::Invalid("it has no deliveries".to_owned()))?;
            for object in listed {
                all.push(HookDelivery::read(object)?);
            }
            if page.next.as_deref() == Some(path.as_str()) {
                return Err(Trouble::Invalid("the pages lead in a circle".to_owned()));
            }
            next = page.next;
        }
        tracing::warn!("GitHub has more failed deliveries than are read at a time");
        Ok(all)
    }

    /// Asks for a delivery again. GitHub sends it soon after.
    pub(crate) async fn redeliver(&self, api: &Api, id: i64, now: Timestamp) -> Result<(), Trouble> {
        as_app(api, "POST", &format!("/app/hook/deliveries/{id}/attempts"), None, now).await.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(id: i64, guid: &str, status: i64) -> HookDelivery {
        HookDelivery { id, guid: guid.to_owned(), status }
    }

    #[test]
    fn a_delivery_is_asked_for_again_unless_it_was_accepted_refused_looked_at_or_tried_often() {
        let mut attempts = vec![
            attempt(9, "a", 502),
            attempt(3, "a", 0),
            attempt(8, "accepted", 202),
            attempt(7, "accepted", 500),
            attempt(6, "refused", 401),
            attempt(5, "slow", 429),
            attempt(2, "looked at", 500),
        ];
        attempts.extend((100..120).map(|id| attempt(id, "again and again", 500)));
        assert_eq!(lost(attempts, 4), [attempt(5, "slow", 429), attempt(9, "a", 502)]);
        assert!(lost(Vec::new(), 0).is_empty());
    }
}
