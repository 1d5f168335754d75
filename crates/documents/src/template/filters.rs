//! The filters of the hosted service that Shopify's Liquid lacks: JSON, hashes, time zones,
//! numbers, plurals, versions.
//!
//! All are plain functions of JSON values. `currency` and `format_number` write numbers as in
//! English, whatever the locale.

use std::fmt;

use campanile_base::{Clock, sha256_hex};
use jiff::tz::TimeZone;
use liquid_core::error::{Error, Result};
use liquid_core::model::Value as LiquidValue;
use liquid_core::parser::{FilterArguments, FilterReflection, ParameterReflection};
use liquid_core::{Expression, Filter, ParseFilter, Runtime, ValueView};
use md5::{Digest as _, Md5};
use serde_json::{Value, json};

use super::budget;

/// The function of a filter, given the input and the arguments. An error is a sentence.
type Function = fn(Value, &[Value]) -> std::result::Result<Value, String>;

/// All filters of this module.
pub(super) fn all() -> Vec<Box<dyn ParseFilter>> {
    let functions: [(&'static str, Function); 19] = [
        ("json", |input, _| Ok(input.to_string().into())),
        ("from_json", |input, _| serde_json::from_str(&text(&input)).map_err(|error| error.to_string())),
        ("timezone", timezone),
        ("pluralize", |input, words| {
            let is_one = input.as_f64() == Some(1.0) || text(&input) == "1";
            Ok(words.get(usize::from(!is_one)).cloned().unwrap_or_default())
        }),
        ("titlecase", |input, _| Ok(titlecase(&text(&input)).into())),
        ("md5", |input, _| Ok(hex(&Md5::digest(text(&input))).into())),
        ("sha256", |input, _| Ok(sha256_hex(text(&input)).into())),
        ("hmac_sha256", |input, keys| {
            let key = keys.first().map(text).unwrap_or_default();
            Ok(campanile_net::hmac_hex(campanile_net::HmacAlgorithm::Sha256, key.as_bytes(), text(&input).as_bytes())
                .into())
        }),
        ("intersect", |input, others| {
            let others = others.first().and_then(Value::as_array).cloned().unwrap_or_default();
            let list = input.as_array().cloned().unwrap_or_default();
            Ok(list.into_iter().filter(|item| others.contains(item)).collect())
        }),
        ("escape_markdown", |input, _| Ok(crate::markdown::escaped(&text(&input)).into())),
        ("escape_mrkdwn", |input, _| Ok(crate::mrkdwn::escaped(&text(&input)).into())),
        ("from_markdown", |input, _| {
            let text = text(&input);
            // Cleaning HTML takes about as long as this many other steps.
            let cleaning = if text.contains('<') { 1_000 } else { 0 };
            budget::spend(cleaning + 16 * budget::steps_of(text.len())).map_err(|error| error.to_string())?;
            Ok(crate::markdown::html(&text).into())
        }),
        ("compare_versions", |input, others| Ok(compare(&text(&input), &others.first().map(text).unwrap_or_default()))),
        ("equals", |input, others| Ok((text(&input) == others.first().map(text).unwrap_or_default()).into())),
        ("format_number", |input, _| Ok(grouped(number(&input)?, None).into())),
        ("currency", |input, codes| Ok(money(number(&input)?, codes, 2).into())),
        ("rounded_currency", |input, codes| Ok(money(number(&input)?, codes, 0).into())),
        ("format_date_in_locale", |input, words| formatted(&input, words.get(1), None)),
        ("format_datetime_in_locale", |input, words| formatted(&input, words.get(1), words.get(2))),
    ];
    functions
        .into_iter()
        .map(|(name, function)| Box::new(NamedFilter { name, function }) as Box<dyn ParseFilter>)
        .collect()
}

/// A filter before it has arguments.
#[derive(Clone)]
struct NamedFilter {
    name: &'static str,
    function: Function,
}

impl ParseFilter for NamedFilter {
    fn parse(&self, arguments: FilterArguments<'_>) -> Result<Box<dyn Filter>> {
        let positional: Vec<Expression> = arguments.positional.collect();
        Ok(Box::new(Applied { filter: self.clone(), arguments: positional }))
    }

    fn reflection(&self) -> &dyn FilterReflection {
        self
    }
}

impl FilterReflection for NamedFilter {
    fn name(&self) -> &str {
        self.name
    }

    fn description(&self) -> &str {
        ""
    }

    fn positional_parameters(&self) -> &'static [ParameterReflection] {
        &[]
    }

    fn keyword_parameters(&self) -> &'static [ParameterReflection] {
        &[]
    }
}

/// A filter with its arguments.
struct Applied {
    filter: NamedFilter,
    arguments: Vec<Expression>,
}

impl fmt::Debug for Applied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({:?})", self.filter.name, self.arguments)
    }
}

impl fmt::Display for Applied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.filter.name)
    }
}

