//! A record → the line that `bcftools view` prints for it, in a buffer that is used again.
//!
//! Where bcftools prints a code as if it were a value, this prints what the code means: a single missing or end-of-vector code in
//! INFO, and the missing code in GT. In BCF 2.1 there is no end-of-vector code, missing ones fill a vector up, and a list of strings
//! begins with a comma.

use std::fmt::Display;

use super::dictionary::Dictionaries;
use super::number::{put_float, put_int};
use super::record::Record;
use super::typed::{FLOAT_END, FLOAT_MISSING, Kind, Vector, ints};
use super::{BadRecord, bad};

/// One-digit alleles in GT, by their 8-bit code, phased or not; 0 for the others.
const SHORT_ALLELES: [u8; 256] = {
    let mut alleles = [0; 256];
    (alleles[0], alleles[1]) = (b'.', b'.');
    let mut code = 2;
    while code < 22 {
        alleles[code] = b'0' + (code / 2 - 1) as u8;
        code += 1;
    }
    alleles
};

/// A character that stands for `.`.
const CHAR_MISSING: u8 = 7;

/// Prints one record after the other.
pub struct Printer<'a> {
    dictionaries: &'a Dictionaries,
    samples: usize,
    line_bytes_max: usize,
    line: Vec<u8>,
    columns: Vec<Column<'a>>,
}

/// Where the values of one FORMAT key stand.
#[derive(Clone, Copy)]
struct Column<'a> {
    name: &'a str,
    kind: Kind,
    /// Values of one sample.
    len: usize,
    /// Byte in the samples' part at which those of the first sample begin.
    start: usize,
    is_genotype: bool,
}

impl<'a> Printer<'a> {
    /// For records of a file with these dictionaries and this many samples.
    pub fn new(dictionaries: &'a Dictionaries, samples: usize, line_bytes_max: usize) -> Self {
        Self { dictionaries, samples, line_bytes_max, line: Vec::new(), columns: Vec::new() }
    }

    /// The line of a frame's record, without line end.
    ///
    /// # Errors
    /// If its inside is wrong, or the line is longer than the limit.
    pub fn print(&mut self, frame: &[u8]) -> Result<&[u8], BadRecord> {
        self.line.clear();
        let mut record = Record::open(frame, self.dictionaries, self.samples)?;
        self.site(&mut record)?;
        self.infos(&mut record)?;
        self.formats(&mut record)?;
        record.end()?;
        if !self.columns.is_empty() {
            self.genotypes(frame)?;
        }
        Ok(&self.line)
    }

    /// CHROM to FILTER.
    fn site(&mut self, record: &mut Record<'_, 'a>) -> Result<(), BadRecord> {
        self.put(record.chrom.as_bytes())?;
        self.line.push(b'\t');
        put_int(record.pos, &mut self.line);
        self.line.push(b'\t');
        self.string_or_dot(record.id()?, &"ID")?;
        for nth in 0..record.alleles {
            self.line.push(if nth < 2 { b'\t' } else { b',' });
            self.string_or_dot(record.allele(nth)?, &if nth == 0 { "REF" } else { "ALT" })?;
        }
        if record.alleles == 1 {
            self.line.extend_from_slice(b"\t.");
        }
        self.line.push(b'\t');
        match record.qual {
            FLOAT_MISSING => self.line.push(b'.'),
            bits => put_float(f32::from_bits(bits), &mut self.line),
        }
        let mut separator = b'\t';
        for filter in record.filters()? {
            self.line.push(separator);
            self.put(filter?.as_bytes())?;
            separator = b';';
        }
        if separator == b'\t' {
            self.line.extend_from_slice(b"\t.");
        }
        Ok(())
    }

    fn infos(&mut self, record: &mut Record<'_, 'a>) -> Result<(), BadRecord> {
        for nth in 0..record.infos {
            let (name, value) = record.info(nth)?;
            self.line.push(if nth == 0 { b'\t' } else { b';' });
            self.put(name.as_bytes())?;
            if value.len > 0 {
                self.line.push(b'=');
                self.values(value, &format_args!("INFO {name}"))?;
            }
        }
        if record.infos == 0 {
            self.line.extend_from_slice(b"\t.");
        }
        Ok(())
    }

    /// FORMAT. Without samples there is no such column, but what stands there is checked all the same.
    fn formats(&mut self, record: &mut Record<'_, 'a>) -> Result<(), BadRecord> {
        self.columns.clear();
        for nth in 0..record.formats {
            let (name, Vector { kind, len, bytes }) = record.format(nth)?;
            if self.samples == 0 {
                continue;
            }
            self.line.push(if nth == 0 { b'\t' } else { b':' });
            self.put(name.as_bytes())?;
            let start = record.samples_read() - bytes.len();
            self.columns.push(Column { name, kind, len, start, is_genotype: name == "GT" });
        }
        if record.formats == 0 && self.samples > 0 {
            for _ in 0..=self.samples {
                self.put(b"\t.")?;
            }
        }
        Ok(())
    }

    fn genotypes(&mut self, frame: &[u8]) -> Result<(), BadRecord> {
        let (_, values) = super::frame::parts(frame);
        let columns = std::mem::take(&mut self.columns);
        let printed = (0..self.samples).try_for_each(|sample| {
            for (nth, column) in columns.iter().enumerate() {
                self.line.push(if nth == 0 { b'\t' } else { b':' });
                let size = column.len * column.kind.width();
                let bytes = &values[column.start + sample * size..][..size];
                self.sample(column, bytes)?;
            }
            self.check_length()
        });
        self.columns = columns;
        printed
    }

