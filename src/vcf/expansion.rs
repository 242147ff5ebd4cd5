//! What a segment's rows will take in memory, before they are made: a short text with many ALTs can become many times as large.

use memchr::{memchr, memchr_iter};

use super::bcf::frame;
use super::reader::{Form, RawSegment};
use crate::domain::rows::{REPEATED_BYTES_MAX, Rows};

/// About the bytes of the rows that a segment becomes, and not less than they are. Lines are only looked into if there are commas enough for
/// it to matter.
pub fn rows_bytes(raw: &RawSegment) -> u64 {
    if let Form::Bcf { text_bytes_max } = raw.form {
        let rows = raw.records as usize * Rows::ROW_BYTES;
        let later =
            frame::all(&raw.text).map(|frame| later_rows_of(frame::alleles(frame).saturating_sub(2), frame.len()));
        return text_bytes_max + (rows + later.sum::<usize>()) as u64;
    }
    let text = &raw.text[..];
    let plain = text.len() + raw.records as usize * Rows::ROW_BYTES;
    let commas = memchr_iter(b',', text).count();
    if commas <= raw.records as usize / 4 {
        return plain as u64;
    }
    let (mut more, mut start) = (0, 0);
    while start < text.len() {
        let end = memchr(b'\n', &text[start..]).map_or(text.len(), |nth| start + nth);
        more += later_rows_bytes(&text[start..end]);
        start = end + 1;
    }
    (plain + more) as u64
}

/// The rows of a line after its first.
fn later_rows_bytes(line: &[u8]) -> usize {
    let mut lens = [0; 7];
    let (mut alts, mut start) = (&line[..0], 0);
    for (nth, tab) in memchr_iter(b'\t', line).take(lens.len()).enumerate() {
        lens[nth] = tab - start;
        if nth == 4 {
            alts = &line[start..tab];
        }
        start = tab + 1;
    }
    let later = memchr_iter(b',', alts).count();
    let [_, _, id, reference, _, _, filter] = lens;
    let shared = id + reference + filter;
    let repeated = if (later + 1) * shared <= REPEATED_BYTES_MAX { shared } else { 0 };
    // Which allele each row is may take REF and ALT again.
    let identities = if later == 0 { 0 } else { ((later + 1) * reference + alts.len()).min(REPEATED_BYTES_MAX) };
    later * (Rows::ROW_BYTES + repeated) + identities
}

/// The same for a record of so many bytes, of which it is not known how many are repeated.
fn later_rows_of(later: usize, record_bytes: usize) -> usize {
    later * Rows::ROW_BYTES + 2 * (later * record_bytes).min(REPEATED_BYTES_MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::vcf::ReadLimits;
    use crate::vcf::header;
    use crate::vcf::parse::{ParseContext, parse_segment};

    fn raw(lines: &[String]) -> RawSegment {
        RawSegment {
            index: 0,
            first_ordinal: 0,
            records: lines.len() as u32,
            first_line: 3,
            offset: 0,
            text: lines.concat().into_bytes(),
            form: Form::Text,
            oversize_bytes: None,
        }
    }

    fn made(raw: &RawSegment) -> u64 {
        let header = header::parse(b"##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n").unwrap();
        let parsed = parse_segment(&ParseContext::new(&header, &ReadLimits::default()), raw, &|_| false);
        assert!(parsed.dead.is_empty());
        parsed.rows.bytes() as u64
    }

    proptest! {
        #[test]
        fn it_is_not_less_than_what_is_made_and_not_much_more(
            records in prop::collection::vec((1usize..900, 0usize..400, 0usize..300, 1usize..400), 4..40),
        ) {
            let line = |&(reference, alts, info, filter): &(usize, usize, usize, usize)| format!(
                "chr1\t7\t.\t{}\tT{}\t30\t{}\tX={}\n",
                "A".repeat(reference), ",C".repeat(alts), "F".repeat(filter), ",".repeat(info),
            );
            let raw = raw(&records.iter().map(line).collect::<Vec<_>>());
            let (said, made) = (rows_bytes(&raw), made(&raw));
            prop_assert!(made <= said + 64, "{made} of {said}");
            // The identities of alleles are made later: of each ALT, its REF and itself, up to what a record may have.
            let identities = |&(reference, alts, _, _): &(usize, usize, usize, usize)| {
                ((alts + 1) * (reference + 2)).min(REPEATED_BYTES_MAX) as u64
            };
            let made = made + records.iter().map(identities).sum::<u64>();
            prop_assert!(said <= 2 * made, "{said} for {made}");
        }
    }

    #[test]
    fn files_with_few_alts_are_not_looked_into_and_hardly_underestimated() {
        let lines: Vec<String> = (0..1000)
            .map(|i| {
                let alt = if i % 5 == 0 { "C,G" } else { "C" };
                format!("chr1\t{i}\t.\tA\t{alt}\t.\t.\tDP=1\n")
            })
            .collect();
        let raw = raw(&lines);
        assert_eq!(rows_bytes(&raw), (raw.text.len() + 1000 * Rows::ROW_BYTES) as u64);
        assert!(made(&raw) <= rows_bytes(&raw) * 5 / 4);
    }
}
