//! Replays the corpus of the fuzz targets, and every cut and some damage of each of its files.

#[path = "../fuzz/check.rs"]
mod check;
#[path = "../fuzz/check_wire.rs"]
mod check_wire;

use std::fs;
use std::path::{Path, PathBuf};

fn corpus(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut files: Vec<PathBuf> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 10, "{}: the corpus is missing", folder.display());
    files.into_iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

/// Runs a check and names the file if it panics.
fn on(path: &Path, bytes: &[u8], check: impl Fn(&[u8]) + std::panic::RefUnwindSafe) {
    if std::panic::catch_unwind(|| check(bytes)).is_err() {
        panic!("{} ({} bytes)", path.display(), bytes.len());
    }
}

#[test]
fn the_reader_accounts_for_every_file_of_its_corpus() {
    for (path, bytes) in corpus("reader") {
        on(&path, &bytes, |bytes| {
            check::reader(bytes);
        });
    }
}

#[test]
fn a_sound_file_is_read_and_a_cut_compressed_one_never_is() {
    let files = corpus("reader");
    let named =
        |name: &str| files.iter().find(|(path, _)| path.ends_with(name)).map(|(_, bytes)| bytes.as_slice()).unwrap();
    let records = check::reader(named("plain.vcf"));
    assert!(records.is_some_and(|records| records > 0));
    for compressed in ["bgzf.vcf.gz", "gzip.vcf.gz", "gzip-members.vcf.gz"] {
        let whole = named(compressed);
        assert_eq!(check::reader(whole), records, "{compressed}");
        // A cut between two gzip members leaves a sound gzip file: nobody can tell. Every BGZF cut can be told.
        let members = [whole.len()].into_iter().chain(member_starts(compressed, whole)).collect::<Vec<_>>();
        for cut in (0..whole.len()).filter(|cut| !members.contains(cut)) {
            assert_eq!(check::reader(&whole[..cut]), None, "{compressed} cut at {cut} of {}", whole.len());
        }
    }
}

/// Where a plain gzip file's members begin.
fn member_starts(name: &str, whole: &[u8]) -> Vec<usize> {
    if name.starts_with("bgzf") {
        return Vec::new();
    }
    let is_start = |at: &usize| *at > 0 && whole[*at..].starts_with(&[0x1f, 0x8b, 8]);
    (0..whole.len()).filter(is_start).collect()
}

#[test]
fn a_damaged_file_never_panics() {
    let mut random = fastrand::Rng::with_seed(7);
    for (path, bytes) in corpus("reader").into_iter().filter(|(_, bytes)| !bytes.is_empty()) {
        for _ in 0..30 {
            let mut damaged = bytes.clone();
            for _ in 0..random.usize(1..4) {
                let at = random.usize(0..damaged.len());
                damaged[at] = random.u8(..);
            }
            on(&path, &damaged, |bytes| {
                check::reader(bytes);
            });
        }
    }
}

#[test]
fn the_parser_accounts_for_every_segment_of_its_corpus() {
    for (path, bytes) in corpus("segment") {
        on(&path, &bytes, check::segment);
        for cut in 0..bytes.len().min(400) {
            on(&path, &bytes[..cut], check::segment);
        }
    }
}

#[test]
fn records_of_a_bcf_are_accounted_for_whole_cut_and_damaged() {
    let mut random = fastrand::Rng::with_seed(11);
    let (mut taken, mut refused) = (0, 0);
    for (path, bytes) in corpus("bcf") {
        on(&path, &bytes, |bytes| {
            check::bcf(bytes);
        });
        for cut in 0..=bytes.len() {
            on(&path, &bytes[..cut], |bytes| {
                check::bcf(bytes);
            });
        }
        for _ in 0..200 {
            let mut damaged = bytes.clone();
            for _ in 0..random.usize(1..4) {
                if let Some(at) = damaged.len().checked_sub(1).map(|last| random.usize(0..=last)) {
                    damaged[at] = random.u8(..);
                }
            }
            on(&path, &damaged, |bytes| {
                check::bcf(bytes);
            });
        }
        match check::bcf(&bytes) {
            Some(_) => taken += 1,
            None => refused += 1,
        }
    }
    assert!(taken >= 8 && refused >= 3, "{taken} taken, {refused} refused: both are in the corpus");
}

#[test]
fn bodies_of_messages_are_taken_or_refused_whole_cut_and_damaged() {
    let mut random = fastrand::Rng::with_seed(13);
    let (mut taken, mut refused) = (0, 0);
    for (path, bytes) in corpus("wire") {
        on(&path, &bytes, |bytes| {
            check_wire::wire(bytes);
        });
        taken += u32::from(check_wire::wire(&bytes));
        for cut in 0..bytes.len() {
            on(&path, &bytes[..cut], |bytes| {
                check_wire::wire(bytes);
            });
            refused += u32::from(!check_wire::wire(&bytes[..cut]));
        }
        for _ in 0..200 {
            let mut damaged = bytes.clone();
            let at = random.usize(0..damaged.len());
            damaged[at] = random.u8(..);
            on(&path, &damaged, |bytes| {
                check_wire::wire(bytes);
            });
        }
    }
    assert!(taken >= 14 && refused > 1000, "{taken} taken, {refused} refused");
}
