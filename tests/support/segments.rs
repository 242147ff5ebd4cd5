//! The segments of a file, as the Parser makes them.

use std::path::Path;

use vcf_agent::alleles;
use vcf_agent::annotation::Frequencies;
use vcf_agent::vcf::ReadLimits;
use vcf_agent::vcf::parse::{ParseContext, parse_segment};
use vcf_agent::vcf::reader::{Next, Reader};
use vcf_agent::wire::Segment;

/// The segments of a file, until there are so many rows.
pub fn segments_of(file: &Path, rows_max: usize) -> Vec<Segment> {
    let limits = ReadLimits::default();
    let input = std::fs::File::open(file).expect("the file can be opened");
    let mut reader = Reader::open(Box::new(input), false, limits.clone()).unwrap_or_else(|e| panic!("{}", e.message));
    let frequencies = Frequencies { sub_fields: vec!["gnomADe_AF".into()], info_keys: vec!["AF".into()] };
    let (context, _) = ParseContext::new(reader.header(), &limits).annotated(reader.header(), &frequencies);
    let (mut segments, mut rows) = (Vec::new(), 0);
    while rows < rows_max {
        match reader.next(None).unwrap_or_else(|error| panic!("{}", error.message)) {
            Next::Segment(raw) => {
                let mut parsed = parse_segment(&context, &raw, &|_| false);
                alleles::identify(None, &mut parsed.rows, &mut parsed.warnings).expect("no reference is read");
                rows += parsed.rows.len();
                segments.push(Segment {
                    file: None,
                    index: parsed.index,
                    first_ordinal: parsed.first_ordinal,
                    rows: parsed.rows,
                    offset: parsed.offset,
                    line_offsets: parsed.line_offsets,
                    dead: parsed.dead,
                    counts: parsed.counts,
                });
            }
            Next::Idle => {}
            Next::End(_) => break,
        }
    }
    segments
}
