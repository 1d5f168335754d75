//! Runs the scripts of users in processes that can be killed.
//!
//! # The parts
//! A [worker] is this program, started again with the argument `script-worker`. It has no
//! environment and no open files but two pipes, and it ends when the server ends. It runs one call
//! at a time, each in a new runtime. The pool keeps idle workers, and starts one when a call finds
//! none.
//!
//! # The rules
//! * A call without an answer in time is given up: its worker is killed, and another takes its
//!   place.
//! * An organisation may use all workers but one, and an application one fewer than its
//!   organisation. So the endless scripts of one organisation leave a worker to the others. A call
//!   that waits longer than [`SCRIPT_QUEUE`] is refused with the reason.
//! * A script that repeatedly takes too long is [suspended](circuit_breaker) between calls.
//! * A call that is not [brief](campanile_sandbox::priority::BRIEF) continues at a lower priority.
//!   Its worker is not used again.
//! * If a worker dies during a call, something outside has killed it: the call is made once more.

mod circuit_breaker;
mod frame;
mod interpreter;
mod process;
pub mod worker;

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use campanile_base::bounds::{SCRIPT_GRACE, SCRIPT_INPUT_BYTES, SCRIPT_QUEUE, SCRIPT_TIME};
use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use circuit_breaker::{CircuitBreaker, Script};
use frame::{Answer, Call};
use process::Process;

/// The argument that makes this program a worker.
pub const WORKER: &str = "script-worker";
/// The number of known organisations and applications above which those without a call are
/// forgotten.
const KNOWN: usize = 10_000;
const NEVER_CLOSED: &str = "the queues are never closed";
/// The longest time that a call keeps a worker.
const LONGEST_CALL: Duration = SCRIPT_TIME.saturating_add(SCRIPT_GRACE);

/// The program that runs scripts.
#[derive(Debug, Clone)]
pub struct Program {
    /// Its path.
    pub path: PathBuf,
    /// The arguments that make it a worker.
    pub arguments: Vec<String>,
}

impl Default for Program {
    /// This program, even where its file has been replaced since it was started.
    fn default() -> Self {
        let of_linux = PathBuf::from("/proc/self/exe");
        let path = match of_linux.exists() {
            true => of_linux,
            false => std::env::current_exe().unwrap_or_else(|_| PathBuf::from("campanile")),
        };
        Self { path, arguments: vec![WORKER.to_owned()] }
    }
}

/// The owner of a script.
#[derive(Debug, Clone, Copy)]
pub struct Owner<'o> {
    /// The organisation.
    pub organisation: &'o str,
    /// The application within it.
    pub application: &'o str,
    /// The place of the script in the application: an endpoint, or a trial run.
    pub place: &'o str,
}

/// The reason why a script has returned nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The script failed.
    #[error("{0}")]
    Failed(String),
    /// It was stopped at its time limit.
    #[error("it took longer than {SCRIPT_TIME:?}")]
    TooLong,
    /// It has exceeded its time limit several times in a row, and was not called.
    #[error("it took longer than {SCRIPT_TIME:?} several times in a row, and rests for {0:?}")]
    Resting(Duration),
    /// Its input is too large; the value is the size in bytes.
    #[error("the message is too large for a script: {0} bytes, of {SCRIPT_INPUT_BYTES} at most")]
    TooLarge(usize),
    /// The call waited too long for a worker.
    #[error("other scripts of the same organisation are still under way")]
    Busy,
    /// No worker could run it.
    #[error("no process runs it: {0}")]
    NoProcess(String),
}

/// The pool of workers.
pub struct Scripts {
    program: Program,
    /// One permit for each possible worker.
    all: Arc<Semaphore>,
    most: usize,
    queues: Mutex<HashMap<String, Arc<Semaphore>>>,
    idle: Mutex<Vec<Process>>,
    rests: CircuitBreaker,
}

/// The right to use a worker: a permit of the application, one of the organisation, and one of all.
type Turn = [OwnedSemaphorePermit; 3];

impl Scripts {
    /// A pool of at most `most` workers; at least three are allowed.
    #[must_use]
    pub fn new(program: Program, most: usize) -> Self {
        let most = most.max(3);
        let (queues, idle, rests) = Default::default();
        Self { program, all: Arc::new(Semaphore::new(most)), most, queues, idle, rests }
    }

    /// A pool of one worker more than there are processors.
    #[must_use]
    pub fn of_this_machine(program: Program) -> Self {
        Self::new(program, std::thread::available_parallelism().map_or(2, std::num::NonZero::get) + 1)
    }

