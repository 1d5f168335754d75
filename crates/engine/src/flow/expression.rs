//! Expressions over events, in CEL: `event.data.sourceId`, `event.data.score >= 70`.
//!
//! `event` is the event that started the run. Where a later event is matched, that event is
//! `async`. An expression is parsed when its workflow is declared. So a syntax error stops the
//! program at its start, not a run.

use std::sync::Arc;

use campanile_base::{Error, Result};
use cel::{Context, Program, Value};
use serde_json::Value as Json;

/// A parsed expression. Cheap to clone.
#[derive(Clone)]
pub struct Expression {
    text: Arc<str>,
    program: Arc<Program>,
}

impl Expression {
    /// Parses `text`.
    ///
    /// # Errors
    /// `Invalid`, with the parser's message.
    pub fn parse(text: &str) -> Result<Self> {
        // The parser panics on some malformed texts instead of returning an error.
        let parsed = std::panic::catch_unwind(|| Program::compile(text));
        let program = match parsed {
            Ok(Ok(program)) => program,
            Ok(Err(error)) => return Err(Error::invalid(format!("the expression {text:?} cannot be read: {error}"))),
            Err(_) => return Err(Error::invalid(format!("the expression {text:?} cannot be read"))),
        };
        Ok(Self { text: text.into(), program: Arc::new(program) })
    }

    /// The text of the expression.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// True if the expression holds. An error counts as `false`, for example when the event lacks a
    /// field.
    pub(crate) fn holds(&self, words: &[(&str, &Json)]) -> bool {
        matches!(self.value(words), Ok(Value::Bool(true)))
    }

    /// The value as a key: text unchanged, anything else as JSON.
    pub(crate) fn key(&self, words: &[(&str, &Json)]) -> Result<String> {
        let value = self.value(words)?;
        if let Value::String(text) = &value {
            return Ok(text.to_string());
        }
        let json = value.json().map_err(|e| Error::invalid(format!("{:?} has no plain value: {e}", self.text)))?;
        Ok(json.to_string())
    }

    /// The value as a whole number.
    pub(crate) fn number(&self, words: &[(&str, &Json)]) -> Result<i64> {
        match self.value(words)? {
            Value::Int(number) => Ok(number),
            Value::UInt(number) => Ok(i64::try_from(number).unwrap_or(i64::MAX)),
            Value::Float(number) => Ok(number as i64),
            _ => Err(Error::invalid(format!("{:?} is not a number", self.text))),
        }
    }

    fn value(&self, words: &[(&str, &Json)]) -> Result<Value> {
        let invalid = |e: &dyn std::fmt::Display| Error::invalid(format!("the expression {:?}: {e}", self.text));
        let mut context = Context::default();
        for (word, json) in words {
            context.add_variable(*word, json).map_err(|e| invalid(&e))?;
        }
        self.program.execute(&context).map_err(|e| invalid(&e))
    }
}

impl std::fmt::Debug for Expression {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Expression({})", self.text)
    }
}
