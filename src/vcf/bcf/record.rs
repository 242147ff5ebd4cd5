//! What stands in a record, in its order. Whoever calls asks for every part, one after the other, and for the end.

use super::dictionary::Dictionaries;
use super::frame::{FIXED_BYTES, parts};
use super::typed::{Cursor, Fault, Kind, Vector, ints};
use super::{BadRecord, bad};

/// A record that is being read.
pub struct Record<'a, 'd> {
    dictionaries: &'d Dictionaries,
    shared: Cursor<'a>,
    individual: Cursor<'a>,
    samples: usize,
    /// CHROM.
    pub chrom: &'d str,
    /// POS, 1-based.
    pub pos: i64,
    /// QUAL, as bits: two of them are not numbers.
    pub qual: u32,
    /// Number of alleles, REF included; at least one.
    pub alleles: usize,
    /// Number of INFO entries.
    pub infos: usize,
    /// Number of FORMAT keys.
    pub formats: usize,
}

impl<'a, 'd> Record<'a, 'd> {
    /// Reads what has a fixed place.
    ///
    /// # Errors
    /// If CHROM is unknown, there is no REF, or the number of samples is not that of the header.
    pub fn open(frame: &'a [u8], dictionaries: &'d Dictionaries, samples: usize) -> Result<Self, BadRecord> {
        let (shared, individual) = parts(frame);
        let mut shared = Cursor::new(shared);
        let fixed = shared.take(FIXED_BYTES).map_err(|fault| fault.of(&"what every record has"))?;
        let number = |nth: usize| [fixed[4 * nth], fixed[4 * nth + 1], fixed[4 * nth + 2], fixed[4 * nth + 3]];
        let (chrom, pos) = (i32::from_le_bytes(number(0)), i32::from_le_bytes(number(1)));
        let (of_site, of_samples) = (u32::from_le_bytes(number(4)), u32::from_le_bytes(number(5)));
        let Some(chrom) = dictionaries.contig(chrom) else {
            return bad(
                "bcf_unknown_contig",
                format!("CHROM is number {chrom} of the header's contigs: there is none"),
            );
        };
        let alleles = (of_site >> 16) as usize;
        if alleles == 0 {
            return bad("bcf_no_ref", "the record has no allele, not even REF");
        }
        let found = (of_samples & 0x00ff_ffff) as usize;
        if found != samples {
            return bad("bcf_sample_count", format!("the record has {found} samples, the header {samples}"));
        }
        Ok(Self {
            dictionaries,
            shared,
            individual: Cursor::new(individual),
            samples,
            chrom,
            pos: i64::from(pos) + 1,
            qual: u32::from_le_bytes(number(3)),
            alleles,
            infos: (of_site & 0xffff) as usize,
            formats: (of_samples >> 24) as usize,
        })
    }

    /// ID; empty for none.
    #[inline(always)]
    pub fn id(&mut self) -> Result<&'a [u8], BadRecord> {
        self.shared.string().map_err(|fault| fault.of(&"ID"))
    }

    /// REF, then each entry of ALT; empty for `.`.
    #[inline(always)]
    pub fn allele(&mut self, nth: usize) -> Result<&'a [u8], BadRecord> {
        if nth == 0 {
            return self.shared.string().map_err(|fault| fault.of(&"REF"));
        }
        let allele = self.shared.string().map_err(|fault| fault.of(&format_args!("ALT {nth}")))?;
        if allele.contains(&b',') {
            return bad("bcf_alt_list", format!("ALT {nth} has a comma in it: it would become two"));
        }
        Ok(allele)
    }

    /// The names in FILTER.
    pub fn filters(&mut self) -> Result<impl Iterator<Item = Result<&'d str, BadRecord>> + use<'a, 'd>, BadRecord> {
        let Vector { kind, len, bytes } = self.shared.vector(1).map_err(|fault| fault.of(&"FILTER"))?;
        if len > 0 && !kind.is_int() {
            return Err(Fault::WrongType(kind, "integers").of(&"FILTER"));
        }
        let dictionaries = self.dictionaries;
        Ok(ints(kind, bytes).map(move |index| match dictionaries.string(index) {
            Some(name) => Ok(name),
            None => {
                bad("bcf_unknown_filter", format!("FILTER has number {index} of the header's names: there is none"))
            }
        }))
    }

    /// Key and value of the next INFO entry.
    #[inline(always)]
    pub fn info(&mut self, nth: usize) -> Result<(&'d str, Vector<'a>), BadRecord> {
        let index = self.shared.int().map_err(|fault| fault.of(&format_args!("the key of INFO entry {}", nth + 1)))?;
        let Some(name) = self.dictionaries.string(index) else {
            return bad("bcf_unknown_info", format!("INFO has number {index} of the header's names: there is none"));
        };
        let value = self.shared.vector(1).map_err(|fault| fault.of(&format_args!("INFO {name}")))?;
        Ok((name, value))
    }

    /// The next FORMAT key and what the samples have of it.
    #[inline(always)]
    pub fn format(&mut self, nth: usize) -> Result<(&'d str, Vector<'a>), BadRecord> {
        let index = self.individual.int().map_err(|fault| fault.of(&format_args!("FORMAT key {}", nth + 1)))?;
        let Some(name) = self.dictionaries.string(index) else {
            return bad(
                "bcf_unknown_format",
                format!("FORMAT has number {index} of the header's names: there is none"),
            );
        };
        let values = self.individual.vector(self.samples);
        let values = values.map_err(|fault| fault.of(&format_args!("FORMAT {name}")))?;
        if name == "GT" && !(values.kind.is_int() || values.kind == Kind::None) {
            return Err(Fault::WrongType(values.kind, "integers").of(&"FORMAT GT"));
        }
        Ok((name, values))
    }

    /// Bytes of the samples' part that were read so far.
    pub fn samples_read(&self) -> usize {
        self.individual.read()
    }

    /// Demands that all of it was read.
    pub fn end(&self) -> Result<(), BadRecord> {
        match (self.shared.left(), self.individual.left()) {
            (0, 0) => Ok(()),
            (left, 0) => bad("bcf_bytes_left", format!("{left} bytes are left over after the last value of INFO")),
            (_, left) => {
                bad("bcf_bytes_left", format!("{left} bytes are left over after the last value of the samples"))
            }
        }
    }
}
