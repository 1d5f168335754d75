//! Lowers the priority of long work, so that other work of the machine goes first.
//!
//! A priority can only be lowered. So a lowered thread is not used again: it ends with its work,
//! and a process ends with its call. Threads that a lowered thread starts are lowered too; work in
//! a sandbox starts none. On systems without a priority per thread, nothing is lowered.

use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

/// The time after which work is no longer brief.
pub const BRIEF: Duration = Duration::from_millis(50);

/// The calls that lower a thread, or all threads of a process group.
#[cfg(target_os = "linux")]
mod system {
    use rustix::process::{Pid, setpriority_pgrp, setpriority_process};

    /// About a tenth of the processor while other work runs; all of it when there is none.
    const LOWERED: i32 = 10;

    pub(super) type Thread = Pid;

    pub(super) fn this_thread() -> Thread {
        rustix::thread::gettid()
    }

    /// Linux accepts a thread id here, as if it were a process with one thread.
    pub(super) fn lower_thread(thread: Thread) -> bool {
        setpriority_process(Some(thread), LOWERED).is_ok()
    }

    pub(super) fn lower_group(leader: u32) -> bool {
        let leader = i32::try_from(leader).ok().and_then(Pid::from_raw);
        leader.is_some_and(|leader| setpriority_pgrp(Some(leader), LOWERED).is_ok())
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    #[derive(Clone, Copy)]
    pub(super) struct Thread;

    pub(super) fn this_thread() -> Thread {
        Thread
    }

    pub(super) fn lower_thread(_: Thread) -> bool {
        false
    }

    pub(super) fn lower_group(_: u32) -> bool {
        false
    }
}

/// Lowers all threads of the process group with this leader. Returns `true` if that was possible.
#[must_use]
pub fn lower_group(leader: u32) -> bool {
    system::lower_group(leader)
}

/// One piece of work, and the thread that runs it.
#[derive(Default)]
pub(crate) struct Place(Mutex<At>);

#[derive(Default)]
enum At {
    #[default]
    Nowhere,
    Thread(system::Thread),
    Lowered,
}

impl Place {
    /// Records that the work begins on this thread.
    pub(crate) fn begin(&self) {
        *self.at() = At::Thread(system::this_thread());
    }

    /// Records that the work has ended. Returns `true` if its thread can be used again.
    pub(crate) fn end(&self) -> bool {
        !matches!(std::mem::take(&mut *self.at()), At::Lowered)
    }

    /// Lowers the thread while the work runs on it.
    pub(crate) fn lower(&self) {
        let mut at = self.at();
        if let At::Thread(thread) = *at
            && system::lower_thread(thread)
        {
            *at = At::Lowered;
        }
    }

    fn at(&self) -> MutexGuard<'_, At> {
        self.0.lock().expect("nobody panics while they hold it")
    }
}
