//! How the values of evidence are written: lists for several ALTs, several scores in one field, genotypes. Each function
//! gives a value as it stands in the text, or nothing if the text does not say it clearly.

use super::annotate::frequency;
use super::columns::Columns;
use super::terms::Term;

/// Terms joined by `&` with the names that the Sequence Ontology has for them; unknown ones as written.
pub(super) fn ontology_names(joined: &[u8]) -> String {
    let mut names = String::with_capacity(joined.len() + 8);
    for term in joined.split(|&byte| byte == b'&') {
        if !names.is_empty() {
            names.push('&');
        }
        match Term::parse(term) {
            Some(term) => names.push_str(term.as_str()),
            None => names.push_str(&String::from_utf8_lossy(term)),
        }
    }
    names
}

/// `SO:0001587|nonsense`: the ontology's name of the accession, or else the word.
pub(super) fn mc_name(entry: &str) -> Option<&str> {
    let (accession, word) = entry.split_once('|')?;
    let known = Term::parse(word.as_bytes()).or_else(|| Term::all().find(|term| term.accession() == Some(accession)));
    let name = match known {
        Some(term) => term.as_str(),
        None => word,
    };
    (!name.is_empty()).then_some(name)
}

/// The value of ALT `nth` in a list with one value for each ALT (and for REF before them).
pub(super) fn per_alt(list: &[u8], nth: usize, alts: usize, with_reference: bool) -> Option<&[u8]> {
    let before = usize::from(with_reference);
    let values = memchr::memchr_iter(b',', list).count() + 1;
    (values == alts + before).then(|| list.split(|&byte| byte == b',').nth(nth + before)).flatten()
}

/// A value that is no list.
pub(super) fn single(value: &[u8]) -> Option<&[u8]> {
    (!value.contains(&b',')).then_some(value)
}

/// Whether a value or a list is more than "missing".
pub(super) fn says_something(value: &[u8]) -> bool {
    value.iter().any(|byte| !matches!(byte, b'.' | b'-' | b',' | b'&'))
}

/// The highest frequency in a column, with its text: several known variants are joined by `&`; a value with an allele
/// before it (`A:0.12`) counts for that allele only.
pub(super) fn highest_in_column<'v>(value: &'v [u8], allele: Option<&[u8]>) -> Option<(f64, &'v [u8])> {
    let one = |text: &'v [u8]| match memchr::memchr(b':', text) {
        None => Some((frequency(text)?, text)),
        Some(at) if allele.is_some_and(|allele| allele.eq_ignore_ascii_case(&text[..at])) => {
            Some((frequency(&text[at + 1..])?, &text[at + 1..]))
        }
        Some(_) => None,
    };
    value.split(|&byte| byte == b'&').filter_map(one).max_by(|(a, _), (b, _)| a.total_cmp(b))
}

/// What a score of REVEL or SpliceAI may be: another number is none, and nobody knows what was meant.
fn is_score(number: f64) -> bool {
    (0.0..=1.0).contains(&number)
}

fn number(text: &[u8]) -> Option<f64> {
    std::str::from_utf8(text).ok()?.parse().ok().filter(|number: &f64| number.is_finite())
}

/// The score that all values of a list agree on; `.` and empty ones have none.
pub(super) fn only_score(list: &[u8], separator: u8) -> Option<&[u8]> {
    let mut numbers = list.split(|&byte| byte == separator).filter_map(|text| Some((number(text)?, text)));
    let (first, text) = numbers.next()?;
    (is_score(first) && numbers.all(|(other, _)| other == first)).then_some(text)
}

/// Which of four scores is the highest; `None` unless all are scores.
pub(super) fn highest_of(scores: &[&[u8]; 4]) -> Option<usize> {
    let score = |nth: usize| number(scores[nth]).filter(|number| is_score(*number));
    let mut best = (0, score(0)?);
    for nth in 1..scores.len() {
        let score = score(nth)?;
        if score > best.1 {
            best = (nth, score);
        }
    }
    Some(best.0)
}

/// The highest delta score of an ALT in SpliceAI's own field, over all genes.
pub(super) fn spliceai<'v>(list: &'v [u8], alt: &[u8]) -> Option<&'v [u8]> {
    let mut best: Option<(f64, &[u8])> = None;
    for entry in list.split(|&byte| byte == b',') {
        let mut columns = Columns::new(entry);
        if columns.get(0).is_some_and(|allele| allele.eq_ignore_ascii_case(alt)) {
            let scores = [2, 3, 4, 5].map(|column| columns.get(column).unwrap_or_default());
            let text = scores[highest_of(&scores)?];
            let score = number(text)?;
            if best.is_none_or(|(highest, _)| score > highest) {
                best = Some((score, text));
            }
        }
    }
    best.map(|(_, text)| text)
}

/// How often a genotype (`0/1`, `1|1`, `1`) has the ALT.
pub(super) fn zygosity(genotype: &[u8], alt_index: u32) -> Option<&'static str> {
    let (mut alleles, mut of_alt, mut missing) = (0, 0, 0);
    for allele in genotype.split(|byte| matches!(byte, b'/' | b'|')).filter(|allele| !allele.is_empty()) {
        alleles += 1;
        match allele {
            b"." => missing += 1,
            _ => of_alt += u32::from(number(allele)? == f64::from(alt_index)),
        }
    }
    match (alleles, of_alt) {
        (0, _) => None,
        (1, 1) => Some("hemi"),
        (_, 0) if missing > 0 => Some("missing"),
        (_, 0) => Some("absent"),
        (all, of_alt) if all == of_alt => Some("hom"),
        _ => Some("het"),
    }
}
