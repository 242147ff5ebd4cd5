//! The contiguous prefix, under any sequence of reading, resolving, losing and truncation, held against a list of every message.

use proptest::prelude::*;
use vcf_agent::delivery::prefix::{Committable, Consumed, Prefix, Take, Token, same_log};

fn message(offset: u64) -> Consumed {
    Consumed { offset, digest: u128::from(offset) * 1_000 + 7 }
}

#[derive(Debug, Clone, Copy)]
enum Op {
    /// Reads what comes next in the log.
    Read,
    Done(prop::sample::Index),
    Lost(prop::sample::Index),
    Truncated,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        8 => Just(Op::Read),
        6 => any::<prop::sample::Index>().prop_map(Op::Done),
        2 => any::<prop::sample::Index>().prop_map(Op::Lost),
        1 => Just(Op::Truncated),
    ]
}

/// Every message of the log: how often it is being handled, and whether it is done. Offsets have gaps.
#[derive(Default)]
struct Naive {
    offsets: Vec<u64>,
    /// By index into `offsets`.
    in_flight: Vec<bool>,
    done: Vec<bool>,
    read: Vec<bool>,
}

impl Naive {
    fn new(gaps: &[u64]) -> Self {
        let offsets: Vec<u64> = gaps
            .iter()
            .scan(0, |next, gap| {
                let offset = *next + gap;
                *next = offset + 1;
                Some(offset)
            })
            .collect();
        let no = vec![false; offsets.len()];
        Self { offsets, in_flight: no.clone(), done: no.clone(), read: no }
    }

    fn forget(&mut self) {
        self.in_flight.fill(false);
        self.done.fill(false);
        self.read.fill(false);
    }

