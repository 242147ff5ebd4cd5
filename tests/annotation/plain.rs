//! The same rules once more, the plain way: owned strings, everything split, nothing remembered. Written from the rules in
//! docs/annotations.md, not from the code.

use std::collections::HashMap;
use std::path::Path;

/// One data line.
#[derive(Debug, Clone)]
pub struct Site {
    pub line: u64,
    pub pos: i64,
    pub reference: String,
    pub alts: Vec<String>,
    /// INFO as written.
    pub info: String,
}

impl Site {
    pub fn parse(line: u64, text: &str) -> Self {
        let columns: Vec<&str> = text.split('\t').collect();
        let alts = columns[4].split(',').filter(|alt| *alt != ".").map(str::to_owned).collect();
        Self { line, pos: columns[1].parse().unwrap(), reference: columns[3].into(), alts, info: columns[7].into() }
    }

    pub fn values(&self) -> HashMap<&str, &str> {
        self.info.split(';').filter_map(|item| item.split_once('=')).collect()
    }
}

/// Header text and data lines of a file, gzipped or not.
pub fn file(path: &Path) -> (String, Vec<Site>) {
    use std::io::Read;
    let stored = std::fs::read(path).unwrap();
    let mut text = String::new();
    if stored.starts_with(&[0x1f, 0x8b]) {
        flate2::read::MultiGzDecoder::new(&stored[..]).read_to_string(&mut text).unwrap();
    } else {
        text = String::from_utf8(stored).unwrap();
    }
    let header =
        text.lines().take_while(|line| line.starts_with('#')).fold(String::new(), |all, line| all + line + "\n");
    let lines = text.lines().zip(1..).filter(|(line, _)| !line.starts_with('#') && !line.is_empty());
    (header, lines.map(|(line, number)| Site::parse(number, line)).collect())
}

/// An entry by column name.
pub type Entry<'e> = HashMap<&'e str, &'e str>;

pub fn entries<'e>(columns: &[&'e str], value: &'e str) -> Vec<Entry<'e>> {
    value.split(',').map(|entry| columns.iter().copied().zip(entry.split('|')).collect()).collect()
}

/// What VEP calls each ALT.
pub fn vep_names(reference: &str, alts: &[String]) -> Vec<String> {
    let mut letters: Vec<char> = Vec::new();
    for allele in [reference].into_iter().chain(alts.iter().map(String::as_str)) {
        if alts.len() == 1 || !allele.contains('*') {
            letters.extend(allele.chars().next());
        }
    }
    letters.sort_unstable();
    letters.dedup();
    let has_indel = alts.iter().any(|alt| alt.len() != reference.len() || alt.starts_with(['D', 'I']));
    let cut = has_indel && letters.len() == 1;
    let name = |alt: &String| match alt.as_str() {
        alt if !cut || alt.contains('*') => alt.to_owned(),
        alt if alt.len() == 1 => "-".to_owned(),
        alt => alt[1..].to_owned(),
    };
    alts.iter().map(|alt| name(alt).to_uppercase()).collect()
}

/// What the ALTs are called by these entries: one ALT that is named as written was split off others after it was annotated, and one
/// that is named both ways is called by nobody.
pub fn names_of_split(alts: &[String], entries: &[String], vep_names: Vec<String>) -> Vec<String> {
    let ([alt], [name]) = (alts, &vep_names[..]) else { return vep_names };
    let written = alt.to_uppercase();
    match (entries.contains(name), entries.contains(&written)) {
        (true, true) if *name != written => vec!["nobody".into()],
        (false, true) => vec![written],
        _ => vep_names,
    }
}

/// Ensembl's order of severity, written down once more in tests/annotation/terms.rs; unknown terms come last.
pub fn rank(term: &str) -> usize {
    let term = match term {
        "non_coding_exon_variant" => "non_coding_transcript_exon_variant",
        term => term,
    };
    crate::terms::VEP.split_whitespace().position(|known| known == term).unwrap_or(usize::MAX)
}

/// The most severe of terms joined by `&`.
pub fn worst<'t>(terms: impl IntoIterator<Item = &'t str>) -> Option<&'t str> {
    terms.into_iter().flat_map(|terms| terms.split('&')).min_by_key(|term| rank(term))
}

/// The entry that stands for an ALT: reasons in order, then severity, then the order of the file.
pub fn chosen<'l, 'e>(entries: &'l [Entry<'e>], consequence: &str, feature_type: &str) -> Option<&'l Entry<'e>> {
    let is =
        |entry: &Entry<'_>, column: &str, value: &str| entry.get(column).is_some_and(|v| v.eq_ignore_ascii_case(value));
    let order = |entry: &&Entry<'_>| {
        let is_other = entry.get(feature_type).is_some_and(|kind| !kind.eq_ignore_ascii_case("transcript"));
        let reason = if is(entry, "CANONICAL", "YES") { 0 } else { 1 };
        (is_other, reason, rank(worst([entry[consequence]]).unwrap()))
    };
    entries.iter().min_by_key(order)
}
