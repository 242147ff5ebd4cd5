//! Whom to blame when work on rows panics: work is tried a few times, then halved down to single records.

use super::env::caught;
use crate::delivery::poison::{STRIKES_MAX, culprits};
use crate::domain::dead::{DeadLetter, DeadStage};
use crate::domain::digest::{DigestSum, line_digest};
use crate::domain::rows::{Rows, rows_digest_sum};
use crate::messages::Segment;
use crate::telemetry::{Metric, count};
use crate::vcf::write::write_record;

/// Tries `work` until it does not panic, [`STRIKES_MAX`] times at most.
///
/// # Errors
/// The last panic's words.
pub fn tried<T>(mut work: impl FnMut() -> T) -> Result<T, String> {
    let mut words = String::new();
    for _ in 0..STRIKES_MAX {
        match caught(&mut work) {
            Ok(value) => return Ok(value),
            Err(panicked) => words = panicked.0,
        }
        count(Metric::WorkPanics, 1);
    }
    Err(words)
}

/// The ordinals of the records on whose rows alone `trial` panics, ascending.
pub fn poisonous(rows: &Rows, trial: impl Fn(&Rows)) -> Vec<u64> {
    let mut ordinals: Vec<u64> = rows.ordinal.iter().map(|&ordinal| ordinal as u64).collect();
    ordinals.dedup();
    let mut survives = |range: std::ops::Range<usize>| {
        let (first, last) = (ordinals[range.start], ordinals[range.end - 1]);
        let part = rows.filter_records(|ordinal| (first..=last).contains(&ordinal));
        caught(|| trial(&part)).is_ok()
    };
    culprits(0..ordinals.len(), &mut survives).into_iter().map(|i| ordinals[i]).collect()
}

/// Takes the records of `ordinals` out of the segment's rows and makes dead letters of them.
pub fn bury(segment: &mut Segment, ordinals: &[u64], why: &str) {
    let rows = segment.rows.clone();
    for &ordinal in ordinals {
        let record = rows.filter_records(|other| other == ordinal);
        segment.dead.push(dead_letter(segment, ordinal, &record, why));
    }
    segment.rows = std::sync::Arc::new(rows.filter_records(|ordinal| !ordinals.contains(&ordinal)));
}

fn dead_letter(segment: &Segment, ordinal: u64, record: &Rows, why: &str) -> DeadLetter {
    let mut line = Vec::new();
    write_record(record, 0, &mut line);
    let nth = (ordinal - segment.first_ordinal) as usize;
    let after = segment.line_offsets.get(nth).copied().unwrap_or(0);
    DeadLetter {
        ordinal,
        stage: DeadStage::Store,
        reason: "poison".into(),
        detail: format!("handling this record alone panics: {why}"),
        line: record.line[0] as u64,
        offset: segment.offset + u64::from(after),
        raw: DeadLetter::cut(&line),
        raw_bytes: line.len() as u64,
        rows: record.len() as u32,
        digest_sum: rows_digest_sum(record),
        line_digest: DigestSum(line_digest(ordinal, &line)),
    }
}