    fn committable(&self) -> Option<u64> {
        self.done.iter().zip(&self.offsets).take_while(|(done, _)| **done).last().map(|(_, offset)| offset + 1)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn what_may_be_committed_never_passes_what_is_not_done(
        gaps in prop::collection::vec(prop_oneof![9 => Just(0u64), 1 => 1u64..4], 1..40),
        ops in prop::collection::vec(op(), 0..200),
    ) {
        let (mut prefix, mut naive) = (Prefix::resume(None), Naive::new(&gaps));
        let mut tokens: Vec<(Token, usize)> = Vec::new();
        let mut old: Vec<Token> = Vec::new();
        for op in ops {
            match op {
                Op::Read => {
                    let from = prefix.position().unwrap_or(0);
                    let Some(at) = naive.offsets.iter().position(|offset| *offset >= from) else { continue };
                    match prefix.taken(message(naive.offsets[at])) {
                        Take::New(token) => {
                            prop_assert!(!naive.in_flight[at] && !naive.done[at], "new only once");
                            prop_assert_eq!(token.offset(), naive.offsets[at]);
                            tokens.push((token, at));
                            naive.in_flight[at] = true;
                        }
                        Take::Known => prop_assert!(naive.in_flight[at] || naive.done[at], "nothing is left out"),
                    }
                    naive.read[at] = true;
                }
                Op::Done(which) if !tokens.is_empty() => {
                    let (token, at) = tokens.swap_remove(which.index(tokens.len()));
                    prefix.done(token);
                    (naive.in_flight[at], naive.done[at]) = (false, true);
                }
                Op::Lost(which) if !tokens.is_empty() => {
                    let (token, at) = tokens.swap_remove(which.index(tokens.len()));
                    prefix.lost(token);
                    naive.in_flight[at] = false;
                    prop_assert!(prefix.position().is_some_and(|next| next <= token.offset()), "it is read again");
                }
                Op::Done(_) | Op::Lost(_) => {}
                Op::Truncated => {
                    prefix.truncated();
                    prop_assert_eq!((prefix.position(), prefix.last_read(), prefix.unresolved()), (None, None, 0));
                    old.extend(tokens.drain(..).map(|(token, _)| token));
                    naive.forget();
                }
            }
            // What a former incarnation is told late changes nothing.
            if let Some(token) = old.pop() {
                if token.offset() % 2 == 0 { prefix.done(token) } else { prefix.lost(token) }
            }
            let committable = prefix.committable();
            prop_assert_eq!(committable.map(|committable| committable.next), naive.committable());
            if let Some(Committable { next, last }) = committable {
                prop_assert_eq!(last, message(next - 1));
            }
            let last_read = naive.read.iter().rposition(|read| *read).map(|at| message(naive.offsets[at]));
            prop_assert_eq!(prefix.last_read(), last_read);
        }
        // Read to the end and resolve everything: then everything may be committed.
        loop {
            let from = prefix.position().unwrap_or(0);
            let Some(at) = naive.offsets.iter().position(|offset| *offset >= from) else { break };
            if let Take::New(token) = prefix.taken(message(naive.offsets[at])) {
                tokens.push((token, at));
            }
        }
        tokens.into_iter().for_each(|(token, _)| prefix.done(token));
        prop_assert_eq!(prefix.committable().map(|committable| committable.next), naive.offsets.last().map(|last| last + 1));
        prop_assert_eq!((prefix.unresolved(), prefix.held()), (0, 0));
    }

    #[test]
    fn only_the_same_message_at_the_same_offset_is_the_same_log(
        last in prop::option::of((0u64..3, 0u128..3)),
        there in prop::option::of((0u64..3, 0u128..3)),
    ) {
        let consumed = |(offset, digest)| Consumed { offset, digest };
        let expected = last.is_none() || last == there;
        prop_assert_eq!(same_log(last.map(consumed), there.map(consumed)), expected);
    }
}

#[test]
fn it_goes_on_where_it_was_committed() {
    let committed = Committable { next: 10, last: message(9) };
    let mut prefix = Prefix::resume(Some(committed));
    assert_eq!((prefix.position(), prefix.last_read()), (Some(10), Some(message(9))));
    assert_eq!(prefix.committable(), Some(committed));
    assert_eq!(prefix.taken(message(9)), Take::Known, "whoever reads from further back sees what is resolved");
    let Take::New(token) = prefix.taken(message(10)) else { panic!("it was never read") };
    prefix.done(token);
    assert_eq!(prefix.committable(), Some(Committable { next: 11, last: message(10) }));
}

#[test]
fn a_message_that_is_lost_is_read_again_and_its_neighbours_are_not_handled_twice() {
    let mut prefix = Prefix::resume(None);
    let tokens: Vec<Token> = (0..4)
        .map(|offset| match prefix.taken(message(offset)) {
            Take::New(token) => token,
            Take::Known => panic!("{offset} is new"),
        })
        .collect();
    prefix.done(tokens[3]);
    prefix.lost(tokens[1]);
    prefix.lost(tokens[1]);
    prefix.done(tokens[0]);
    assert_eq!((prefix.position(), prefix.unresolved(), prefix.held()), (Some(1), 2, 3));
    let again: Vec<bool> = (1..4).map(|offset| matches!(prefix.taken(message(offset)), Take::New(_))).collect();
    assert_eq!(again, [true, false, false]);
    assert_eq!(prefix.committable().map(|committable| committable.next), Some(1));
}

#[test]
fn a_queue_goes_on_at_the_end_after_a_truncation() {
    let mut prefix = Prefix::resume(Some(Committable { next: 10, last: message(9) }));
    prefix.truncated_to(4);
    assert_eq!((prefix.position(), prefix.committable()), (Some(4), None));
}

#[test]
fn the_last_offset_of_all_is_no_overflow() {
    let mut prefix = Prefix::resume(None);
    let Take::New(token) = prefix.taken(message(u64::MAX)) else { panic!("it is new") };
    prefix.done(token);
    assert_eq!(
        (prefix.position(), prefix.committable().map(|committable| committable.next)),
        (Some(u64::MAX), Some(u64::MAX))
    );
}
