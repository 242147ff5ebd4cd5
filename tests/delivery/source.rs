//! The source's side, under any sequence of what may happen to it, held against sets and maps.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use vcf_agent::delivery::receipt::Verdict;
use vcf_agent::delivery::segment::SegmentSet;
use vcf_agent::delivery::source::{Read, Source};

const SEGMENTS: u32 = 12;
const WINDOW_BYTES: u64 = 50;

#[derive(Debug, Clone)]
enum Op {
    Read(u32, u64),
    /// About the last sending but `ago`; 0 is the one that is under way, if any.
    Verdict {
        segment: u32,
        ago: u32,
        committed: bool,
    },
    /// About the last sending but `ago`: it costs this much.
    Recost(u32, u32, u64),
    Resend(Vec<u32>),
    End,
}

fn op() -> impl Strategy<Value = Op> {
    let segment = 0..SEGMENTS;
    prop_oneof![
        6 => (segment.clone(), 1u64..70).prop_map(|(segment, cost)| Op::Read(segment, cost)),
        6 => (segment.clone(), 0u32..3, any::<bool>())
            .prop_map(|(segment, ago, committed)| Op::Verdict { segment, ago, committed }),
        3 => (segment.clone(), 0u32..2, 1u64..120).prop_map(|(segment, ago, cost)| Op::Recost(segment, ago, cost)),
        1 => prop::collection::vec(segment, 0..4).prop_map(Op::Resend),
        1 => Just(Op::End),
    ]
}

/// What a source should know, in the plainest words.
#[derive(Default)]
struct Naive {
    done: BTreeSet<u32>,
    in_flight: BTreeMap<u32, (u32, u64)>,
    sendings: BTreeMap<u32, u32>,
    has_ended: bool,
}

impl Naive {
    fn used_bytes(&self) -> u64 {
        self.in_flight.values().map(|(_, cost)| cost).sum()
    }

    fn read(&mut self, segment: u32, cost: u64) -> Read {
        if self.done.contains(&segment) || self.in_flight.contains_key(&segment) {
            return Read::Skip;
        }
        if self.used_bytes() > 0 && self.used_bytes() + cost > WINDOW_BYTES {
            return Read::Wait;
        }
        let attempt = self.sendings.entry(segment).or_default();
        *attempt += 1;
        self.in_flight.insert(segment, (*attempt, cost));
        Read::Send { attempt: *attempt }
    }

    fn missing(&self) -> Vec<u32> {
        let all = if self.has_ended { 0..SEGMENTS } else { 0..0 };
        all.filter(|segment| !self.done.contains(segment) && !self.in_flight.contains_key(segment)).collect()
    }
}

fn check(source: &Source, naive: &Naive) -> Result<(), TestCaseError> {
    prop_assert!(source.done().iter().eq(naive.done.iter().copied()));
    prop_assert!(source.in_flight().eq(naive.in_flight.keys().copied()));
    prop_assert_eq!(source.is_idle(), naive.in_flight.is_empty());
    prop_assert_eq!(source.window().used_bytes(), naive.used_bytes());
    prop_assert_eq!(source.missing(), naive.missing());
    let is_done = naive.has_ended && naive.done.len() == SEGMENTS as usize && naive.in_flight.is_empty();
    prop_assert_eq!(source.is_done(), is_done);
    let sendings: u32 = naive.sendings.values().sum();
    prop_assert_eq!(source.waste(), u64::from(sendings) - naive.sendings.len() as u64);
    for segment in 0..SEGMENTS {
        prop_assert_eq!(source.attempts(segment), naive.sendings.get(&segment).copied().unwrap_or(0));
    }
    Ok(())
}

