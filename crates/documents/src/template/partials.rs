//! Partials: templates that other templates render by name, `{% render 'name', key: value %}`. They
//! see only the variables that they are given.
//!
//! Each is parsed at its first rendering. The depth of partials in partials is bounded, so a
//! partial that renders itself is an error.

use std::collections::HashMap;
use std::io::Write;
use std::sync::{Arc, OnceLock};

use liquid_core::error::{Error, Result, ResultLiquidExt};
use liquid_core::model::{KString, KStringRef, ValueCow};
use liquid_core::parser::TagTokenIter;
use liquid_core::runtime::{GlobalFrame, PartialStore, SandboxedStackFrame};
use liquid_core::{Expression, Language, ParseTag, Renderable, Runtime, TagReflection, ValueView};
use liquid_lib::stdlib::RangeExpression;

use super::budget::{self, Inner};
use super::lenient::Lenient;
use super::localized_texts::LocalizedTexts;
use super::loops::{self, Forloop};
use super::{Template, TemplateError};

/// The partials of an organisation, by key.
#[derive(Debug, Default)]
pub struct Partials(HashMap<String, Arc<Partial>>);

impl Partials {
    /// Keeps the texts. A faulty partial fails the templates that render it, and no others.
    pub fn new(texts: impl IntoIterator<Item = (String, String)>) -> Self {
        let partials = texts.into_iter().map(|(key, text)| (key, Arc::new(Partial { text, parsed: OnceLock::new() })));
        Self(partials.collect())
    }
}

impl PartialStore for Partials {
    fn contains(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    fn names(&self) -> Vec<&str> {
        self.0.keys().map(String::as_str).collect()
    }

    fn try_get(&self, name: &str) -> Option<Arc<dyn Renderable>> {
        self.get(name).ok()
    }

    fn get(&self, name: &str) -> Result<Arc<dyn Renderable>> {
        match self.0.get(name) {
            Some(partial) => Ok(partial.clone()),
            None => Err(Error::with_msg(format!("there is no partial {name:?}"))),
        }
    }
}

/// One partial. It is as lenient as the template that renders it.
#[derive(Debug)]
struct Partial {
    text: String,
    parsed: OnceLock<std::result::Result<Template, TemplateError>>,
}

impl Renderable for Partial {
    fn render_to(&self, writer: &mut dyn Write, runtime: &dyn Runtime) -> Result<()> {
        let _inner = Inner::begin()?;
        match self.parsed.get_or_init(|| Template::parse(&self.text)) {
            Ok(template) => template.0.render_to(writer, &Lenient::outside(runtime)),
            Err(error) => Err(Error::with_msg(error.to_string())),
        }
    }
}

/// `{% render 'name', key: value %}`, also `with value as name` and `for list as name`.
#[derive(Debug, Clone, Copy)]
pub(super) struct RenderTag;

impl TagReflection for RenderTag {
    fn tag(&self) -> &str {
        "render"
    }

    fn description(&self) -> &str {
        ""
    }
}

impl ParseTag for RenderTag {
    fn parse(&self, mut arguments: TagTokenIter<'_>, _: &Language) -> Result<Box<dyn Renderable>> {
        let name = arguments.expect_next("Identifier or literal expected.")?.expect_value().into_result()?;
        let (mut values, mut list) = (Vec::new(), None);
        let mut token = arguments.next();
        match token.as_ref().map(|token| token.as_str()) {
            Some("with") => {
                let value = arguments.expect_next("expected value")?.expect_value().into_result()?;
                values.push((named(&mut arguments)?, value));
                token = arguments.next();
            }
            Some("for") => {
                let range = loops::range(arguments.expect_next("Array or range expected.")?)?;
                list = Some((range, named(&mut arguments)?));
                token = arguments.next();
            }
            _ => {}
        }
        while let Some(comma) = token {
            comma.expect_str(",").into_result_custom_msg("`,` is needed to separate variables")?;
            let Some(key) = arguments.next() else { break };
            let key = key.expect_identifier().into_result()?.to_owned();
            let colon = arguments.expect_next("\":\" expected.")?.expect_str(":");
            colon.into_result_custom_msg("expected \":\" to be used for the assignment")?;
            values.push((key.into(), arguments.expect_next("expected value")?.expect_value().into_result()?));
            token = arguments.next();
        }
        arguments.expect_nothing()?;
        Ok(Box::new(Render { name, list, values }))
    }

    fn reflection(&self) -> &dyn TagReflection {
        self
    }
}

/// `as name`.
fn named(arguments: &mut TagTokenIter<'_>) -> Result<KString> {
    arguments.expect_next("\"as\" expected")?.expect_str("as").into_result_custom_msg("\"as\" expected")?;
    Ok(arguments.expect_next("Identifier expected.")?.expect_identifier().into_result()?.to_owned().into())
}

#[derive(Debug)]
struct Render {
    name: Expression,
    list: Option<(RangeExpression, KString)>,
    values: Vec<(KString, Expression)>,
}

/// The variables of a partial.
type PartialArguments<'g> = HashMap<KStringRef<'g>, ValueCow<'g>>;

impl Render {
    fn given<'g>(&'g self, runtime: &'g dyn Runtime) -> Result<PartialArguments<'g>> {
        self.values.iter().map(|(key, value)| Ok((key.as_ref(), value.evaluate(runtime)?))).collect()
    }

    fn one(
        &self,
        writer: &mut dyn Write,
        runtime: &dyn Runtime,
        name: &str,
        given: &PartialArguments<'_>,
    ) -> Result<bool> {
        budget::spend(1)?;
        let scope = GlobalFrame::new(SandboxedStackFrame::new(runtime, given));
        // A partial uses the language of the template that renders it.
        let localized = runtime.registers().get_mut::<LocalizedTexts>().clone();
        *scope.registers().get_mut::<LocalizedTexts>() = localized;
        let partial = scope
            .partials()
            .get(name)
            .or_else(|error| scope.partials().try_get(&format!("{name}.liquid")).ok_or(error));
        let rendered = partial.and_then(|partial| partial.render_to(writer, &scope));
        rendered.trace_with(|| format!("{{% render {name:?} %}}").into())?;
        Ok(loops::is_broken(&scope))
    }
}

impl Renderable for Render {
    fn render_to(&self, writer: &mut dyn Write, runtime: &dyn Runtime) -> Result<()> {
        let name = self.name.evaluate(runtime)?;
        if !name.is_scalar() {
            return Err(Error::with_msg("Can only render partials by their names"));
        }
        let name = name.to_kstr().into_owned();
        let Some((range, key)) = &self.list else {
            return self.one(writer, runtime, &name, &self.given(runtime)?).map(drop);
        };
        let range = range.evaluate(runtime)?;
        loops::measure(&range)?;
        let items = range.evaluate()?;
        let length = items.len();
        for (index, item) in items.into_iter().enumerate() {
            let forloop = Forloop::new(index, length, None);
            let mut given = self.given(runtime)?;
            given.insert("forloop".into(), ValueCow::Borrowed(&forloop));
            given.insert(key.as_ref(), item);
            if self.one(writer, runtime, &name, &given)? {
                break;
            }
        }
        Ok(())
    }
}
