//! The body of a segment: its rows in columns, each by its name, as a foreign reader finds them.
//!
//! The names are those of the rows' files (`docs/reading.md`), but for what a reader of messages asks for first: `correlation_id`,
//! `file_id`, `chromosome`, `position`, `ref_allele`, `alt_allele`, `quality`, `timestamp`; all else is `metadata`. A column that is null
//! in every row is left out.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::columns::{Bin, NumberColumn, TextColumn, WordColumn, numbers, text, words};
use super::fields::CountsMap;
use super::header::Header;
use super::pack::{bounded, read, write};
use crate::domain::annotations::Annotations;
use crate::domain::counts::Counts;
use crate::domain::dead::{DeadLetter, DeadStage, RAW_BYTES_MAX};
use crate::domain::digest::DigestSum;
use crate::domain::identities::Identities;
use crate::domain::ids::{FileDigest, JobId};
use crate::domain::rows::Rows;

/// Most rows of a segment in a message.
pub const ROWS_MAX: usize = 1 << 20;

/// Most dead letters of a segment in a message, as many as it can have lines.
const DEAD_MAX: usize = 1 << 16;

/// A parsed segment, as the Parser sends it.
#[derive(Debug, Clone, PartialEq)]
pub struct Segment {
    /// SHA-256 of the file; `None` where it was not known yet (a pipe).
    pub file: Option<FileDigest>,
    /// 0-based number in the file.
    pub index: u32,
    /// Ordinal of its first data line.
    pub first_ordinal: u64,
    /// One per allele.
    pub rows: Rows,
    /// Byte offset (decompressed) of its first line.
    pub offset: u64,
    /// Offset of each data line from there, by ordinal from `first_ordinal`.
    pub line_offsets: Vec<u32>,
    /// Records that are no rows, and why.
    pub dead: Vec<DeadLetter>,
    /// The parser's counts.
    pub counts: Counts,
}

impl Segment {
    /// The same, borrowed.
    pub fn by_ref(&self) -> SegmentRef<'_> {
        SegmentRef {
            file: self.file,
            index: self.index,
            first_ordinal: self.first_ordinal,
            rows: &self.rows,
            offset: self.offset,
            line_offsets: &self.line_offsets,
            dead: &self.dead,
            counts: self.counts,
        }
    }
}

/// A [`Segment`] whose parts are somebody else's.
#[derive(Debug, Clone, Copy)]
pub struct SegmentRef<'a> {
    /// As in [`Segment`].
    pub file: Option<FileDigest>,
    /// As in [`Segment`].
    pub index: u32,
    /// As in [`Segment`].
    pub first_ordinal: u64,
    /// As in [`Segment`].
    pub rows: &'a Rows,
    /// As in [`Segment`].
    pub offset: u64,
    /// As in [`Segment`].
    pub line_offsets: &'a [u32],
    /// As in [`Segment`].
    pub dead: &'a [DeadLetter],
    /// As in [`Segment`].
    pub counts: Counts,
}

#[derive(Serialize, Deserialize)]
struct SegmentMap<'a> {
    #[serde(borrow)]
    correlation_id: Cow<'a, str>,
    #[serde(borrow)]
    file_id: Cow<'a, str>,
    timestamp: u64,
    #[serde(borrow)]
    chromosome: WordColumn<'a>,
    #[serde(borrow)]
    position: Bin<'a>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    ref_allele: Option<TextColumn<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    alt_allele: Option<TextColumn<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    quality: Option<NumberColumn<'a>>,
    #[serde(borrow)]
    metadata: Metadata<'a>,
}

#[derive(Serialize, Deserialize)]
struct Metadata<'a> {
    segment: u32,
    first_ordinal: u64,
    offset: u64,
    #[serde(borrow)]
    line_offsets: Bin<'a>,
    #[serde(borrow, deserialize_with = "bounded::<_, _, DEAD_MAX>")]
    dead: Vec<DeadMap<'a>>,
    #[serde(with = "CountsMap")]
    counts: Counts,
    #[serde(borrow)]
    ordinal: Bin<'a>,
    #[serde(borrow)]
    alt_index: Bin<'a>,
    #[serde(borrow)]
    line: Bin<'a>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    id: Option<TextColumn<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    filter: Option<TextColumn<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    qual_text: Option<TextColumn<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    info: Option<TextColumn<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    format: Option<TextColumn<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    samples: Option<TextColumn<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    line_text: Option<TextColumn<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    annotations: Option<AnnotationMap<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    identities: Option<IdentityMap<'a>>,
}