    /// Calls the function `handler` of a script. Returns its result as JSON.
    ///
    /// # Errors
    /// [`Failure`], the reason why there is no result.
    pub async fn call(&self, owner: Owner<'_>, code: &str, input: &impl Serialize) -> Result<String, Failure> {
        let unwritable = |error: &dyn std::fmt::Display| Failure::Failed(error.to_string());
        let input = serde_json::value::to_raw_value(input).map_err(|error| unwritable(&error))?;
        if input.get().len() > SCRIPT_INPUT_BYTES {
            return Err(Failure::TooLarge(input.get().len()));
        }
        let frame = frame::written(&Call { code: code.to_owned(), input }).map_err(|error| unwritable(&error))?;
        let script = (owner.place.to_owned(), hash_of(code));
        let _turn = tokio::time::timeout(SCRIPT_QUEUE, self.turn(owner)).await.map_err(|_| Failure::Busy)?;
        self.rests.admit(&script, Instant::now(), 2 * LONGEST_CALL).map_err(Failure::Resting)?;
        let called = self.call_worker(&frame).await;
        self.note(&script, &called);
        called
    }

    /// The process ids of the idle workers.
    #[must_use]
    pub fn waiting_workers(&self) -> Vec<u32> {
        self.idle().iter().filter_map(Process::id).collect()
    }

    fn note(&self, script: &Script, called: &Result<String, Failure>) {
        let end = match called {
            Ok(_) => "returned",
            Err(Failure::TooLong) => "too_long",
            Err(_) => "failed",
        };
        metrics::counter!("campanile_script_calls_total", "end" => end).increment(1);
        match called {
            Err(Failure::TooLong) => self.rests.timed_out(script, Instant::now()),
            _ => self.rests.was_in_time(script),
        }
    }

    /// Calls an idle worker. Starts a new one if there is none, or if the idle one has died.
    async fn call_worker(&self, frame: &[u8]) -> Result<String, Failure> {
        let waiting = self.idle().pop();
        if let Some(process) = waiting
            && let Some(answer) = self.call_process(process, frame).await
        {
            return answer;
        }
        let started = Process::start(&self.program).await;
        let process = started.map_err(|error| Failure::NoProcess(error.to_string()))?;
        let answer = self.call_process(process, frame).await;
        answer.unwrap_or_else(|| Err(Failure::NoProcess("it has ended".to_owned())))
    }

    /// Calls a worker. `None` when the process has died. A process that takes too long is killed.
    async fn call_process(&self, mut process: Process, frame: &[u8]) -> Option<Result<String, Failure>> {
        let answer = match tokio::time::timeout(LONGEST_CALL, process.call(frame)).await {
            Err(_) => {
                metrics::counter!("campanile_script_workers_killed_total").increment(1);
                return Some(Err(Failure::TooLong));
            }
            Ok(Err(_)) => return None,
            Ok(Ok(answer)) => answer,
        };
        if !process.is_lowered() {
            self.idle().push(process);
        }
        Some(match answer {
            Answer::Returned(value) => Ok(Box::<str>::from(value).into_string()),
            Answer::Failed(why) => Err(Failure::Failed(why)),
            Answer::TooLong => Err(Failure::TooLong),
        })
    }

    /// Waits for a permit of the application, then of the organisation, then of all. In this order,
    /// a waiting call holds no permit that others need.
    async fn turn(&self, owner: Owner<'_>) -> Turn {
        let application = format!("{}/{}", owner.organisation, owner.application);
        let application = self.queue(&application, self.most - 2).acquire_owned().await.expect(NEVER_CLOSED);
        let organisation = self.queue(owner.organisation, self.most - 1).acquire_owned().await.expect(NEVER_CLOSED);
        let any = self.all.clone().acquire_owned().await.expect(NEVER_CLOSED);
        [application, organisation, any]
    }

    fn queue(&self, name: &str, slots: usize) -> Arc<Semaphore> {
        let mut queues = self.queues.lock().expect("nobody panics while they hold it");
        if queues.len() > KNOWN {
            queues.retain(|_, queue| Arc::strong_count(queue) > 1);
        }
        queues.entry(name.to_owned()).or_insert_with(|| Arc::new(Semaphore::new(slots))).clone()
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Process>> {
        self.idle.lock().expect("nobody panics while they hold it")
    }
}

fn hash_of(code: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    code.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests;
