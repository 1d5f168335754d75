//! Liquid templates, as forgiving as the hosted services' are: what is missing is nothing.
//!
//! Built on `liquid-core` and its standard library. Their own runtime fails on a missing variable;
//! a lenient one wraps it and answers nil instead.

mod filters;
mod forgiving;
mod lenient;
mod partials;
mod translations;

use std::sync::{Arc, LazyLock};

use liquid_core::{Language, Object};
use serde_json::Value;

pub(crate) use partials::Partials;
pub use translations::DEFAULT_NAMESPACE;
pub(crate) use translations::{Tongue, Translations, texts};

static LANGUAGE: LazyLock<Language> = LazyLock::new(language);

/// A parsed template.
#[derive(Debug)]
pub struct Template(liquid_core::Template);

/// What is wrong with a template or with what it was given.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct TemplateError(String);

impl TemplateError {
    pub(crate) fn new(why: String) -> Self {
        Self(why)
    }
}

impl Template {
    /// Parses a template.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let parsed = liquid_core::parser::parse(&forgiving::with_blocks(text), &LANGUAGE)
            .map_err(|e| TemplateError(e.to_string()))?;
        Ok(Self(liquid_core::Template::new(parsed)))
    }

    /// Renders it with `data`, a JSON object.
    ///
    /// # Errors
    /// What a filter or tag could not do.
    pub fn render(&self, data: &Value) -> Result<String, TemplateError> {
        self.render_with(&Variables::new(data, Arc::default())?)
    }

    /// Renders it with variables that others are rendered with, too.
    ///
    /// # Errors
    /// What a filter or tag could not do.
    pub fn render_with(&self, variables: &Variables) -> Result<String, TemplateError> {
        lenient::render(&self.0, variables).map_err(|e| TemplateError(e.to_string()))
    }
}

/// What templates are rendered with.
#[derive(Debug, Clone)]
pub struct Variables {
    values: Object,
    partials: Arc<Partials>,
    tongue: Tongue,
}

impl Variables {
    /// Out of a JSON object.
    ///
    /// # Errors
    /// When it is something else.
    pub(crate) fn new(data: &Value, partials: Arc<Partials>) -> Result<Self, TemplateError> {
        let values = liquid_core::to_object(data).map_err(|e| TemplateError(e.to_string()))?;
        Ok(Self { values, partials, tongue: Tongue::default() })
    }

    /// Said in a language.
    #[must_use]
    pub(crate) fn spoken(mut self, tongue: Tongue) -> Self {
        self.tongue = tongue;
        self
    }

    /// With one more.
    #[must_use]
    pub(crate) fn with(&self, name: &'static str, value: &Value) -> Self {
        let mut more = self.clone();
        let value = liquid_core::model::to_value(value).unwrap_or_default();
        more.values.insert(name.into(), value);
        more
    }
}

