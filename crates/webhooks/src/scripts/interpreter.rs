//! Runs the JavaScript of users. Each call has its own runtime, without files, network or timers,
//! and with limits on time, memory and stack.
//!
//! The time limit is checked between two steps of the script. A native call, such as a search in a
//! long text, is one step and cannot be interrupted. Therefore scripts run in a [separate
//! process](super::worker), which can be killed.

use std::time::Instant;

use campanile_base::bounds::{SCRIPT_MEMORY, SCRIPT_OUTPUT_BYTES, SCRIPT_STACK, SCRIPT_TIME};
use rquickjs::{CatchResultExt as _, CaughtError, Context, Ctx, Function, Promise, Runtime, Value};

/// A `console` for scripts that use it. Its output goes nowhere.
const PRELUDE: &str = "globalThis.console = { log() {}, info() {}, warn() {}, error() {}, debug() {} };";

/// Calls the function `handler` of a script with a JSON text. Returns its result as JSON; a promise
/// is awaited. `None` when the time limit was reached.
pub(super) fn run(code: &str, input: &str) -> Option<Result<String, String>> {
    let until = Instant::now() + SCRIPT_TIME;
    let returned = within_limits(until, code, input);
    // The result of an interrupted script cannot be trusted.
    if Instant::now() > until {
        return None;
    }
    Some(match returned {
        Ok(text) if text.len() > SCRIPT_OUTPUT_BYTES => {
            Err(format!("it returns more than {SCRIPT_OUTPUT_BYTES} bytes"))
        }
        returned => returned,
    })
}

fn within_limits(until: Instant, code: &str, input: &str) -> Result<String, String> {
    let runtime = Runtime::new().map_err(|e| e.to_string())?;
    runtime.set_memory_limit(SCRIPT_MEMORY);
    runtime.set_max_stack_size(SCRIPT_STACK);
    runtime.set_interrupt_handler(Some(Box::new(move || Instant::now() > until)));
    let context = Context::full(&runtime).map_err(|e| e.to_string())?;
    context.with(|ctx| call(&ctx, code, input).catch(&ctx).map_err(|error| describe(&error)))
}

fn call(ctx: &Ctx<'_>, code: &str, input: &str) -> rquickjs::Result<String> {
    ctx.eval::<(), _>(PRELUDE)?;
    ctx.eval::<(), _>(code)?;
    // By name, since a `const` of the script is not a property of the global object.
    let handler: Function<'_> = ctx.eval("handler")?;
    let returned: Value<'_> = handler.call((ctx.json_parse(input)?,))?;
    let returned = match returned.as_promise() {
        Some(promise) => Promise::finish(promise)?,
        None => returned,
    };
    match ctx.json_stringify(returned)? {
        Some(text) => text.to_string(),
        None => Ok("null".to_owned()),
    }
}

fn describe(error: &CaughtError<'_>) -> String {
    match error {
        CaughtError::Exception(exception) => {
            let message = exception.message().unwrap_or_default();
            let stack = exception.stack().unwrap_or_default();
            // The first line is the place in the script; the rest are our own calls.
            let place = stack.lines().next().unwrap_or_default().trim();
            if place.is_empty() { message } else { format!("{message} ({place})") }
        }
        // JavaScript can throw any value, such as a number or a text.
        CaughtError::Value(value) => match value.ctx().json_stringify(value).ok().flatten() {
            Some(text) => text.to_string().unwrap_or_default(),
            None => "something was thrown".to_owned(),
        },
        CaughtError::Error(rquickjs::Error::WouldBlock) => "its promise is never kept".to_owned(),
        CaughtError::Error(error) => error.to_string(),
    }
}
