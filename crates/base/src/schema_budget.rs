//! Measures a JSON schema before anything compiles it.
//!
//! A schema compiler replaces a `$ref` by a copy of its target. So a few definitions that each use
//! the next one twice grow to gigabytes. [`check`] walks a schema as such a compiler does, and
//! counts. Pure: nothing is fetched, and nothing is compiled.
//!
//! A schema may be recursive if each cycle goes one step deeper into the value (`properties`,
//! `items`). A schema that returns to itself at the same value (`allOf`, `anyOf`, `$ref`) never
//! ends, and is refused.

use std::cell::OnceCell;
use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::bounds::{SCHEMA_BYTES, SCHEMA_DEPTH, SCHEMA_NODES};

/// Keywords that hold one schema, or a list of schemas, for the same value.
const SAME_VALUE: [&str; 7] = ["allOf", "anyOf", "oneOf", "not", "if", "then", "else"];
/// Keywords that hold schemas by name, for the same value.
const SAME_VALUE_BY_NAME: [&str; 2] = ["dependentSchemas", "dependencies"];
/// Keywords that hold one schema, or a list of schemas, for parts of the value.
const PARTS: [&str; 9] = [
    "items",
    "prefixItems",
    "additionalItems",
    "contains",
    "unevaluatedItems",
    "additionalProperties",
    "unevaluatedProperties",
    "propertyNames",
    "contentSchema",
];
/// Keywords that hold schemas by name, for parts of the value.
const PARTS_BY_NAME: [&str; 2] = ["properties", "patternProperties"];
/// Keywords that refer to another schema.
const REFERENCES: [&str; 3] = ["$ref", "$dynamicRef", "$recursiveRef"];
/// Keywords that are compiled only when a reference leads into them.
const DEFINITIONS: [&str; 2] = ["$defs", "definitions"];
/// The meta-schemas, which every compiler knows. Each counts as this many nodes.
const META: [&str; 2] = ["http://json-schema.org/", "https://json-schema.org/"];
const META_NODES: usize = 200;
/// The maximum number of schemas with an `$id` in one document.
const RESOURCES: usize = 1_000;

/// Checks that a schema can be compiled within the limits.
///
/// # Errors
/// A sentence that names the limit that is exceeded, or the `$ref` that has no target.
pub fn check(schema: &Value) -> Result<(), String> {
    let mut names = Names::default();
    names.add(schema, 0)?;
    let references = References { root: schema, names: OnceCell::from(names) };
    let mut walk = Walk { references, nodes: 0, bytes: 0, open: HashMap::new() };
    walk.schema(schema, schema, Place { depth: 0, descents: 0 })
}

/// The number of looks at parts of `value` that a check against a schema takes. The schema must
/// have been [checked](check). Counting stops above `most`. A schema that refers to itself in two
/// ways doubles the number at each level of the value.
pub fn effort(schema: &Value, value: &Value, most: u64) -> u64 {
    let references = References { root: schema, names: OnceCell::new() };
    let mut effort = Effort { references, looks: 0, most };
    effort.look(schema, value, schema);
    effort.looks
}

/// The position of a walk: the depth within schemas, and the depth within the value.
#[derive(Clone, Copy)]
struct Place {
    depth: usize,
    descents: usize,
}

impl Place {
    fn same_value(self) -> Self {
        Self { depth: self.depth + 1, ..self }
    }

    fn part(self) -> Self {
        Self { depth: self.depth + 1, descents: self.descents + 1 }
    }
}

struct Walk<'s> {
    references: References<'s>,
    nodes: usize,
    bytes: usize,
    /// Schemas that the walk is inside of, by address, with the depth within the value at which
    /// each was entered.
    open: HashMap<*const Value, usize>,
}

impl<'s> Walk<'s> {
    fn schema(&mut self, schema: &'s Value, base: &'s Value, place: Place) -> Result<(), String> {
        self.count(1)?;
        if place.depth > SCHEMA_DEPTH {
            return Err(format!("the schema is more than {SCHEMA_DEPTH} schemas deep"));
        }
        let Value::Object(keywords) = schema else { return Ok(()) };
        let base = if id_of(keywords).is_some() { schema } else { base };
        // A schema that refers to itself from the top is entered without a reference.
        let known = self.open.insert(schema, place.descents);
        for (keyword, value) in keywords {
            self.keyword(keyword, value, base, place)?;
        }
        match known {
            Some(descents) => self.open.insert(schema, descents),
            None => self.open.remove(&(schema as *const Value)),
        };
        Ok(())
    }

