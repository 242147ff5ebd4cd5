//! From the ledger's rows to the receipt that people read. Pure: three sources, never one counter.
//!
//! `records` … `no_alt` come from the parser's own count over one complete reading (while a job runs: from its committed
//! segments), and from what replays of dead letters wrote down since; `stored`, `selected`, `dropped` from the committed segments; the
//! certificate from a scan of the store.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::delivery::certificate::{Scan, Tally, holds};
use crate::domain::counts::JobEnd;
use crate::domain::dead::Counted;
use crate::domain::digest::DigestSum;
use crate::domain::receipt::{Certificate, Receipt, ReceiptError};
use crate::ledger::{JobRow, JobSums};
use crate::stores::StoreScan;

/// The receipt of a job as the ledger knows it, with the certificate that was stored with it.
pub fn receipt(row: &JobRow, sums: &JobSums) -> Receipt {
    let end = row.end.as_ref();
    let total = &sums.total;
    let records = end.map_or(total.records, |end| end.records);
    let dead_records =
        end.map_or(total.dead_records, |end| end.dead_records.saturating_sub(sums.replayed.dead_records));
    let counted = end.map(|end| counted(end, sums));
    let (stored, answers) = (total.rows, sums.answers);
    let dropped: BTreeMap<String, u64> = total.dropped.iter().cloned().collect();
    Receipt {
        job: Some(row.job.to_string()),
        revision: row.revision,
        file: row.file.clone(),
        file_digest: row.file_digest.map(|digest| digest.to_string()),
        bytes: end.map_or(row.bytes, |end| end.bytes),
        assembly: row.assembly.clone(),
        samples: row.samples,
        records,
        parsed: records - dead_records.min(records),
        dead_records,
        alleles: counted.map_or(total.alleles, |counted| counted.alleles),
        no_alt: counted.map_or(total.no_alt, |counted| counted.no_alt),
        stored,
        dead_rows: sums.dead_rows,
        dead_letters: sums.dead_letters,
        dropped_dead: sums.dropped_dead,
        replayed: sums.replayed.records,
        edited: sums.replayed.edited,
        dropped,
        selected: total.selected,
        cached: 0,
        answered: answers.answered,
        abstained: answers.abstained,
        dead_tasks: answers.dead,
        pending: total.selected - (answers.answered + answers.abstained + answers.dead).min(total.selected),
        providers: sums.providers.clone(),
        warnings: end.map(|end| end.warnings.clone()).unwrap_or_default(),
        state: row.state.to_string(),
        error: row.error.clone(),
        certificate: row.certificate,
        started_at: Some(rfc3339(row.started_at_ms)),
        finished_at: row.finished_at_ms.map(rfc3339),
        stored_per_second: per_second(row, stored),
    }
}

/// What the file's sound records count as: by the parser's one reading of it, and for records that were replayed since, as they were
/// replayed. Their digests are those of the text that was replayed, the file's own or another.
fn counted(end: &JobEnd, sums: &JobSums) -> Counted {
    let (now, was) = (&sums.replayed.now, &sums.replayed.was);
    let mut digest_sum = end.digest_sum.less(was.digest_sum);
    digest_sum.add(now.digest_sum.0);
    let mut line_digest_sum = end.line_digest_sum.less(was.line_digest_sum);
    line_digest_sum.add(now.line_digest_sum.0);
    Counted {
        alleles: (end.alleles + now.alleles).saturating_sub(was.alleles),
        no_alt: (end.no_alt + now.no_alt).saturating_sub(was.no_alt),
        digest_sum,
        line_digest_sum,
    }
}

/// The certificate that a scan of the store gives for a job, against the parser's count less the dead; `None` while
/// the parser has not reached the end.
pub fn certify(row: &JobRow, sums: &JobSums, scan: &StoreScan) -> Option<Certificate> {
    let end = row.end.as_ref()?;
    let counted = counted(end, sums);
    let parsed = Tally { rows: counted.rows(), digest_sum: counted.digest_sum.0 };
    let dead = Tally { rows: sums.dead_rows, digest_sum: sums.dead_digest_sum.0 };
    let found = Tally { rows: scan.rows, digest_sum: scan.digest_sum.0 };
    Some(Certificate {
        rows: scan.rows,
        digest_sum: scan.digest_sum,
        expected_digest_sum: counted.digest_sum.less(sums.dead_digest_sum),
        holds: holds(parsed, dead, Scan { found, duplicates: scan.duplicates }),
    })
}

