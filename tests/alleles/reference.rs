//! Random access to FASTA: right bases in every form of the file, and a clear error for every form that has none.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use fastrand::Rng;
use proptest::prelude::*;
use vcf_agent::domain::ga4gh::sha512t24u;
use vcf_agent::reference::window::Window;
use vcf_agent::reference::{BLOCK_BASES, Reference, ReferenceErrorKind};

use crate::fasta::{random_sequence, write};
use crate::present::works;

fn refused(text: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.fa");
    fs::write(&path, text).unwrap();
    let error = Reference::open(&path).expect_err("must be refused");
    assert_eq!(error.kind, ReferenceErrorKind::Input);
    let start = format!("the reference {}: ", path.display());
    error.message.strip_prefix(&start).unwrap_or_else(|| panic!("{error}")).to_owned()
}

fn opened(text: &[u8]) -> (tempfile::TempDir, Reference) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.fa");
    fs::write(&path, text).unwrap();
    let reference = Reference::open(&path).unwrap();
    (folder, reference)
}

fn bases(reference: &Reference, contig: &str, start: u64, end: u64) -> String {
    let contig = reference.contig(contig.as_bytes()).unwrap();
    let mut bases = Vec::new();
    reference.fetch(contig, start, end, &mut bases).unwrap();
    String::from_utf8(bases).unwrap()
}

#[test]
fn line_ends_blank_lines_and_case_do_not_matter() {
    for text in [
        ">a first\nACgt\nAC\n>b\nTT\n>empty\n>c\nG",
        ">a first\r\nACgt\r\nAC\r\n>b\r\nTT\r\n>empty\r\n>c\r\nG\r\n",
        ">a first\nACgt\nAC\n\n>b\nTT\n\n\n>empty\n\n>c\nG\n\n",
        ">a\tfirst\nACGTAC\n>b\nTT\n>empty\n>c\nG\n",
    ] {
        let (_folder, reference) = opened(text.as_bytes());
        assert_eq!(reference.len(), 4, "{text:?}");
        assert_eq!(bases(&reference, "a", 0, 99), "ACGTAC");
        assert_eq!(bases(&reference, "a", 3, 5), "TA");
        assert_eq!(bases(&reference, "b", 0, 2), "TT");
        assert_eq!(bases(&reference, "empty", 0, 5), "");
        assert_eq!(bases(&reference, "c", 0, 1), "G");
        assert_eq!(reference.digest(1).unwrap(), opened(b">a\nACGTAC\n>b\nTT\n>empty\n>c\nG\n").1.digest(2).unwrap());
    }
}

