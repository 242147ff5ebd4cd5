//! VCF again: as it was read, byte for byte; or with what was concluded, in INFO fields of our own.

use std::io::Write;

use memchr::{memchr, memchr_iter, memmem};

use super::super::home::Home;
use super::super::lines::rewrite;
use super::pass::{Broken, Counts, Form, Record, unproven};
use super::target::{Out, Stop};
use crate::domain::finding::Assessment;
use crate::fault::Fault;
use crate::ledger::{JobRow, JobSums};
use crate::report::expected_line_digest_sum;
use crate::vcf::write::write_header;

/// Records between two looks at whether somebody wants to stop.
const RECORDS_PER_LOOK: u32 = 4096;

/// Writes header and records as they were read, and proves it by their digests.
///
/// # Errors
/// If the store or the output fails, or what was written is not what was read.
pub fn as_read(
    home: &Home<'_>,
    (row, sums): (&JobRow, &JobSums),
    header: &[u8],
    mut out: Out<'_>,
) -> Result<Counts, Stop> {
    let store = home.store()?;
    out.to.write_all(header).map_err(|error| Out::unwritten(out.name, &error))?;
    let (mut stopped, mut until_look) = (None, RECORDS_PER_LOOK);
    let rewritten = rewrite(&*store, &row.job, &mut |line| {
        until_look -= 1;
        if until_look == 0 {
            until_look = RECORDS_PER_LOOK;
            stopped = out.interrupted();
            if stopped.is_some() {
                return Err(Fault::transient("interrupted"));
            }
        }
        out.to.write_all(line).and_then(|()| out.to.write_all(b"\n")).map_err(|error| {
            stopped = Some(Out::unwritten(out.name, &error));
            Fault::io(out.name, &error)
        })
    });
    let rewritten = match (stopped, rewritten) {
        (Some(stop), _) => return Err(stop),
        (None, Err(fault)) => {
            return Err(unproven(home, row, format!("the rows of job {} cannot be read: {fault}", row.job)).into());
        }
        (None, Ok(rewritten)) => rewritten,
    };
    out.to.flush().map_err(|error| Out::unwritten(out.name, &error))?;
    if expected_line_digest_sum(row, sums) != Some(rewritten.line_digest_sum) {
        let message = format!("what is stored of job {} is not what was read: the line digests differ", row.job);
        return Err(unproven(home, row, message).into());
    }
    let records = rewritten.records;
    Ok(Counts { records, of_records: records, rows: sums.total.rows, of_rows: sums.total.rows })
}

/// What stands before the names of our INFO fields and header lines. Whatever a file has under it is taken out: it is of an earlier export.
const NAMESPACE: &[u8] = b"VCFA_";

/// A field of ours: name, Type and Description of its header line, and its value for one ALT; `None` is `.`.
struct Field {
    name: &'static str,
    kind: &'static str,
    description: &'static str,
    of: fn(&Assessment) -> Option<String>,
}

/// What was concluded.
const FIELDS: [Field; 5] = [
    Field {
        name: "VCFA_CONCLUSION",
        kind: "String",
        description: "What was concluded: pathogenic, likely_pathogenic, uncertain_significance, likely_benign, benign, abstained or \
                      conflicting; research use only",
        of: |said| Some(said.conclusion.as_str().to_owned()),
    },
    Field {
        name: "VCFA_AGREEMENT",
        kind: "String",
        description: "How far those who answered agree: no_answer, unanimous, same_side, partial or conflicting",
        of: |said| Some(said.agreement.as_str().to_owned()),
    },
    Field {
        name: "VCFA_POINTS",
        kind: "Integer",
        description: "Sum of the points of the criteria, if one provider answered",
        of: |said| said.points().map(|points| points.to_string()),
    },
    Field {
        name: "VCFA_CRITERIA",
        kind: "String",
        description: "ACMG/AMP criteria that are met, joined by &",
        of: |said| Some(said.criteria().join("&")).filter(|all| !all.is_empty()),
    },
    Field {
        name: "VCFA_PROVIDER",
        kind: "String",
        description: "Who answered, with version, joined by &",
        of: |said| Some(said.providers().join("&")).filter(|all| !all.is_empty()),
    },
];

const SELECTED: &str =
    "##INFO=<ID=VCFA_SELECTED,Number=A,Type=Integer,Description=\"1 if triage selected the allele, else 0\">";

/// A VCF with our fields, being written.
pub struct Assessed<W> {
    to: W,
    info: Vec<u8>,
}

impl<W: Write> Assessed<W> {
    /// Writes the header: as read, with the lines of our fields and of `about` before its last.
    ///
    /// # Errors
    /// As the output's.
    pub fn new(mut to: W, header: &[u8], about: &[(&str, String)]) -> Result<Self, Broken> {
        let mut lines = vec![SELECTED.to_owned()];
        lines.extend(FIELDS.iter().map(|Field { name, kind, description, .. }| {
            format!("##INFO=<ID={name},Number=A,Type={kind},Description=\"{description}\">")
        }));
        lines.extend(about.iter().map(|(name, value)| format!("##VCFA_{name}={value}")));
        let is_ours = |line: &&[u8]| {
            let rest = line.strip_prefix(b"##INFO=<ID=").or(line.strip_prefix(b"##"));
            rest.is_some_and(|rest| rest.starts_with(NAMESPACE))
        };
        let kept: Vec<&[u8]> = header.split_inclusive(|&byte| byte == b'\n').filter(|line| !is_ours(line)).collect();
        let mut text = Vec::with_capacity(header.len() + 4096);
        write_header(&kept.concat(), &lines, &mut text);
        to.write_all(&text)?;
        Ok(Self { to, info: Vec::new() })
    }
}

