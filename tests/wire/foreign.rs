//! A reader in another language, made from docs/PROTOCOL.md alone, sees what was sent: tests/wire/reader.py.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Map, Value, json};
use vcf_agent::domain::rows::{Rows, Text};
use vcf_agent::wire::{Compression, Header, Segment, encode_segment};

use crate::present::{shared, works};
use crate::segments::segments_of;
use crate::support::{SECRET, header, key, small_segment};

fn python(test: &str) -> Option<String> {
    let python = std::env::var("VCF_AGENT_PYTHON").unwrap_or_else(|_| "python3".into());
    let has = works(test, Command::new(&python).args(["-c", "import blake3, msgpack, zstandard"]));
    has.then_some(python)
}

fn read(python: &str, message: &[u8], secret: &str) -> std::process::Output {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("message");
    std::fs::write(&file, message).unwrap();
    let reader = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wire/reader.py");
    Command::new(python).arg(reader).arg(file).env("VCF_AGENT_WIRE_SECRET", secret).output().unwrap()
}

/// What the reader must say of a row: each column by its name, null ones left out.
fn expected(segment: &Segment, header: &Header, row: usize) -> Value {
    let rows = &segment.rows;
    let job = header.job.as_ref().unwrap();
    let mut line = json!({
        "correlation_id": format!("{job}/{}", segment.index),
        "file_id": segment.file.map_or(job.to_string(), |digest| digest.to_string()),
        "timestamp": header.sent_at_ms,
        "chromosome": String::from_utf8_lossy(rows.contigs.name(rows.contig[row])),
        "position": rows.pos[row],
    });
    let more = json!({
        "ordinal": rows.ordinal[row], "alt_index": rows.alt_index[row], "line": rows.line[row],
    });
    let mut more = more.as_object().unwrap().clone();
    let line = line.as_object_mut().unwrap();
    put(line, "ref_allele", &rows.reference, row);
    put(line, "alt_allele", &rows.alt, row);
    if rows.qual_valid.get(row) {
        line.insert("quality".into(), json!(f64::from(rows.qual[row])));
    }
    put_more(&mut more, rows, row);
    line.insert("metadata".into(), Value::Object(more));
    Value::Object(line.clone())
}

fn put_more(more: &mut Map<String, Value>, rows: &Rows, row: usize) {
    put(more, "id", &rows.id, row);
    put(more, "filter", &rows.filter, row);
    put(more, "qual_text", &rows.qual_text, row);
    put(more, "info", &rows.info, row);
    put(more, "format", &rows.format, row);
    put(more, "samples", &rows.samples, row);
    put(more, "line_text", &rows.line_text, row);
    if let Some(said) = &rows.annotations {
        for (name, words) in vcf_agent::domain::annotations::Annotations::WORDS.iter().zip(said.words()) {
            put_bytes(more, name, words.get(row));
        }
        said.clinvar_stars.get(row).iter().for_each(|stars| drop(more.insert("clinvar_stars".into(), json!(stars))));
        let frequency = said.population_frequency.get(row);
        frequency.iter().for_each(|value| drop(more.insert("population_frequency".into(), json!(value))));
        put(more, "hgvs_c", &said.hgvs_c, row);
        put(more, "hgvs_p", &said.hgvs_p, row);
    }
    if let Some(known) = &rows.identities {
        known.pos.get(row).iter().for_each(|pos| drop(more.insert("allele_pos".into(), json!(pos))));
        put(more, "allele_ref", &known.reference, row);
        put(more, "allele_alt", &known.alt, row);
        put_bytes(more, "allele_how", known.how.get(row));
    }
}

fn put(object: &mut Map<String, Value>, name: &str, text: &Text, row: usize) {
    put_bytes(object, name, text.get(row));
}

fn put_bytes(object: &mut Map<String, Value>, name: &str, text: Option<&[u8]>) {
    if let Some(text) = text {
        object.insert(name.into(), json!(std::str::from_utf8(text).unwrap()));
    }
}

/// Lets the reader read every segment and compares each row.
fn check(python: &str, segments: &[Segment], compression: Compression) -> usize {
    let mut rows = 0;
    for segment in segments {
        let header = Header { segment: Some(segment.index), ..header() };
        let message = encode_segment(&header, &segment.by_ref(), &key(), compression).unwrap();
        let said = read(python, &message, SECRET);
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
        let text = String::from_utf8(said.stdout).unwrap();
        assert_eq!(text.lines().count(), segment.rows.len());
        for (row, line) in text.lines().enumerate() {
            let found: Value = serde_json::from_str(line).unwrap();
            // Through text, as what was found: reading a float may lose its last bit.
            let expected: Value = serde_json::from_str(&expected(segment, &header, row).to_string()).unwrap();
            assert!(found == expected, "row {row} of segment {}: {}", segment.index, found["position"]);
        }
        rows += segment.rows.len();
    }
    rows
}

#[test]
fn a_reader_in_python_sees_every_row_of_the_examples() {
    let test = "a_reader_in_python_sees_every_row_of_the_examples";
    let Some(python) = python(test) else { return };
    assert_eq!(check(&python, &[small_segment()], Compression::None), 8);
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    for name in ["tour.vcf", "broken.vcf"] {
        assert!(check(&python, &segments_of(&examples.join(name), usize::MAX), Compression::Zstd(3)) > 0, "{name}");
    }
}

#[test]
fn a_reader_in_python_sees_every_row_of_real_files() {
    let test = "a_reader_in_python_sees_every_row_of_real_files";
    let Some(python) = python(test) else { return };
    let Some(folder) = shared(test) else { return };
    let names = [
        "gnomad_exomes_sites.vcf.gz",
        "vep_csq_bcftools.vcf",
        "snpeff_ann.vcf",
        "clinvar_subset.vcf.gz",
        "gatk_toomanyalts.g.vcf",
    ];
    for file in names.map(|name| -> PathBuf { folder.join(name) }) {
        let segments = segments_of(&file, usize::MAX);
        let first = segments.len().min(3);
        assert!(check(&python, &segments[..first], Compression::default()) > 10, "{}", file.display());
    }
}

#[test]
fn a_reader_in_python_refuses_what_was_altered() {
    let test = "a_reader_in_python_refuses_what_was_altered";
    let Some(python) = python(test) else { return };
    let message = encode_segment(&header(), &small_segment().by_ref(), &key(), Compression::None).unwrap().to_vec();
    let said = |message: &[u8], secret: &str| {
        let said = read(&python, message, secret);
        assert!(!said.status.success() && said.stdout.is_empty());
        String::from_utf8(said.stderr).unwrap()
    };
    let mut altered = message.clone();
    altered[100] ^= 1;
    assert!(said(&altered, SECRET).contains("forged"));
    assert!(said(&message, "another secret of the tests").contains("forged"));
    altered[4] = 2;
    assert!(said(&altered, SECRET).contains("version 2"));
    assert!(said(&message[..message.len() - 1], SECRET).contains("truncated"));
}