#[test]
fn what_is_no_fasta_is_refused_with_what_to_do() {
    assert_eq!(refused(b""), "it is empty");
    assert_eq!(refused(b"chr1\nACGT\n"), "it is not FASTA: the first byte is not `>`");
    assert!(refused(b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03ABC").contains("bgzip"));
    assert!(refused(b"\x28\xb5\x2f\xfd\x00\x00").contains("zstd -d"));
    assert!(refused(b"\x43\x27\x41\x1a\x00\x00").contains("twoBitToFa"));
    assert_eq!(refused(b">a\nAC1T\n"), "line 2: `1` is no letter of a sequence");
    assert_eq!(refused(b">a\nA\rC\n"), "line 2: a carriage return stands inside of the line");
    assert_eq!(refused(b">\nACGT\n"), "line 1: the sequence has no name: a letter must follow the `>`");
    let uneven = refused(b">a\nACGT\nAC\nACGT\n");
    assert!(uneven.starts_with("line 4: the sequence goes on after line 3") && uneven.contains("seqkit seq -w 60"));
    assert!(refused(b">a\nACGT\n\nACGT\n").starts_with("line 4: the sequence goes on after line 3"));
    assert!(refused(b">a\nACGT\nACGTA\n").starts_with("line 3: the line, or its line end, is longer"));
    assert!(refused(b">a\nACGT\nACGT\r\n").starts_with("line 3: the line, or its line end, is longer"));
    let twice = refused(b">a\nA\n>b\nA\n>a x\nA\n");
    assert_eq!(twice, "it has two sequences named a: which one is meant cannot be told, remove one");
    let long_name = [b">".as_slice(), &[b'x'; 5000], b"\nA\n"].concat();
    assert_eq!(refused(&long_name), "line 1: the name of the sequence is too long");
    let missing = Reference::open(Path::new("no/such.fa")).expect_err("is not there");
    assert_eq!(missing.kind, ReferenceErrorKind::Io);
    assert!(missing.message.starts_with("the reference no/such.fa: cannot open it: "), "{missing}");
    let folder = tempfile::tempdir().unwrap();
    assert!(Reference::open(folder.path()).expect_err("is a folder").message.contains("not a regular file"));
}

#[test]
fn chr1_is_1_and_chrm_is_not_mt() {
    let (_folder, reference) = opened(b">1\nA\n>chr2\nC\n>chrM\nG\n>X\nT\n>GL1\nA\n");
    let find = |name: &str| reference.contig(name.as_bytes());
    assert_eq!(
        ["1", "chr1", "2", "chr2", "chrX", "GL1"].map(find),
        [Some(0), Some(0), Some(1), Some(1), Some(3), Some(4)]
    );
    assert_eq!(["MT", "M", "chrMT", "chrGL1", "chr3", ""].map(find), [None; 6]);
    let declared = |name: &str, length| vec![(name.to_owned(), length)];
    assert_eq!(reference.contradiction(&declared("chr1", Some(1))), None);
    assert_eq!(reference.contradiction(&declared("MT", Some(16_569))), None);
    assert_eq!(reference.contradiction(&declared("2", None)), None);
    let said = reference.contradiction(&declared("2", Some(7))).unwrap();
    assert!(said.starts_with("the file declares contig 2 with 7 bases, the reference ") && said.contains(" has 1: "));
}

#[test]
fn a_sequence_is_named_by_its_capital_letters() {
    let (_folder, reference) = opened(b">a\nAC\ngt\n");
    assert_eq!(reference.sequence_digest(0).unwrap(), "SQ.aKF498dAxcJAqme6QYQ7EZ07-fiw8Kw2");
}

#[test]
fn one_base_or_one_name_makes_another_reference_and_order_does_not() {
    let digest = |text: &[u8]| opened(text).1.digest(2).unwrap();
    let one = digest(b">a\nACGT\n>b\nTT\n");
    assert_eq!(one, digest(b">b\nTT\n>a about it\nac\ngt\n"));
    for other in [&b">a\nACGA\n>b\nTT\n"[..], b">a\nACGT\n>c\nTT\n", b">a\nACGT\n", b">a\nACGTT\n>b\nT\n"] {
        assert_ne!(one, digest(other));
    }
}

/// Puts a `.fai` beside a FASTA file, older or newer than it.
fn index_beside(path: &Path, text: &str, is_older: bool) {
    let index = format!("{}.fai", path.display());
    fs::write(&index, text).unwrap();
    let now = SystemTime::now();
    let when = if is_older { now - Duration::from_secs(60) } else { now + Duration::from_secs(60) };
    fs::File::options().write(true).open(&index).unwrap().set_modified(when).unwrap();
}

#[test]
fn an_index_beside_is_used_if_it_is_newer_and_fits() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), "r.fa", &[("a x", "ACGTAC"), ("b", "TTG")], 4);
    index_beside(&path, "a\t6\t5\t4\t5\nb\t3\t16\t4\t5\n", false);
    let reference = Reference::open(&path).unwrap();
    assert_eq!(reference.notices(), [""; 0]);
    assert_eq!((bases(&reference, "a", 0, 6), bases(&reference, "b", 0, 3)), ("ACGTAC".into(), "TTG".into()));
    let wrong = [
        ("", "it is not a FASTA index"),
        ("a\t6\t5\t4\n", "it is not a FASTA index"),
        ("a\t6\t5\t0\t5\n", "it is not a FASTA index"),
        ("a\tx\t5\t4\t5\nb\t3\t16\t4\t5\n", "it is not a FASTA index"),
        ("a\t6\t5\t4\t5\n", "it is the index of another file"),
        ("a\t6\t5\t4\t5\nc\t3\t16\t4\t5\n", "it is the index of another file"),
        ("a\t5\t5\t4\t5\nb\t3\t16\t4\t5\n", "it is the index of another file"),
        ("a\t6\t5\t5\t6\nb\t3\t16\t4\t5\n", "it is the index of another file"),
        ("a\t18446744073709551615\t5\t1\t9\nb\t3\t16\t4\t5\n", "it is the index of another file"),
        ("a\t6\t18446744073709551615\t4\t5\n", "it is the index of another file"),
    ];
    for (text, why) in wrong {
        index_beside(&path, text, false);
        let reference = Reference::open(&path).unwrap();
        let expected = format!("{}.fai was not used, {why}: the file was read instead", path.display());
        assert_eq!(reference.notices(), [expected], "{text:?}");
        assert_eq!(bases(&reference, "a", 0, 6), "ACGTAC");
    }
    index_beside(&path, "a\t6\t5\t4\t5\nb\t3\t16\t4\t5\n", true);
    assert!(Reference::open(&path).unwrap().notices()[0].contains("it is older than the FASTA file"));
}

