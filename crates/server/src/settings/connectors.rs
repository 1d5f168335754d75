//! The settings of connectors: our OAuth application at each provider, and the provider's addresses.

use campanile_base::Secret;
use campanile_inbound::connectors::backfill::DEPTHS;
use campanile_inbound::connectors::{
    GithubAppSettings, GithubSettings, GitlabSettings, NotionSettings, OauthSettings, PagerdutySettings, Settings,
};

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
        let github = GithubSettings {
            api_url: self.address("connector_github_api_url")?,
            web_url: self.address("connector_github_web_url")?,
            app: self.github_app()?,
        };
        let notion = NotionSettings { api_url: self.address("connector_notion_api_url")? };
        let pagerduty = PagerdutySettings { api_url: self.address("connector_pagerduty_api_url")? };
        let gitlab = GitlabSettings { api_url: self.address("connector_gitlab_api_url")? };
        let public_url = self.provider_url("public_url", &[])?;
        Ok(Settings { public_url, github, linear, notion, pagerduty, gitlab, backfill_depth, budget_reserve })
    }

    /// The app of this server at GitHub. All of its settings belong together, but the secret of its
    /// webhooks may be missing.
    fn github_app(&self) -> Result<Option<GithubAppSettings>, String> {
        const NAMES: [&str; 6] = [
            "connector_github_app_id",
            "connector_github_slug",
            "connector_github_client_id",
            "connector_github_client_secret",
            "connector_github_private_key",
            "connector_github_webhook_secret",
        ];
        let [app_id, slug, client_id, client_secret, private_key, webhook_secret] = NAMES.map(|name| self.some(name));
        let needed = [&app_id, &slug, &client_id, &client_secret, &private_key];
        let missing = needed.iter().position(|value| value.is_none());
        let (Some(app_id), Some(slug), Some(client_id), Some(client_secret), Some(private_key)) =
            (app_id, slug, client_id, client_secret, private_key)
        else {
            let Some(given) = NAMES.iter().find(|name| self.some(name).is_some()) else { return Ok(None) };
            return Err(self.wrong(given, &format!("needs {} too", NAMES[missing.unwrap_or_default()])));
        };
        if !slug.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)) {
            return Err(self.wrong("connector_github_slug", "must be the app's name as in the address of its page"));
        }
        // A setting is one line, in which the ends of lines are often written as \n.
        let private_key = Secret::new(private_key.replace("\\n", "\n"));
        let (client_secret, webhook_secret) = (Secret::new(client_secret), webhook_secret.map(Secret::new));
        Ok(Some(GithubAppSettings { app_id, slug, client_id, client_secret, private_key, webhook_secret }))
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
