//! Partials: templates that other templates render by name, `{% render 'name', key: value %}`, with nothing but what they are given.

use std::collections::HashMap;
use std::io::Write;
use std::sync::Arc;

use liquid_core::error::{Error, Result};
use liquid_core::runtime::PartialStore;
use liquid_core::{Renderable, Runtime};

use super::lenient::Lenient;
use super::{Template, TemplateError};

/// The partials of an organisation, by key.
#[derive(Debug, Default)]
pub(crate) struct Partials(HashMap<String, std::result::Result<Arc<dyn Renderable>, TemplateError>>);

impl Partials {
    /// Out of their texts. One that is no template fails what renders it, not the others.
    pub(crate) fn new(texts: impl IntoIterator<Item = (String, String)>) -> Self {
        let parsed = texts.into_iter().map(|(key, text)| {
            let parsed = Template::parse(&text).map(|template| Arc::new(Partial(template)) as Arc<dyn Renderable>);
            (key, parsed)
        });
        Self(parsed.collect())
    }
}

impl PartialStore for Partials {
    fn contains(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    fn names(&self) -> Vec<&str> {
        self.0.keys().map(String::as_str).collect()
    }

    fn try_get(&self, name: &str) -> Option<Arc<dyn Renderable>> {
        self.0.get(name)?.as_ref().ok().cloned()
    }

    fn get(&self, name: &str) -> Result<Arc<dyn Renderable>> {
        match self.0.get(name) {
            Some(Ok(partial)) => Ok(partial.clone()),
            Some(Err(error)) => Err(Error::with_msg(format!("the partial {name:?}: {error}"))),
            None => Err(Error::with_msg(format!("there is no partial {name:?}"))),
        }
    }
}

/// A partial is as forgiving as what renders it.
#[derive(Debug)]
struct Partial(Template);

impl Renderable for Partial {
    fn render_to(&self, writer: &mut dyn Write, runtime: &dyn Runtime) -> Result<()> {
        self.0.0.render_to(writer, &Lenient(runtime))
    }
}