    fn keyword(&mut self, keyword: &str, value: &'s Value, base: &'s Value, place: Place) -> Result<(), String> {
        match keyword {
            _ if SAME_VALUE.contains(&keyword) => self.one_or_list(value, base, place.same_value()),
            _ if PARTS.contains(&keyword) => self.one_or_list(value, base, place.part()),
            _ if SAME_VALUE_BY_NAME.contains(&keyword) => self.by_name(value, base, place.same_value()),
            _ if PARTS_BY_NAME.contains(&keyword) => {
                if keyword == "patternProperties" {
                    let patterns = value.as_object().into_iter().flat_map(Map::keys);
                    patterns.map(|pattern| pattern_nodes(pattern)).try_for_each(|nodes| self.count(nodes))?;
                }
                self.by_name(value, base, place.part())
            }
            _ if REFERENCES.contains(&keyword) => self.reference(value, base, place),
            _ if DEFINITIONS.contains(&keyword) => Ok(()),
            "pattern" => self.count(value.as_str().map_or(0, pattern_nodes)),
            _ => self.count_bytes(bytes_of(value)),
        }
    }

    fn one_or_list(&mut self, value: &'s Value, base: &'s Value, place: Place) -> Result<(), String> {
        match value {
            Value::Array(list) => list.iter().try_for_each(|schema| self.schema(schema, base, place)),
            schema => self.schema(schema, base, place),
        }
    }

    fn by_name(&mut self, value: &'s Value, base: &'s Value, place: Place) -> Result<(), String> {
        let schemas = value.as_object().into_iter().flat_map(Map::values);
        // `dependencies` may be lists of names.
        schemas.filter(|schema| !schema.is_array()).try_for_each(|schema| self.schema(schema, base, place))
    }

    fn reference(&mut self, value: &'s Value, base: &'s Value, place: Place) -> Result<(), String> {
        let Value::String(reference) = value else { return Ok(()) };
        self.count_bytes(reference.len())?;
        if self.references.is_meta(reference) {
            return self.count(META_NODES);
        }
        let (base, target) = self.references.target(reference, base)?;
        match self.open.get(&(target as *const Value)) {
            Some(descents) if *descents == place.descents => {
                Err(format!("the reference {reference:?} comes back to itself without going deeper into the value"))
            }
            // Compilers keep a backward reference as a reference.
            Some(_) => self.count(1),
            None => self.schema(target, base, place.same_value()),
        }
    }

    fn count(&mut self, nodes: usize) -> Result<(), String> {
        self.nodes = self.nodes.saturating_add(nodes);
        match self.nodes > SCHEMA_NODES {
            true => {
                Err(format!("the schema comes to more than {SCHEMA_NODES} schemas once its references are resolved"))
            }
            false => Ok(()),
        }
    }

    fn count_bytes(&mut self, bytes: usize) -> Result<(), String> {
        self.bytes = self.bytes.saturating_add(bytes);
        match self.bytes > SCHEMA_BYTES {
            true => Err(format!("the schema comes to more than {SCHEMA_BYTES} bytes")),
            false => Ok(()),
        }
    }
}

/// The targets of the references in a document.
struct References<'s> {
    root: &'s Value,
    names: OnceCell<Names<'s>>,
}

