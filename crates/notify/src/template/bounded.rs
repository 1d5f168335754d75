//! Filters within bounds: each counts what it reads and makes, and those that can make much of little measure it first.

use std::fmt;

use campanile_base::bounds::RENDER_VALUE_BYTES;
use liquid_core::error::{Error, Result};
use liquid_core::model::Value;
use liquid_core::parser::{FilterArguments, FilterReflection, ParameterReflection};
use liquid_core::{Expression, Filter, ParseFilter, Runtime, ValueView};

use super::budget;

/// The widest that a part of a date is written.
const DATE_WIDTH: usize = 32;

/// A filter that is counted.
#[derive(Clone)]
pub(super) struct Bounded(pub(super) Box<dyn ParseFilter>);

impl ParseFilter for Bounded {
    fn parse(&self, arguments: FilterArguments<'_>) -> Result<Box<dyn Filter>> {
        let effort = match self.0.reflection().name() {
            "sort" | "sort_natural" => Effort::Sort,
            "uniq" | "intersect" => Effort::Square,
            _ => Effort::Linear,
        };
        Ok(Box::new(Counted { filter: self.0.parse(arguments)?, effort }))
    }

    fn reflection(&self) -> &dyn FilterReflection {
        self.0.reflection()
    }
}

/// How the work of a filter grows with its input.
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
struct Counted {
    filter: Box<dyn Filter>,
    effort: Effort,
}

impl fmt::Display for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.filter.fmt(f)
    }
}

impl Filter for Counted {
    fn evaluate(&self, input: &dyn ValueView, runtime: &dyn Runtime) -> Result<Value> {
        budget::spend(1 + self.effort.steps(input))?;
        let output = self.filter.evaluate(input, runtime)?;
        budget::measure(budget::size_of(&output))?;
        Ok(output)
    }
}

/// What a filter does with its input and its arguments; an error is a sentence.
type Function = fn(&dyn ValueView, &[Value]) -> std::result::Result<Value, String>;

/// A filter of our own in place of the library's.
#[derive(Debug, Clone, Copy)]
pub(super) struct Own {
    pub(super) name: &'static str,
    /// How many arguments it takes at least, and at most.
    pub(super) arguments: (usize, usize),
    pub(super) function: Function,
}

/// Filters whose output can be much larger than what they are given.
pub(super) fn all() -> [Own; 4] {
    [
        Own { name: "replace", arguments: (1, 2), function: |input, words| replace(input, words, usize::MAX) },
        Own { name: "replace_first", arguments: (1, 2), function: |input, words| replace(input, words, 1) },
        Own { name: "join", arguments: (0, 1), function: join },
        Own { name: "date", arguments: (1, 1), function: date },
    ]
}

impl ParseFilter for Own {
    fn parse(&self, arguments: FilterArguments<'_>) -> Result<Box<dyn Filter>> {
        let mut named = arguments.keyword;
        let positional: Vec<Expression> = arguments.positional.collect();
        let (least, most) = self.arguments;
        if !(least..=most).contains(&positional.len()) || named.next().is_some() {
            return Err(Error::with_msg(format!("{} takes {least} to {most} arguments", self.name)));
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

/// A sentence, where something would come to more bytes than a value may have.
fn fits(bytes: usize) -> std::result::Result<(), String> {
    budget::measure(bytes).map_err(|error| error.to_string())
}

fn replace(input: &dyn ValueView, words: &[Value], times: usize) -> std::result::Result<Value, String> {
    let (input, search) = (input.to_kstr(), words[0].to_kstr());
    let with = words.get(1).map(|with| with.to_kstr()).unwrap_or_default();
    let found = input.matches(search.as_str()).take(times).count();
    fits((input.len() - found * search.len()).saturating_add(found.saturating_mul(with.len())))?;
    Ok(Value::scalar(input.replacen(search.as_str(), with.as_str(), times)))
}

fn join(input: &dyn ValueView, words: &[Value]) -> std::result::Result<Value, String> {
    let list = input.as_array().ok_or("a list is expected")?;
    let between = words.first().map_or_else(|| " ".into(), |word| word.to_kstr());
    let mut joined = String::new();
    for (index, item) in list.values().enumerate() {
        if index > 0 {
            joined.push_str(between.as_str());
        }
        joined.push_str(item.to_kstr().as_str());
        if joined.len() > RENDER_VALUE_BYTES {
            fits(joined.len())?;
        }
    }
    Ok(Value::scalar(joined))
}

fn date(input: &dyn ValueView, words: &[Value]) -> std::result::Result<Value, String> {
    let format = words[0].to_kstr();
    let at = input.as_scalar().and_then(|scalar| scalar.to_date_time()).filter(|_| !format.is_empty());
    let Some(at) = at else { return Ok(input.to_value()) };
    // After the flags of a part stands its width.
    let widths = format.split('%').skip(1).map(|part| {
        let part = part.trim_start_matches(['-', '_', '^', '#', '0']);
        part.split(|letter: char| !letter.is_ascii_digit()).next().unwrap_or_default()
    });
    let is_too_wide =
        |digits: &str| !digits.is_empty() && digits.parse().map_or(true, |width: usize| width > DATE_WIDTH);
    if widths.into_iter().any(is_too_wide) {
        return Err(format!("a part of a date is written at most {DATE_WIDTH} wide"));
    }
    let written = at.format(format.as_str()).map_err(|error| format!("{format:?} is no format of a date: {error}"))?;
    Ok(Value::scalar(written))
}
