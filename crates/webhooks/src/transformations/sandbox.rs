//! Runs somebody's JavaScript: a world of its own for each call, without files, network or clock to wait by, bounded in
//! time and memory.

use std::time::{Duration, Instant};

use rquickjs::{CatchResultExt as _, CaughtError, Context, Ctx, Function, Promise, Runtime, Value};

/// How long a call may take.
const TIME: Duration = Duration::from_millis(500);
/// How much memory it may use, and how much of that for calls within calls.
const MEMORY: usize = 32 * 1024 * 1024;
const STACK: usize = 256 * 1024;
/// What scripts expect to be there, and what has nowhere to go here.
const SURROUNDINGS: &str = "globalThis.console = { log() {}, info() {}, warn() {}, error() {}, debug() {} };";

/// Calls the function `handler` of a script with a JSON text; answers what it returns, as JSON again. A promise is waited for.
///
/// # Errors
/// A sentence about what went wrong.
pub(crate) fn run(code: &str, input: &str) -> Result<String, String> {
    let until = Instant::now() + TIME;
    let done = within_limits(until, code, input);
    // What was stopped could say anything.
    if Instant::now() > until { Err(format!("it took longer than {TIME:?}")) } else { done }
}

fn within_limits(until: Instant, code: &str, input: &str) -> Result<String, String> {
    let runtime = Runtime::new().map_err(|e| e.to_string())?;
    runtime.set_memory_limit(MEMORY);
    runtime.set_max_stack_size(STACK);
    runtime.set_interrupt_handler(Some(Box::new(move || Instant::now() > until)));
    let context = Context::full(&runtime).map_err(|e| e.to_string())?;
    context.with(|ctx| call(&ctx, code, input).catch(&ctx).map_err(|error| told(&error)))
}

fn call(ctx: &Ctx<'_>, code: &str, input: &str) -> rquickjs::Result<String> {
    ctx.eval::<(), _>(SURROUNDINGS)?;
    ctx.eval::<(), _>(code)?;
    // Asked for by its name, since a `const` of a script is no property of the global object.
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

fn told(error: &CaughtError<'_>) -> String {
    match error {
        CaughtError::Exception(exception) => {
            let message = exception.message().unwrap_or_default();
            let stack = exception.stack().unwrap_or_default();
            // The first line says where; the rest are our own calls.
            let place = stack.lines().next().unwrap_or_default().trim();
            if place.is_empty() { message } else { format!("{message} ({place})") }
        }
        // A number, a text: whatever was thrown.
        CaughtError::Value(value) => match value.ctx().json_stringify(value).ok().flatten() {
            Some(text) => text.to_string().unwrap_or_default(),
            None => "something was thrown".to_owned(),
        },
        CaughtError::Error(rquickjs::Error::WouldBlock) => "its promise is never kept".to_owned(),
        CaughtError::Error(error) => error.to_string(),
    }
}
