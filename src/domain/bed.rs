//! Regions from a BED file: read once, kept as disjoint sorted intervals, asked by binary search.
//!
//! BED counts from 0 and leaves the end out. Of each line the first three columns count; blank lines, `#` comments,
//! `track` and `browser` lines are passed over. Intervals that overlap or touch are joined.

use std::collections::BTreeMap;
use std::fmt;

use sha2::{Digest, Sha256};

use super::ids::FileDigest;

/// At most this many problems of one file are named; the rest is counted.
const ERRORS_MAX: usize = 10;

/// The characters of a packed number, 5 bits each and one bit for "more follows".
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// How contig names of the BED file and of the VCF are compared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ChrPrefix {
    /// `chr1` and `1` are the same contig. (`chrM` and `MT` are not: they need not be the same sequence.)
    #[default]
    Ignore,
    /// Names are compared as they are.
    Exact,
}

impl ChrPrefix {
    /// The words of the configuration.
    pub const WORDS: [&'static str; 2] = ["ignore", "exact"];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ignore => "ignore",
            Self::Exact => "exact",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Ignore, Self::Exact].into_iter().find(|mode| mode.as_str() == word)
    }

    /// The part of `name` that is compared.
    fn compared(self, name: &[u8]) -> &[u8] {
        match (self, name.strip_prefix(b"chr")) {
            (Self::Ignore, Some(rest)) if !rest.is_empty() => rest,
            _ => name,
        }
    }
}

/// One line of a BED file that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BedError {
    /// 1-based line; `None` if it is about the whole file.
    pub line: Option<usize>,
    /// What is wrong and what would be right.
    pub message: String,
}

/// Disjoint, sorted, never touching intervals `(start, end)` of one contig, 0-based, end left out.
pub type Intervals = [(u32, u32)];

/// The intervals of a BED file.
#[derive(Clone, PartialEq, Eq)]
pub struct Regions {
    digest: FileDigest,
    chr_prefix: ChrPrefix,
    contigs: BTreeMap<String, Vec<(u32, u32)>>,
}

impl Regions {
    /// Reads the bytes of a BED file.
    ///
    /// # Errors
    /// Every line that is wrong, up to ten; a file without any interval; a compressed file.
    pub fn parse(bytes: &[u8], chr_prefix: ChrPrefix) -> Result<Self, Vec<BedError>> {
        if bytes.starts_with(&[0x1f, 0x8b]) {
            return Err(whole_file("the file is compressed (gzip): decompress it first"));
        }
        let digest = FileDigest(Sha256::digest(bytes).into());
        let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let mut contigs: BTreeMap<String, Vec<(u32, u32)>> = BTreeMap::new();
        let mut errors = Vec::new();
        let mut faulty = 0_usize;
        for (i, line) in text.split(|&b| b == b'\n').enumerate() {
            match parse_line(line.strip_suffix(b"\r").unwrap_or(line)) {
                Ok(None) => {}
                Ok(Some((contig, interval))) => {
                    let name = chr_prefix.compared(contig.as_bytes());
                    // Only a whole ASCII prefix was cut off.
                    let name = &contig[contig.len() - name.len()..];
                    match contigs.get_mut(name) {
                        Some(intervals) => intervals.push(interval),
                        None => drop(contigs.insert(name.to_owned(), vec![interval])),
                    }
                }
                Err(message) => {
                    faulty += 1;
                    if errors.len() < ERRORS_MAX {
                        errors.push(BedError { line: Some(i + 1), message });
                    }
                }
            }
        }
        if faulty > errors.len() {
            let message = format!("{} more lines are wrong", faulty - errors.len());
            errors.push(BedError { line: None, message });
        }
        if errors.is_empty() && contigs.is_empty() {
            errors = whole_file("the file names no interval: every allele would be dropped");
        }
        contigs.values_mut().for_each(join);
        if errors.is_empty() { Ok(Self { digest, chr_prefix, contigs }) } else { Err(errors) }
    }

    /// SHA-256 of the file's bytes.
    pub fn digest(&self) -> &FileDigest {
        &self.digest
    }

    /// How contig names are compared.
    pub fn chr_prefix(&self) -> ChrPrefix {
        self.chr_prefix
    }

    /// Joined intervals, of all contigs.
    pub fn len(&self) -> usize {
        self.contigs.values().map(Vec::len).sum()
    }

    /// Whether there is no interval; never, after [`Regions::parse`].
    pub fn is_empty(&self) -> bool {
        self.contigs.is_empty()
    }

    /// The intervals of the contig that a VCF calls `name`; none for a contig that the BED file does not name.
    pub fn of_contig(&self, name: &[u8]) -> &Intervals {
        let name = std::str::from_utf8(self.chr_prefix.compared(name)).ok();
        name.and_then(|name| self.contigs.get(name)).map_or(&[], Vec::as_slice)
    }

    /// The intervals as packed text, contigs by name: (contig, gap and length of each interval in turn).
    pub fn packed(&self) -> Vec<(String, String)> {
        self.contigs.iter().map(|(name, intervals)| (name.clone(), pack(intervals))).collect()
    }

