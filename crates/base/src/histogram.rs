//! Histograms of durations, as counters keep them: the number of durations in each bucket.

use std::collections::BTreeMap;

/// The bucket of a duration in milliseconds: eight buckets per doubling, so each is about nine
/// percent wide. The first starts at one millisecond.
pub fn bucket_of(millis: i64) -> i64 {
    ((millis.max(1) as f64).log2() * 8.0).floor() as i64
}

/// The middle of a bucket, in milliseconds.
fn middle_of(bucket: i64) -> f64 {
    2f64.powf((bucket as f64 + 0.5) / 8.0)
}

/// The duration in milliseconds that this part of all (0.95: 95 of 100) does not exceed, accurate
/// to five percent; 0 without any.
pub fn percentile(buckets: &BTreeMap<i64, i64>, part: f64) -> f64 {
    let all: i64 = buckets.values().sum();
    let wanted = (all as f64 * part).ceil() as i64;
    let mut seen = 0;
    for (bucket, many) in buckets {
        seen += many;
        if seen >= wanted {
            return middle_of(*bucket);
        }
    }
    0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_within_five_percent() {
        let mut buckets = BTreeMap::new();
        (1..=1_000).for_each(|millis| *buckets.entry(bucket_of(millis)).or_default() += 1);
        for (part, exact) in [(0.5, 500.0), (0.95, 950.0), (0.99, 990.0)] {
            let found = percentile(&buckets, part);
            assert!((found - exact).abs() / exact < 0.05, "{part}: {found}");
        }
        assert_eq!(percentile(&BTreeMap::new(), 0.5), 0.0);
    }
}
