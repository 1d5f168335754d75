//! The settings of connectors: our OAuth application at each provider, and the provider's addresses.

use campanile_inbound::connectors::backfill::DEPTHS;
use campanile_inbound::connectors::{OauthSettings, Settings};

use super::Layers;

impl Layers {
    /// The settings of all connectors.
    pub(super) fn connectors(&self) -> Result<Settings, String> {
        let linear = OauthSettings {
            client_id: self.some("connector_linear_client_id"),
            client_secret: self.hidden("connector_linear_client_secret"),
            api_url: self.address("connector_linear_api_url")?,
            web_url: self.address("connector_linear_web_url")?,
        };
        if linear.client_id.is_none() && linear.client_secret.is_some() {
            return Err(self.wrong("connector_linear_client_secret", "needs connector_linear_client_id"));
        }
        let backfill_depth = self.backfill_depth()?;
        let budget_reserve = self.number("connector_budget_reserve")?;
        if !(0..=90).contains(&budget_reserve) {
            return Err(self.wrong("connector_budget_reserve", "must be 0 to 90"));
        }
        Ok(Settings { linear, backfill_depth, budget_reserve })
    }

    /// The depth of the backfill that begins by itself; `None` for none.
    fn backfill_depth(&self) -> Result<Option<i64>, String> {
        let name = "connector_backfill_depth";
        if self.some(name).is_some_and(|text| text == "off") {
            return Ok(None);
        }
        let depth: i64 = self.number(name)?;
        match DEPTHS.contains(&depth) {
            true => Ok(Some(depth)),
            false => Err(self.wrong(name, "must be 1, 7, 30, 90 or off")),
        }
    }

    /// The base URL of a provider, which always has one.
    fn address(&self, name: &'static str) -> Result<String, String> {
        self.provider_url(name, &[])?.ok_or_else(|| self.wrong(name, "must not be empty"))
    }
}
