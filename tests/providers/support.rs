//! Evidence and tasks of a test, and rows read from text by the product's own reader.

use std::io::{Cursor, Read};
use std::sync::Arc;

use vcf_agent::annotation::evidence::{EvidenceReader, EvidenceSettings};
use vcf_agent::domain::finding::{Evidence, Fact, Field, Item};
use vcf_agent::domain::ids::JobId;
use vcf_agent::domain::rows::Rows;
use vcf_agent::providers::{Clock, Task, TaskId};
use vcf_agent::vcf::ReadLimits;
use vcf_agent::vcf::header::Header;
use vcf_agent::vcf::parse::{ParseContext, parse_segment};
use vcf_agent::vcf::reader::{Next, Reader};

/// The time in tests (ms since 1970).
pub const NOW_MS: u64 = 1_000_000;

/// A clock that stands.
pub fn clock() -> Clock {
    Arc::new(|| NOW_MS)
}

/// The allele of every evidence that does not say otherwise.
const ALLELE: [(Item, &str); 4] = [(Item::Chrom, "1"), (Item::Pos, "1000"), (Item::Ref, "A"), (Item::Alt, "G")];

/// Evidence of these values, on some allele; each from a field that is named like its item.
pub fn evidence(values: &[(Item, &str)]) -> Evidence {
    let fact = |&(item, value): &(Item, &str)| Fact::new(item, value, &Field::new(&format!("INFO/{item}")));
    // Of an item that is there twice the first counts.
    Evidence::new(values.iter().chain(&ALLELE).map(fact).collect())
}

/// A task that is not overdue.
pub fn task(nth: u64, evidence: Evidence) -> Task {
    let id = TaskId { job: JobId::random(7), ordinal: nth, alt_index: 1 };
    Task { id, evidence, deadline_ms: NOW_MS + 1 }
}

/// A file's header and all its rows.
pub fn read(input: impl Read + Send + 'static) -> (Header, Rows) {
    let limits = ReadLimits::default();
    let mut reader = Reader::open(Box::new(input), false, limits.clone()).unwrap_or_else(|e| panic!("{}", e.message));
    let context = ParseContext::new(reader.header(), &limits);
    let mut rows = Rows::default();
    loop {
        match reader.next(None).unwrap_or_else(|error| panic!("{}", error.message)) {
            Next::Segment(raw) => {
                let parsed = parse_segment(&context, &raw, &|_| false);
                assert!(parsed.dead.is_empty(), "every record of these files is sound");
                (0..parsed.rows.len()).for_each(|row| rows.push_row(&parsed.rows, row));
            }
            Next::Idle => {}
            Next::End(_) => return (reader.header().clone(), rows),
        }
    }
}

/// The reader of evidence for a file with this header.
pub fn reader_for(header: &Header, settings: &EvidenceSettings) -> EvidenceReader {
    let lines: Vec<_> = header
        .infos
        .iter()
        .map(|i| (i.id.as_str(), i.number.as_str(), i.kind.as_str(), i.description.as_str()))
        .collect();
    EvidenceReader::new(&lines, settings).0
}

/// The evidence on every row of a VCF of these `##INFO` lines (ID, Number, Description) and data lines, whose columns are
/// separated by blanks.
pub fn evidence_of(infos: &[(&str, &str, &str)], lines: &[&str], settings: &EvidenceSettings) -> Vec<Evidence> {
    let (header, rows) = read(Cursor::new(vcf_text(infos, lines)));
    reader_for(&header, settings).read_all(&rows, &(0..rows.len()).collect::<Vec<_>>())
}

/// That VCF.
pub fn vcf_text(infos: &[(&str, &str, &str)], lines: &[&str]) -> Vec<u8> {
    let mut text = String::from("##fileformat=VCFv4.2\n");
    for (id, number, description) in infos {
        text.push_str(&format!("##INFO=<ID={id},Number={number},Type=String,Description=\"{description}\">\n"));
    }
    let samples = lines.first().map_or(0, |line| line.split(' ').count().saturating_sub(9));
    let names: Vec<String> = (0..samples).map(|nth| format!("\ts{nth}")).collect();
    let format = if samples == 0 { String::new() } else { format!("\tFORMAT{}", names.concat()) };
    text.push_str(&format!("#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO{format}\n"));
    lines.iter().for_each(|line| text.push_str(&format!("{}\n", line.replace(' ', "\t"))));
    text.into_bytes()
}