#[derive(Serialize, Deserialize)]
struct DeadMap<'a> {
    ordinal: u64,
    stage: DeadStage,
    #[serde(borrow)]
    reason: Cow<'a, str>,
    #[serde(borrow)]
    detail: Cow<'a, str>,
    line: u64,
    offset: u64,
    #[serde(borrow)]
    raw: Bin<'a>,
    raw_bytes: u64,
    rows: u32,
    digest_sum: DigestSum,
    line_digest: DigestSum,
}

#[derive(Serialize, Deserialize)]
struct IdentityMap<'a> {
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    allele_pos: Option<NumberColumn<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    allele_ref: Option<TextColumn<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    allele_alt: Option<TextColumn<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    allele_how: Option<WordColumn<'a>>,
}

/// The columns of annotations; those of words by the names that the domain gives them.
#[derive(Serialize, Deserialize)]
struct AnnotationMap<'a> {
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    consequence: Option<WordColumn<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    consequences: Option<WordColumn<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    impact: Option<WordColumn<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    gene: Option<WordColumn<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    gene_id: Option<WordColumn<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    transcript: Option<WordColumn<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    transcript_choice: Option<WordColumn<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    annotation_scope: Option<WordColumn<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    clinvar: Option<WordColumn<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    clinvar_stars: Option<NumberColumn<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    population_frequency: Option<NumberColumn<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    hgvs_c: Option<TextColumn<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    hgvs_p: Option<TextColumn<'a>>,
}

impl SegmentRef<'_> {
    /// Appends the MessagePack.
    pub(super) fn pack(&self, header: &Header, out: &mut Vec<u8>) -> Result<(), String> {
        let job = header.job.as_ref().ok_or("a segment needs the job in its header")?;
        let rows = self.rows;
        if rows.len() > ROWS_MAX {
            return Err(format!(
                "it has {} rows, more than {ROWS_MAX}: make ingest.segment_bytes_max smaller",
                rows.len()
            ));
        }
        let annotations = rows.annotations.as_deref().map(AnnotationMap::of).transpose()?;
        let identities = rows.identities.as_deref().map(IdentityMap::of).transpose()?;
        let map = SegmentMap {
            correlation_id: correlation_id(job, self.index).into(),
            file_id: file_id(self.file, job).into(),
            timestamp: header.sent_at_ms,
            chromosome: WordColumn::new(&rows.contig, &rows.contigs, "chromosome")?,
            position: Bin::of(&rows.pos),
            ref_allele: TextColumn::of(&rows.reference),
            alt_allele: TextColumn::of(&rows.alt),
            quality: NumberColumn::of(&rows.qual, &rows.qual_valid),
            metadata: Metadata {
                segment: self.index,
                first_ordinal: self.first_ordinal,
                offset: self.offset,
                line_offsets: Bin::of(self.line_offsets),
                dead: self.dead.iter().map(DeadMap::of).collect(),
                counts: self.counts,
                ordinal: Bin::of(&rows.ordinal),
                alt_index: Bin::of(&rows.alt_index),
                line: Bin::of(&rows.line),
                id: TextColumn::of(&rows.id),
                filter: TextColumn::of(&rows.filter),
                qual_text: TextColumn::of(&rows.qual_text),
                info: TextColumn::of(&rows.info),
                format: TextColumn::of(&rows.format),
                samples: TextColumn::of(&rows.samples),
                line_text: TextColumn::of(&rows.line_text),
                annotations,
                identities,
            },
        };
        write(&map, out)
    }
}

/// What ties everything about a segment together.
fn correlation_id(job: &JobId, segment: u32) -> String {
    format!("{job}/{segment}")
}

/// The file's digest; the job's id while it is not known.
fn file_id(file: Option<FileDigest>, job: &JobId) -> String {
    file.map_or_else(|| job.to_string(), |digest| digest.to_string())
}

impl Segment {
    /// Reads and checks the MessagePack.
    pub(super) fn unpack(packed: &[u8], header: &Header) -> Result<Self, String> {
        let map: SegmentMap<'_> = read(packed)?;
        let job = header.job.as_ref().ok_or("a segment needs the job in its header")?;
        let file = FileDigest::parse(&map.file_id);
        if map.file_id != file_id(file, job) {
            return Err("file_id is neither a file's digest nor the header's job".into());
        }
        let segment = map.metadata.segment;
        if Some(segment) != header.segment || map.correlation_id != correlation_id(job, segment) {
            return Err("segment or correlation_id is not the header's".into());
        }
        if map.timestamp != header.sent_at_ms {
            return Err("timestamp is not the header's".into());
        }
        map.segment(file)
    }

