//! Translations: what a template says in its recipient's language.
//!
//! A document holds the texts of a locale, as JSON (dotted paths lead to texts within) or as PO, under a namespace, for one tenant or for all.
//! A text is looked for with the tenant and without, each time in the recipient's locale (`de-CH`), its language (`de`) and the default
//! (`en`). `{{ 'greeting' | t: name: recipient.name, count: 2 }}` says a text by its key, or by `namespace:key`; the arguments are what
//! the text itself may use, and `count` picks among `zero`, `one` and `other`. `{% t %}Hello {{ recipient.name }}{% endt %}` looks for its
//! own words, and says them where nobody has translated them.

use std::collections::HashMap;
use std::fmt;
use std::io::Write;
use std::sync::Arc;

use liquid_core::error::{Error, Result};
use liquid_core::model::Value as LiquidValue;
use liquid_core::parser::{FilterArguments, FilterReflection, ParameterReflection, TagBlock, TagTokenIter};
use liquid_core::runtime::StackFrame;
use liquid_core::{
    BlockReflection, Expression, Filter, Language, Object, ParseBlock, ParseFilter, Renderable, Runtime, ValueView,
};
use serde_json::{Map, Value};

use super::Template;
use super::budget::{self, Inner, Output};
use super::lenient::Lenient;

/// Whose texts count where there are none in the recipient's language.
const DEFAULT_LOCALE: &str = "en";
/// What texts are under that say no namespace.
pub const DEFAULT_NAMESPACE: &str = "default";
const FILTER: &str = "t";
/// How many steps it counts to parse what counts one to be read.
const PARSING: u64 = 16;

/// Of which tenant, in which locale, under which namespace.
type Place = (Option<String>, String, String);

/// An organisation's translations.
#[derive(Debug, Default)]
pub(crate) struct Translations(HashMap<Place, Value>);

/// What is spoken to a recipient: the texts, a locale, and the tenant's own words first.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tongue {
    texts: Arc<Translations>,
    locale: String,
    tenant: Option<String>,
}

impl Translations {
    /// Out of their documents. One that cannot be read was refused when it was written.
    pub(crate) fn new(documents: impl IntoIterator<Item = Value>) -> Self {
        let read = documents.into_iter().filter_map(|document| {
            let word = |name: &str| document[name].as_str().filter(|word| !word.is_empty());
            let texts = texts(word("content")?, word("format").unwrap_or("json")).ok()?;
            let namespace = word("namespace").unwrap_or(DEFAULT_NAMESPACE).to_owned();
            Some(((word("tenant").map(str::to_owned), plain(word("locale_code")?), namespace), texts))
        });
        Self(read.collect())
    }

    /// For a recipient with this locale.
    pub(crate) fn spoken(self: &Arc<Self>, locale: Option<&str>, tenant: Option<&str>) -> Tongue {
        let locale = plain(locale.unwrap_or(DEFAULT_LOCALE));
        Tongue { texts: self.clone(), locale, tenant: tenant.map(str::to_owned) }
    }
}

impl Tongue {
    /// The text under a key, as it is written or behind its namespace.
    fn text(&self, key: &str, count: Option<i64>) -> Option<String> {
        let whole = self.text_within(DEFAULT_NAMESPACE, key, count);
        whole.or_else(|| key.split_once(':').and_then(|(namespace, key)| self.text_within(namespace, key, count)))
    }

    fn text_within(&self, namespace: &str, key: &str, count: Option<i64>) -> Option<String> {
        let language = self.locale.split('-').next().unwrap_or_default();
        let tenants = [self.tenant.as_deref(), None];
        let whose = if self.tenant.is_some() { &tenants[..] } else { &tenants[1..] };
        whose.iter().find_map(|tenant| {
            [self.locale.as_str(), language, DEFAULT_LOCALE].iter().find_map(|locale| {
                let place = (tenant.map(str::to_owned), (*locale).to_owned(), namespace.to_owned());
                chosen(at(self.texts.0.get(&place)?, key)?, count)
            })
        })
    }
}

/// `de_CH` and `DE-ch` are `de-ch`.
fn plain(locale: &str) -> String {
    locale.replace('_', "-").to_lowercase()
}

/// What is under a key: as it is written, or as a path.
fn at<'v>(texts: &'v Value, key: &str) -> Option<&'v Value> {
    texts.get(key).or_else(|| key.split('.').try_fold(texts, |texts, part| texts.get(part)))
}

/// The text, or the one for so many.
fn chosen(text: &Value, count: Option<i64>) -> Option<String> {
    let text = match (text, count) {
        (Value::Object(ways), count) => {
            let word = match count {
                Some(0) if ways.contains_key("zero") => "zero",
                Some(1) => "one",
                _ => "other",
            };
            ways.get(word).or_else(|| ways.get("other"))?
        }
        (text, _) => text,
    };
    text.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

/// The texts of a document.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn texts(content: &str, format: &str) -> std::result::Result<Value, String> {
    match format {
        "json" => match serde_json::from_str(content) {
            Ok(texts @ Value::Object(_)) => Ok(texts),
            Ok(_) => Err("must be a JSON object".to_owned()),
            Err(error) => Err(error.to_string()),
        },
        "po" => of_po(content),
        _ => Err("must be json or po".to_owned()),
    }
}

/// The first form of a PO text is for one, its last for many.
fn of_po(content: &str) -> std::result::Result<Value, String> {
    let catalogue = polib::po_file::parse_from_reader(content.as_bytes()).map_err(|error| error.to_string())?;
    let texts = catalogue.messages().map(|message| {
        let text = match message.is_plural() {
            false => Value::String(message.msgstr().unwrap_or_default().to_owned()),
            true => {
                let forms = message.msgstr_plural().map(Vec::as_slice).unwrap_or_default();
                let form = |form: Option<&String>| Value::String(form.cloned().unwrap_or_default());
                Value::Object(Map::from_iter([
                    ("one".to_owned(), form(forms.first())),
                    ("other".to_owned(), form(forms.last())),
                ]))
            }
        };
        (message.msgid().to_owned(), text)
    });
    Ok(Value::Object(texts.collect()))
}

/// Renders a text with what is known where it is said.
fn render(text: &str, writer: &mut dyn Write, runtime: &dyn Runtime) -> Result<()> {
    let _inner = Inner::begin()?;
    budget::spend(1 + budget::steps_of(text.len()) * PARSING)?;
    let template = Template::parse(text).map_err(|error| Error::with_msg(format!("the translation: {error}")))?;
    template.0.render_to(writer, &Lenient::inside(runtime))
}

fn spoken(runtime: &dyn Runtime, key: &str, count: Option<i64>) -> Option<String> {
    let tongue = runtime.registers().get_mut::<Tongue>().clone();
    tongue.text(key, count)
}

/// The filter, before it is given arguments.
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

/// The block: its own words are the key.
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
    use serde_json::json;

    use super::super::Variables;
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
        let tongue = Arc::new(texts).spoken(Some(locale), tenant);
        let data = json!({ "recipient": { "name": "Ada" }, "many": 3 });
        let variables = Variables::new(&data, Default::default()).unwrap().spoken(tongue);
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
