//! Counts of latencies, exact to 1/64.

use std::time::Duration;

/// Each power of two is divided into this many buckets (as a power of two).
const FINE: u32 = 6;
const BUCKETS: usize = ((64 - FINE as usize) + 1) << FINE;

/// Latencies in nanoseconds.
pub(crate) struct Histogram {
    counts: Vec<u64>,
}

impl Histogram {
    pub(crate) fn new() -> Histogram {
        Histogram {
            counts: vec![0; BUCKETS],
        }
    }

    pub(crate) fn record(&mut self, latency: Duration) {
        let nanos = u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX);
        self.counts[bucket(nanos)] += 1;
    }

    pub(crate) fn add(&mut self, other: &Histogram) {
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
    }

    pub(crate) fn len(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// The latency in nanoseconds that `share` (0 to 1) of all did not exceed; 0 when there are none.
    pub(crate) fn quantile(&self, share: f64) -> u64 {
        let rank = ((self.len() as f64) * share).ceil().max(1.0) as u64;
        let mut sum = 0;
        for (index, count) in self.counts.iter().enumerate() {
            sum += count;
            if sum >= rank {
                return highest(index);
            }
        }
        0
    }
}

fn bucket(nanos: u64) -> usize {
    let exponent = (64 - nanos.leading_zeros()).saturating_sub(FINE + 1);
    ((exponent as usize) << FINE) + (nanos >> exponent) as usize
}

/// The greatest value that falls into a bucket.
fn highest(index: usize) -> u64 {
    let exponent = (index >> FINE).saturating_sub(1);
    let lead = (index - (exponent << FINE)) as u128;
    u64::try_from(((lead + 1) << exponent) - 1).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_contiguous_and_fine() {
        assert_eq!(bucket(u64::MAX), BUCKETS - 1);
        assert_eq!(highest(BUCKETS - 1), u64::MAX);
        for index in 0..BUCKETS - 1 {
            let top = highest(index);
            assert_eq!(bucket(top), index);
            assert_eq!(bucket(top + 1), index + 1);
            let width = highest(index + 1) - top;
            assert!(width == 1 || width <= top / 32, "{index}");
        }
    }

    #[test]
    fn quantiles_of_a_known_set() {
        let mut all = Histogram::new();
        assert_eq!(all.quantile(0.5), 0);
        let mut second = Histogram::new();
        for value in 1..=60 {
            let into = if value % 2 == 0 {
                &mut all
            } else {
                &mut second
            };
            into.record(Duration::from_nanos(value));
        }
        all.add(&second);
        assert_eq!(all.len(), 60);
        assert_eq!(all.quantile(0.5), 30);
        assert_eq!(all.quantile(0.99), 60);
        assert_eq!(all.quantile(0.0), 1);
    }
}
