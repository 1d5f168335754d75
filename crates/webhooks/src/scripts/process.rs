//! A script worker as the server sees it: starts it without an environment, calls it, and kills it
//! on drop.

use std::pin::pin;
use std::process::Stdio;
use std::time::Duration;

use campanile_sandbox::priority::{BRIEF, lower_group};
use serde::de::DeserializeOwned;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use super::Program;
use super::frame::{self, Answer, HEAD, READY};

/// The time limit for the start of a process.
const START: Duration = Duration::from_secs(5);

/// A process that waits for calls.
pub(super) struct Process {
    input: ChildStdin,
    output: ChildStdout,
    /// Killed when this is dropped.
    child: Child,
    is_lowered: bool,
}

impl Process {
    /// Starts a worker without an environment, in its own process group, so that Ctrl-C in the
    /// terminal reaches only the server.
    pub(super) async fn start(program: &Program) -> std::io::Result<Self> {
        let mut child = Command::new(&program.path)
            .arg0("campanile")
            .args(&program.arguments)
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        let (Some(input), Some(mut output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(std::io::Error::other("the process has no pipes"));
        };
        let ready: String = tokio::time::timeout(START, hear(&mut output)).await??;
        match ready == READY {
            true => Ok(Self { input, output, child, is_lowered: false }),
            false => Err(std::io::Error::other("the program is another one")),
        }
    }

    /// Its process id, while it runs.
    pub(super) fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// True if it had a call that was not brief, and has run at a lower priority since.
    pub(super) fn is_lowered(&self) -> bool {
        self.is_lowered
    }

    /// Sends a call, and waits for the answer.
    pub(super) async fn call(&mut self, frame: &[u8]) -> std::io::Result<Answer> {
        let group = self.child.id();
        let mut answer = pin!(exchange(&mut self.input, &mut self.output, frame));
        if let Ok(answer) = tokio::time::timeout(BRIEF, &mut answer).await {
            return answer;
        }
        self.is_lowered = group.is_some_and(lower_group);
        answer.await
    }
}

async fn exchange(input: &mut ChildStdin, output: &mut ChildStdout, frame: &[u8]) -> std::io::Result<Answer> {
    input.write_all(frame).await?;
    input.flush().await?;
    hear(output).await
}

async fn hear<T: DeserializeOwned>(output: &mut ChildStdout) -> std::io::Result<T> {
    let mut head = [0; HEAD];
    output.read_exact(&mut head).await?;
    let mut frame = vec![0; frame::length(head)?];
    output.read_exact(&mut frame).await?;
    Ok(serde_json::from_slice(&frame)?)
}
