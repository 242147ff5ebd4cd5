//! The worked examples of docs/PROTOCOL.md are what the code makes: `UPDATE_DOCS=1 cargo test --test wire golden` writes them anew,
//! which is a new version of the format unless only the document was wrong.

use std::path::{Path, PathBuf};

use vcf_agent::domain::ids::JobId;
use vcf_agent::wire::body::Canary;
use vcf_agent::wire::{Body, Compression, Header, Segment, encode, open};

use crate::rows::{Record, record};
use crate::support::{TENANT, key, keys, segment};

fn document() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/PROTOCOL.md")
}

/// Sixteen bytes a line, with their offset and what can be read of them.
fn dump(bytes: &[u8]) -> String {
    let line = |(nth, line): (usize, &[u8])| {
        let hex: Vec<String> = line.iter().map(|byte| format!("{byte:02x}")).collect();
        let shown: String =
            line.iter().map(|&byte| if byte.is_ascii_graphic() { char::from(byte) } else { '.' }).collect();
        format!("{:04x}  {:<47}  {shown}\n", nth * 16, hex.join(" "))
    };
    bytes.chunks(16).enumerate().map(line).collect()
}

/// The bytes of a dump.
fn undump(text: &str) -> Vec<u8> {
    let bytes = text.lines().flat_map(|line| line[6..53].split_whitespace());
    bytes.map(|hex| u8::from_str_radix(hex, 16).unwrap()).collect()
}

fn little() -> Header {
    Header {
        tenant: TENANT.into(),
        attempt: 1,
        sender: "node-1".into(),
        sent_at_ms: 1_790_000_000_000,
        ..Header::default()
    }
}

fn examples() -> [(&'static str, Header, Body); 2] {
    let one = Record { said: None, ..record(0, 1) };
    let two = Record { id: None, said: None, qual: None, ..record(1, 2) };
    let segment = Segment { index: 0, line_offsets: vec![0, 44], offset: 96, ..segment(0, &[one, two], 0) };
    let header = Header { job: JobId::parse("j00112233aabbccdd"), segment: Some(0), ..little() };
    [
        ("canary", little(), Body::Canary(Canary { id: 42, sent_at_ms: 1_790_000_000_000 })),
        ("segment", header, Body::Segment(Box::new(segment))),
    ]
}

#[test]
fn the_examples_in_the_protocol_are_what_the_code_makes() {
    let mut text = std::fs::read_to_string(document()).unwrap();
    for (name, header, body) in examples() {
        let made = encode(&header, &body, &key(), Compression::None).unwrap();
        let begin = format!("<!-- golden: {name} -->\n\n```text\n");
        let at = text.find(&begin).unwrap_or_else(|| panic!("{begin} is not in the document")) + begin.len();
        let end = at + text[at..].find("```").unwrap();
        if std::env::var_os("UPDATE_DOCS").is_some() {
            text.replace_range(at..end, &dump(&made));
            std::fs::write(document(), &text).unwrap();
            continue;
        }
        let golden = undump(&text[at..end]);
        assert!(golden == made, "{name}: the code makes\n{}", dump(&made));
        assert_eq!(open(&golden, &keys(), TENANT).unwrap(), (header, body), "{name}");
    }
}

#[test]
fn the_table_of_kinds_in_the_protocol_is_the_code_s() {
    let text = std::fs::read_to_string(document()).unwrap();
    for body in crate::support::bodies() {
        let debug = format!("{body:?}");
        let name = debug.split(['(', ' ', '{']).next().unwrap();
        assert!(text.contains(&format!("| {} | `{name}` |", body.kind())), "{} {name}", body.kind());
    }
}

/// What docs/PROTOCOL.md and the fuzz target's own maker of messages agree on: `fuzz/check_wire.rs`.
fn as_fuzzed() -> Header {
    Header {
        tenant: "t".into(),
        sender: "n".into(),
        job: JobId::parse("j0011223344556677"),
        segment: Some(7),
        attempt: 1,
        sent_at_ms: 1000,
        ..Header::default()
    }
}

#[test]
fn the_corpus_of_the_fuzz_target_has_a_sound_body_of_every_kind() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/wire");
    for body in crate::support::bodies() {
        let whole = encode(&as_fuzzed(), &body, &key(), Compression::None).unwrap();
        let input = [vec![body.kind()], crate::support::take_apart(&whole).1].concat();
        let file = folder.join(format!("kind-{:02}", body.kind()));
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(&file, &input).unwrap();
        }
        assert!(std::fs::read(&file).unwrap() == input, "{}", file.display());
    }
}