impl<'s> References<'s> {
    fn names(&self) -> &Names<'s> {
        self.names.get_or_init(|| {
            let mut names = Names::default();
            // Errors in the names were already found when the schema was checked.
            let _ = names.add(self.root, 0);
            names
        })
    }

    /// True if the reference leads to a meta-schema.
    fn is_meta(&self, reference: &str) -> bool {
        META.iter().any(|meta| reference.starts_with(meta)) && self.resource(reference).is_none()
    }

    /// The target of a reference, and the base schema for references inside the target.
    fn target(&self, reference: &str, base: &'s Value) -> Result<(&'s Value, &'s Value), String> {
        let nowhere = || format!("the reference {reference:?} leads nowhere in the schema; nothing is fetched");
        let (document, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let base = match document {
            "" => base,
            _ => self.resource(document).ok_or_else(nowhere)?,
        };
        let fragment = decoded(fragment);
        let within = |base: &'s Value| match fragment.is_empty() || fragment.starts_with('/') {
            true => base.pointer(&fragment),
            false => self.names().anchors.get(fragment.as_str()).copied(),
        };
        let target = within(base).or_else(|| within(self.root)).ok_or_else(nowhere)?;
        Ok((base, target))
    }

    fn resource(&self, document: &str) -> Option<&'s Value> {
        let document = document.trim_end_matches('#').trim_start_matches("./");
        let is_it = |id: &str| id == document || id.ends_with(&format!("/{}", document.trim_start_matches('/')));
        let known = self.names().resources.iter().find(|(id, _)| is_it(id.trim_end_matches('#')));
        known.map(|(_, schema)| *schema)
    }
}

/// A count of looks at a value.
struct Effort<'s> {
    references: References<'s>,
    looks: u64,
    most: u64,
}

impl<'s> Effort<'s> {
    fn count(&mut self, looks: usize) {
        self.looks =
            self.looks.saturating_add(u64::try_from(looks).unwrap_or(u64::MAX)).min(self.most.saturating_add(1));
    }

    fn look(&mut self, schema: &'s Value, value: &Value, base: &'s Value) {
        self.count(1);
        let Value::Object(keywords) = schema else { return };
        let base = if id_of(keywords).is_some() { schema } else { base };
        for (keyword, inside) in keywords {
            if self.looks > self.most {
                return;
            }
            self.keyword((keyword, inside), keywords, value, base);
        }
    }

    fn keyword(
        &mut self,
        (keyword, inside): (&str, &'s Value),
        keywords: &'s Map<String, Value>,
        value: &Value,
        base: &'s Value,
    ) {
        match keyword {
            _ if SAME_VALUE.contains(&keyword) => self.one_or_list(inside, value, base),
            _ if SAME_VALUE_BY_NAME.contains(&keyword) => {
                let schemas = inside.as_object().into_iter().flat_map(Map::values);
                schemas.for_each(|schema| self.look(schema, value, base));
            }
            _ if REFERENCES.contains(&keyword) => {
                let Value::String(reference) = inside else { return };
                match self.references.target(reference, base) {
                    Ok((base, target)) if !self.references.is_meta(reference) => self.look(target, value, base),
                    _ => self.count(bytes_of(value)),
                }
            }
            "properties" => {
                let schemas = inside.as_object().into_iter().flatten();
                for (name, schema) in schemas {
                    self.count(1);
                    if let Some(value) = value.get(name) {
                        self.look(schema, value, base);
                    }
                }
            }
            "patternProperties" => {
                for schema in inside.as_object().into_iter().flat_map(Map::values) {
                    self.each_part(schema, value, &[], base);
                }
            }
            "additionalProperties" | "unevaluatedProperties" => {
                let known = keywords.get("properties").and_then(Value::as_object);
                let known: Vec<&str> =
                    known.map(|known| known.keys().map(String::as_str).collect()).unwrap_or_default();
                self.each_part(inside, value, &known, base);
            }
            "propertyNames" => self.count(value.as_object().map_or(0, Map::len) * 10),
            "items" | "prefixItems" if inside.is_array() => {
                let pairs = inside.as_array().into_iter().flatten().zip(value.as_array().into_iter().flatten());
                pairs.for_each(|(schema, value)| self.look(schema, value, base));
            }
            _ if PARTS.contains(&keyword) => self.each_part(inside, value, &[], base),
            "enum" | "const" | "uniqueItems" => self.count(bytes_of(inside) / 24 + bytes_of(value) / 24),
            "pattern" | "format" => self.count(bytes_of(value)),
            _ => {}
        }
    }

    fn one_or_list(&mut self, inside: &'s Value, value: &Value, base: &'s Value) {
        match inside {
            Value::Array(list) => list.iter().for_each(|schema| self.look(schema, value, base)),
            schema => self.look(schema, value, base),
        }
    }

    fn each_part(&mut self, schema: &'s Value, value: &Value, but: &[&str], base: &'s Value) {
        match value {
            Value::Object(map) => {
                for (_, value) in map.iter().filter(|(name, _)| !but.contains(&name.as_str())) {
                    if self.looks > self.most {
                        return;
                    }
                    self.look(schema, value, base);
                }
            }
            Value::Array(list) => {
                for value in list {
                    if self.looks > self.most {
                        return;
                    }
                    self.look(schema, value, base);
                }
            }
            _ => {}
        }
    }
}

/// The schemas of a document that have a name.
#[derive(Default)]
struct Names<'s> {
    /// The schemas with an `$id`.
    resources: Vec<(&'s str, &'s Value)>,
    /// The schemas with an anchor.
    anchors: HashMap<&'s str, &'s Value>,
}