    #[inline]
    fn sample(&mut self, column: &Column<'_>, bytes: &[u8]) -> Result<(), BadRecord> {
        match column.kind {
            _ if column.len == 0 => self.line.push(b'.'),
            Kind::Int8 if column.is_genotype => {
                // Nearly all there are.
                if let [first, second] = *bytes
                    && let (first, other) = (SHORT_ALLELES[usize::from(first)], SHORT_ALLELES[usize::from(second)])
                    && first != 0
                    && other != 0
                {
                    self.line.extend_from_slice(&[first, if second & 1 == 0 { b'/' } else { b'|' }, other]);
                    return Ok(());
                }
                self.genotype(ints(Kind::Int8, bytes), i32::from(i8::MIN))?;
            }
            Kind::Int16 if column.is_genotype => self.genotype(ints(Kind::Int16, bytes), i32::from(i16::MIN))?,
            Kind::Int32 if column.is_genotype => self.genotype(ints(Kind::Int32, bytes), i32::MIN)?,
            kind => self.values(Vector { kind, len: column.len, bytes }, &format_args!("FORMAT {}", column.name))?,
        }
        Ok(())
    }

    /// `missing` is the code of this width; the next higher one is the end.
    #[inline]
    fn genotype(&mut self, alleles: impl Iterator<Item = i32>, missing: i32) -> Result<(), BadRecord> {
        let mut is_first = true;
        for allele in alleles {
            self.check_length()?;
            if allele == missing + 1 || allele == missing && self.dictionaries.before_2_2() && !is_first {
                break;
            }
            if !is_first {
                self.line.push(if allele & 1 == 0 { b'/' } else { b'|' });
            }
            is_first = false;
            match allele >> 1 {
                0 => self.line.push(b'.'),
                above @ 1.. => put_int(i64::from(above) - 1, &mut self.line),
                _ if allele == missing => self.line.push(b'.'),
                _ => return bad("bcf_genotype", format!("FORMAT GT has {allele}, which is no allele")),
            }
        }
        if is_first {
            self.line.push(b'.');
        }
        Ok(())
    }

    fn values(&mut self, vector: Vector<'_>, field: &dyn Display) -> Result<(), BadRecord> {
        let Vector { kind, bytes, .. } = vector;
        match kind {
            Kind::None => {}
            Kind::Char if self.dictionaries.before_2_2() => {
                self.string(bytes.strip_prefix(b",").unwrap_or(bytes), field)?;
            }
            Kind::Char => self.string(bytes, field)?,
            Kind::Int8 => self.ints(ints(Kind::Int8, bytes), i32::from(i8::MIN))?,
            Kind::Int16 => self.ints(ints(Kind::Int16, bytes), i32::from(i16::MIN))?,
            Kind::Int32 => self.ints(ints(Kind::Int32, bytes), i32::MIN)?,
            Kind::Float => self.floats(bytes)?,
        }
        Ok(())
    }

    #[inline]
    fn ints(&mut self, values: impl Iterator<Item = i32>, missing: i32) -> Result<(), BadRecord> {
        for (nth, value) in values.enumerate() {
            if value == missing + 1 || value == missing && self.dictionaries.before_2_2() && nth > 0 {
                break;
            }
            if nth > 0 {
                self.line.push(b',');
            }
            if value == missing {
                self.line.push(b'.');
            } else {
                put_int(i64::from(value), &mut self.line);
            }
            self.check_length()?;
        }
        Ok(())
    }

    fn floats(&mut self, bytes: &[u8]) -> Result<(), BadRecord> {
        for (nth, value) in bytes.chunks_exact(4).enumerate() {
            let bits = u32::from_le_bytes([value[0], value[1], value[2], value[3]]);
            if bits == FLOAT_END || bits == FLOAT_MISSING && self.dictionaries.before_2_2() && nth > 0 {
                break;
            }
            if nth > 0 {
                self.line.push(b',');
            }
            match bits {
                FLOAT_MISSING => self.line.push(b'.'),
                bits => put_float(f32::from_bits(bits), &mut self.line),
            }
            self.check_length()?;
        }
        Ok(())
    }

    fn string_or_dot(&mut self, text: &[u8], field: &dyn Display) -> Result<(), BadRecord> {
        if text.is_empty() {
            self.line.push(b'.');
            return Ok(());
        }
        self.string(text, field)
    }

    /// A string ends with its first NUL. A tab or line end in it would make other columns, or another line, of what follows.
    fn string(&mut self, text: &[u8], field: &dyn Display) -> Result<(), BadRecord> {
        // Without early exit, so that it runs on whole vectors.
        if !text.iter().fold(false, |found, &byte| found | (byte < b' ') | (byte == 0x7f)) {
            return self.put(text);
        }
        for &byte in text {
            self.check_length()?;
            match byte {
                0 => break,
                CHAR_MISSING => self.line.push(b'.'),
                0..b' ' | 0x7f => {
                    return bad("control_character", format!("{field} holds the control character 0x{byte:02x}"));
                }
                byte => self.line.push(byte),
            }
        }
        Ok(())
    }

    /// Appends text if the line stays within the limit: a name may be long and stand in a record very often.
    #[inline]
    fn put(&mut self, text: &[u8]) -> Result<(), BadRecord> {
        if text.len() > self.line_bytes_max.saturating_sub(self.line.len()) {
            return self.too_long();
        }
        self.line.extend_from_slice(text);
        Ok(())
    }

    #[inline]
    fn check_length(&self) -> Result<(), BadRecord> {
        if self.line.len() > self.line_bytes_max { self.too_long() } else { Ok(()) }
    }

    #[cold]
    fn too_long(&self) -> Result<(), BadRecord> {
        let max = self.line_bytes_max;
        bad("line_too_long", format!("the record's line has more than line_bytes_max = {max} bytes"))
    }
}
