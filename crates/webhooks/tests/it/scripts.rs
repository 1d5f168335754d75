//! The cost of scripts: its limits, and the protection of other organisations.

use std::sync::Arc;
use std::time::{Duration, Instant};

use campanile_base::bounds::SCRIPT_INPUT_BYTES;
use campanile_webhooks::scripts::{Failure, Owner, Program, Scripts};
use serde_json::{Value, json};

const ENDLESS: &str = "function handler(x) { for (;;) {} }";
/// A search that takes hours, in one native call that no deadline within the script interrupts.
const NATIVE: &str =
    r#"function handler(x) { const s = "a".repeat(1e7); x.n = s.indexOf("a".repeat(5e6) + "b"); return x; }"#;
const HARMLESS: &str = "function handler(x) { x.n += 1; return x; }";

fn scripts(most: usize) -> Arc<Scripts> {
    let path = env!("CARGO_BIN_EXE_script-worker").into();
    Arc::new(Scripts::new(Program { path, arguments: Vec::new() }, most))
}

fn owner<'o>(organisation: &'o str, application: &'o str, place: &'o str) -> Owner<'o> {
    Owner { organisation, application, place }
}

async fn call(scripts: &Scripts, owner: Owner<'_>, code: &str) -> Result<Value, Failure> {
    scripts.call(owner, code, &json!({ "n": 1 })).await.map(|text| serde_json::from_str(&text).unwrap())
}

/// True if a process exists. One that has ended counts until its parent has waited for it.
fn lives(id: u32) -> bool {
    std::path::Path::new(&format!("/proc/{id}")).exists()
}

fn kill(id: u32) {
    let killed = std::process::Command::new("kill").args(["-KILL", &id.to_string()]).status();
    assert!(killed.unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_within_a_native_call_is_stopped_and_its_worker_replaced() {
    let scripts = scripts(3);
    let bad = owner("o", "a", "e");
    let began = Instant::now();
    assert_eq!(call(&scripts, bad, NATIVE).await, Err(Failure::TooLong));
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert_eq!(call(&scripts, bad, HARMLESS).await.unwrap(), json!({ "n": 2 }));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_calls_of_an_endless_script_delay_no_other_applications_script() {
    let scripts = scripts(3);
    assert!(call(&scripts, owner("o", "good", "e2"), HARMLESS).await.is_ok());
    let bad: Vec<_> = (0..200)
        .map(|_| {
            let scripts = scripts.clone();
            tokio::spawn(async move { call(&scripts, owner("o", "bad", "e1"), ENDLESS).await })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(50)).await;
    for _ in 0..20 {
        let began = Instant::now();
        assert!(call(&scripts, owner("o", "good", "e2"), HARMLESS).await.is_ok());
        assert!(began.elapsed() < Duration::from_millis(400), "{:?}", began.elapsed());
    }
    let (mut rested, mut stopped) = (0, 0);
    for called in bad {
        match called.await.unwrap() {
            Err(Failure::Resting(_)) => rested += 1,
            Err(Failure::TooLong) => stopped += 1,
            other => panic!("{other:?}"),
        }
    }
    assert!(stopped <= 4 && rested >= 196, "{stopped} were stopped, {rested} were not made");
}

#[tokio::test(flavor = "multi_thread")]
async fn endless_scripts_of_many_applications_leave_a_worker_to_other_organisations() {
    let scripts = scripts(3);
    for n in 0..12 {
        let scripts = scripts.clone();
        tokio::spawn(async move { call(&scripts, owner("bad", &format!("a{n}"), &format!("e{n}")), NATIVE).await });
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    for _ in 0..20 {
        let began = Instant::now();
        assert!(call(&scripts, owner("good", "a", "e"), HARMLESS).await.is_ok());
        assert!(began.elapsed() < Duration::from_millis(400), "{:?}", began.elapsed());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_was_killed_by_somebody_else_fails_no_call() {
    let scripts = scripts(3);
    let its = owner("o", "a", "e");
    let process = "function handler(x) { return x; }";
    assert!(call(&scripts, its, process).await.is_ok());
    let waiting = scripts.waiting_workers();
    assert_eq!(waiting.len(), 1, "one is started and used again");
    kill(waiting[0]);
    assert!(call(&scripts, its, process).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_sees_no_secret_and_no_machine() {
    let scripts = scripts(3);
    let code = "function handler() {
        const seen = ['process', 'std', 'os', 'require', 'fetch', 'XMLHttpRequest', 'Worker', 'setTimeout', 'Deno', 'Bun'];
        return seen.filter((name) => typeof globalThis[name] !== 'undefined');
    }";
    assert_eq!(call(&scripts, owner("o", "a", "e"), code).await.unwrap(), json!([]));
    let kept = "function handler(x) { globalThis.seen = (globalThis.seen ?? 0) + 1; return seen; }";
    for _ in 0..3 {
        assert_eq!(call(&scripts, owner("o", "a", "e"), kept).await.unwrap(), json!(1), "nothing outlives a call");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_large_for_a_script_or_from_it_is_refused() {
    let scripts = scripts(3);
    let its = owner("o", "a", "e");
    let large = "x".repeat(SCRIPT_INPUT_BYTES);
    assert!(matches!(scripts.call(its, HARMLESS, &large).await, Err(Failure::TooLarge(_))));
    let code = "function handler() { return 'x'.repeat(5e6); }";
    let Err(Failure::Failed(why)) = call(&scripts, its, code).await else { panic!("it is refused") };
    assert!(why.contains("returns more than"), "{why}");
    let code = "function handler() { let s = 'x'; while (true) s += s; }";
    assert!(matches!(call(&scripts, its, code).await, Err(Failure::Failed(_) | Failure::TooLong)));
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_are_started_as_needed_and_none_is_left_behind() {
    let pool = scripts(4);
    for _ in 0..50 {
        assert!(call(&pool, owner("o", "a", "e"), HARMLESS).await.is_ok());
    }
    let waiting = pool.waiting_workers();
    assert_eq!(waiting.len(), 1, "one was enough");
    let environment = std::fs::read(format!("/proc/{}/environ", waiting[0])).unwrap();
    assert!(environment.is_empty(), "a worker has no environment");
    drop(pool);
    let began = Instant::now();
    while waiting.iter().any(|id| lives(*id)) {
        assert!(began.elapsed() < Duration::from_secs(10), "a worker is left behind");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_costs_about_a_millisecond() {
    let scripts = scripts(3);
    let mut took = Vec::new();
    for _ in 0..101 {
        let began = Instant::now();
        assert!(call(&scripts, owner("o", "a", "e"), HARMLESS).await.is_ok());
        took.push(began.elapsed());
    }
    took.sort();
    println!("half of the calls took at most {:?}, the quickest {:?}", took[50], took[0]);
}
