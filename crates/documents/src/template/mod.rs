//! Liquid templates, as forgiving as those of the hosted services: a missing variable renders to
//! nothing.
//!
//! Built on `liquid-core` and its standard library. Their own runtime fails on a missing variable,
//! so a lenient one wraps it and answers nil.
//!
//! # Bounds
//! The authors of templates are not trusted with the server's threads. A text is [scanned](limits)
//! before it is parsed. Its blocks are [counted](blocks) while it is parsed. Each rendering has a
//! [budget]. A text that exceeds a bound, and a panic of the library, are errors of the template.

mod arithmetic;
mod blocks;
mod bounded;
pub mod budget;
mod dates;
mod filters;
mod lenient;
mod limits;
mod liquid_tag;
mod lists;
mod localized_texts;
mod loops;
mod partials;
mod text_filters;
mod translations;
mod values;

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, LazyLock};

use campanile_base::bounds::TEMPLATE_ERROR_BYTES;
use liquid_core::{Language, Object};
use serde_json::Value;

pub use localized_texts::{DEFAULT_NAMESPACE, LocalizedTexts, Translations, texts};
pub use partials::Partials;
pub use values::json_size;

static LANGUAGE: LazyLock<Language> = LazyLock::new(language);

/// The length to which each line of an error is cut, in characters.
const ERROR_LINE: usize = 200;

/// A parsed template.
#[derive(Debug)]
pub struct Template(liquid_core::Template);

/// A fault of a template, or of its input.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct TemplateError(String);

impl TemplateError {
    /// Cuts the sentence to a bounded length: the parser quotes the whole line that is wrong.
    pub fn new(why: impl AsRef<str>) -> Self {
        let lines = why.as_ref().lines().map(|line| match line.char_indices().nth(ERROR_LINE) {
            Some((end, _)) => format!("{}…", &line[..end]),
            None => line.to_owned(),
        });
        let mut text = lines.collect::<Vec<_>>().join("\n");
        if text.len() > TEMPLATE_ERROR_BYTES {
            text.truncate(text.floor_char_boundary(TEMPLATE_ERROR_BYTES));
            text.push('…');
        }
        Self(text)
    }
}

impl Template {
    /// Parses a template.
    ///
    /// # Errors
    /// The fault, and its place.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let text = liquid_tag::unfolded(text);
        limits::check(&text).map_err(TemplateError::new)?;
        let parsed = caught(|| liquid_core::parser::parse(&text, &LANGUAGE))?;
        Ok(Self(liquid_core::Template::new(parsed)))
    }

    /// Renders it with `data`, a JSON object.
    ///
    /// # Errors
    /// The filter or tag that failed, with the reason.
    pub fn render(&self, data: &Value) -> Result<String, TemplateError> {
        self.render_with(&Variables::new(data, Arc::default())?)
    }

    /// Renders it with variables that are shared with other templates.
    ///
    /// # Errors
    /// The filter or tag that failed, with the reason.
    pub fn render_with(&self, variables: &Variables) -> Result<String, TemplateError> {
        caught(|| lenient::render(&self.0, variables))
    }
}

/// Runs the library. A panic becomes an error of the template.
fn caught<T>(work: impl FnOnce() -> liquid_core::Result<T>) -> Result<T, TemplateError> {
    match std::panic::catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(TemplateError::new(error.to_string())),
        Err(_) => Err(TemplateError::new("the template library cannot handle this template or a value in it")),
    }
}

/// The variables, partials and translations of a rendering.
#[derive(Debug, Clone)]
pub struct Variables {
    values: Object,
    partials: Arc<Partials>,
    localized: LocalizedTexts,
}

impl Variables {
    /// Reads a JSON object.
    ///
    /// # Errors
    /// The data is not an object.
    pub fn new(data: &Value, partials: Arc<Partials>) -> Result<Self, TemplateError> {
        budget::count_for_run(json_size(data));
        let fields = data.as_object().ok_or_else(|| TemplateError::new("variables are a JSON object"))?;
        let values = values::object(fields);
        Ok(Self { values, partials, localized: LocalizedTexts::default() })
    }

    /// Adds the translations of a language.
    #[must_use]
    pub fn spoken(mut self, localized: LocalizedTexts) -> Self {
        self.localized = localized;
        self
    }

    /// A copy with one more variable.
    #[must_use]
    pub fn with(&self, name: &'static str, value: &Value) -> Self {
        let mut more = self.clone();
        more.values.insert(name.into(), values::liquid(value));
        more
    }
}

fn language() -> Language {
    use liquid_lib::stdlib as std;
    let mut language = Language::empty();
    let mut filter = |filter: Box<dyn liquid_core::ParseFilter>| {
        let name = filter.reflection().name().to_owned();
        language.filters.register(name, Box::new(bounded::Bounded(filter)));
    };
    filter(Box::new(std::Append));
    filter(Box::new(std::Concat));
    filter(Box::new(std::Downcase));
    filter(Box::new(std::Lstrip));
    filter(Box::new(std::Map));
    filter(Box::new(std::Prepend));
    filter(Box::new(std::Remove));
    filter(Box::new(std::RemoveFirst));
    filter(Box::new(std::Rstrip));
    filter(Box::new(std::Slice));
    filter(Box::new(std::Sort));
    filter(Box::new(std::SortNatural));
    filter(Box::new(std::Strip));
    filter(Box::new(std::StripHtml));
    filter(Box::new(std::StripNewlines));
    filter(Box::new(std::Truncate));
    filter(Box::new(std::Upcase));
    filter(Box::new(std::UrlDecode));
    filter(Box::new(std::Where));
    filter(Box::new(translations::Translate));
    filters::all().into_iter().for_each(&mut filter);
    let own = bounded::all().into_iter().chain(arithmetic::all()).chain(lists::all()).chain(text_filters::all());
    own.for_each(|own| filter(Box::new(own)));
    language.tags.register("assign".to_owned(), Box::new(std::AssignTag));
    language.tags.register("break".to_owned(), Box::new(std::BreakTag));
    language.tags.register("continue".to_owned(), Box::new(std::ContinueTag));
    language.tags.register("render".to_owned(), Box::new(partials::RenderTag));
    language.tags.register("cycle".to_owned(), Box::new(std::CycleTag));
    language.tags.register("echo".to_owned(), Box::new(blocks::EchoTag));
    language.tags.register("increment".to_owned(), Box::new(std::IncrementTag));
    language.tags.register("decrement".to_owned(), Box::new(std::DecrementTag));
    let blocks: [Box<dyn liquid_core::ParseBlock>; 10] = [
        Box::new(blocks::CaptureBlock),
        Box::new(std::CaseBlock),
        Box::new(std::CommentBlock),
        Box::new(loops::ForBlock),
        Box::new(std::IfBlock),
        Box::new(blocks::IfChangedBlock),
        Box::new(std::RawBlock),
        Box::new(loops::TableRowBlock),
        Box::new(translations::TranslateBlock),
        Box::new(std::UnlessBlock),
    ];
    for block in blocks {
        let name = block.reflection().start_tag().to_owned();
        language.blocks.register(name, Box::new(blocks::Nested(block)));
    }
    language
}

#[cfg(test)]
mod tests;
