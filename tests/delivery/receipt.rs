//! A receipt says one thing, once, whatever becomes of it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use proptest::prelude::*;
use vcf_agent::delivery::receipt::{Receipt, Verdict};

type Said = (u32, Verdict);

fn receipt(key: u32, said: &Sender<Said>) -> Receipt<u32> {
    let said = said.clone();
    Receipt::new(key, move |key, verdict| said.send((key, verdict)).expect("somebody listens"))
}

fn all(said: (Sender<Said>, Receiver<Said>)) -> Vec<Said> {
    drop(said.0);
    let mut all: Vec<Said> = said.1.into_iter().collect();
    all.sort_unstable_by_key(|(key, _)| *key);
    all
}

/// What may become of a receipt.
#[derive(Debug, Clone, Copy)]
enum Fate {
    Committed,
    Dropped,
    CommittedElsewhere,
    DroppedElsewhere,
    HolderPanics,
    ThreadPanics,
    LostInABox,
    MovedThenCommitted,
}

const FATES: [Fate; 8] = [
    Fate::Committed,
    Fate::Dropped,
    Fate::CommittedElsewhere,
    Fate::DroppedElsewhere,
    Fate::HolderPanics,
    Fate::ThreadPanics,
    Fate::LostInABox,
    Fate::MovedThenCommitted,
];

/// Unwinds without a word on standard error.
fn silent_panic() -> ! {
    std::panic::resume_unwind(Box::new(()))
}

fn meet(fate: Fate, receipt: Receipt<u32>) -> Verdict {
    match fate {
        Fate::Committed => receipt.committed(),
        Fate::Dropped => drop(receipt),
        Fate::CommittedElsewhere => thread::spawn(move || receipt.committed()).join().unwrap(),
        Fate::DroppedElsewhere => thread::spawn(move || drop(receipt)).join().unwrap(),
        Fate::HolderPanics => {
            let holder = catch_unwind(AssertUnwindSafe(move || {
                let _held = receipt;
                silent_panic();
            }));
            assert!(holder.is_err());
        }
        Fate::ThreadPanics => {
            let holder = thread::spawn(move || {
                let _held = receipt;
                silent_panic();
            });
            assert!(holder.join().is_err());
        }
        Fate::LostInABox => {
            let (sender, receiver) = channel();
            sender.send(Box::new(receipt)).unwrap();
            drop(receiver);
        }
        Fate::MovedThenCommitted => {
            let mut held = Some(receipt);
            let moved = held.take();
            drop(held);
            moved.into_iter().for_each(Receipt::committed);
        }
    }
    match fate {
        Fate::Committed | Fate::CommittedElsewhere | Fate::MovedThenCommitted => Verdict::Committed,
        _ => Verdict::Lost,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn each_says_exactly_one_thing_and_lost_unless_committed(
        fates in prop::collection::vec(prop::sample::select(FATES.to_vec()), 0..24),
    ) {
        let said = channel();
        let expected: Vec<Said> = (0..).zip(&fates).map(|(key, fate)| (key, meet(*fate, receipt(key, &said.0)))).collect();
        prop_assert_eq!(all(said), expected);
    }
}

#[test]
fn it_knows_its_key_and_says_nothing_while_it_is_held() {
    let said = channel();
    let held = receipt(7, &said.0);
    assert_eq!((*held.key(), format!("{held:?}").as_str()), (7, "Receipt(Some(7))"));
    assert!(said.1.try_recv().is_err());
    drop(held);
    assert_eq!(all(said), [(7, Verdict::Lost)]);
}
