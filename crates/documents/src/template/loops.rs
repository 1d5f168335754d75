//! Loops: `{% for item in list %}` and `{% tablerow %}`, like the library's, but bounded and
//! lenient.
//!
//! A range of numbers is measured before it is expanded. A missing field of an item is nil; the
//! library's own loops fail there.

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
        let head = Head::parse(&mut arguments, "for")?;
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
        Ok(Box::new(For { head, inside: Template::new(inside), otherwise }))
    }

    fn reflection(&self) -> &dyn BlockReflection {
        &Tags { start: "for", end: "endfor" }
    }
}

/// The head of a loop: `item in list limit: 2 offset: 1 reversed`.
#[derive(Debug)]
struct Head {
    tag: &'static str,
    name: KString,
    range: RangeExpression,
    limit: Option<Expression>,
    offset: Option<Expression>,
    cols: Option<Expression>,
    is_reversed: bool,
}

impl Head {
    fn parse(arguments: &mut TagTokenIter<'_>, tag: &'static str) -> Result<Self> {
        let name = arguments.expect_next("Identifier expected.")?.expect_identifier().into_result()?;
        let is_in = arguments.expect_next("\"in\" expected.")?.expect_str("in");
        is_in.into_result_custom_msg("\"in\" expected.")?;
        let range = range(arguments.expect_next("Array or range expected.")?)?;
        let name = KString::from_ref(name);
        let mut head = Self { tag, name, range, limit: None, offset: None, cols: None, is_reversed: false };
        while let Some(token) = arguments.next() {
            match (token.as_str(), tag) {
                ("limit", _) => head.limit = Some(attribute(arguments)?),
                ("offset", _) => head.offset = Some(attribute(arguments)?),
                ("reversed", "for") => head.is_reversed = true,
                ("cols", "tablerow") => head.cols = Some(attribute(arguments)?),
                (_, "for") => return Err(token.raise_custom_error("\"limit\", \"offset\" or \"reversed\" expected.")),
                _ => return Err(token.raise_custom_error("\"cols\", \"limit\" or \"offset\" expected.")),
            }
        }
        Ok(head)
    }

    fn trace(&self) -> KString {
        format!("{{% {} {} in {} %}}", self.tag, self.name, self.range).into()
    }

    /// Reads the list or range of the loop, and measures it.
    fn range<'r>(&'r self, runtime: &'r dyn Runtime) -> Result<Range<'r>> {
        let range = self.range.evaluate(runtime).trace_with(|| self.trace())?;
        measure(&range).trace_with(|| self.trace())?;
        Ok(range)
    }

    /// The items from the offset to the limit.
    fn items<'r>(&self, range: &'r Range<'_>, runtime: &dyn Runtime) -> Result<Vec<ValueCow<'r>>> {
        let mut items = range.evaluate()?;
        let offset = number(&self.offset, runtime)?.unwrap_or(0).min(items.len());
        items.drain(..offset);
        items.truncate(number(&self.limit, runtime)?.unwrap_or(usize::MAX));
        if self.is_reversed {
            items.reverse();
        }
        Ok(items)
    }

    /// Renders one turn. `about` is the loop's own variable, visible under `name`. The result is
    /// false if the loop ends with this turn.
    fn turn(
        &self,
        inside: &Template,
        item: &dyn ValueView,
        (name, about, index): (&'static str, &dyn ValueView, usize),
        writer: &mut dyn Write,
        runtime: &dyn Runtime,
    ) -> Result<bool> {
        budget::spend(1)?;
        let values: HashMap<KStringRef<'_>, &dyn ValueView> =
            HashMap::from([(name.into(), about), (self.name.as_ref(), item)]);
        let scope = StackFrame::new(runtime, &values);
        let rendered = inside.render_to(writer, &Lenient::inside(&scope));
        let rendered = rendered.trace_with(|| self.trace()).context_key("index");
        rendered.value_with(|| (index + 1).to_string().into())?;
        Ok(!is_broken(&scope))
    }
}

/// Parses a list, or a range of numbers.
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

/// Counts the steps to expand a range, and fails if it is too long.
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
    head: Head,
    inside: Template,
    otherwise: Option<Template>,
}