impl Filter for Applied {
    fn evaluate(&self, input: &dyn ValueView, runtime: &dyn Runtime) -> Result<LiquidValue> {
        let wrong = |why: String| Error::with_msg(why).context("filter", self.filter.name);
        let value = |value: LiquidValue| serde_json::to_value(value).map_err(|error| wrong(error.to_string()));
        let arguments = self.arguments.iter().map(|argument| value(argument.evaluate(runtime)?.to_value()));
        let arguments = arguments.collect::<Result<Vec<Value>>>()?;
        let output = (self.filter.function)(value(input.to_value())?, &arguments).map_err(wrong)?;
        Ok(super::values::liquid(&output))
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn number(value: &Value) -> std::result::Result<f64, String> {
    value.as_f64().or_else(|| text(value).trim().parse().ok()).ok_or_else(|| format!("{value} is no number"))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn titlecase(text: &str) -> String {
    let word = |word: &str| {
        let mut letters = word.chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// A time with the offset of a zone, which `date` then keeps.
fn timezone(input: Value, zones: &[Value]) -> std::result::Result<Value, String> {
    let zone = zones.first().map(text).unwrap_or_default();
    let zone = TimeZone::get(&zone).map_err(|_| format!("{zone:?} is no time zone"))?;
    let at = at(&input)?.to_zoned(zone);
    Ok(at.strftime("%Y-%m-%d %H:%M:%S %z").to_string().into())
}

fn at(input: &Value) -> std::result::Result<jiff::Timestamp, String> {
    let text = text(input);
    let text = if text.is_empty() || text == "now" { return now() } else { text };
    let of_seconds = || text.parse::<i64>().ok().and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
    let with_offset = || jiff::Zoned::strptime("%Y-%m-%d %H:%M:%S %z", &text).ok().map(|at| at.timestamp());
    let parsed = text.parse().ok().or_else(of_seconds).or_else(with_offset);
    let midnight = || format!("{text}T00:00:00Z").parse().ok();
    parsed.or_else(midnight).ok_or_else(|| format!("{text:?} is no time"))
}

pub(super) fn now() -> std::result::Result<jiff::Timestamp, String> {
    jiff::Timestamp::from_microsecond(Clock::System.now().as_micros()).map_err(|error| error.to_string())
}

fn formatted(input: &Value, date: Option<&Value>, time: Option<&Value>) -> std::result::Result<Value, String> {
    let date = match date.map(text).as_deref() {
        Some("short") => "%-m/%-d/%y",
        Some("long") => "%B %-d, %Y",
        Some("full") => "%A, %B %-d, %Y",
        _ => "%b %-d, %Y",
    };
    let format = match time.map(text).as_deref() {
        None => date.to_owned(),
        Some("short") => format!("{date}, %-I:%M %p"),
        Some(_) => format!("{date}, %-I:%M:%S %p"),
    };
    let at = at(input)?.to_zoned(TimeZone::UTC);
    Ok(at.strftime(&format).to_string().into())
}

/// A number with commas between thousands. It has `places` decimal places, or as many as it needs.
fn grouped(number: f64, places: Option<usize>) -> String {
    let plain = places.map_or_else(|| number.abs().to_string(), |places| format!("{:.places$}", number.abs()));
    let (whole, fraction) = plain.split_once('.').map_or((plain.as_str(), None), |(whole, rest)| (whole, Some(rest)));
    let digits = whole.len();
    let mut out = String::from(if number < 0.0 { "-" } else { "" });
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (digits - index) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    fraction.map_or(out.clone(), |fraction| format!("{out}.{fraction}"))
}

fn money(number: f64, codes: &[Value], places: usize) -> String {
    let code = codes.first().map_or_else(|| "USD".to_owned(), text).to_uppercase();
    let sign = match code.as_str() {
        "USD" => "$",
        "EUR" => "€",
        "GBP" => "£",
        "JPY" => "¥",
        _ => "",
    };
    let places = if code == "JPY" { 0 } else { places };
    let (minus, amount) = (if number < 0.0 { "-" } else { "" }, grouped(number.abs(), Some(places)));
    if sign.is_empty() { format!("{minus}{code} {amount}") } else { format!("{minus}{sign}{amount}") }
}

/// Compares two versions: -1, 0 or 1.
fn compare(a: &str, b: &str) -> Value {
    let parts = |version: &str| -> Vec<u64> {
        let version = version.trim_start_matches('v').split(['-', '+']).next().unwrap_or_default().to_owned();
        version.split('.').map(|part| part.parse().unwrap_or(0)).collect()
    };
    let (a, b) = (parts(a), parts(b));
    let longest = a.len().max(b.len());
    let part = |parts: &[u64], index: usize| parts.get(index).copied().unwrap_or(0);
    let order = (0..longest).map(|index| part(&a, index).cmp(&part(&b, index))).find(|order| order.is_ne());
    json!(order.map_or(0, |order| order as i8))
}
