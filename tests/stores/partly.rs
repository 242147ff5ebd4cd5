//! The rules of reading a part of a job: some columns, some records.

use std::ops::Range;

use vcf_agent::domain::rows::{Rows, Text};
use vcf_agent::stores::Texts;

use crate::rows::{Plain, plain};
use crate::suite::{Make, expected, job, segment, write};

pub fn some_columns_are_those_of_all(make: Make) {
    let place = make();
    let store = (place.open)();
    write(&*store, &job(1), &[0, 1]);
    store.publish(&job(1)).unwrap();
    let none = Texts { info: false, samples: false, as_read: false, annotations: false };
    for texts in [Texts::ALL, Texts::LINES, Texts { info: true, ..none }, Texts { samples: true, ..none }, none] {
        let mut all = Vec::new();
        store
            .read_some(&job(1), texts, &mut |some| {
                all.extend(plain(&as_wanted(some, texts)));
                Ok(())
            })
            .unwrap();
        let wanted = [0, 1].into_iter().flat_map(|nth| plain(&as_wanted(&segment(nth, 20).1, texts)));
        assert!(all == wanted.collect::<Vec<_>>(), "{texts:?}");
    }
}

pub fn some_records_are_those_of_all(make: Make) {
    let place = make();
    let store = (place.open)();
    let group = write(&*store, &job(1), &[0, 1]);
    store.publish(&job(1)).unwrap();
    let all = expected([0, 1]);
    // None, one of each segment, several in one, across both, and numbers that no record has.
    let asked: [&[Range<u64>]; 4] = [&[], &[7..8, 103..104], &[2..3, 5..9, 19..20], &[0..1, 18..104, 119..300]];
    for ranges in asked {
        let is_meant = |row: &&Plain| ranges.iter().any(|range| range.contains(&(row.key.0 as u64)));
        let wanted: Vec<Plain> = all.iter().filter(is_meant).cloned().collect();
        let found = store.read_records(&job(1), Some(&group), ranges).unwrap();
        assert!(plain(&found) == wanted, "{ranges:?}");
        for range in ranges {
            let keys = store.keys(&job(1), Some(&group), range.clone()).unwrap();
            let wanted: Vec<_> = all.iter().map(|row| row.key).filter(|key| range.contains(&(key.0 as u64))).collect();
            assert_eq!(keys, wanted, "{range:?}");
        }
    }
    assert!(store.read_records(&job(1), Some("no-such-group"), &[]).is_err());
    assert!(store.keys(&job(1), Some("no-such-group"), 0..1).is_err());
}

/// These rows without what nobody wants.
fn as_wanted(rows: &Rows, texts: Texts) -> Rows {
    let mut cut = Rows::default();
    (0..rows.len()).for_each(|row| cut.push_row(rows, row));
    let nulls = || {
        let mut nulls = Text::default();
        (0..rows.len()).for_each(|_| nulls.push(None));
        nulls
    };
    if !texts.info {
        cut.info = nulls();
    }
    if !texts.samples {
        (cut.format, cut.samples) = (nulls(), nulls());
    }
    if !texts.as_read {
        (cut.qual_text, cut.line_text) = (nulls(), nulls());
    }
    if !texts.annotations {
        (cut.annotations, cut.identities) = (None, None);
    }
    cut
}
