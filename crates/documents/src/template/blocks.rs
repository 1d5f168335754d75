//! Blocks and tags within bounds: the depth of nested blocks, and the size of the text that
//! `capture` and `ifchanged` collect.

use std::cell::Cell;
use std::io::Write;

use campanile_base::bounds::TEMPLATE_NESTING;
use liquid_core::error::{Error, Result, ResultLiquidExt};
use liquid_core::model::{KString, Value};
use liquid_core::parser::{TagBlock, TagTokenIter};
use liquid_core::{BlockReflection, Language, ParseBlock, ParseTag, Renderable, Runtime, TagReflection, Template};

use super::budget::{self, Output};

thread_local! {
    /// The number of blocks that are open in the parser.
    static OPEN: Cell<usize> = const { Cell::new(0) };
}

/// Refuses a block that is nested too deep: the parser recurses for each level.
#[derive(Clone)]
pub(super) struct Nested(pub(super) Box<dyn ParseBlock>);

impl ParseBlock for Nested {
    fn parse(
        &self,
        mut arguments: TagTokenIter<'_>,
        tokens: TagBlock<'_, '_>,
        options: &Language,
    ) -> Result<Box<dyn Renderable>> {
        if OPEN.get() >= TEMPLATE_NESTING {
            let why = format!("blocks lie more than {TEMPLATE_NESTING} deep in each other");
            return Err(arguments.raise_error(&why));
        }
        let _open = Open::begin();
        self.0.parse(arguments, tokens, options)
    }

    fn reflection(&self) -> &dyn BlockReflection {
        self.0.reflection()
    }
}

/// An open block of the parser. It is closed on drop, so a panic of the parser closes it, too.
struct Open;

impl Open {
    fn begin() -> Self {
        OPEN.set(OPEN.get() + 1);
        Self
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        OPEN.set(OPEN.get().saturating_sub(1));
    }
}

/// The names of a block's tags.
pub(super) struct Tags {
    pub(super) start: &'static str,
    pub(super) end: &'static str,
}

impl BlockReflection for Tags {
    fn start_tag(&self) -> &str {
        self.start
    }

    fn end_tag(&self) -> &str {
        self.end
    }

    fn description(&self) -> &str {
        ""
    }
}

/// Renders a block to text.
fn gathered(template: &Template, runtime: &dyn Runtime) -> Result<String> {
    let mut output = Output::of_block();
    template.render_to(&mut output, runtime)?;
    String::from_utf8(output.bytes).map_err(|_| Error::with_msg("the block renders to something that is not text"))
}

/// `{% capture name %}`.
#[derive(Debug, Clone, Copy)]
pub(super) struct CaptureBlock;

impl ParseBlock for CaptureBlock {
    fn parse(
        &self,
        mut arguments: TagTokenIter<'_>,
        mut tokens: TagBlock<'_, '_>,
        options: &Language,
    ) -> Result<Box<dyn Renderable>> {
        let name = arguments.expect_next("Identifier expected")?.expect_identifier().into_result()?.to_owned();
        arguments.expect_nothing()?;
        let inside = tokens.parse_all(options).trace_with(|| format!("{{% capture {name} %}}").into())?;
        tokens.assert_empty();
        Ok(Box::new(Capture { name: name.into(), inside: Template::new(inside) }))
    }

    fn reflection(&self) -> &dyn BlockReflection {
        &Tags { start: "capture", end: "endcapture" }
    }
}

#[derive(Debug)]
struct Capture {
    name: KString,
    inside: Template,
}

impl Renderable for Capture {
    fn render_to(&self, _: &mut dyn Write, runtime: &dyn Runtime) -> Result<()> {
        let text = gathered(&self.inside, runtime).trace_with(|| format!("{{% capture {} %}}", self.name).into())?;
        runtime.set_global(self.name.clone(), Value::scalar(text));
        budget::check()
    }
}

/// `{% echo value | filter %}`, which is `{{ value | filter }}` as a tag.
#[derive(Debug, Clone, Copy)]
pub(super) struct EchoTag;

impl ParseTag for EchoTag {
    fn parse(&self, mut arguments: TagTokenIter<'_>, options: &Language) -> Result<Box<dyn Renderable>> {
        let value = arguments.expect_next("a value is expected")?.expect_filter_chain(options).into_result()?;
        arguments.expect_nothing()?;
        Ok(Box::new(value))
    }

    fn reflection(&self) -> &dyn TagReflection {
        self
    }
}

impl TagReflection for EchoTag {
    fn tag(&self) -> &'static str {
        "echo"
    }

    fn description(&self) -> &'static str {
        ""
    }
}

/// `{% ifchanged %}`.
#[derive(Debug, Clone, Copy)]
pub(super) struct IfChangedBlock;

impl ParseBlock for IfChangedBlock {
    fn parse(
        &self,
        mut arguments: TagTokenIter<'_>,
        mut tokens: TagBlock<'_, '_>,
        options: &Language,
    ) -> Result<Box<dyn Renderable>> {
        arguments.expect_nothing()?;
        let inside = Template::new(tokens.parse_all(options)?);
        tokens.assert_empty();
        Ok(Box::new(IfChanged(inside)))
    }

    fn reflection(&self) -> &dyn BlockReflection {
        &Tags { start: "ifchanged", end: "endifchanged" }
    }
}

#[derive(Debug)]
struct IfChanged(Template);

/// The last text of `ifchanged`.
#[derive(Default)]
struct Last(Option<String>);

impl Renderable for IfChanged {
    fn render_to(&self, writer: &mut dyn Write, runtime: &dyn Runtime) -> Result<()> {
        let text = gathered(&self.0, runtime).trace("{% ifchanged %}")?;
        let last = runtime.registers().get_mut::<Last>().0.replace(text.clone());
        match last.as_ref() == Some(&text) {
            true => Ok(()),
            false => writer.write_all(text.as_bytes()).map_err(|error| Error::with_msg(error.to_string())),
        }
    }
}
