//! Loops: `{% for item in list %}`, like the library's, within bounds and as forgiving as everything else.
//!
//! A range of numbers is measured before it is written out. What an item lacks is nothing: the library's own loops fail there.

use std::collections::HashMap;
use std::io::Write;

use campanile_base::bounds::RENDER_STEPS;
use liquid_core::error::{Error, Result, ResultLiquidExt};
use liquid_core::model::{KString, KStringRef, Scalar, ValueCow};
use liquid_core::parser::{BlockElement, TagBlock, TagToken, TagTokenIter, TryMatchToken};
use liquid_core::runtime::{Interrupt, InterruptRegister, StackFrame};
use liquid_core::{
    BlockReflection, Expression, Language, ObjectView, ParseBlock, Renderable, Runtime, Template, ValueView,
};
use liquid_lib::stdlib::{Range, RangeExpression};

use super::blocks::Tags;
use super::budget;
use super::lenient::Lenient;

/// `{% for %}`.
#[derive(Debug, Clone, Copy)]
pub(super) struct ForBlock;

impl ParseBlock for ForBlock {
    fn parse(
        &self,
        mut arguments: TagTokenIter<'_>,
        mut tokens: TagBlock<'_, '_>,
        options: &Language,
    ) -> Result<Box<dyn Renderable>> {
        let name = arguments.expect_next("Identifier expected.")?.expect_identifier().into_result()?;
        let is_in = arguments.expect_next("\"in\" expected.")?.expect_str("in");
        is_in.into_result_custom_msg("\"in\" expected.")?;
        let range = range(arguments.expect_next("Array or range expected.")?)?;
        let (mut limit, mut offset, mut is_reversed) = (None, None, false);
        while let Some(token) = arguments.next() {
            match token.as_str() {
                "limit" => limit = Some(attribute(&mut arguments)?),
                "offset" => offset = Some(attribute(&mut arguments)?),
                "reversed" => is_reversed = true,
                _ => return Err(token.raise_custom_error("\"limit\", \"offset\" or \"reversed\" expected.")),
            }
        }
        let (mut inside, mut otherwise) = (Vec::new(), None);
        while let Some(element) = tokens.next()? {
            match element {
                BlockElement::Tag(mut tag) if tag.name() == "else" => {
                    tag.tokens().expect_nothing()?;
                    otherwise = Some(Template::new(tokens.parse_all(options)?));
                    break;
                }
                BlockElement::Tag(tag) => inside.push(tag.parse(&mut tokens, options)?),
                element => inside.push(element.parse(&mut tokens, options)?),
            }
        }
        tokens.assert_empty();
        let (name, inside) = (KString::from_ref(name), Template::new(inside));
        Ok(Box::new(For { name, range, inside, otherwise, limit, offset, is_reversed }))
    }

    fn reflection(&self) -> &dyn BlockReflection {
        &Tags { start: "for", end: "endfor" }
    }
}

/// A list, or a range of numbers.
pub(super) fn range(token: TagToken<'_>) -> Result<RangeExpression> {
    match token.expect_value() {
        TryMatchToken::Matches(list) => Ok(RangeExpression::Array(list)),
        TryMatchToken::Fails(token) => match token.expect_range() {
            TryMatchToken::Matches((start, stop)) => Ok(RangeExpression::Counted(start, stop)),
            TryMatchToken::Fails(token) => Err(token.raise_error()),
        },
    }
}

fn attribute(arguments: &mut TagTokenIter<'_>) -> Result<Expression> {
    arguments.expect_next("\":\" expected.")?.expect_str(":").into_result_custom_msg("\":\" expected.")?;
    arguments.expect_next("Value expected.")?.expect_value().into_result()
}