fn language() -> Language {
    use liquid_lib::stdlib as std;
    let mut language = Language::empty();
    let mut filter = |filter: Box<dyn liquid_core::ParseFilter>| {
        let name = filter.reflection().name().to_owned();
        language.filters.register(name, filter);
    };
    filter(Box::new(std::Abs));
    filter(Box::new(std::Append));
    filter(Box::new(std::AtLeast));
    filter(Box::new(std::AtMost));
    filter(Box::new(std::Capitalize));
    filter(Box::new(std::Ceil));
    filter(Box::new(std::Compact));
    filter(Box::new(std::Concat));
    filter(Box::new(std::Date));
    filter(Box::new(std::Default));
    filter(Box::new(std::DividedBy));
    filter(Box::new(std::Downcase));
    filter(Box::new(std::Escape));
    filter(Box::new(std::EscapeOnce));
    filter(Box::new(std::First));
    filter(Box::new(std::Floor));
    filter(Box::new(std::Join));
    filter(Box::new(std::Last));
    filter(Box::new(std::Lstrip));
    filter(Box::new(std::Map));
    filter(Box::new(std::Minus));
    filter(Box::new(std::Modulo));
    filter(Box::new(std::NewlineToBr));
    filter(Box::new(std::Plus));
    filter(Box::new(std::Prepend));
    filter(Box::new(std::Remove));
    filter(Box::new(std::RemoveFirst));
    filter(Box::new(std::Replace));
    filter(Box::new(std::ReplaceFirst));
    filter(Box::new(std::Reverse));
    filter(Box::new(std::Round));
    filter(Box::new(std::Rstrip));
    filter(Box::new(std::Size));
    filter(Box::new(std::Slice));
    filter(Box::new(std::Sort));
    filter(Box::new(std::SortNatural));
    filter(Box::new(std::Split));
    filter(Box::new(std::Strip));
    filter(Box::new(std::StripHtml));
    filter(Box::new(std::StripNewlines));
    filter(Box::new(std::Times));
    filter(Box::new(std::Truncate));
    filter(Box::new(std::TruncateWords));
    filter(Box::new(std::Uniq));
    filter(Box::new(std::Upcase));
    filter(Box::new(std::UrlDecode));
    filter(Box::new(std::UrlEncode));
    filter(Box::new(std::Where));
    filter(Box::new(translations::Translate));
    filters::all().into_iter().for_each(filter);
    language.tags.register("assign".to_owned(), Box::new(std::AssignTag));
    language.tags.register("break".to_owned(), Box::new(std::BreakTag));
    language.tags.register("continue".to_owned(), Box::new(std::ContinueTag));
    language.tags.register("render".to_owned(), Box::new(std::RenderTag));
    language.tags.register("cycle".to_owned(), Box::new(std::CycleTag));
    language.tags.register("increment".to_owned(), Box::new(std::IncrementTag));
    language.tags.register("decrement".to_owned(), Box::new(std::DecrementTag));
    language.blocks.register("capture".to_owned(), Box::new(std::CaptureBlock));
    language.blocks.register("forgiving".to_owned(), Box::new(forgiving::ForgivingBlock));
    language.blocks.register("case".to_owned(), Box::new(std::CaseBlock));
    language.blocks.register("comment".to_owned(), Box::new(std::CommentBlock));
    language.blocks.register("for".to_owned(), Box::new(std::ForBlock));
    language.blocks.register("if".to_owned(), Box::new(std::IfBlock));
    language.blocks.register("ifchanged".to_owned(), Box::new(std::IfChangedBlock));
    language.blocks.register("raw".to_owned(), Box::new(std::RawBlock));
    language.blocks.register("t".to_owned(), Box::new(translations::TranslateBlock));
    language.blocks.register("unless".to_owned(), Box::new(std::UnlessBlock));
    language
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rendered(template: &str) -> String {
        let data = json!({ "name": "Ada <3", "topics": ["a", "b"], "nested": { "n": 7 }, "flag": false });
        Template::parse(template).unwrap().render(&data).unwrap()
    }

    #[test]
    fn what_is_missing_is_nothing() {
        assert_eq!(rendered("[{{ missing }}{{ missing.deeper.still }}]"), "[]");
        assert_eq!(rendered("{{ missing | default: 'x' }}"), "x");
        assert_eq!(rendered("{% for x in missing %}never{% endfor %}."), ".");
        assert_eq!(rendered("{% if missing %}a{% else %}b{% endif %}"), "b");
        assert_eq!(rendered("{% if nested.none == nil %}a{% endif %}"), "a");
        assert_eq!(rendered("{% if topics.size > 1 %}{{ topics.size }}{% endif %}"), "2");
    }

    #[test]
    fn what_is_there_is_rendered() {
        assert_eq!(rendered("{{ topics | join: ', ' }} {{ nested.n | plus: 1 }}"), "a, b 8");
        assert_eq!(rendered("{{ 'pull_request' | capitalize }} {{ name | escape }}"), "Pull_request Ada &lt;3");
        assert_eq!(rendered("{% for t in topics %}{{ forloop.index }}{{ t }}{% endfor %}"), "1a2b");
        assert_eq!(rendered("{% assign y = topics | first %}{{ y }}{% if flag %}no{% endif %}"), "a");
    }

    #[test]
    fn filters_of_the_hosted_service_are_there() {
        assert_eq!(
            rendered("{{ nested | json }} {{ topics | json }} {{ missing | json }}"),
            r#"{"n":7} ["a","b"] null"#
        );
        assert_eq!(rendered("{% assign x = '{\"y\": [1, 2]}' | from_json %}{{ x.y[1] }}"), "2");
        assert_eq!(rendered("{{ 1 | pluralize: 'item', 'items' }} {{ 2 | pluralize: 'item', 'items' }}"), "item items");
        assert_eq!(rendered("{{ '2026-03-01T23:30:00Z' | timezone: 'Europe/Berlin' | date: '%d %H:%M' }}"), "02 00:30");
        assert_eq!(
            rendered(
                "{{ 1234567.5 | format_number: 'en' }} {{ 1234.5 | currency: 'EUR', 'de' }} {{ 9.7 | rounded_currency: 'USD' }}"
            ),
            "1,234,567.5 €1,234.50 $10"
        );
        assert_eq!(
            rendered("{{ 'ada' | md5 }} {{ 'ada' | sha256 | slice: 0, 6 }}"),
            "8c8d357b5e872bbacd45197626bd5759 fdee43"
        );
        assert_eq!(
            rendered(
                "{{ 'a b' | titlecase }} {{ 'v1.10.0' | compare_versions: '1.9' }} {{ topics | intersect: topics | join: '' }}"
            ),
            "A B 1 ab"
        );
        assert_eq!(rendered("{{ '2026-03-01T10:00:00Z' | format_date_in_locale: 'en', 'long' }}"), "March 1, 2026");
        assert_eq!(rendered("{{ '**b**' | from_markdown }}"), "<p><strong>b</strong></p>");
        let failed = Template::parse("{{ 'x' | from_json }}").unwrap().render(&json!({})).unwrap_err().to_string();
        assert!(failed.contains("from_json"), "{failed}");
    }

    #[test]
    fn loops_forgive_too() {
        let items = "{% assign items = '[{\"a\": 1}, {\"b\": {\"c\": 2}}]' | from_json %}";
        let shown = |text: &str| rendered(&format!("{items}{text}"));
        assert_eq!(shown("{% for i in items %}[{{ i.a }}{{ i.b.c }}{{ i.x.y }}]{% endfor %}"), "[1][2]");
        assert_eq!(shown("{%- for i in items -%} {% if i.a %}a{% else %}-{% endif %} {%- endfor -%}"), "a-");
        assert_eq!(
            shown("{% for i in items %}{% for j in i.none %}x{{ j.x }}{% else %}o{% endfor %}{% endfor %}"),
            "oo"
        );
        assert_eq!(
            shown("{% for i in items %}{{ i.x }}{% if i.a %}{% continue %}{% endif %}b{% break %}{% endfor %}"),
            "b"
        );
        assert_eq!(rendered("{% raw %}{% for %}{% endraw %}"), "{% for %}");
        let error = Template::parse("a\n{% for i in items %}\n{{ i | }}{% endfor %}").unwrap_err().to_string();
        assert!(error.contains('3'), "the line is the author's: {error}");
    }

    #[test]
    fn a_broken_template_says_what_is_wrong() {
        let error = Template::parse("{% if %}").unwrap_err().to_string();
        assert!(error.contains("if"), "{error}");
    }
}
