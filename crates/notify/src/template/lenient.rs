//! A runtime in which a missing variable is nil.

use liquid_core::error::{Error, Result};
use liquid_core::model::{KStringCow, ScalarCow, Value, ValueCow};
use liquid_core::runtime::{PartialStore, Registers, RuntimeBuilder};
use liquid_core::{Runtime, Template};

use super::{Tongue, Variables};

/// Renders `template` with `variables`; what they lack is nil.
pub(super) fn render(template: &Template, variables: &Variables) -> Result<String> {
    let inner = RuntimeBuilder::new().set_globals(&variables.values).set_partials(&*variables.partials).build();
    *inner.registers().get_mut::<Tongue>() = variables.tongue.clone();
    let runtime = Lenient(&inner);
    let mut out = Vec::new();
    liquid_core::Renderable::render_to(template, &mut out, &runtime)?;
    String::from_utf8(out).map_err(|_| Error::with_msg("the template renders to something that is not text"))
}

/// Wraps a runtime and answers nil where it would fail.
pub(super) struct Lenient<'r>(pub(super) &'r dyn Runtime);

impl Runtime for Lenient<'_> {
    fn partials(&self) -> &dyn PartialStore {
        self.0.partials()
    }

    fn name(&self) -> Option<liquid_core::model::KStringRef<'_>> {
        self.0.name()
    }

    fn roots(&self) -> std::collections::BTreeSet<KStringCow<'_>> {
        self.0.roots()
    }

    fn try_get(&self, path: &[ScalarCow<'_>]) -> Option<ValueCow<'_>> {
        self.0.try_get(path)
    }

    fn get(&self, path: &[ScalarCow<'_>]) -> Result<ValueCow<'_>> {
        Ok(self.0.try_get(path).unwrap_or(ValueCow::Owned(Value::Nil)))
    }

    fn set_global(&self, name: liquid_core::model::KString, value: Value) -> Option<Value> {
        self.0.set_global(name, value)
    }

    fn set_index(&self, name: liquid_core::model::KString, value: Value) -> Option<Value> {
        self.0.set_index(name, value)
    }

    fn get_index<'a>(&'a self, name: &str) -> Option<ValueCow<'a>> {
        self.0.get_index(name)
    }

    fn registers(&self) -> &Registers {
        self.0.registers()
    }
}
