//! How a variant is named: `CHROM:POS`, `CHROM:POS:REF:ALT`, an ID as of dbSNP, or `record:N`.

use std::fmt;

/// Which records are meant, and which of their alleles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Variant {
    /// Records at this place; of these one allele, if REF and ALT are given.
    Place {
        /// CHROM.
        chrom: String,
        /// POS, 1-based.
        pos: i64,
        /// REF and ALT as in the file, in any case.
        alleles: Option<(String, String)>,
    },
    /// Records with this ID.
    Id(String),
    /// The record of this number among the file's data lines, from 0.
    Record(u64),
}

impl Variant {
    /// Reads a name; `None` for an empty one, for `.`, and for `record:` without a number. What is no place is an ID. Names of contigs
    /// may hold colons (`HLA-A*01:01`), ALTs too (`G]17:198982]`); positions may have commas, as browsers show them.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(number) = text.strip_prefix("record:") {
            return number.parse().ok().filter(|number| i64::try_from(*number).is_ok()).map(Self::Record);
        }
        if text.is_empty() || text == "." || text.contains(|c: char| c.is_whitespace() || c == ';') {
            return None;
        }
        let colons = text.match_indices(':').map(|(at, _)| at).filter(|&at| at > 0);
        let place = colons.into_iter().find_map(|at| Self::place(&text[..at], &text[at + 1..]));
        Some(place.unwrap_or_else(|| Self::Id(text.to_owned())))
    }

    /// `POS` or `POS:REF:ALT`.
    fn place(chrom: &str, rest: &str) -> Option<Self> {
        let (pos, alleles) = rest.split_once(':').map_or((rest, None), |(pos, alleles)| (pos, Some(alleles)));
        if !pos.bytes().all(|byte| byte.is_ascii_digit() || byte == b',') {
            return None;
        }
        let pos = pos.replace(',', "").parse().ok()?;
        let alleles = match alleles {
            None => None,
            Some(alleles) => {
                let (reference, alt) = alleles.split_once(':')?;
                let is_sequence = !reference.is_empty() && reference.bytes().all(|byte| byte.is_ascii_alphabetic());
                Some((reference.to_owned(), alt.to_owned())).filter(|_| is_sequence && !alt.is_empty()).map(Some)?
            }
        };
        Some(Self::Place { chrom: chrom.to_owned(), pos, alleles })
    }

    /// Whether an allele of a record of this REF is meant, once the record is.
    pub fn means(&self, reference: &[u8], alt: &[u8]) -> bool {
        match self {
            Self::Place { alleles: Some((wanted_ref, wanted_alt)), .. } => {
                reference.eq_ignore_ascii_case(wanted_ref.as_bytes()) && alt.eq_ignore_ascii_case(wanted_alt.as_bytes())
            }
            _ => true,
        }
    }
}

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Place { chrom, pos, alleles: None } => write!(f, "{chrom}:{pos}"),
            Self::Place { chrom, pos, alleles: Some((reference, alt)) } => write!(f, "{chrom}:{pos}:{reference}:{alt}"),
            Self::Id(id) => f.write_str(id),
            Self::Record(number) => write!(f, "record:{number}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(chrom: &str, pos: i64, alleles: Option<(&str, &str)>) -> Option<Variant> {
        let alleles = alleles.map(|(reference, alt)| (reference.to_owned(), alt.to_owned()));
        Some(Variant::Place { chrom: chrom.to_owned(), pos, alleles })
    }

    #[test]
    fn names_of_every_kind_are_read() {
        assert_eq!(Variant::parse("chr1:1,234"), place("chr1", 1234, None));
        assert_eq!(Variant::parse("1:5:a:T"), place("1", 5, Some(("a", "T"))));
        assert_eq!(Variant::parse("2:321681:G:G]17:198982]"), place("2", 321_681, Some(("G", "G]17:198982]"))));
        assert_eq!(Variant::parse("4:9:N:<DUP:TANDEM>"), place("4", 9, Some(("N", "<DUP:TANDEM>"))));
        assert_eq!(Variant::parse("HLA-A*01:01:100:A:T"), place("HLA-A*01:01", 100, Some(("A", "T"))));
        assert_eq!(Variant::parse("HLA-A*01:01:100"), place("HLA-A*01:01", 100, None));
        assert_eq!(Variant::parse("rs334"), Some(Variant::Id("rs334".into())));
        assert_eq!(Variant::parse("chr1:x"), Some(Variant::Id("chr1:x".into())));
        assert_eq!(Variant::parse("record:0"), Some(Variant::Record(0)));
        for nothing in ["", ".", "record:", "record:-1", "record:x", "record:18446744073709551615", "rs1;rs2", "chr1 5"]
        {
            assert_eq!(Variant::parse(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn a_name_is_read_back() {
        for name in ["chr1:5", "chr1:5:A:T", "rs334", "record:7", "HLA-A*01:01:100:A:T"] {
            assert_eq!(Variant::parse(name).unwrap().to_string(), name);
        }
    }
}
