use std::time::Duration;

use super::*;

#[tokio::test]
async fn long_reads_of_one_tenant_leave_a_reader_to_the_others() {
    let turns = Turns::of(3);
    let held = [turns.of_tenant("bad").await, turns.of_tenant("bad").await];
    let brief = Duration::from_millis(20);
    assert!(tokio::time::timeout(brief, turns.of_tenant("bad")).await.is_err(), "it has all but one");
    drop(turns.of_tenant("good").await);
    drop(held);
    drop(turns.of_tenant("bad").await);
    drop(Turns::of(1).of_tenant("only").await);
}