impl<'s> Names<'s> {
    fn add(&mut self, value: &'s Value, depth: usize) -> Result<(), String> {
        if depth > 2 * SCHEMA_DEPTH {
            return Err(format!("the schema is more than {SCHEMA_DEPTH} schemas deep"));
        }
        match value {
            Value::Object(map) => {
                self.resources.extend(id_of(map).map(|id| (id, value)));
                if self.resources.len() > RESOURCES {
                    return Err(format!("the schema has more than {RESOURCES} schemas with an $id"));
                }
                for name in anchors_of(map) {
                    if self.anchors.insert(name, value).is_some() {
                        return Err(format!("the schema has two anchors {name:?}"));
                    }
                }
                map.values().try_for_each(|value| self.add(value, depth + 1))
            }
            Value::Array(list) => list.iter().try_for_each(|value| self.add(value, depth + 1)),
            _ => Ok(()),
        }
    }
}

/// The anchors of a schema, in the notations of all drafts.
fn anchors_of(keywords: &Map<String, Value>) -> impl Iterator<Item = &str> {
    let text = |keyword: &str| keywords.get(keyword).and_then(Value::as_str);
    let of_id = text("$id").and_then(|id| id.strip_prefix('#'));
    let own = text("$anchor");
    let dynamic = text("$dynamicAnchor").filter(|dynamic| own != Some(dynamic));
    [own, dynamic, of_id].into_iter().flatten()
}

/// The `$id` of a schema, if it is more than an anchor.
fn id_of(keywords: &Map<String, Value>) -> Option<&str> {
    let id = keywords.get("$id").or_else(|| keywords.get("id"))?.as_str()?;
    Some(id).filter(|id| !id.is_empty() && !id.starts_with('#'))
}

/// Decodes the percent escapes of a fragment.
fn decoded(fragment: &str) -> String {
    let (mut bytes, mut rest) = (Vec::with_capacity(fragment.len()), fragment.as_bytes());
    while let Some((first, more)) = rest.split_first() {
        let hex = (*first == b'%').then(|| more.get(..2)).flatten();
        let byte = hex.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = &more[if byte.is_some() { 2 } else { 0 }..];
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The number of nodes that a pattern counts as: its size when its repetitions are written out.
fn pattern_nodes(pattern: &str) -> usize {
    let (mut open, mut sum, mut last) = (Vec::new(), 1_usize, 0_usize);
    let mut rest = pattern.char_indices();
    while let Some((at, letter)) = rest.next() {
        match letter {
            '(' => {
                open.push(sum.saturating_add(last));
                (sum, last) = (1, 0);
            }
            ')' => {
                last = sum.saturating_add(last);
                sum = open.pop().unwrap_or(1);
            }
            '{' => last = last.saturating_mul(repetitions(&pattern[at + 1..])),
            _ => {
                sum = sum.saturating_add(last);
                last = 1;
                if letter == '\\' {
                    rest.next();
                }
            }
        }
    }
    open.into_iter().fold(sum.saturating_add(last), usize::saturating_add)
}

/// The larger number of `3}`, `3,}` or `3,5}`.
fn repetitions(text: &str) -> usize {
    let inside = text.split('}').next().unwrap_or_default();
    let numbers = inside.split(',').map(|number| number.trim().parse::<usize>());
    numbers.filter_map(Result::ok).max().unwrap_or(1).max(1)
}

fn bytes_of(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len() + 24,
        Value::Array(list) => list.iter().map(bytes_of).sum::<usize>() + 24,
        Value::Object(map) => map.iter().map(|(name, value)| name.len() + bytes_of(value)).sum::<usize>() + 24,
        _ => 24,
    }
}

#[cfg(test)]
mod tests;
