//! Where time has closed segments of a pipe. A pipe that is read again, from what was kept of it, must give the same segments:
//! what time decided once is remembered and decides again; time decides anew only beyond what was handed out before.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The cuts of one pipe, shared by all its readings.
#[derive(Debug, Default)]
pub struct Cuts(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    /// Decompressed offsets, ascending.
    offsets: Vec<u64>,
    /// Decompressed offset up to which segments were handed out.
    handed_out: u64,
    /// How many readings have begun.
    readings: u64,
}

impl Cuts {
    /// A new reading from the beginning. Earlier ones may go on, but make no more cuts.
    pub fn begin(self: &Arc<Self>) -> Cutting {
        let mut known = self.known();
        known.readings += 1;
        Cutting { cuts: self.clone(), reading: known.readings, ahead: known.offsets.iter().copied().collect() }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One reading of a pipe.
#[derive(Debug)]
pub struct Cutting {
    cuts: Arc<Cuts>,
    reading: u64,
    ahead: VecDeque<u64>,
}

impl Cutting {
    /// Whether an earlier reading cut here. Asked with ascending offsets.
    pub fn is_known(&mut self, offset: u64) -> bool {
        while self.ahead.front().is_some_and(|&cut| cut < offset) {
            self.ahead.pop_front();
        }
        self.ahead.front() == Some(&offset)
    }

    /// Whether time may close the segment that begins here: nobody was given one from here yet, and this is the newest reading.
    pub fn may_cut(&self, segment_start: u64) -> bool {
        let known = self.cuts.known();
        known.readings == self.reading && segment_start >= known.handed_out
    }

    /// A segment that ends here was handed out; time closed it, or its limits did.
    pub fn handed_out(&self, segment_end: u64, by_time: bool) {
        let mut known = self.cuts.known();
        if known.readings == self.reading && segment_end > known.handed_out {
            known.handed_out = segment_end;
            if by_time {
                known.offsets.push(segment_end);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_reading_cuts_where_an_earlier_one_did_and_nowhere_else_before() {
        let cuts = Arc::new(Cuts::default());
        let first = cuts.begin();
        assert!(first.may_cut(10));
        first.handed_out(30, true);
        first.handed_out(50, false);
        let mut second = cuts.begin();
        assert!(!first.may_cut(50), "only the newest reading");
        first.handed_out(70, true);
        assert!(!second.may_cut(30), "what was handed out from here has its end already");
        assert!(second.may_cut(50));
        let known: Vec<u64> = [20, 30, 40, 50, 70].into_iter().filter(|&offset| second.is_known(offset)).collect();
        assert_eq!(known, [30]);
    }
}
