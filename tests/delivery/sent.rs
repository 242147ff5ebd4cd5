//! What was sent and waits, under any sequence of what may happen to it, held against a naive list.

use std::collections::BTreeMap;

use proptest::prelude::*;
use vcf_agent::delivery::breaker::BreakerPolicy;
use vcf_agent::delivery::routes::{RouteId, Routes, Target};
use vcf_agent::delivery::sent::{Place, Pulse, Sent, SentPolicy};

const POLICY: SentPolicy = SentPolicy { patience_ms: 100, patience_max_ms: 450 };
const SEGMENTS: u32 = 6;

fn ids() -> Vec<RouteId> {
    Routes::new(["iggy", "kafka"], BreakerPolicy::default()).unwrap().ids().collect()
}

fn place(route: usize, partition: u32) -> Place {
    Place { target: Target { route: ids()[route], partition }, generation: 1 }
}

#[derive(Debug, Clone, Copy)]
enum Op {
    Hold(u32, u64),
    Publish(u32, usize, u32),
    /// About the last publication but `ago`.
    Confirmed(u32, u32),
    InVain(u32, u32),
    Receipt(u32, u32),
    Overdue {
        home_for_ms: Option<u64>,
    },
    HomeChanged,
}

fn op() -> impl Strategy<Value = Op> {
    let segment = 0..SEGMENTS;
    prop_oneof![
        4 => (segment.clone(), 1u64..50).prop_map(|(segment, bytes)| Op::Hold(segment, bytes)),
        6 => (segment.clone(), 0usize..2, 0u32..3)
            .prop_map(|(segment, route, partition)| Op::Publish(segment, route, partition)),
        6 => (segment.clone(), 0u32..2).prop_map(|(segment, ago)| Op::Confirmed(segment, ago)),
        2 => (segment.clone(), 0u32..2).prop_map(|(segment, ago)| Op::InVain(segment, ago)),
        2 => (segment, 0u32..2).prop_map(|(segment, ago)| Op::Receipt(segment, ago)),
        4 => prop::option::weighted(0.8, 0u64..400).prop_map(|home_for_ms| Op::Overdue { home_for_ms }),
        1 => Just(Op::HomeChanged),
    ]
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Stage {
    Waits,
    Publishing(Place),
    Sent(Place, u64),
}

/// (bytes, publications, of these overdue, in vain by route, stage)
type Naive = BTreeMap<u32, (u64, u32, u32, [u32; 2], Stage)>;

fn check(sent: &Sent, naive: &Naive) -> Result<(), TestCaseError> {
    let waiting = naive.iter().filter(|(_, entry)| entry.4 == Stage::Waits).map(|(segment, _)| *segment);
    prop_assert!(sent.waiting().eq(waiting));
    let out = naive.iter().filter_map(|(segment, entry)| match entry.4 {
        Stage::Sent(place, _) => Some((*segment, entry.1, place)),
        _ => None,
    });
    prop_assert!(sent.sent().eq(out));
    prop_assert_eq!((sent.len(), sent.is_empty()), (naive.len(), naive.is_empty()));
    prop_assert_eq!(sent.bytes(), naive.values().map(|entry| entry.0).sum::<u64>());
    for segment in 0..SEGMENTS {
        let tries = sent.tries(segment).map(|tries| [tries.on(ids()[0]), tries.on(ids()[1])]);
        prop_assert_eq!(tries, naive.get(&segment).map(|entry| entry.3));
    }
    Ok(())
}

proptest! {
    #[test]
    fn each_segment_waits_is_under_way_or_is_sent_until_its_receipt(
        ops in prop::collection::vec((0u64..60, op()), 0..150),
    ) {
        let (mut sent, mut naive, mut now_ms) = (Sent::new(POLICY), Naive::new(), 1_000u64);
        for (later_ms, op) in ops {
            now_ms += later_ms;
            match op {
                Op::Hold(segment, bytes) => {
                    prop_assert_eq!(sent.hold(segment, bytes), !naive.contains_key(&segment));
                    naive.entry(segment).or_insert((bytes, 0, 0, [0; 2], Stage::Waits));
                }
                Op::Publish(segment, route, partition) => {
                    let place = place(route, partition);
                    let expected = naive.get_mut(&segment).filter(|entry| entry.4 == Stage::Waits).map(|entry| {
                        (entry.1, entry.4) = (entry.1 + 1, Stage::Publishing(place));
                        entry.1
                    });
                    prop_assert_eq!(sent.publish(segment, place), expected, "each publication has a number of its own");
                }
                Op::Confirmed(segment, ago) => {
                    let attempt = naive.get(&segment).map_or(0, |entry| entry.1).wrapping_sub(ago);
                    sent.confirmed(segment, attempt, now_ms);
                    if let Some(entry) = naive.get_mut(&segment)
                        && let (0, Stage::Publishing(place)) = (ago, entry.4)
                    {
                        entry.4 = Stage::Sent(place, now_ms);
                    }
                }
                Op::InVain(segment, ago) => {
                    let attempt = naive.get(&segment).map_or(0, |entry| entry.1).wrapping_sub(ago);
                    let mut is_news = false;
                    if let Some(entry) = naive.get_mut(&segment)
                        && let (0, Stage::Publishing(place)) = (ago, entry.4)
                    {
                        entry.3[place.target.route.index()] += 1;
                        (entry.4, is_news) = (Stage::Waits, true);
                    }
                    prop_assert_eq!(sent.in_vain(segment, attempt), is_news);
                }
                Op::Receipt(segment, ago) => {
                    let attempt = naive.get(&segment).map_or(0, |entry| entry.1).wrapping_sub(ago);
                    let expected = naive.remove(&segment).map(|entry| match entry.4 {
                        Stage::Publishing(place) | Stage::Sent(place, _) if ago == 0 => (entry.0, Some(place)),
                        _ => (entry.0, None),
                    });
                    prop_assert_eq!(sent.receipt(segment, attempt).map(|back| (back.bytes, back.place)), expected);
                }
                Op::Overdue { home_for_ms } => {
                    let since_ms = home_for_ms.map(|ms| now_ms - ms);
                    let late = sent.overdue(now_ms, since_ms);
                    let mut expected = Vec::new();
                    for (&segment, entry) in &mut naive {
                        let (Stage::Sent(place, at_ms), Some(since_ms)) = (entry.4, since_ms) else { continue };
                        if now_ms - at_ms.max(since_ms) > (100u64 << entry.2).min(450) {
                            expected.push((place, segment, entry.1));
                            entry.2 += 1;
                            entry.3[place.target.route.index()] += 1;
                            entry.4 = Stage::Waits;
                        }
                    }
                    expected.sort();
                    let late: Vec<_> = late.into_iter().map(|late| (late.place, late.segment, late.attempt)).collect();
                    prop_assert_eq!(late, expected, "by place, each listed once");
                }
                Op::HomeChanged => {
                    sent.home_changed();
                    for entry in naive.values_mut().filter(|entry| matches!(entry.4, Stage::Sent(..))) {
                        entry.4 = Stage::Waits;
                    }
                }
            }
            check(&sent, &naive)?;
        }
        prop_assert_eq!(sent.clear(), naive.values().map(|entry| entry.0).sum::<u64>());
        prop_assert!(sent.is_empty());
    }

    #[test]
    fn a_pulse_is_as_old_as_its_last_gap(beats in prop::collection::vec(0u64..80, 1..30), later_ms in 0u64..120) {
        let mut pulse = Pulse::new(50);
        prop_assert_eq!(pulse.alive_since_ms(0), None, "nothing was heard yet");
        let (mut now_ms, mut since_ms) = (1_000, 1_000);
        for (nth, gap_ms) in beats.into_iter().enumerate() {
            now_ms += gap_ms;
            if nth == 0 || gap_ms > 50 {
                since_ms = now_ms;
            }
            pulse.heard(now_ms);
            prop_assert_eq!(pulse.alive_since_ms(now_ms), Some(since_ms));
        }
        prop_assert_eq!(pulse.alive_since_ms(now_ms + later_ms), (later_ms <= 50).then_some(since_ms));
        prop_assert!(pulse.alive_since_ms(0).is_some_and(|since_ms| since_ms == 0), "a clock that was set back");
    }
}

#[test]
fn a_clock_that_is_set_back_begins_the_waiting_anew() {
    let mut sent = Sent::new(POLICY);
    sent.hold(0, 10);
    let attempt = sent.publish(0, place(0, 0)).unwrap();
    sent.confirmed(0, attempt, 1_000_000);
    assert_eq!(sent.overdue(50, Some(0)), []);
    assert_eq!(sent.overdue(150, Some(0)), []);
    assert_eq!(sent.overdue(151, Some(0)).len(), 1);
}

#[test]
fn what_is_overdue_says_all_that_a_sender_needs() {
    let mut sent = Sent::new(SentPolicy::default());
    for (segment, route, partition) in [(0, 1, 2), (1, 0, 1), (2, 0, 1), (3, 1, 0)] {
        sent.hold(segment, 10 + u64::from(segment));
        let attempt = sent.publish(segment, place(route, partition)).unwrap();
        sent.confirmed(segment, attempt, 7);
    }
    assert_eq!((sent.sent_on(ids()[0]), sent.sent_on(ids()[1])), (2, 2));
    assert_eq!(sent.overdue(5_007, Some(0)), [], "five seconds are not more than five seconds");
    let late = sent.overdue(5_008, Some(0));
    assert_eq!(late.iter().map(|late| late.segment).collect::<Vec<_>>(), [1, 2, 3, 0], "by route and partition");
    assert_eq!((late[3].place, late[3].attempt, late[3].at_ms, late[3].bytes), (place(1, 2), 1, 7, 10));
    assert_eq!(sent.overdue(u64::MAX, Some(0)), [], "listed once");
}