/// The sum of line digests that `receipt --deep` must find by writing every stored record again.
pub fn expected_line_digest_sum(row: &JobRow, sums: &JobSums) -> Option<DigestSum> {
    row.end.as_ref().map(|end| counted(end, sums).line_digest_sum.less(sums.dead_line_digest_sum))
}

/// The receipt of a file that never became a job.
pub fn refused(file: &str, error: ReceiptError, now_ms: u64) -> Receipt {
    Receipt {
        job: None,
        revision: 0,
        file: file.to_owned(),
        file_digest: None,
        bytes: 0,
        assembly: None,
        samples: 0,
        records: 0,
        parsed: 0,
        dead_records: 0,
        alleles: 0,
        no_alt: 0,
        stored: 0,
        dead_rows: 0,
        dead_letters: 0,
        dropped_dead: 0,
        replayed: 0,
        edited: 0,
        dropped: BTreeMap::new(),
        selected: 0,
        cached: 0,
        answered: 0,
        abstained: 0,
        dead_tasks: 0,
        pending: 0,
        providers: Vec::new(),
        warnings: Vec::new(),
        state: "REFUSED".into(),
        error: Some(error),
        certificate: None,
        started_at: Some(rfc3339(now_ms)),
        finished_at: Some(rfc3339(now_ms)),
        stored_per_second: None,
    }
}

/// The exit code of a run of several files: the first that applies of 4, 70, 78, 74, 65, 75, 3, 1, 0.
pub fn exit_code(codes: impl IntoIterator<Item = u8>) -> u8 {
    const ORDER: [u8; 9] = [4, 70, 78, 74, 65, 75, 3, 1, 0];
    let rank = |code: u8| ORDER.iter().position(|&c| c == code).unwrap_or(1);
    codes.into_iter().min_by_key(|&code| rank(code)).unwrap_or(0)
}

fn per_second(row: &JobRow, stored: u64) -> Option<f64> {
    // Of a job that went on after a stop nobody knows how long it worked.
    let ms = row.finished_at_ms?.checked_sub(row.started_at_ms)?.max(1);
    (row.resumed_at_ms == row.started_at_ms).then_some((stored as f64 * 1000.0 / ms as f64).round())
}

/// Milliseconds since 1970, now.
pub fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_millis() as u64
}

/// Milliseconds since 1970 as RFC 3339 in UTC, `2026-11-24T08:30:00.125Z`.
pub fn rfc3339(ms: u64) -> String {
    let (days, ms_of_day) = (ms / 86_400_000, ms % 86_400_000);
    let (year, month, day) = civil_from_days(days as i64);
    let (hour, minute) = (ms_of_day / 3_600_000, ms_of_day / 60_000 % 60);
    let (second, milli) = (ms_of_day / 1000 % 60, ms_of_day % 1000);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z")
}

/// The proleptic Gregorian date of a day number (0 = 1970-01-01), counting in 400-year eras from 0000-03-01.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_right_around_the_corners() {
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(rfc3339(951_782_399_999), "2000-02-28T23:59:59.999Z");
        assert_eq!(rfc3339(951_782_400_000), "2000-02-29T00:00:00.000Z");
        assert_eq!(rfc3339(1_795_521_600_000), "2026-11-24T12:00:00.000Z");
    }

    #[test]
    fn the_worst_code_of_several_files_wins_in_the_documented_order() {
        assert_eq!(exit_code([]), 0);
        assert_eq!(exit_code([0, 3, 0]), 3);
        assert_eq!(exit_code([3, 75]), 75);
        assert_eq!(exit_code([75, 65, 74]), 74);
        assert_eq!(exit_code([74, 78, 70, 4, 0]), 4);
        assert_eq!(exit_code([70, 78]), 70);
    }
}
