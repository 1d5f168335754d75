//! Filters within bounds. Each counts its input and its output. A filter whose output can be much
//! larger than its input measures the output before it makes it.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use liquid_core::error::{Error, Result};
use liquid_core::model::{State, Value};
use liquid_core::parser::{FilterArguments, FilterReflection, ParameterReflection};
use liquid_core::{Expression, Filter, ParseFilter, Runtime, ValueView};

use super::{budget, dates};

/// A filter whose work is counted.
#[derive(Clone)]
pub(super) struct Bounded(pub(super) Box<dyn ParseFilter>);

impl ParseFilter for Bounded {
    fn parse(&self, arguments: FilterArguments<'_>) -> Result<Box<dyn Filter>> {
        let effort = match self.0.reflection().name() {
            "sort" | "sort_natural" => Effort::Sort,
            "uniq" | "intersect" | "group_by" => Effort::Square,
            _ => Effort::Linear,
        };
        Ok(Box::new(CountedFilter { filter: self.0.parse(arguments)?, effort }))
    }

    fn reflection(&self) -> &dyn FilterReflection {
        self.0.reflection()
    }
}

/// The growth of a filter's work with its input.
#[derive(Debug, Clone, Copy)]
enum Effort {
    Linear,
    Sort,
    Square,
}

impl Effort {
    fn steps(self, input: &dyn ValueView) -> u64 {
        let bytes = budget::steps_of(budget::size_of(input));
        let items = input.as_array().map_or(0, |list| u64::try_from(list.size()).unwrap_or(0));
        match self {
            Self::Linear => bytes,
            Self::Sort => bytes.saturating_mul(u64::from(items.checked_ilog2().unwrap_or(0)) + 1),
            Self::Square => bytes.saturating_mul(items / 8 + 1),
        }
    }
}

#[derive(Debug)]
struct CountedFilter {
    filter: Box<dyn Filter>,
    effort: Effort,
}

impl fmt::Display for CountedFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.filter.fmt(f)
    }
}

impl Filter for CountedFilter {
    fn evaluate(&self, input: &dyn ValueView, runtime: &dyn Runtime) -> Result<Value> {
        budget::spend(1 + self.effort.steps(input))?;
        let output = self.filter.evaluate(input, runtime)?;
        budget::measure(budget::size_of(&output))?;
        Ok(output)
    }
}

/// The function of a filter, given the input and the arguments. An error is a sentence.
type Function = fn(&dyn ValueView, &[Value]) -> std::result::Result<Value, String>;

/// A filter of this crate that replaces one of the library's.
#[derive(Debug, Clone, Copy)]
pub(super) struct Own {
    name: &'static str,
    /// The least and the greatest number of arguments.
    arguments: (usize, usize),
    /// A named argument. The function gets it after all others.
    named: Option<&'static str>,
    function: Function,
}

impl Own {
    pub(super) fn new(name: &'static str, arguments: (usize, usize), function: Function) -> Self {
        Self { name, arguments, named: None, function }
    }
}

/// The filters whose output can be much larger than their input, and those that do more than the
/// library's.
pub(super) fn all() -> [Own; 8] {
    [
        Own::new("replace", (1, 2), |input, words| replace(input, words, usize::MAX)),
        Own::new("replace_first", (1, 2), |input, words| replace(input, words, 1)),
        Own::new("date", (1, 2), dates::date),
        Own { named: Some("allow_false"), ..Own::new("default", (1, 1), default) },
        Own::new("base64_encode", (0, 0), |input, _| Ok(Value::scalar(STANDARD.encode(input.to_kstr().as_bytes())))),
        Own::new("base64_decode", (0, 0), |input, _| decoded(&STANDARD, input)),
        Own::new("base64_url_safe_encode", (0, 0), |input, _| {
            Ok(Value::scalar(URL_SAFE.encode(input.to_kstr().as_bytes())))
        }),
        Own::new("base64_url_safe_decode", (0, 0), |input, _| decoded(&URL_SAFE, input)),
    ]
}

fn decoded(engine: &impl Engine, input: &dyn ValueView) -> std::result::Result<Value, String> {
    let bytes = engine.decode(input.to_kstr().trim()).map_err(|error| format!("this is no base64: {error}"))?;
    Ok(Value::scalar(String::from_utf8_lossy(&bytes).into_owned()))
}

/// The default for a missing, empty or false value. With `allow_false`, false counts as a value.
fn default(input: &dyn ValueView, words: &[Value]) -> std::result::Result<Value, String> {
    let allows_false = words.get(1).is_some_and(|allowed| allowed.query_state(State::Truthy));
    let is_false = input.as_scalar().and_then(|scalar| scalar.to_bool()) == Some(false);
    let is_missing = if is_false { !allows_false } else { input.query_state(State::DefaultValue) };
    Ok(if is_missing { words[0].clone() } else { input.to_value() })
}

impl ParseFilter for Own {
    fn parse(&self, arguments: FilterArguments<'_>) -> Result<Box<dyn Filter>> {
        let mut positional: Vec<Expression> = arguments.positional.collect();
        let (least, most) = self.arguments;
        if !(least..=most).contains(&positional.len()) {
            return Err(Error::with_msg(format!("{} takes {least} to {most} arguments", self.name)));
        }
        for (name, value) in arguments.keyword {
            if self.named != Some(name) || positional.len() > most {
                return Err(Error::with_msg(format!("{} takes no argument {name:?}", self.name)));
            }
            positional.push(value);
        }
        Ok(Box::new(Applied { filter: *self, arguments: positional }))
    }

    fn reflection(&self) -> &dyn FilterReflection {
        self
    }
}

impl FilterReflection for Own {
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

#[derive(Debug)]
struct Applied {
    filter: Own,
    arguments: Vec<Expression>,
}

impl fmt::Display for Applied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.filter.name)
    }
}

impl Filter for Applied {
    fn evaluate(&self, input: &dyn ValueView, runtime: &dyn Runtime) -> Result<Value> {
        let arguments = self.arguments.iter().map(|argument| Ok(argument.evaluate(runtime)?.into_owned()));
        let arguments = arguments.collect::<Result<Vec<Value>>>()?;
        let wrong = |why: String| Error::with_msg(why).context("filter", self.filter.name);
        (self.filter.function)(input, &arguments).map_err(wrong)
    }
}

/// Fails with a sentence if a value of so many bytes is too large.
pub(super) fn fits(bytes: usize) -> std::result::Result<(), String> {
    budget::measure(bytes).map_err(|error| error.to_string())
}

fn replace(input: &dyn ValueView, words: &[Value], times: usize) -> std::result::Result<Value, String> {
    let (input, search) = (input.to_kstr(), words[0].to_kstr());
    let with = words.get(1).map(|with| with.to_kstr()).unwrap_or_default();
    let found = input.matches(search.as_str()).take(times).count();
    fits((input.len() - found * search.len()).saturating_add(found.saturating_mul(with.len())))?;
    Ok(Value::scalar(input.replacen(search.as_str(), with.as_str(), times)))
}