    /// Whether rows, dead letters and lines are as many as the counts say, and the rows in order.
    fn check(&self) -> Result<(), String> {
        let counts = &self.counts;
        let lines = self.line_offsets.len() as u64;
        if lines != counts.records || self.dead.len() as u64 != counts.dead_records {
            return Err(format!(
                "counts says {} records, {} of them dead; there are {lines} lines and {} dead letters",
                counts.records,
                counts.dead_records,
                self.dead.len()
            ));
        }
        if !self.line_offsets.is_sorted() {
            return Err("line_offsets are not in order".into());
        }
        let end = self.first_ordinal.checked_add(lines).filter(|&end| end <= i64::MAX as u64);
        let ordinals = self.first_ordinal..end.ok_or("its ordinals are beyond all files")?;
        if self.dead.iter().any(|dead| !ordinals.contains(&dead.ordinal) || dead.raw.len() > RAW_BYTES_MAX) {
            return Err("a dead letter is not of this segment, or has too much text".into());
        }
        let rows = &self.rows;
        let (first, last) = (rows.ordinal.first(), rows.ordinal.last());
        if [first, last].into_iter().flatten().any(|&ordinal| !ordinals.contains(&(ordinal as u64))) {
            return Err("a row is not of this segment".into());
        }
        let (mut records, mut no_alt, mut before) = (0, 0, (-1, 0));
        for (&ordinal, &alt_index) in rows.ordinal.iter().zip(&rows.alt_index) {
            let is_next = ordinal == before.0 && before.1 > 0 && alt_index == before.1 + 1;
            let is_first = ordinal > before.0 && (0..=1).contains(&alt_index);
            if !is_next && !is_first {
                return Err(format!("the row of record {ordinal}, ALT {alt_index} is out of order"));
            }
            records += u64::from(is_first);
            no_alt += u64::from(alt_index == 0);
            before = (ordinal, alt_index);
        }
        let alleles = rows.len() as u64 - no_alt;
        if (alleles, no_alt) != (counts.alleles, counts.no_alt)
            || Some(records) != lines.checked_sub(counts.dead_records)
        {
            return Err(format!(
                "counts says {} alleles and {} records without ALT; there are rows of {records} records, {alleles} alleles and {no_alt} \
                 without",
                counts.alleles, counts.no_alt
            ));
        }
        Ok(())
    }
}

impl SegmentMap<'_> {
    fn segment(self, file: Option<FileDigest>) -> Result<Segment, String> {
        let more = self.metadata;
        let rows = self.position.0.len() / size_of::<i64>();
        if rows > ROWS_MAX {
            return Err(format!("there are {rows} rows, more than {ROWS_MAX}"));
        }
        let pos: Vec<i64> = self.position.values_of(rows, "position")?;
        let (contig, contigs) = self.chromosome.take(rows, "chromosome")?;
        if contig.iter().any(|&id| id as usize >= contigs.names().len()) {
            return Err("a number of chromosome has no word".into());
        }
        let qual = numbers(self.quality, rows, "quality")?;
        let rows = Rows {
            ordinal: more.ordinal.values_of(rows, "ordinal")?,
            alt_index: more.alt_index.values_of(rows, "alt_index")?,
            line: more.line.values_of(rows, "line")?,
            contig,
            contigs,
            pos,
            id: text(more.id, rows, "id")?,
            reference: text(self.ref_allele, rows, "ref_allele")?,
            alt: text(self.alt_allele, rows, "alt_allele")?,
            qual: qual.values,
            qual_valid: qual.valid,
            filter: text(more.filter, rows, "filter")?,
            qual_text: text(more.qual_text, rows, "qual_text")?,
            info: text(more.info, rows, "info")?,
            format: text(more.format, rows, "format")?,
            samples: text(more.samples, rows, "samples")?,
            line_text: text(more.line_text, rows, "line_text")?,
            annotations: more.annotations.map(|said| said.annotations(rows).map(Box::new)).transpose()?,
            identities: more.identities.map(|known| known.identities(rows).map(Box::new)).transpose()?,
        };
        let segment = Segment {
            file,
            index: more.segment,
            first_ordinal: more.first_ordinal,
            rows,
            offset: more.offset,
            line_offsets: more.line_offsets.values("line_offsets")?,
            dead: more.dead.into_iter().map(DeadMap::letter).collect(),
            counts: more.counts,
        };
        segment.check()?;
        Ok(segment)
    }
}