#[test]
fn bgzf_gives_the_same_bases_as_plain() {
    let test = "bgzf_gives_the_same_bases_as_plain";
    if !works(test, Command::new("bgzip").arg("--version")) {
        return;
    }
    let mut random = Rng::with_seed(3);
    let sequences = [random_sequence(&mut random, 200_000), random_sequence(&mut random, 70_001)];
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), "r.fa", &[("a", &sequences[0]), ("b", &sequences[1])], 61);
    let packed = folder.path().join("r.fa.gz");
    let out = fs::File::create(&packed).unwrap();
    let done = Command::new("bgzip").arg("-c").arg(&path).stdin(Stdio::null()).stdout(out).status().unwrap();
    assert!(done.success());
    let (plain, bgzf) = (Reference::open(&path).unwrap(), Reference::open(&packed).unwrap());
    assert_eq!(plain.digest(2).unwrap(), bgzf.digest(1).unwrap());
    assert_eq!(plain.sequence_digest(1).unwrap(), format!("SQ.{}", sha512t24u(sequences[1].as_bytes())));
    for _ in 0..200 {
        let start = random.u64(0..200_000);
        let end = start + random.u64(0..3000);
        let expected = &sequences[0][start as usize..(end as usize).min(200_000)];
        assert_eq!(bases(&bgzf, "a", start, end), expected);
        assert_eq!(bases(&plain, "a", start, end), expected);
    }
    let whole = fs::read(&packed).unwrap();
    assert!(refused(&whole[..whole.len() - 28]).starts_with("it is cut short"));
    assert!(refused(&whole[..whole.len() - 100]).contains("is damaged"));
    let mut flipped = whole.clone();
    flipped[5000] ^= 0x40;
    assert!(refused(&flipped).contains("BGZF block at byte 0 is damaged"));
}

#[test]
fn a_file_that_changes_under_its_reader_is_an_error() {
    let (folder, reference) = opened(b">a\nACGTAC\nGT\n");
    let path = folder.path().join("r.fa");
    fs::write(&path, b">a\nAC\nGTAC\nGT\n").unwrap();
    let mut window = Window::new(&reference);
    let error = window.base(0, 3).expect_err("a line end stands where a base was");
    assert!(error.message.contains("contig a is not where its index says"), "{error}");
    fs::write(&path, b">a\n").unwrap();
    assert!(window.base(0, 3).expect_err("the file is short").message.contains("it ends early"));
}

#[test]
fn many_threads_see_the_same_bases_in_bounded_memory() {
    let mut random = Rng::with_seed(5);
    let blocks = 9;
    let sequence = random_sequence(&mut random, BLOCK_BASES as usize * blocks + 17);
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), "r.fa", &[("a", &sequence)], 100);
    let reference = Reference::open_with_cache(&path, 3 * BLOCK_BASES as usize).unwrap();
    std::thread::scope(|scope| {
        for seed in 0..4 {
            let (reference, sequence) = (&reference, &sequence);
            scope.spawn(move || {
                let mut random = Rng::with_seed(seed);
                let mut window = Window::new(reference);
                for _ in 0..300 {
                    let at = random.usize(0..sequence.len() + 5);
                    let expected = sequence.as_bytes().get(at).copied();
                    assert_eq!(window.base(0, at as u64).unwrap(), expected, "{at}");
                    assert!(reference.blocks_cached() <= 3);
                }
            });
        }
    });
    assert_eq!(reference.blocks_cached(), 3);
}

proptest! {
    #[test]
    fn no_index_beside_a_file_makes_its_bases_wrong(
        numbers in proptest::collection::vec(prop_oneof![0..20u64, any::<u64>()], 8),
        junk in "[ab\t0-9\n\r>]{0,40}",
        is_junk in any::<bool>(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = write(folder.path(), "r.fa", &[("a", "ACGTAC"), ("b", "TTG")], 4);
        let line = |name: &str, four: &[u64]| format!("{name}\t{}\t{}\t{}\t{}\n", four[0], four[1], four[2], four[3]);
        let lines = line("a", &numbers[..4]) + &line("b", &numbers[4..]);
        index_beside(&path, if is_junk { &junk } else { &lines }, false);
        let reference = Reference::open(&path).unwrap();
        prop_assert_eq!((bases(&reference, "a", 0, 9), bases(&reference, "b", 0, 9)), ("ACGTAC".into(), "TTG".into()));
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b'>'), Just(b'A'), any::<u8>()], 0..60)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.fa");
        fs::write(&path, [b">", &bytes[..]].concat()).unwrap();
        if let Ok(reference) = Reference::open(&path) {
            for contig in 0..reference.len() as u32 {
                let mut bases = Vec::new();
                reference.fetch(contig, 0, u64::MAX, &mut bases).unwrap();
                prop_assert_eq!(bases.len() as u64, reference.length(contig));
            }
        }
        fs::write(&path, [b"\x1f\x8b\x08\x04\0\0\0\0\0\xff\x06\0BC\x02\0", &bytes[..]].concat()).unwrap();
        prop_assert!(Reference::open(&path).is_err());
    }
}
