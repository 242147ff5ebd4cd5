//! One record, as text columns, and the look-ups in it: nothing is split before it is asked for.

use memchr::{memchr, memchr_iter};

/// A record. Columns are as read; a missing one is `.` (or empty). POS and QUAL come as numbers because whoever has
/// read the line knows them already.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    /// CHROM.
    pub chrom: &'a [u8],
    /// POS, 1-based.
    pub pos: i64,
    /// ID.
    pub id: &'a [u8],
    /// REF.
    pub reference: &'a [u8],
    /// The whole ALT column: `C`, `C,<DEL>`, `.`.
    pub alts: &'a [u8],
    /// QUAL; `None` for `.`.
    pub qual: Option<f32>,
    /// FILTER.
    pub filter: &'a [u8],
    /// INFO.
    pub info: &'a [u8],
    /// FORMAT; empty if there are no samples.
    pub format: &'a [u8],
    /// Everything after FORMAT's tab: the sample columns with the tabs between them.
    pub samples: &'a [u8],
}

impl<'a> Record<'a> {
    /// Splits a data line (without its line end). `None` if it has fewer than eight columns or POS is no number.
    pub fn from_line(line: &'a [u8]) -> Option<Self> {
        let mut columns = [&line[..0]; 9];
        let (mut found, mut start) = (0, 0);
        for tab in memchr_iter(b'\t', line).take(9) {
            columns[found] = &line[start..tab];
            (found, start) = (found + 1, tab + 1);
        }
        let rest = &line[start..];
        let samples = if found < 9 {
            columns[found] = rest;
            &line[..0]
        } else {
            rest
        };
        let [chrom, pos, id, reference, alts, qual, filter, info, format] = columns;
        if found < 7 {
            return None;
        }
        let pos = std::str::from_utf8(pos).ok()?.parse().ok()?;
        let qual = float(qual).map(|qual| qual as f32);
        Some(Self { chrom, pos, id, reference, alts, qual, filter, info, format, samples })
    }

    /// The entries of the ALT column; none for `.`.
    pub(super) fn alt_alleles(&self) -> impl Iterator<Item = &'a [u8]> {
        let alts = if is_missing(self.alts) { None } else { Some(self.alts) };
        alts.into_iter().flat_map(|alts| alts.split(|&b| b == b','))
    }

    /// Number of alleles, REF included.
    pub(super) fn alleles(&self) -> usize {
        if is_missing(self.alts) { 1 } else { memchr_iter(b',', self.alts).count() + 2 }
    }

    /// Which entry of a sample column belongs to the FORMAT tag.
    pub(super) fn format_index(&self, tag: &[u8]) -> Option<usize> {
        self.format.split(|&b| b == b':').position(|key| key == tag)
    }

    /// Exactly `count` sample columns; empty ones where the line ends early.
    pub(super) fn sample_columns(&self, count: usize) -> impl Iterator<Item = &'a [u8]> {
        let mut rest = Some(self.samples);
        (0..count).map(move |_| {
            let Some(text) = rest else { return &[][..] };
            let end = memchr(b'\t', text);
            rest = end.map(|end| &text[end + 1..]);
            &text[..end.unwrap_or(text.len())]
        })
    }
}

/// Entry `index` of a sample column; `.` where it is empty or was left out.
pub(super) fn entry(column: &[u8], index: usize) -> &[u8] {
    match column.split(|&b| b == b':').nth(index) {
        None | Some([]) => b".",
        Some(text) => text,
    }
}

/// Whether a column or a value says that there is none.
pub(super) fn is_missing(text: &[u8]) -> bool {
    matches!(text, b"." | b"")
}

/// A value of a `Float` tag: as 32 bits hold it.
pub(super) fn float(text: &[u8]) -> Option<f64> {
    let number: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    Some(f64::from(number as f32))
}

/// A value of an `Integer` tag: 32 bits, of which the lowest eight numbers are reserved. What follows the digits does
/// not count (`3.0` is 3).
pub(super) fn integer(text: &[u8]) -> Option<f64> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let mut number: i64 = 0;
    let mut any = false;
    for digit in digits.iter().map_while(|b| b.checked_sub(b'0').filter(|&digit| digit <= 9)) {
        number = (number * 10 + i64::from(digit)).min(1 << 40);
        any = true;
    }
    let number = if negative { -number } else { number };
    let range = i64::from(i32::MIN) + 8..=i64::from(i32::MAX);
    (any && range.contains(&number)).then_some(number as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_split_at_its_tabs_and_no_further() {
        let record = Record::from_line(b"1\t7\trs1\tA\tC,G\t30.5\tPASS\tDP=1\tGT:DP\t0/1:3\t1/1").unwrap();
        assert_eq!((record.pos, record.qual, record.alleles()), (7, Some(30.5), 3));
        assert_eq!(record.samples, b"0/1:3\t1/1");
        assert_eq!(record.sample_columns(3).collect::<Vec<_>>(), [&b"0/1:3"[..], b"1/1", b""]);
        assert_eq!(record.format_index(b"DP"), Some(1));
        assert_eq!((entry(b"0/1:3", 1), entry(b"1/1", 1)), (&b"3"[..], &b"."[..]));
        let sites = Record::from_line(b"1\t7\t.\tA\t.\t.\t.\tDP=1").unwrap();
        assert_eq!((sites.info, sites.qual, sites.alleles(), sites.samples), (&b"DP=1"[..], None, 1, &b""[..]));
        assert_eq!(sites.alt_alleles().count(), 0);
        assert!(Record::from_line(b"1\t7\t.\tA\tC\t.\t.").is_none());
        assert!(Record::from_line(b"1\tx\t.\tA\tC\t.\t.\t.").is_none());
    }

    #[test]
    fn numbers_are_those_of_32_bits() {
        assert_eq!(integer(b"-12"), Some(-12.0));
        assert_eq!(integer(b"3.7"), Some(3.0));
        assert_eq!(integer(b"2147483647"), Some(2_147_483_647.0));
        assert_eq!(integer(b"2147483648"), None);
        assert_eq!(integer(b"-2147483648"), None);
        assert_eq!(integer(b"99999999999999999999999"), None);
        assert_eq!([integer(b"."), integer(b""), integer(b"-")], [None; 3]);
        assert_eq!(float(b"0.1"), Some(f64::from(0.1_f32)));
        assert_eq!(float(b"."), None);
    }
}
