//! One process for scripts, as the server sees it: started empty-handed, called, killed when it is dropped.

use std::process::Stdio;
use std::time::Duration;

use serde::de::DeserializeOwned;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use super::Program;
use super::frame::{self, Answer, HEAD, READY};

/// For how long a process may take to start.
const START: Duration = Duration::from_secs(5);

/// A process that waits for calls.
pub(super) struct Process {
    input: ChildStdin,
    output: ChildStdout,
    /// Killed with this.
    child: Child,
}

impl Process {
    /// Starts one, without an environment, in a group of its own: the terminal's Ctrl-C is for the server.
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
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(std::io::Error::other("the process has no pipes"));
        };
        let mut process = Self { input, output, child };
        let ready: String = tokio::time::timeout(START, process.hear()).await??;
        match ready == READY {
            true => Ok(process),
            false => Err(std::io::Error::other("the program is another one")),
        }
    }

    /// Its process id, while it lives.
    pub(super) fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Sends a call, and waits for what comes of it.
    pub(super) async fn call(&mut self, frame: &[u8]) -> std::io::Result<Answer> {
        self.input.write_all(frame).await?;
        self.input.flush().await?;
        self.hear().await
    }

    async fn hear<T: DeserializeOwned>(&mut self) -> std::io::Result<T> {
        let mut head = [0; HEAD];
        self.output.read_exact(&mut head).await?;
        let mut frame = vec![0; frame::length(head)?];
        self.output.read_exact(&mut frame).await?;
        Ok(serde_json::from_slice(&frame)?)
    }
}
