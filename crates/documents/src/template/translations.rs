//! Translations: the texts of a template in its recipient's language.
//!
//! A document holds the texts of one locale, under a namespace, for one tenant or for all. It is
//! JSON (dotted paths lead to nested texts) or PO.
//!
//! A text is searched first with the tenant and then without. Each time the order is: the
//! recipient's locale (`de-CH`), its language (`de`), the default (`en`).
//!
//! `{{ 'greeting' | t: name: recipient.name, count: 2 }}` renders a text by its key, or by
//! `namespace:key`. The arguments are variables of the text, and `count` selects among `zero`,
//! `one` and `other`. `{% t %}Hello {{ recipient.name }}{% endt %}` uses its own content as the
//! key, and renders that content if there is no translation.

use std::fmt;
use std::io::Write;

use super::Template;
use super::budget::{self, Inner, Output};
use super::lenient::Lenient;
use super::localized_texts::LocalizedTexts;
use liquid_core::error::{Error, Result};
use liquid_core::model::Value as LiquidValue;
use liquid_core::parser::{FilterArguments, FilterReflection, ParameterReflection, TagBlock, TagTokenIter};
use liquid_core::runtime::StackFrame;
use liquid_core::{
    BlockReflection, Expression, Filter, Language, Object, ParseBlock, ParseFilter, Renderable, Runtime, ValueView,
};

const FILTER: &str = "t";
/// The steps to parse a text, for each step to read it.
const PARSING: u64 = 16;

/// Renders a text with the variables of its place.
fn render(text: &str, writer: &mut dyn Write, runtime: &dyn Runtime) -> Result<()> {
    let _inner = Inner::begin()?;
    budget::spend(1 + budget::steps_of(text.len()) * PARSING)?;
    let template = Template::parse(text).map_err(|error| Error::with_msg(format!("the translation: {error}")))?;
    template.0.render_to(writer, &Lenient::inside(runtime))
}

fn spoken(runtime: &dyn Runtime, key: &str, count: Option<i64>) -> Option<String> {
    let localized = runtime.registers().get_mut::<LocalizedTexts>().clone();
    localized.text(key, count)
}

/// The filter before it has arguments.
#[derive(Clone)]
pub(super) struct Translate;

impl ParseFilter for Translate {
    fn parse(&self, arguments: FilterArguments<'_>) -> Result<Box<dyn Filter>> {
        let named = arguments.keyword.map(|(name, value)| (name.to_owned(), value)).collect();
        Ok(Box::new(Translated(named)))
    }

    fn reflection(&self) -> &dyn FilterReflection {
        self
    }
}

impl FilterReflection for Translate {
    fn name(&self) -> &str {
        FILTER
    }

    fn description(&self) -> &str {
        "Says a text in the recipient's language"
    }

    fn positional_parameters(&self) -> &'static [ParameterReflection] {
        &[]
    }

    fn keyword_parameters(&self) -> &'static [ParameterReflection] {
        &[]
    }
}

/// The filter with its arguments.
#[derive(Debug)]
struct Translated(Vec<(String, Expression)>);

impl fmt::Display for Translated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(FILTER)
    }
}

impl Filter for Translated {
    fn evaluate(&self, input: &dyn ValueView, runtime: &dyn Runtime) -> Result<LiquidValue> {
        let mut known = Object::new();
        for (name, value) in &self.0 {
            known.insert(name.clone().into(), value.evaluate(runtime)?.into_owned());
        }
        let count = known.get("count").and_then(|count| count.as_scalar()?.to_integer());
        let key = input.to_kstr();
        let text = spoken(runtime, key.as_str(), count).unwrap_or_else(|| key.to_string());
        let mut out = Output::of_block();
        render(&text, &mut out, &StackFrame::new(runtime, &known))?;
        Ok(LiquidValue::scalar(String::from_utf8_lossy(&out.bytes).into_owned()))
    }
}

/// The block `{% t %}`. Its content is the key.
#[derive(Debug, Clone, Copy)]
pub(super) struct TranslateBlock;

impl BlockReflection for TranslateBlock {
    fn start_tag(&self) -> &str {
        FILTER
    }

    fn end_tag(&self) -> &str {
        "endt"
    }

    fn description(&self) -> &str {
        "Says its words in the recipient's language"
    }
}

