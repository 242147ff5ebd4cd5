//! Replays the corpus of the fuzz target: every file whole, cut anywhere, and damaged.

use std::fs;
use std::path::{Path, PathBuf};

use crate::annotation_check::annotation;

fn corpus() -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/annotation");
    let mut files: Vec<PathBuf> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 10, "{}: the corpus is missing", folder.display());
    files.into_iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

/// Runs the check and names the file if it panics.
fn on(path: &Path, bytes: &[u8]) -> u64 {
    std::panic::catch_unwind(|| annotation(bytes))
        .unwrap_or_else(|_| panic!("{} ({} bytes)", path.display(), bytes.len()))
}

#[test]
fn every_file_of_the_corpus_is_read_whole_and_cut_anywhere() {
    let mut entries = 0;
    for (path, bytes) in corpus() {
        entries += on(&path, &bytes);
        for cut in (0..bytes.len()).step_by(3) {
            on(&path, &bytes[..cut]);
        }
    }
    assert!(entries > 50, "the corpus holds annotations: {entries}");
}

#[test]
fn damaged_annotations_never_panic() {
    let mut random = fastrand::Rng::with_seed(11);
    for (path, bytes) in corpus().into_iter().filter(|(_, bytes)| !bytes.is_empty()) {
        for _ in 0..200 {
            let mut damaged = bytes.clone();
            for _ in 0..random.usize(1..6) {
                let at = random.usize(0..damaged.len());
                // Mostly what means something here.
                damaged[at] = if random.bool() { b"|,;=&@*-+>\t\nACGT<[0"[random.usize(0..19)] } else { random.u8(..) };
            }
            on(&path, &damaged);
        }
    }
}
