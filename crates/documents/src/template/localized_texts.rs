//! The translations of an organisation, and those for one recipient.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Map, Value};

/// The locale used if there is no text in the recipient's language.
const DEFAULT_LOCALE: &str = "en";
/// The namespace of documents that name none.
pub const DEFAULT_NAMESPACE: &str = "default";

/// The tenant, locale and namespace of a document.
type Place = (Option<String>, String, String);

/// An organisation's translations.
#[derive(Debug, Default)]
pub struct Translations(HashMap<Place, Value>);

/// The translations for one recipient, by locale. A tenant's own texts come first.
#[derive(Debug, Clone, Default)]
pub struct LocalizedTexts {
    texts: Arc<Translations>,
    locale: String,
    tenant: Option<String>,
}

impl Translations {
    /// Reads the documents. An unreadable one is skipped: it was refused when it was written.
    pub fn new(documents: impl IntoIterator<Item = Value>) -> Self {
        let read = documents.into_iter().filter_map(|document| {
            let word = |name: &str| document[name].as_str().filter(|word| !word.is_empty());
            let texts = texts(word("content")?, word("format").unwrap_or("json")).ok()?;
            let namespace = word("namespace").unwrap_or(DEFAULT_NAMESPACE).to_owned();
            Some(((word("tenant").map(str::to_owned), plain(word("locale_code")?), namespace), texts))
        });
        Self(read.collect())
    }

    /// The translations for a recipient with this locale.
    pub fn spoken(self: &Arc<Self>, locale: Option<&str>, tenant: Option<&str>) -> LocalizedTexts {
        let locale = plain(locale.unwrap_or(DEFAULT_LOCALE));
        LocalizedTexts { texts: self.clone(), locale, tenant: tenant.map(str::to_owned) }
    }
}

impl LocalizedTexts {
    /// The text of a key, which is in the default namespace or of the form `namespace:key`.
    pub(super) fn text(&self, key: &str, count: Option<i64>) -> Option<String> {
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

/// The value of a key: first the key as a whole, then as a dotted path.
fn at<'v>(texts: &'v Value, key: &str) -> Option<&'v Value> {
    texts.get(key).or_else(|| key.split('.').try_fold(texts, |texts, part| texts.get(part)))
}

/// The text; of several plural forms, the one for this count.
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
/// The fault, as a sentence.
pub fn texts(content: &str, format: &str) -> std::result::Result<Value, String> {
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

/// Reads PO. Of plural texts, the first form is `one` and the last is `other`.
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