impl ParseBlock for TranslateBlock {
    fn parse(
        &self,
        mut arguments: TagTokenIter<'_>,
        mut tokens: TagBlock<'_, '_>,
        _: &Language,
    ) -> Result<Box<dyn Renderable>> {
        arguments.expect_nothing()?;
        let words = tokens.escape_liquid(false)?.trim().to_owned();
        tokens.assert_empty();
        Template::parse(&words).map_err(|error| Error::with_msg(error.to_string()))?;
        Ok(Box::new(Words(words)))
    }

    fn reflection(&self) -> &dyn BlockReflection {
        self
    }
}

#[derive(Debug)]
struct Words(String);

impl Renderable for Words {
    fn render_to(&self, writer: &mut dyn Write, runtime: &dyn Runtime) -> Result<()> {
        let text = spoken(runtime, &self.0, None).unwrap_or_else(|| self.0.clone());
        render(&text, writer, runtime)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::{Value, json};

    use super::super::Variables;
    use super::super::localized_texts::{Translations, texts};
    use super::*;

    fn document(locale: &str, namespace: &str, tenant: &str, content: Value) -> Value {
        json!({ "locale_code": locale, "namespace": namespace, "tenant": tenant, "format": "json",
            "content": content.to_string() })
    }

    fn said(locale: &str, tenant: Option<&str>, template: &str) -> String {
        let po = "msgid \"\"\nmsgstr \"Content-Type: text/plain; charset=UTF-8\\n\"\n\n\
            msgid \"Hello {{ recipient.name }}\"\nmsgstr \"Bonjour {{ recipient.name }}\"\n\n\
            msgid \"files\"\nmsgid_plural \"files\"\nmsgstr[0] \"{{ count }} fichier\"\nmsgstr[1] \"{{ count }} fichiers\"\n";
        let texts = Translations::new([
            document("en", "", "", json!({ "greeting": "Hi {{ name }}", "deep": { "er": "English" } })),
            document(
                "de",
                "",
                "",
                json!({ "greeting": "Hallo {{ name }}", "Note: it works": "Hinweis: es geht",
                "items": { "zero": "nichts", "one": "ein Ding", "other": "{{ count }} Dinge" } }),
            ),
            document("de-CH", "", "", json!({ "greeting": "Grüezi {{ name }}" })),
            document("de", "mail", "", json!({ "subject": "Betreff" })),
            document("de", "", "acme", json!({ "greeting": "Servus {{ name }}" })),
            json!({ "locale_code": "fr", "format": "po", "content": po }),
        ]);
        let localized = Arc::new(texts).spoken(Some(locale), tenant);
        let data = json!({ "recipient": { "name": "Ada" }, "many": 3 });
        let variables = Variables::new(&data, Default::default()).unwrap().spoken(localized);
        Template::parse(template).unwrap().render_with(&variables).unwrap()
    }

    #[test]
    fn texts_are_found_by_tenant_locale_language_and_default() {
        let greeting = "{{ 'greeting' | t: name: recipient.name }}";
        assert_eq!(said("de_CH", None, greeting), "Grüezi Ada");
        assert_eq!(said("de-AT", None, greeting), "Hallo Ada");
        assert_eq!(said("pt", None, greeting), "Hi Ada");
        assert_eq!(said("de-CH", Some("acme"), greeting), "Servus Ada");
        assert_eq!(said("de", Some("other"), greeting), "Hallo Ada");
        assert_eq!(
            said("de", None, "{{ 'deep.er' | t }} {{ 'mail:subject' | t }} {{ 'unknown' | t }}"),
            "English Betreff unknown"
        );
    }

    #[test]
    fn counts_choose_and_po_is_read() {
        let items = |count: &str| said("de", None, &format!("{{{{ 'items' | t: count: {count} }}}}"));
        assert_eq!([items("0"), items("1"), items("many")], ["nichts", "ein Ding", "3 Dinge"]);
        assert_eq!(
            said("fr", None, "{{ 'files' | t: count: 1 }}, {{ 'files' | t: count: 2 }}"),
            "1 fichier, 2 fichiers"
        );
        assert_eq!(said("fr", None, "{% t %}Hello {{ recipient.name }}{% endt %}"), "Bonjour Ada");
        assert_eq!(
            said("de", None, "{% for i in (1..2) %}{% t %}Hello {{ recipient.name }}{% endt %}.{% endfor %}"),
            "Hello Ada.Hello Ada."
        );
        assert_eq!(said("de", None, "{% t %}Note: it works{% endt %}"), "Hinweis: es geht");
        assert!(texts("[]", "json").is_err() && texts("{", "json").is_err() && texts("", "yaml").is_err());
    }
}
