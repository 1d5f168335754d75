//! Tests with logs written by SQLite, unchanged or with one changed byte.

use super::*;

const FRAMES: usize = 10;

/// A log of a killed process, with ten commits of one frame each, and its page size.
fn log() -> (Vec<u8>, usize) {
    let folder = std::env::temp_dir().join(format!("campanile-wal-{}", campanile_base::new_uuid()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("a.db");
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE t (n INTEGER);").unwrap();
    connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE);").unwrap();
    for n in 0..FRAMES {
        connection.execute("INSERT INTO t VALUES (?1)", [n as i64]).unwrap();
    }
    let log = std::fs::read(folder.join("a.db-wal")).unwrap();
    drop(connection);
    std::fs::remove_dir_all(&folder).unwrap();
    let page = number(&log, 8) as usize;
    assert_eq!(log.len(), HEADER + FRAMES * (FRAME + page));
    (log, page)
}

#[test]
fn a_log_that_is_whole_has_lost_nothing() {
    assert_eq!(read(log().0.as_slice()).unwrap(), None);
    assert_eq!(read(&[][..]).unwrap(), None);
}

#[test]
fn a_torn_last_commit_is_no_loss() {
    let (mut log, page) = log();
    let last = HEADER + (FRAMES - 1) * (FRAME + page);
    log[last + FRAME + 100] ^= 1;
    assert_eq!(read(log.as_slice()).unwrap(), None);
    log.truncate(last + FRAME + 100);
    assert_eq!(read(log.as_slice()).unwrap(), None);
}

#[test]
fn a_flipped_byte_further_in_front_tells_how_many_commits_are_lost() {
    let (whole, page) = log();
    for (frame, at) in [(2, FRAME + 100), (2, 9), (2, 17), (5, FRAME + 1)] {
        let mut log = whole.clone();
        log[HEADER + frame * (FRAME + page) + at] ^= 1;
        let Some(Damage::Frames { commits }) = read(log.as_slice()).unwrap() else { panic!("{frame} {at}") };
        let behind = FRAMES - frame - 1;
        assert!((behind - 1..=behind).contains(&commits), "{frame} {at}: {commits} of {behind}");
    }
    let mut log = whole;
    log[20] ^= 1;
    assert_eq!(read(log.as_slice()).unwrap(), Some(Damage::Header));
}

#[test]
fn frames_of_an_earlier_round_are_not_missed() {
    let (mut log, page) = log();
    // Simulates four new frames over the remains of a longer round.
    for frame in 4..FRAMES {
        log[HEADER + frame * (FRAME + page) + 8] ^= 0x55;
    }
    assert_eq!(read(log.as_slice()).unwrap(), None);
}
