use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::*;

const LONG: Duration = Duration::from_secs(20);

/// Work that ends when `stop` is set.
fn endless(stop: &Arc<AtomicBool>) -> impl FnOnce() + Send + 'static {
    let stop = stop.clone();
    move || {
        while !stop.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

#[tokio::test]
async fn work_is_done_and_may_ask_others() {
    let sandbox = Sandbox::new(2);
    assert_eq!(sandbox.run("a", LONG, || 6 * 7).await, Ok(42));
    let asked = sandbox.run_async("a", LONG, async {
        tokio::time::sleep(Duration::from_millis(1)).await;
        "answered"
    });
    assert_eq!(asked.await, Ok("answered"));
}

#[tokio::test]
async fn endless_work_of_one_tenant_delays_nobody_else() {
    let (sandbox, stop) = (Sandbox::new(2), Arc::new(AtomicBool::new(false)));
    let brief = Duration::from_millis(20);
    assert_eq!(sandbox.run("bad", brief, endless(&stop)).await, Err(Failure::TooLong(brief)));
    let theirs = tokio::spawn({
        let (sandbox, stop) = (sandbox.clone(), stop.clone());
        async move { sandbox.run("bad", LONG, endless(&stop)).await }
    });
    let began = Instant::now();
    for _ in 0..100 {
        assert_eq!(sandbox.run("good", LONG, || ()).await, Ok(()));
    }
    assert!(began.elapsed() < Duration::from_secs(5));
    assert!(!theirs.is_finished(), "the thread that was given up still holds its tenant's only slot");
    stop.store(true, Ordering::Relaxed);
    assert_eq!(theirs.await.unwrap(), Ok(()));
}

#[tokio::test]
async fn a_panic_is_that_calls_failure() {
    let sandbox = Sandbox::new(2);
    let failed = sandbox.run("a", LONG, || panic!("no such {}", "thing")).await;
    assert_eq!(failed, Err::<(), _>(Failure::Panicked("no such thing".to_owned())));
    assert_eq!(sandbox.run("a", LONG, || ()).await, Ok(()));
}

#[tokio::test]
async fn a_caller_who_leaves_leaves_no_slot_behind() {
    let (sandbox, stop) = (Sandbox::new(2), Arc::new(AtomicBool::new(false)));
    let left = tokio::time::timeout(Duration::from_millis(20), sandbox.run("a", LONG, endless(&stop)));
    assert!(left.await.is_err());
    stop.store(true, Ordering::Relaxed);
    for _ in 0..10 {
        assert_eq!(sandbox.run("a", LONG, || ()).await, Ok(()));
    }
}

/// The niceness of a thread of this process, as the system reports it.
#[cfg(target_os = "linux")]
fn niceness(thread: &str) -> i32 {
    let stat = std::fs::read_to_string(format!("/proc/self/task/{thread}/stat")).unwrap();
    stat.rsplit(") ").next().unwrap().split(' ').nth(16).unwrap().parse().unwrap()
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn work_that_is_not_brief_goes_on_at_a_lower_priority_and_no_other_does() {
    let thread = || rustix::thread::gettid().as_raw_nonzero().to_string();
    let sandbox = Sandbox::new(2);
    let before = sandbox.run("a", LONG, move || niceness(&thread())).await.unwrap();
    let lowered = move || {
        let began = Instant::now();
        while niceness(&thread()) == before && began.elapsed() < LONG {
            std::thread::sleep(Duration::from_millis(1));
        }
        niceness(&thread())
    };
    assert!(sandbox.run("a", LONG, lowered).await.unwrap() > before);
    for _ in 0..3 {
        assert_eq!(sandbox.run("a", LONG, move || niceness(&thread())).await, Ok(before));
    }
}