    /// Reads [`Regions::packed`] back; `None` if it is not such a text.
    pub fn from_packed(digest: FileDigest, chr_prefix: ChrPrefix, packed: &[(String, String)]) -> Option<Self> {
        let ascending = packed.windows(2).all(|pair| pair[0].0 < pair[1].0);
        let unpacked = packed.iter().map(|(name, text)| Some((name.clone(), unpack(text)?)));
        let contigs = unpacked.collect::<Option<BTreeMap<_, _>>>()?;
        (ascending && !contigs.is_empty()).then_some(Self { digest, chr_prefix, contigs })
    }
}

// A panel has 200,000 intervals: Debug names the file instead.
impl fmt::Debug for Regions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Regions({} intervals, sha256 {}, chr prefix {})", self.len(), self.digest, self.chr_prefix.as_str())
    }
}

/// Whether any interval overlaps `start..end` (0-based, end left out; `start` is −1 for POS 0).
pub fn overlaps(intervals: &Intervals, start: i64, end: i64) -> bool {
    let next = intervals.partition_point(|&(_, interval_end)| i64::from(interval_end) <= start);
    intervals.get(next).is_some_and(|&(interval_start, _)| i64::from(interval_start) < end)
}

fn whole_file(message: &str) -> Vec<BedError> {
    vec![BedError { line: None, message: message.to_owned() }]
}

/// Contig and interval of a line.
type Entry<'l> = (&'l str, (u32, u32));

/// Contig and interval of one line; `None` for a line that is none.
fn parse_line(line: &[u8]) -> Result<Option<Entry<'_>>, String> {
    let Ok(line) = std::str::from_utf8(line) else {
        return Err("the line is not UTF-8 text".into());
    };
    let first_word = line.split_ascii_whitespace().next().unwrap_or_default();
    if first_word.is_empty() || first_word.starts_with('#') || ["track", "browser"].contains(&first_word) {
        return Ok(None);
    }
    let mut by_tab = line.split('\t');
    let mut by_blank = line.split_ascii_whitespace();
    let fields: &mut dyn Iterator<Item = &str> = if line.contains('\t') { &mut by_tab } else { &mut by_blank };
    let (Some(contig), Some(start), Some(end)) = (fields.next(), fields.next(), fields.next()) else {
        return Err(format!(
            "a BED line has at least 3 columns (contig, start, end), separated by tabs: {}",
            shown(line)
        ));
    };
    if contig.trim().is_empty() {
        return Err("the contig (column 1) is empty".into());
    }
    let start = number("start (column 2)", start)?;
    let end = number("end (column 3)", end)?;
    if start >= end {
        let why = if start == end { "holds no base" } else { "ends before it starts" };
        return Err(format!("{start} to {end} {why}: BED counts from 0 and leaves the end out"));
    }
    Ok(Some((contig, (start, end))))
}

fn number(column: &str, text: &str) -> Result<u32, String> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let number = if digits { text.parse().ok() } else { None };
    number.ok_or_else(|| format!("{column} is not a whole number from 0 to {}: {}", u32::MAX, shown(text)))
}

/// At most 40 characters of `text`, quoted.
fn shown(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((cut, _)) => format!("{:?}…", &text[..cut]),
        None => format!("{text:?}"),
    }
}

/// Sorts the intervals and joins those that overlap or touch.
fn join(intervals: &mut Vec<(u32, u32)>) {
    intervals.sort_unstable();
    intervals.dedup_by(|next, kept| {
        let joins = next.0 <= kept.1;
        if joins {
            kept.1 = kept.1.max(next.1);
        }
        joins
    });
}

fn pack(intervals: &Intervals) -> String {
    let mut text = String::new();
    let mut last_end = 0;
    for &(start, end) in intervals {
        push_number(&mut text, start - last_end);
        push_number(&mut text, end - start);
        last_end = end;
    }
    text
}

fn push_number(text: &mut String, mut number: u32) {
    loop {
        let more = if number > 31 { 32 } else { 0 };
        text.push(char::from(ALPHABET[(number & 31 | more) as usize]));
        number >>= 5;
        if more == 0 {
            return;
        }
    }
}

fn unpack(text: &str) -> Option<Vec<(u32, u32)>> {
    let mut bytes = text.bytes();
    let mut intervals = Vec::new();
    let mut last_end = 0_u32;
    while bytes.len() > 0 {
        let gap = take_number(&mut bytes)?;
        let length = take_number(&mut bytes)?;
        let start = last_end.checked_add(gap)?;
        last_end = start.checked_add(length)?;
        // Touching or empty intervals are never packed.
        if length == 0 || gap == 0 && !intervals.is_empty() {
            return None;
        }
        intervals.push((start, last_end));
    }
    (!intervals.is_empty()).then_some(intervals)
}