impl Renderable for For {
    fn render_to(&self, writer: &mut dyn Write, runtime: &dyn Runtime) -> Result<()> {
        let range = self.head.range(runtime)?;
        let items = self.head.items(&range, runtime)?;
        if items.is_empty() {
            let Some(otherwise) = &self.otherwise else { return Ok(()) };
            return otherwise.render_to(writer, runtime).trace_with(|| self.head.trace());
        }
        let parent = runtime.try_get(&[Scalar::new("forloop")]);
        for (index, item) in items.iter().enumerate() {
            let forloop = Forloop::new(index, items.len(), parent.as_ref().map(ValueCow::as_view));
            if !self.head.turn(&self.inside, item.as_view(), ("forloop", &forloop, index), writer, runtime)? {
                break;
            }
        }
        Ok(())
    }
}

/// `{% tablerow %}`: rows and cells of a table.
#[derive(Debug, Clone, Copy)]
pub(super) struct TableRowBlock;

impl ParseBlock for TableRowBlock {
    fn parse(
        &self,
        mut arguments: TagTokenIter<'_>,
        mut tokens: TagBlock<'_, '_>,
        options: &Language,
    ) -> Result<Box<dyn Renderable>> {
        let head = Head::parse(&mut arguments, "tablerow")?;
        let inside = Template::new(tokens.parse_all(options)?);
        tokens.assert_empty();
        Ok(Box::new(TableRow { head, inside }))
    }

    fn reflection(&self) -> &dyn BlockReflection {
        &Tags { start: "tablerow", end: "endtablerow" }
    }
}

#[derive(Debug)]
struct TableRow {
    head: Head,
    inside: Template,
}

impl Renderable for TableRow {
    fn render_to(&self, writer: &mut dyn Write, runtime: &dyn Runtime) -> Result<()> {
        let range = self.head.range(runtime)?;
        let items = self.head.items(&range, runtime)?;
        let columns = number(&self.head.cols, runtime)?.filter(|columns| *columns > 0).unwrap_or(items.len());
        let failed = |error: std::io::Error| Error::with_msg(error.to_string());
        for (index, item) in items.iter().enumerate() {
            let (row, column) = (index / columns, index % columns);
            if column == 0 {
                let ends = if row > 0 { "</tr>" } else { "" };
                write!(writer, "{ends}<tr class=\"row{}\">", row + 1).map_err(failed)?;
            }
            write!(writer, "<td class=\"col{}\">", column + 1).map_err(failed)?;
            let about = TableRowLoop::new(index, items.len(), columns);
            let goes_on =
                self.head.turn(&self.inside, item.as_view(), ("tablerowloop", &about, index), writer, runtime)?;
            writer.write_all(b"</td>").map_err(failed)?;
            if !goes_on {
                break;
            }
        }
        if items.is_empty() { Ok(()) } else { writer.write_all(b"</tr>").map_err(failed) }
    }
}

/// True if a turn ended with `break`; `continue` ends with the turn.
pub(super) fn is_broken(runtime: &dyn Runtime) -> bool {
    matches!(runtime.registers().get_mut::<InterruptRegister>().reset(), Some(Interrupt::Break))
}

fn number(attribute: &Option<Expression>, runtime: &dyn Runtime) -> Result<Option<usize>> {
    let Some(attribute) = attribute else { return Ok(None) };
    let value = attribute.evaluate(runtime)?;
    let number = value.as_scalar().and_then(|scalar| scalar.to_integer());
    let number = number.ok_or_else(|| Error::with_msg(format!("Expected whole number, found `{}`", value.type_name())));
    // A negative limit has always meant no limit.
    number.map(|number| Some(usize::try_from(number).unwrap_or(usize::MAX)))
}

/// The `forloop` variable inside a loop.
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

/// The `tablerowloop` variable inside a table.
#[derive(Debug, Clone, ObjectView, ValueView)]
struct TableRowLoop {
    length: i64,
    index0: i64,
    index: i64,
    rindex0: i64,
    rindex: i64,
    first: bool,
    last: bool,
    row: i64,
    col0: i64,
    col: i64,
    col_first: bool,
    col_last: bool,
}

impl TableRowLoop {
    fn new(index: usize, length: usize, columns: usize) -> Self {
        let (col_first, col_last) = (index.is_multiple_of(columns), index % columns == columns - 1);
        let (index, length, columns) = (index as i64, length as i64, columns as i64);
        Self {
            length,
            index0: index,
            index: index + 1,
            rindex0: length - index - 1,
            rindex: length - index,
            first: index == 0,
            last: index == length - 1,
            row: index / columns + 1,
            col0: index % columns,
            col: index % columns + 1,
            col_first,
            col_last,
        }
    }
}