impl<'a> AnnotationMap<'a> {
    fn of(said: &'a Annotations) -> Result<Self, String> {
        let [
            consequence,
            consequences,
            impact,
            gene,
            gene_id,
            transcript,
            transcript_choice,
            annotation_scope,
            clinvar,
        ] = said.words();
        Ok(Self {
            consequence: WordColumn::of(consequence, "consequence")?,
            consequences: WordColumn::of(consequences, "consequences")?,
            impact: WordColumn::of(impact, "impact")?,
            gene: WordColumn::of(gene, "gene")?,
            gene_id: WordColumn::of(gene_id, "gene_id")?,
            transcript: WordColumn::of(transcript, "transcript")?,
            transcript_choice: WordColumn::of(transcript_choice, "transcript_choice")?,
            annotation_scope: WordColumn::of(annotation_scope, "annotation_scope")?,
            clinvar: WordColumn::of(clinvar, "clinvar")?,
            clinvar_stars: NumberColumn::of_numbers(&said.clinvar_stars),
            population_frequency: NumberColumn::of_numbers(&said.population_frequency),
            hgvs_c: TextColumn::of(&said.hgvs_c),
            hgvs_p: TextColumn::of(&said.hgvs_p),
        })
    }

    fn annotations(self, rows: usize) -> Result<Annotations, String> {
        Ok(Annotations {
            consequence: words(self.consequence, rows, "consequence")?,
            consequences: words(self.consequences, rows, "consequences")?,
            impact: words(self.impact, rows, "impact")?,
            gene: words(self.gene, rows, "gene")?,
            gene_id: words(self.gene_id, rows, "gene_id")?,
            transcript: words(self.transcript, rows, "transcript")?,
            transcript_choice: words(self.transcript_choice, rows, "transcript_choice")?,
            annotation_scope: words(self.annotation_scope, rows, "annotation_scope")?,
            clinvar: words(self.clinvar, rows, "clinvar")?,
            clinvar_stars: numbers(self.clinvar_stars, rows, "clinvar_stars")?,
            population_frequency: numbers(self.population_frequency, rows, "population_frequency")?,
            hgvs_c: text(self.hgvs_c, rows, "hgvs_c")?,
            hgvs_p: text(self.hgvs_p, rows, "hgvs_p")?,
        })
    }
}

impl<'a> IdentityMap<'a> {
    fn of(known: &'a Identities) -> Result<Self, String> {
        Ok(Self {
            allele_pos: NumberColumn::of_numbers(&known.pos),
            allele_ref: TextColumn::of(&known.reference),
            allele_alt: TextColumn::of(&known.alt),
            allele_how: WordColumn::of(&known.how, "allele_how")?,
        })
    }

    fn identities(self, rows: usize) -> Result<Identities, String> {
        Ok(Identities {
            pos: numbers(self.allele_pos, rows, "allele_pos")?,
            reference: text(self.allele_ref, rows, "allele_ref")?,
            alt: text(self.allele_alt, rows, "allele_alt")?,
            how: words(self.allele_how, rows, "allele_how")?,
        })
    }
}

impl<'a> DeadMap<'a> {
    fn of(dead: &'a DeadLetter) -> Self {
        Self {
            ordinal: dead.ordinal,
            stage: dead.stage,
            reason: dead.reason.as_str().into(),
            detail: dead.detail.as_str().into(),
            line: dead.line,
            offset: dead.offset,
            raw: Bin(dead.raw.as_slice().into()),
            raw_bytes: dead.raw_bytes,
            rows: dead.rows,
            digest_sum: dead.digest_sum,
            line_digest: dead.line_digest,
        }
    }

    fn letter(self) -> DeadLetter {
        DeadLetter {
            ordinal: self.ordinal,
            stage: self.stage,
            reason: self.reason.into_owned(),
            detail: self.detail.into_owned(),
            line: self.line,
            offset: self.offset,
            raw: self.raw.0.into_owned(),
            raw_bytes: self.raw_bytes,
            rows: self.rows,
            digest_sum: self.digest_sum,
            line_digest: self.line_digest,
        }
    }
}
