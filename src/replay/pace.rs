//! How fast: so many records a second, with the clock passed in.

/// A second (ms).
const SECOND_MS: u64 = 1000;

/// See the module.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    per_second: u64,
    begun_ms: u64,
    taken: u64,
}

impl Pace {
    /// At most this many a second, at least one, from now on.
    pub fn new(per_second: u64, now_ms: u64) -> Self {
        Self { per_second: per_second.max(1), begun_ms: now_ms, taken: 0 }
    }

    /// Takes one record; how long to wait before it may be tried (ms).
    pub fn take(&mut self, now_ms: u64) -> u64 {
        let due_ms = self.begun_ms + self.taken.saturating_mul(SECOND_MS) / self.per_second;
        self.taken += 1;
        due_ms.saturating_sub(now_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_second_has_more_than_its_share_and_none_is_lost_to_rounding() {
        for rate in [1, 3, 1_000, 7_000] {
            let (mut pace, mut now_ms) = (Pace::new(rate, 5), 5);
            let mut at = Vec::new();
            for _ in 0..3 * rate {
                now_ms += pace.take(now_ms);
                at.push(now_ms - 5);
            }
            for second in 0..3 {
                let within = at.iter().filter(|&&ms| ms / 1000 == second).count() as u64;
                assert_eq!(within, rate, "second {second} at {rate}");
            }
        }
    }

    #[test]
    fn after_a_long_record_the_pace_catches_up_and_a_rate_of_zero_is_one() {
        let mut pace = Pace::new(2, 0);
        assert_eq!((pace.take(0), pace.take(0), pace.take(5_000)), (0, 500, 0));
        let mut pace = Pace::new(0, 0);
        assert_eq!((pace.take(0), pace.take(0)), (0, 1_000));
    }
}
