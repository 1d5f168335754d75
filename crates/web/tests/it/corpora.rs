//! The seed cases of the fuzzers, and the cases that they have found.

use std::path::Path;
use std::time::{Duration, Instant};

use campanile_web::fuzz_targets;

#[test]
fn every_case_of_the_corpora_is_read_quickly_and_without_a_panic() {
    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
    for (name, entrance) in fuzz_targets::ALL {
        let cases = std::fs::read_dir(corpora.join(name)).unwrap().map(|entry| entry.unwrap().path());
        let cases: Vec<_> = cases.collect();
        assert!(cases.len() >= 3, "{name} has {} cases", cases.len());
        for case in cases {
            let (bytes, began) = (std::fs::read(&case).unwrap(), Instant::now());
            entrance(&bytes);
            assert!(began.elapsed() < Duration::from_secs(5), "{} took {:?}", case.display(), began.elapsed());
        }
    }
}
