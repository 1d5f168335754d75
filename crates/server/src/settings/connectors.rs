//! The settings of connectors: our OAuth application at each provider, and the provider's addresses.

use campanile_inbound::connectors::{GithubSettings, NotionSettings, OauthSettings, Settings};

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
        let github = GithubSettings {
            api_url: self.address("connector_github_api_url")?,
            web_url: self.address("connector_github_web_url")?,
        };
        let notion = NotionSettings { api_url: self.address("connector_notion_api_url")? };
        Ok(Settings { github, linear, notion })
    }

    /// The base URL of a provider, which always has one.
    fn address(&self, name: &'static str) -> Result<String, String> {
        self.provider_url(name, &[])?.ok_or_else(|| self.wrong(name, "must not be empty"))
    }
}
