//! A template that is parsed at its first use.

use std::sync::OnceLock;

use serde_json::Value;

use crate::template::{Template, TemplateError, Variables};

/// A template, or the reason why the text is not one. In that case each use fails with the reason.
#[derive(Debug)]
pub struct Text {
    source: String,
    parsed: OnceLock<Result<Template, TemplateError>>,
}

impl Text {
    /// Keeps the text. It is parsed at its first use, so that no transaction waits for the parser.
    pub fn new(source: &str) -> Self {
        Self { source: source.to_owned(), parsed: OnceLock::new() }
    }

    fn parsed(&self) -> &Result<Template, TemplateError> {
        self.parsed.get_or_init(|| Template::parse(&self.source))
    }

    /// The text as it was written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Checks that the text is a template.
    ///
    /// # Errors
    /// The fault, and its place.
    pub fn check(&self) -> Result<(), TemplateError> {
        self.parsed().as_ref().map(|_| ()).map_err(Clone::clone)
    }

    /// Renders it.
    ///
    /// # Errors
    /// The fault, and its place.
    pub fn render(&self, variables: &Variables) -> Result<String, TemplateError> {
        match self.parsed() {
            Ok(template) => template.render_with(variables),
            Err(error) => Err(error.clone()),
        }
    }

    /// Renders it to JSON.
    ///
    /// # Errors
    /// The fault, and its place.
    pub fn render_json(&self, variables: &Variables) -> Result<Value, TemplateError> {
        let rendered = self.render(variables)?;
        serde_json::from_str(&rendered)
            .map_err(|error| TemplateError::new(format!("the template renders to something that is not JSON: {error}")))
    }
}
