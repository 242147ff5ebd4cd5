//! What was probably meant by a name that is not known.

use super::keys::{KEYS, SECTIONS};

/// The known key, or table, that was probably meant by `path`.
pub fn nearest(path: &str) -> Option<&'static str> {
    let known = || KEYS.iter().map(|key| key.path).chain(SECTIONS.iter().map(|s| s.path).filter(|s| !s.is_empty()));
    let name = |path: &str| path.rsplit('.').next().unwrap_or_default().to_owned();
    if let Some(elsewhere) = known().find(|candidate| name(candidate) == name(path)) {
        return Some(elsewhere);
    }
    nearest_of(path, known())
}

/// The known word that was probably meant by `word`: at most a third of it is wrong, and of a short word one letter.
pub fn nearest_of<'k>(word: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    let (edits, nearest) = known.map(|known| (distance(word, known), known)).min_by_key(|(edits, _)| *edits)?;
    (edits <= (word.chars().count() / 3).max(1)).then_some(nearest)
}

/// Edits (insert, remove, replace, swap neighbours) between two short texts.
pub fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(64).collect(), b.chars().take(64).collect());
    let mut before = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replaced.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(before[j - 2] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        for (a, b, edits) in [("", "abc", 3), ("abc", "abc", 0), ("abc", "acb", 1), ("line", "lines", 1), ("x", "y", 1)]
        {
            assert_eq!(distance(a, b), edits, "{a} {b}");
            assert_eq!(distance(b, a), edits, "{b} {a}");
        }
    }

    #[test]
    fn the_nearest_key_is_named_if_one_is_near() {
        assert_eq!(nearest("ingest.line_byte_max"), Some("ingest.line_bytes_max"));
        assert_eq!(nearest("alts_max"), Some("ingest.alts_max"));
        assert_eq!(nearest("ingset"), Some("ingest"));
        assert_eq!(nearest("triage.min"), Some("triage.qual.min"));
        assert_eq!(nearest("colour"), None);
    }

    #[test]
    fn a_word_that_is_far_from_every_other_is_not_guessed() {
        let of = |word: &str| nearest_of(word, ["jobs", "doctor", "receipts"].into_iter());
        assert_eq!(of("jbos"), Some("jobs"));
        assert_eq!(of("doctors"), Some("doctor"));
        assert_eq!((of("nosuch"), of("log"), of("")), (None, None, None));
    }
}