fn take_number(bytes: &mut std::str::Bytes<'_>) -> Option<u32> {
    let mut number = 0_u64;
    for shift in (0..35).step_by(5) {
        let byte = bytes.next()?;
        let bits = ALPHABET.iter().position(|&b| b == byte)? as u64;
        number |= (bits & 31) << shift;
        if bits & 32 == 0 {
            return u32::try_from(number).ok();
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str) -> Result<Regions, Vec<BedError>> {
        Regions::parse(text.as_bytes(), ChrPrefix::Ignore)
    }

    #[test]
    fn comments_blanks_and_further_columns_are_passed_over() {
        let text =
            "\u{feff}browser position chr1\r\ntrack name=x\n# a\n\nchr1\t10\t20\tname\t0\t+\r\n1 20 30\nchr2\t0\t1";
        let regions = parse(text).unwrap();
        assert_eq!(regions.of_contig(b"chr1"), [(10, 30)]);
        assert_eq!(regions.of_contig(b"1"), [(10, 30)]);
        assert_eq!(regions.of_contig(b"2"), [(0, 1)]);
        assert_eq!(regions.of_contig(b"chr3"), []);
        assert_eq!(regions.len(), 2);
    }

    #[test]
    fn exact_names_are_compared_as_they_are() {
        let regions = Regions::parse(b"chr1\t10\t20\n1\t30\t40\nchr\t1\t2\n", ChrPrefix::Exact).unwrap();
        assert_eq!(regions.of_contig(b"chr1"), [(10, 20)]);
        assert_eq!(regions.of_contig(b"1"), [(30, 40)]);
        assert_eq!(regions.of_contig(b"chr"), [(1, 2)]);
        assert_eq!(parse("chr\t1\t2\n").unwrap().of_contig(b"chr"), [(1, 2)]);
    }

    #[test]
    fn every_wrong_line_is_named() {
        let text =
            "chr1\t10\nchr1\tx\t20\nchr1\t5\t-1\nchr1\t7\t7\nchr1\t9\t8\n\t1\t2\nchr1\t1\t4294967296\nchr1\t1\t2\n";
        let said: Vec<String> =
            parse(text).unwrap_err().iter().map(|e| format!("{}: {}", e.line.unwrap(), e.message)).collect();
        assert_eq!(
            said,
            [
                "1: a BED line has at least 3 columns (contig, start, end), separated by tabs: \"chr1\\t10\"",
                "2: start (column 2) is not a whole number from 0 to 4294967295: \"x\"",
                "3: end (column 3) is not a whole number from 0 to 4294967295: \"-1\"",
                "4: 7 to 7 holds no base: BED counts from 0 and leaves the end out",
                "5: 9 to 8 ends before it starts: BED counts from 0 and leaves the end out",
                "6: the contig (column 1) is empty",
                "7: end (column 3) is not a whole number from 0 to 4294967295: \"4294967296\"",
            ]
        );
    }

    #[test]
    fn a_file_of_nothing_but_errors_is_cut_short() {
        let errors = parse(&"chr1\n".repeat(13)).unwrap_err();
        assert_eq!(errors.len(), 11);
        assert_eq!(errors[10], BedError { line: None, message: "3 more lines are wrong".into() });
        let message = |bytes: &[u8]| Regions::parse(bytes, ChrPrefix::Exact).unwrap_err()[0].message.clone();
        assert_eq!(message(b"# none\n"), "the file names no interval: every allele would be dropped");
        assert_eq!(message(b"\x1f\x8b\x08"), "the file is compressed (gzip): decompress it first");
        assert_eq!(message(b"chr1\t\xff\t2"), "the line is not UTF-8 text");
    }

    #[test]
    fn packed_text_that_nobody_wrote_is_refused() {
        for text in ["", "A", "AA", "A!", "BBAB", "______", "_______A", "f__________A"] {
            assert_eq!(unpack(text), None, "{text}");
        }
        assert_eq!(unpack("AB"), Some(vec![(0, 1)]));
    }

    fn intervals() -> impl Strategy<Value = Vec<(u32, u32)>> {
        let one = (0_u32..300, 1_u32..30).prop_map(|(start, length)| (start, start + length));
        prop::collection::vec(one, 1..20)
    }

    fn bed(intervals: &[(u32, u32)]) -> String {
        intervals.iter().map(|(start, end)| format!("chr1\t{start}\t{end}\n")).collect()
    }

    proptest! {
        #[test]
        fn a_lookup_finds_what_a_scan_of_the_lines_finds(lines in intervals(), start in -1_i64..340, length in 1_i64..40) {
            let regions = parse(&bed(&lines)).unwrap();
            let end = start + length;
            let naive = lines.iter().any(|&(from, to)| i64::from(from) < end && start < i64::from(to));
            prop_assert_eq!(overlaps(regions.of_contig(b"1"), start, end), naive);
        }

        #[test]
        fn packed_intervals_come_back(lines in intervals(), shift in prop::sample::select(vec![0, 1 << 20, u32::MAX - 400])) {
            let lines: Vec<_> = lines.iter().map(|(start, end)| (start + shift, end + shift)).collect();
            let regions = parse(&bed(&lines)).unwrap();
            let again = Regions::from_packed(regions.digest, regions.chr_prefix, &regions.packed());
            prop_assert_eq!(again, Some(regions));
        }
    }
}
