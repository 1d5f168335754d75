//! Layouts: the frames around mails.

use std::collections::HashMap;

use serde_json::Value;

use crate::template::{TemplateError, Variables};
use crate::text::Text;

/// An organisation's layouts by their keys.
#[derive(Debug, Default)]
pub struct Layouts(HashMap<String, Layout>);

impl FromIterator<(String, Layout)> for Layouts {
    fn from_iter<I: IntoIterator<Item = (String, Layout)>>(layouts: I) -> Self {
        Self(layouts.into_iter().collect())
    }
}

impl Layouts {
    /// A layout by its key.
    pub fn get(&self, key: &str) -> Option<&Layout> {
        self.0.get(key)
    }
}

/// The frame around a mail. `{{ content }}` marks the place of the mail.
#[derive(Debug)]
pub struct Layout {
    html: Text,
    text: Option<Text>,
    footer_links: Value,
}

impl Layout {
    /// Reads a layout's document.
    pub fn of(body: &Value) -> Self {
        let text = body["text_layout"].as_str().filter(|text| !text.trim().is_empty()).map(Text::new);
        let html = Text::new(body["html_layout"].as_str().unwrap_or("{{ content }}"));
        Self { html, text, footer_links: body["footer_links"].clone() }
    }

    /// Puts the HTML and the text of a mail into the layout.
    ///
    /// # Errors
    /// The fault of the layout, and its place.
    pub fn wrap(
        &self,
        variables: &Variables,
        html: &str,
        text: Option<&str>,
    ) -> std::result::Result<(String, Option<String>), TemplateError> {
        let around = |content: &str| {
            variables.with("content", &Value::String(content.to_owned())).with("footer_links", &self.footer_links)
        };
        let wrapped = self.html.render(&around(html))?;
        let text = match (&self.text, text) {
            (Some(layout), Some(text)) => Some(layout.render(&around(text))?),
            (_, text) => text.map(str::to_owned),
        };
        Ok((wrapped, text))
    }
}