/// Counts the steps of writing a range out; an error, where it is too long.
pub(super) fn measure(range: &Range<'_>) -> Result<()> {
    match range {
        Range::Counted(start, stop) => {
            let length = stop.checked_sub(*start).and_then(|length| u64::try_from(length.max(-1) + 1).ok());
            match length.filter(|length| *length <= RENDER_STEPS) {
                Some(length) => budget::spend(length / 16),
                None => {
                    Err(Error::with_msg(format!("the range ({start}..{stop}) has more than {RENDER_STEPS} numbers")))
                }
            }
        }
        Range::Array(list) => match (list.as_array(), list.as_object()) {
            (Some(list), _) => budget::spend(u64::try_from(list.size()).unwrap_or(0) / 16),
            // The values of an object are copied.
            (None, Some(object)) => budget::spend(budget::steps_of(budget::size_of(object.as_value()))),
            (None, None) => Ok(()),
        },
    }
}

#[derive(Debug)]
struct For {
    name: KString,
    range: RangeExpression,
    inside: Template,
    otherwise: Option<Template>,
    limit: Option<Expression>,
    offset: Option<Expression>,
    is_reversed: bool,
}

impl For {
    fn trace(&self) -> String {
        format!("{{% for {} in {} %}}", self.name, self.range)
    }
}

impl Renderable for For {
    fn render_to(&self, writer: &mut dyn Write, runtime: &dyn Runtime) -> Result<()> {
        let range = self.range.evaluate(runtime).trace_with(|| self.trace().into())?;
        measure(&range).trace_with(|| self.trace().into())?;
        let mut items = range.evaluate()?;
        let offset = number(&self.offset, runtime)?.unwrap_or(0).min(items.len());
        items.drain(..offset);
        items.truncate(number(&self.limit, runtime)?.unwrap_or(usize::MAX));
        if self.is_reversed {
            items.reverse();
        }
        if items.is_empty() {
            let Some(otherwise) = &self.otherwise else { return Ok(()) };
            return otherwise.render_to(writer, runtime).trace_with(|| self.trace().into());
        }
        let parent = runtime.try_get(&[Scalar::new("forloop")]);
        let length = items.len();
        for (index, item) in items.iter().enumerate() {
            budget::spend(1)?;
            let forloop = Forloop::new(index, length, parent.as_ref().map(ValueCow::as_view));
            let values: HashMap<KStringRef<'_>, &dyn ValueView> =
                HashMap::from([("forloop".into(), &forloop as &dyn ValueView), (self.name.as_ref(), item.as_view())]);
            let scope = StackFrame::new(runtime, &values);
            let rendered = self.inside.render_to(writer, &Lenient::inside(&scope));
            let rendered = rendered.trace_with(|| self.trace().into()).context_key("index");
            rendered.value_with(|| (index + 1).to_string().into())?;
            if is_broken(&scope) {
                break;
            }
        }
        Ok(())
    }
}

/// Whether a turn ended with `break`; `continue` ends with the turn.
pub(super) fn is_broken(runtime: &dyn Runtime) -> bool {
    matches!(runtime.registers().get_mut::<InterruptRegister>().reset(), Some(Interrupt::Break))
}

fn number(attribute: &Option<Expression>, runtime: &dyn Runtime) -> Result<Option<usize>> {
    let Some(attribute) = attribute else { return Ok(None) };
    let value = attribute.evaluate(runtime)?;
    let number = value.as_scalar().and_then(|scalar| scalar.to_integer());
    let number = number.ok_or_else(|| Error::with_msg(format!("Expected whole number, found `{}`", value.type_name())));
    // A negative limit was none ever.
    number.map(|number| Some(usize::try_from(number).unwrap_or(usize::MAX)))
}

/// What a loop's inside knows of it.
#[derive(Debug, Clone, ObjectView, ValueView)]
pub(super) struct Forloop<'p> {
    length: i64,
    parentloop: Option<&'p dyn ValueView>,
    index0: i64,
    index: i64,
    rindex0: i64,
    rindex: i64,
    first: bool,
    last: bool,
}

impl<'p> Forloop<'p> {
    pub(super) fn new(index: usize, length: usize, parentloop: Option<&'p dyn ValueView>) -> Self {
        let (index, length) = (index as i64, length as i64);
        Self {
            length,
            parentloop,
            index0: index,
            index: index + 1,
            rindex0: length - index - 1,
            rindex: length - index,
            first: index == 0,
            last: index == length - 1,
        }
    }
}
