//! List filters, as in LiquidJS: a value that is no list counts as a list of one, and nil as an
//! empty list.

use liquid_core::ValueView;
use liquid_core::model::{State, Value};

use super::bounded::{Own, fits};

type Outcome = Result<Value, String>;

pub(super) fn all() -> [Own; 12] {
    [
        Own::new("join", (0, 1), join),
        Own::new("split", (1, 1), split),
        Own::new("first", (0, 0), |input, _| Ok(end(input, <[Value]>::first))),
        Own::new("last", (0, 0), |input, _| Ok(end(input, <[Value]>::last))),
        Own::new("size", (0, 0), size),
        Own::new("reverse", (0, 0), |input, _| Ok(Value::Array(items(input).into_iter().rev().collect()))),
        Own::new("uniq", (0, 1), uniq),
        Own::new("compact", (0, 1), compact),
        Own::new("find", (1, 2), |input, words| {
            Ok(items(input).into_iter().find(|item| fits_to(item, words)).unwrap_or(Value::Nil))
        }),
        Own::new("has", (1, 2), |input, words| Ok(Value::scalar(items(input).iter().any(|item| fits_to(item, words))))),
        Own::new("reject", (1, 2), |input, words| {
            Ok(Value::Array(items(input).into_iter().filter(|item| !fits_to(item, words)).collect()))
        }),
        Own::new("group_by", (1, 1), group_by),
    ]
}

/// The items of a list, or the value itself as the only item.
fn items(input: &dyn ValueView) -> Vec<Value> {
    match input.as_array() {
        Some(list) => list.values().map(ValueView::to_value).collect(),
        None if input.is_nil() => Vec::new(),
        None => vec![input.to_value()],
    }
}

/// A field of an item; nil if there is none.
fn field(item: &Value, name: &Value) -> Value {
    let name = name.to_kstr();
    let found = item.as_object().and_then(|fields| fields.get(&name)).map(ValueView::to_value);
    found.unwrap_or(Value::Nil)
}

/// True if two values are equal. Nil and false are not equal here.
fn is_same(one: &Value, other: &Value) -> bool {
    one.is_nil() == other.is_nil() && one == other
}

/// True if a field of an item equals the wanted value; if none is given, true if the field is
/// truthy.
fn fits_to(item: &Value, words: &[Value]) -> bool {
    let found = field(item, &words[0]);
    match words.get(1) {
        Some(wanted) => is_same(&found, wanted),
        None => found.query_state(State::Truthy),
    }
}

fn join(input: &dyn ValueView, words: &[Value]) -> Outcome {
    let between = words.first().map_or_else(|| " ".into(), |word| word.to_kstr());
    let mut joined = String::new();
    for (index, item) in items(input).iter().enumerate() {
        if index > 0 {
            joined.push_str(between.as_str());
        }
        joined.push_str(item.to_kstr().as_str());
        fits(joined.len())?;
    }
    Ok(Value::scalar(joined))
}

/// The parts of a text, without empty ones at its end.
fn split(input: &dyn ValueView, words: &[Value]) -> Outcome {
    let (text, between) = (input.to_kstr(), words[0].to_kstr());
    let mut parts: Vec<&str> = match between.is_empty() {
        true => text.split("").filter(|letter| !letter.is_empty()).collect(),
        false => text.split(between.as_str()).collect(),
    };
    parts.truncate(parts.iter().rposition(|part| !part.is_empty()).map_or(0, |last| last + 1));
    Ok(Value::Array(parts.into_iter().map(|part| Value::scalar(part.to_owned())).collect()))
}

/// The first or last item of a list, or letter of a text.
fn end(input: &dyn ValueView, of: fn(&[Value]) -> Option<&Value>) -> Value {
    if input.as_array().is_some() {
        return of(&items(input)).cloned().unwrap_or(Value::Nil);
    }
    let text = input.as_scalar().filter(|scalar| scalar.type_name() == "string").map(|scalar| scalar.into_string());
    let letters: Vec<Value> =
        text.iter().flat_map(|text| text.chars()).map(|letter| Value::scalar(letter.to_string())).collect();
    of(&letters).cloned().unwrap_or(Value::Nil)
}

fn size(input: &dyn ValueView, _: &[Value]) -> Outcome {
    let of_text =
        || input.as_scalar().filter(|scalar| scalar.type_name() == "string").map(|text| text.to_kstr().chars().count());
    let of_list = input.as_array().and_then(|list| usize::try_from(list.size()).ok());
    let of_object = || input.as_object().and_then(|fields| usize::try_from(fields.size()).ok());
    let size = of_list.or_else(of_object).or_else(of_text).unwrap_or(0);
    Ok(Value::scalar(i64::try_from(size).unwrap_or(i64::MAX)))
}

/// The items without duplicates; with a field name, those with the same value in it are duplicates.
fn uniq(input: &dyn ValueView, words: &[Value]) -> Outcome {
    let key = |item: &Value| words.first().map_or_else(|| item.clone(), |name| field(item, name));
    let (mut known, mut kept) = (Vec::new(), Vec::new());
    for item in items(input) {
        let key = key(&item);
        if !known.iter().any(|known| is_same(known, &key)) {
            known.push(key);
            kept.push(item);
        }
    }
    Ok(Value::Array(kept))
}

/// The items that are not nil; with a field name, those whose field is not nil.
fn compact(input: &dyn ValueView, words: &[Value]) -> Outcome {
    let is_nothing = |item: &Value| words.first().map_or_else(|| item.is_nil(), |name| field(item, name).is_nil());
    Ok(Value::Array(items(input).into_iter().filter(|item| !is_nothing(item)).collect()))
}

/// Groups items by the value of a field. Each group has a `name` and its `items`.
fn group_by(input: &dyn ValueView, words: &[Value]) -> Outcome {
    let mut groups: Vec<(Value, Vec<Value>)> = Vec::new();
    for item in items(input) {
        let name = field(&item, &words[0]);
        match groups.iter_mut().find(|(known, _)| is_same(known, &name)) {
            Some((_, group)) => group.push(item),
            None => groups.push((name, vec![item])),
        }
    }
    let groups = groups.into_iter().map(|(name, items)| {
        Value::Object([("name".into(), name), ("items".into(), Value::Array(items))].into_iter().collect())
    });
    Ok(Value::Array(groups.collect()))
}
