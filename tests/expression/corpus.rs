//! Replays the corpus of the fuzz target `expression`, and every cut and some damage of each of its files.

#[path = "../../fuzz/check_expression.rs"]
mod check_expression;

use std::fs;
use std::path::{Path, PathBuf};

fn corpus() -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/expression");
    let mut files: Vec<PathBuf> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 20, "{}: the corpus is missing", folder.display());
    files.into_iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

/// Checks and names the file if that panics.
fn check(path: &Path, bytes: &[u8]) -> bool {
    let checked = std::panic::catch_unwind(|| check_expression::expression(bytes));
    checked.unwrap_or_else(|_| panic!("{}: {:?}", path.display(), String::from_utf8_lossy(bytes)))
}

#[test]
fn the_corpus_is_decided_and_most_of_it_parses() {
    let files = corpus();
    let parsed = files.iter().filter(|(path, bytes)| check(path, bytes)).count();
    assert!(parsed * 4 >= files.len() * 3, "{parsed} of {}", files.len());
}

#[test]
fn no_cut_of_the_corpus_panics() {
    for (path, bytes) in corpus() {
        for cut in 0..bytes.len() {
            check(&path, &bytes[..cut]);
        }
    }
}

#[test]
fn no_damage_to_the_corpus_panics() {
    let mut random = fastrand::Rng::with_seed(5);
    for (path, bytes) in corpus() {
        for _ in 0..300 {
            let mut damaged = bytes.clone();
            for _ in 0..random.usize(1..4) {
                let at = random.usize(..damaged.len());
                // Printable, so that the expression stays text.
                damaged[at] = random.u8(b' '..=b'~');
            }
            check(&path, &damaged);
        }
    }
}
