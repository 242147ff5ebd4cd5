//! A segment's text → rows with everything that is said and known of them, around records that panic.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::env::caught;
use super::poison::tried;
use crate::alleles;
use crate::delivery::poison::culprits;
use crate::reference::{Reference, ReferenceError};
use crate::vcf::parse::{ParseContext, ParsedSegment, parse_segment};
use crate::vcf::reader::RawSegment;

/// What parsing a file's segments needs.
#[derive(Clone)]
pub struct Parsing {
    /// What the header says.
    pub context: Arc<ParseContext>,
    /// By which alleles are aligned; without one they are trimmed only.
    pub reference: Option<Arc<Reference>>,
}

impl Parsing {
    /// Parses a segment; records of which `is_poison` is true become dead letters unseen.
    ///
    /// # Errors
    /// If the reference cannot be read.
    pub fn parse(&self, raw: &RawSegment, is_poison: &dyn Fn(u64) -> bool) -> Result<ParsedSegment, ReferenceError> {
        let mut parsed = parse_segment(&self.context, raw, is_poison);
        alleles::identify(self.reference.as_deref(), &mut parsed.rows, &mut parsed.warnings)?;
        Ok(parsed)
    }

    /// Parses; a record that panics every time becomes a dead letter. Returns the ordinals that are poison, the known ones of other segments
    /// included.
    ///
    /// # Errors
    /// If the reference cannot be read.
    pub fn parse_around_poison(
        &self,
        raw: &RawSegment,
        mut known: BTreeSet<u64>,
    ) -> Result<(ParsedSegment, BTreeSet<u64>), ReferenceError> {
        let words = match tried(|| self.parse(raw, &|ordinal| known.contains(&ordinal))) {
            Ok(parsed) => return Ok((parsed?, known)),
            Err(words) => words,
        };
        let first = raw.first_ordinal;
        let mut survives = |range: std::ops::Range<usize>| {
            let outside = |ordinal: u64| !range.contains(&((ordinal - first) as usize)) || known.contains(&ordinal);
            caught(|| self.parse(raw, &outside)).is_ok()
        };
        let found = culprits(0..raw.records as usize, &mut survives);
        tracing::warn!(records = found.len(), cause = %words, "records that panic become dead letters");
        known.extend(found.into_iter().map(|nth| first + nth as u64));
        let parsed = self.parse(raw, &|ordinal| known.contains(&ordinal))?;
        Ok((parsed, known))
    }
}