impl<W: Write> Form for Assessed<W> {
    fn write(&mut self, record: &Record<'_>) -> Result<(), Broken> {
        let column = info_column(record.line);
        self.info.clear();
        let read = &record.line[column.clone()];
        if !matches!(read, b"" | b".") {
            if memmem::find(read, NAMESPACE).is_some() {
                let theirs = read.split(|&byte| byte == b';').filter(|field| !field.starts_with(NAMESPACE));
                theirs.for_each(|field| {
                    separate(&mut self.info, b';');
                    self.info.extend_from_slice(field);
                });
            } else {
                self.info.extend_from_slice(read);
            }
        }
        add_fields(&mut self.info, record);
        if self.info.is_empty() {
            self.info.push(b'.');
        }
        self.to.write_all(&record.line[..column.start])?;
        self.to.write_all(&self.info)?;
        self.to.write_all(&record.line[column.end..])?;
        Ok(self.to.write_all(b"\n")?)
    }

    fn finish(mut self: Box<Self>) -> Result<(), Broken> {
        Ok(self.to.flush()?)
    }
}

/// Where the eighth column of a line stands.
fn info_column(line: &[u8]) -> std::ops::Range<usize> {
    let start = memchr_iter(b'\t', line).nth(6).map_or(line.len(), |tab| tab + 1);
    start..memchr(b'\t', &line[start..]).map_or(line.len(), |tab| start + tab)
}

fn separate(info: &mut Vec<u8>, by: u8) {
    if !info.is_empty() {
        info.push(by);
    }
}

/// Appends our fields: one value per ALT; of a record without ALT, none.
fn add_fields(info: &mut Vec<u8>, record: &Record<'_>) {
    let (alts, Some(beside)) = (record.alts(), record.beside.as_ref()) else { return };
    if alts == 0 {
        return;
    }
    separate(info, b';');
    info.extend_from_slice(b"VCFA_SELECTED=");
    for nth in 0..alts {
        let selected = if beside.is_selected(nth) { b'1' } else { b'0' };
        info.extend_from_slice(if nth == 0 { b"" } else { b"," });
        info.push(selected);
    }
    if (0..alts).all(|nth| beside.answer(nth).is_none()) {
        return;
    }
    for field in &FIELDS {
        info.push(b';');
        info.extend_from_slice(field.name.as_bytes());
        for nth in 0..alts {
            info.push(if nth == 0 { b'=' } else { b',' });
            let value = beside.answer(nth).and_then(|answer| (field.of)(&answer.assessment));
            push_encoded(info, value.as_deref().unwrap_or("."));
        }
    }
}

/// A value as VCF 4.3 writes it: what would end it is its number after a percent sign.
fn push_encoded(info: &mut Vec<u8>, value: &str) {
    for &byte in value.as_bytes() {
        match byte {
            b':' | b';' | b'=' | b'%' | b',' | 0..=b' ' | 0x7f.. => {
                // Writing to memory cannot fail.
                let _infallible = write!(info, "%{byte:02X}");
            }
            _ => info.push(byte),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_eighth_column_is_found_with_and_without_samples() {
        let of = |line: &'static [u8]| &line[info_column(line)];
        assert_eq!(of(b"1\t2\t.\tA\tC\t.\t.\tDP=1\tGT\t0/1"), b"DP=1");
        assert_eq!(of(b"1\t2\t.\tA\tC\t.\t.\t."), b".");
        assert_eq!(of(b"1\t2\t\tA\tC\t\t\t\tGT\t0/1"), b"");
    }

    #[test]
    fn a_value_holds_nothing_that_ends_it() {
        let mut info = Vec::new();
        push_encoded(&mut info, "a:b;c=d%e,f g\r\n\té/1.0");
        assert_eq!(String::from_utf8(info).unwrap(), "a%3Ab%3Bc%3Dd%25e%2Cf%20g%0D%0A%09%C3%A9/1.0");
    }

    #[test]
    fn lines_of_an_earlier_export_are_replaced() {
        let header = b"##fileformat=VCFv4.3\n##INFO=<ID=VCFA_POINTS,Number=1,Type=String,Description=\"\">\n##VCFA_job=jold\n\
                       ##INFO=<ID=DP,Number=1,Type=Integer,Description=\"\">\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n";
        let mut out = Vec::new();
        let made = Assessed::new(&mut out, header, &[("job", "jnew".to_owned())]);
        assert!(made.is_ok());
        drop(made);
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text.matches("VCFA_POINTS").count(), 1);
        assert!(
            text.contains("ID=DP,") && text.contains("##VCFA_job=jnew\n#CHROM") && !text.contains("jold"),
            "{text}"
        );
    }
}
