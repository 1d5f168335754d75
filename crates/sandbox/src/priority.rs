//! Work that takes long gives way to whatever else the machine has to do.
//!
//! A priority can only be lowered, so what was lowered is not used again: a thread ends with its work, a process with its call.
//! Threads that a lowered one starts are lowered, too: work within a sandbox starts none.
//! Where the system knows no priority of a single thread, nothing is lowered.

use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

/// After how long work is no longer brief.
pub const BRIEF: Duration = Duration::from_millis(50);

/// What is lowered: a thread, or all threads of a group of processes.
#[cfg(target_os = "linux")]
mod system {
    use rustix::process::{Pid, setpriority_pgrp, setpriority_process};

    /// About a tenth of the processor beside work that is not lowered; all of it when there is none.
    const LOWERED: i32 = 10;

    pub(super) type Thread = Pid;

    pub(super) fn this_thread() -> Thread {
        rustix::thread::gettid()
    }

    /// Linux takes a thread's id for a process of one thread.
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

/// Lowers all threads of the group of processes with this leader; whether that was possible.
#[must_use]
pub fn lower_group(leader: u32) -> bool {
    system::lower_group(leader)
}

/// One piece of work, and the thread that it is on.
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
    /// Notes that the work begins on this thread.
    pub(crate) fn begin(&self) {
        *self.at() = At::Thread(system::this_thread());
    }

    /// Notes that the work has ended; whether its thread is as good as before.
    pub(crate) fn end(&self) -> bool {
        !matches!(std::mem::take(&mut *self.at()), At::Lowered)
    }

    /// Lowers the thread, while the work is on it.
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