proptest! {
    #[test]
    fn it_sends_what_is_neither_done_nor_under_way_and_nothing_else(
        done in prop::collection::btree_set(0..SEGMENTS, 0..6),
        ops in prop::collection::vec(op(), 0..150),
    ) {
        let mut source = Source::new(WINDOW_BYTES, done.iter().copied().collect());
        let mut naive = Naive { done, ..Naive::default() };
        for op in ops {
            match op {
                Op::Read(segment, cost) => {
                    let before = naive.sendings.get(&segment).copied().unwrap_or(0);
                    let read = source.read(segment, cost);
                    prop_assert_eq!(read, naive.read(segment, cost));
                    if let Read::Send { attempt } = read {
                        prop_assert_eq!(attempt, before + 1, "attempts grow by one");
                    }
                }
                Op::Verdict { segment, ago, committed } => {
                    let attempt = naive.sendings.get(&segment).copied().unwrap_or(0).saturating_sub(ago);
                    source.verdict(segment, attempt, if committed { Verdict::Committed } else { Verdict::Lost });
                    if committed {
                        naive.done.insert(segment);
                    }
                    if naive.in_flight.get(&segment).is_some_and(|(current, _)| *current == attempt) {
                        naive.in_flight.remove(&segment);
                    }
                }
                Op::Recost(segment, ago, cost) => {
                    let attempt = naive.sendings.get(&segment).copied().unwrap_or(0).saturating_sub(ago);
                    source.recost(segment, attempt, cost);
                    if let Some((current, known)) = naive.in_flight.get_mut(&segment)
                        && *current == attempt
                    {
                        *known = cost;
                    }
                }
                Op::Resend(segments) => {
                    naive.done.retain(|segment| !segments.contains(segment));
                    source.resend(segments);
                }
                Op::End => {
                    source.end_of_file(SEGMENTS);
                    naive.has_ended = true;
                }
            }
            check(&source, &naive)?;
        }
    }

    #[test]
    fn passes_bring_everything_home_whatever_was_lost(
        lost in prop::collection::vec(any::<bool>(), 0..60),
        costs in prop::collection::vec(1u64..80, SEGMENTS as usize),
    ) {
        let mut source = Source::new(WINDOW_BYTES, SegmentSet::default());
        let mut lost = lost.into_iter();
        let mut passes = 0;
        while !source.is_done() {
            for segment in 0..SEGMENTS {
                if let Read::Send { attempt } = source.read(segment, costs[segment as usize]) {
                    let verdict = if lost.next() == Some(true) { Verdict::Lost } else { Verdict::Committed };
                    source.verdict(segment, attempt, verdict);
                }
            }
            source.end_of_file(SEGMENTS);
            passes += 1;
            prop_assert!(passes <= 61);
        }
        prop_assert!(source.window().is_idle() && source.missing().is_empty());
    }
}

#[test]
fn what_costs_more_than_was_thought_holds_back_the_next() {
    let mut source = Source::new(WINDOW_BYTES, SegmentSet::default());
    assert_eq!(source.read(0, 10), Read::Send { attempt: 1 });
    source.recost(0, 1, WINDOW_BYTES + 30);
    assert_eq!(source.read(1, 1), Read::Wait);
    source.recost(0, 1, WINDOW_BYTES - 1);
    assert_eq!(source.read(1, 1), Read::Send { attempt: 1 });
    source.verdict(0, 1, Verdict::Committed);
    source.verdict(1, 1, Verdict::Committed);
    assert!(source.window().is_idle(), "what was recosted comes home as what it became");
}

#[test]
fn a_late_verdict_is_not_taken_for_that_of_a_later_sending() {
    let mut source = Source::new(WINDOW_BYTES, SegmentSet::default());
    assert_eq!(source.read(0, 10), Read::Send { attempt: 1 });
    source.verdict(0, 1, Verdict::Committed);
    // An audit finds that the sink has lost it.
    source.resend([0]);
    assert_eq!(source.read(0, 10), Read::Send { attempt: 2 });
    source.verdict(0, 1, Verdict::Lost);
    assert_eq!(source.window().used_bytes(), 10, "the second sending is still under way");
    source.verdict(0, 2, Verdict::Committed);
    assert!(source.window().is_idle());
}

#[test]
#[should_panic(expected = "pure function")]
fn a_file_that_ends_twice_in_different_places_is_a_protocol_error() {
    let mut source = Source::new(WINDOW_BYTES, SegmentSet::default());
    source.end_of_file(3);
    source.end_of_file(4);
}
