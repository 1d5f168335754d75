//! The process that runs scripts: reads calls, answers them one after another, and ends when its
//! input ends.
//!
//! The input has its own thread. So when the server ends, this process ends too, even while a
//! script runs.

use std::io::{Read as _, Write as _};
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, sync_channel};

use serde_json::value::RawValue;

use super::frame::{self, Answer, Call, HEAD, READY};
use super::interpreter;

/// The stack of the thread that runs scripts. The limit of the scripts themselves is well below.
const STACK: usize = 8 * 1024 * 1024;

/// Serves calls until the input ends.
pub fn serve() -> ExitCode {
    let (calls, todo) = sync_channel::<Vec<u8>>(1);
    let named = std::thread::Builder::new().name("script".to_owned()).stack_size(STACK);
    if named.spawn(move || answer_all(&todo)).is_err() {
        return ExitCode::FAILURE;
    }
    loop {
        let sent = match next_frame() {
            Ok(frame) => calls.send(frame).is_ok(),
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return ExitCode::SUCCESS,
            Err(_) => false,
        };
        if !sent {
            return ExitCode::FAILURE;
        }
    }
}

fn next_frame() -> std::io::Result<Vec<u8>> {
    let mut input = std::io::stdin().lock();
    let mut head = [0; HEAD];
    input.read_exact(&mut head)?;
    let mut frame = vec![0; frame::length(head)?];
    input.read_exact(&mut frame)?;
    Ok(frame)
}

fn answer_all(todo: &Receiver<Vec<u8>>) {
    let mut heard = say(&READY);
    while let (Ok(()), Ok(frame)) = (&heard, todo.recv()) {
        heard = say(&answer(&frame));
    }
}

fn answer(frame: &[u8]) -> Answer {
    let call: Call = match serde_json::from_slice(frame) {
        Ok(call) => call,
        Err(error) => return Answer::Failed(format!("the call cannot be read: {error}")),
    };
    match interpreter::run(&call.code, call.input.get()) {
        None => Answer::TooLong,
        Some(Err(why)) => Answer::Failed(why),
        Some(Ok(text)) => match RawValue::from_string(text) {
            Ok(returned) => Answer::Returned(returned),
            Err(error) => Answer::Failed(error.to_string()),
        },
    }
}

fn say(what: &impl serde::Serialize) -> std::io::Result<()> {
    let frame = frame::written(what)?;
    let mut output = std::io::stdout().lock();
    output.write_all(&frame)?;
    output.flush()
}
