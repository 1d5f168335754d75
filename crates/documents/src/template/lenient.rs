//! A runtime in which a missing variable is nil. It also counts the cost of a rendering.
//!
//! The library asks for the registers after each rendered element, so elements are counted there. A
//! rendering that has exceeded a bound is interrupted there, as by `break`. The error is returned
//! at its end.

use liquid_core::error::{Error, Result};
use liquid_core::model::{KStringCow, ScalarCow, Value, ValueCow};
use liquid_core::runtime::{Interrupt, InterruptRegister, PartialStore, Registers, RuntimeBuilder};
use liquid_core::{Runtime, Template, ValueView};

use super::Variables;
use super::budget::{self, Output, Rendering};
use super::localized_texts::LocalizedTexts;

/// Renders `template` with `variables`. A missing variable is nil.
pub(super) fn render(template: &Template, variables: &Variables) -> Result<String> {
    let _rendering = Rendering::begin();
    let inner = RuntimeBuilder::new().set_globals(&variables.values).set_partials(&*variables.partials).build();
    *inner.registers().get_mut::<LocalizedTexts>() = variables.localized.clone();
    let mut output = Output::of_template();
    let rendered = liquid_core::Renderable::render_to(template, &mut output, &Lenient::outside(&inner));
    budget::check()?;
    rendered?;
    String::from_utf8(output.bytes).map_err(|_| Error::with_msg("the template renders to something that is not text"))
}

/// Wraps a runtime and answers nil where it would fail.
pub(super) struct Lenient<'r> {
    inner: &'r dyn Runtime,
    /// True for the outermost wrapper of its registers. Only that one counts elements.
    counts: bool,
}

impl<'r> Lenient<'r> {
    /// Wraps a runtime that has its own registers.
    pub(super) fn outside(inner: &'r dyn Runtime) -> Self {
        Self { inner, counts: true }
    }

    /// Wraps a runtime that shares the registers of another wrapper.
    pub(super) fn inside(inner: &'r dyn Runtime) -> Self {
        Self { inner, counts: false }
    }
}

/// Counts the steps of reading a value.
fn count(value: &ValueCow<'_>) {
    let bytes = match value {
        ValueCow::Owned(value) => budget::size_of(value),
        // A borrowed value is at most scanned, never copied.
        ValueCow::Borrowed(value) => match value.as_scalar() {
            Some(scalar) if scalar.type_name() == "string" => scalar.to_kstr().len(),
            Some(_) => 0,
            None => value.as_array().map_or(0, |list| usize::try_from(list.size()).unwrap_or(0).saturating_mul(16)),
        },
    };
    if bytes >= 1024 {
        budget::count(budget::steps_of(bytes));
    }
}

impl Runtime for Lenient<'_> {
    fn partials(&self) -> &dyn PartialStore {
        self.inner.partials()
    }

    fn name(&self) -> Option<liquid_core::model::KStringRef<'_>> {
        self.inner.name()
    }

    fn roots(&self) -> std::collections::BTreeSet<KStringCow<'_>> {
        self.inner.roots()
    }

    fn try_get(&self, path: &[ScalarCow<'_>]) -> Option<ValueCow<'_>> {
        self.inner.try_get(path).inspect(count)
    }

    fn get(&self, path: &[ScalarCow<'_>]) -> Result<ValueCow<'_>> {
        let value = self.try_get(path).unwrap_or(ValueCow::Owned(Value::Nil));
        budget::check()?;
        Ok(value)
    }

    fn set_global(&self, name: liquid_core::model::KString, value: Value) -> Option<Value> {
        if self.counts {
            let bytes = budget::size_of(&value);
            budget::keep(bytes);
            budget::count(budget::steps_of(bytes));
        }
        self.inner.set_global(name, value)
    }

    fn set_index(&self, name: liquid_core::model::KString, value: Value) -> Option<Value> {
        self.inner.set_index(name, value)
    }

    fn get_index<'a>(&'a self, name: &str) -> Option<ValueCow<'a>> {
        self.inner.get_index(name)
    }

    fn registers(&self) -> &Registers {
        if self.counts {
            budget::count(1);
            if budget::exceeded().is_some() {
                self.inner.registers().get_mut::<InterruptRegister>().set(Interrupt::Break);
            }
        }
        self.inner.registers()
    }
}
