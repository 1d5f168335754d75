//! The fields of a small YAML file, each with its line.
//!
//! Read are one mapping, texts, and lists of texts. Anchors and aliases are refused: with them, a
//! small file can stand for a huge one.

use saphyr_parser::{Event, Parser, Span};

use super::ConfigError;

/// A field of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) line: usize,
    pub(super) value: Value,
}

/// The value of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    List(Vec<Item>),
}

/// A text in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) text: String,
    pub(super) line: usize,
}

/// The events of a file, one after the other.
struct Events<'t> {
    parser: Parser<'t, saphyr_parser::StrInput<'t>>,
    /// The number of lines of the file.
    lines: usize,
}

/// The fields of a file.
pub(super) fn fields(text: &str) -> Result<Vec<Field>, ConfigError> {
    // Marks at the end of a file may be one line below its last.
    let mut events = Events { parser: Parser::new_from_str(text), lines: text.lines().count().max(1) };
    let expected = "the file must be a mapping that begins with version: 1";
    loop {
        match events.next()? {
            (Event::StreamStart | Event::DocumentStart(_), _) => {}
            (Event::MappingStart(..), _) => break,
            (_, line) => return Err(ConfigError::new(line, expected)),
        }
    }
    let mut fields = Vec::new();
    loop {
        match events.next()? {
            (Event::Scalar(name, ..), line) => {
                let value = events.value(&name)?;
                fields.push(Field { name: name.into_owned(), line, value });
            }
            (Event::MappingEnd, _) => break,
            (_, line) => return Err(ConfigError::new(line, "the name of a field must be a text")),
        }
    }
    loop {
        match events.next()? {
            (Event::DocumentEnd, _) => {}
            (Event::StreamEnd, _) => return Ok(fields),
            (_, line) => return Err(ConfigError::new(line, "the file must have one document only")),
        }
    }
}

impl<'t> Events<'t> {
    fn next(&mut self) -> Result<(Event<'t>, usize), ConfigError> {
        let next = self.parser.next().unwrap_or(Ok((Event::StreamEnd, Span::default())));
        let (event, span) = next.map_err(|error| {
            let line = error.marker().line().clamp(1, self.lines);
            ConfigError::new(line, format!("the file is no YAML: {}", error.info()))
        })?;
        let line = span.start.line().clamp(1, self.lines);
        let has_anchor = match &event {
            Event::Alias(_) => true,
            Event::Scalar(_, _, anchor, _) | Event::SequenceStart(anchor, _) | Event::MappingStart(anchor, _) => {
                *anchor > 0
            }
            _ => false,
        };
        match has_anchor {
            true => Err(ConfigError::new(line, "anchors and aliases are not allowed")),
            false => Ok((event, line)),
        }
    }

    fn value(&mut self, field: &str) -> Result<Value, ConfigError> {
        match self.next()? {
            (Event::Scalar(text, ..), _) => Ok(Value::Text(text.into_owned())),
            (Event::SequenceStart(..), _) => self.list(field).map(Value::List),
            (_, line) => Err(ConfigError::new(line, format!("the field {field} must be a text or a list of texts"))),
        }
    }

    fn list(&mut self, field: &str) -> Result<Vec<Item>, ConfigError> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::Scalar(text, ..), line) => items.push(Item { text: text.into_owned(), line }),
                (Event::SequenceEnd, _) => return Ok(items),
                (_, line) => {
                    return Err(ConfigError::new(line, format!("an entry of {field} must be a text")));
                }
            }
        }
    }
}
