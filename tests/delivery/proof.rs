//! The certificate: it holds for exactly the rows that the file says, less the dead, and for nothing else.

use proptest::prelude::*;
use vcf_agent::delivery::certificate::{Scan, Tally, holds};

fn tally(digests: &[u128]) -> Tally {
    let mut all = Tally::default();
    digests.iter().for_each(|&digest_sum| all.add(Tally { rows: 1, digest_sum }));
    all
}

/// What a scan of these rows finds: each is (key, digest).
fn scan(rows: &[(u32, u128)]) -> Scan {
    let mut keys: Vec<u32> = rows.iter().map(|(key, _)| *key).collect();
    keys.sort_unstable();
    let duplicates = keys.windows(2).filter(|pair| pair[0] == pair[1]).count() as u64;
    Scan { found: tally(&rows.iter().map(|(_, digest)| *digest).collect::<Vec<_>>()), duplicates }
}

proptest! {
    #[test]
    fn it_holds_in_any_order_and_breaks_with_any_single_change(
        digests in prop::collection::vec(any::<u128>(), 2..30),
        dead in 0usize..5,
        at in any::<prop::sample::Index>(),
        change in 0u8..5,
        noise in 1u128..,
    ) {
        let dead = dead.min(digests.len() - 2);
        let (parsed, dead_tally) = (tally(&digests), tally(&digests[..dead]));
        let mut rows: Vec<(u32, u128)> = (0..).zip(digests).skip(dead).collect();
        rows.reverse();
        prop_assert!(holds(parsed, dead_tally, scan(&rows)));
        let at = at.index(rows.len());
        let other = (at + 1) % rows.len();
        match change {
            0 => drop(rows.remove(at)),
            1 => rows.push(rows[at]),
            2 => rows[at].1 = rows[at].1.wrapping_add(noise),
            // As many rows as before, one of them twice.
            3 => rows[at] = rows[other],
            _ => rows.push((1_000, noise)),
        }
        prop_assert!(!holds(parsed, dead_tally, scan(&rows)), "change {}", change);
    }

    #[test]
    fn more_dead_than_there_were_never_holds(rows in 0u64..100, more in 1u64.., digest_sum in any::<u128>(), found in any::<u64>()) {
        let parsed = Tally { rows, digest_sum };
        let dead = Tally { rows: rows.saturating_add(more), digest_sum };
        prop_assert_eq!(parsed.less(dead), None);
        let scan = Scan { found: Tally { rows: found, digest_sum: 0 }, duplicates: 0 };
        prop_assert!(!holds(parsed, dead, scan));
    }
}

#[test]
fn a_row_twice_does_not_hold_even_if_the_sums_agree() {
    let parsed = tally(&[5, 5]);
    let twice = Scan { found: parsed, duplicates: 1 };
    assert!(!holds(parsed, Tally::default(), twice));
    assert!(holds(parsed, Tally::default(), Scan { duplicates: 0, ..twice }));
    assert!(holds(Tally::default(), Tally::default(), Scan::default()), "an empty file");
}
