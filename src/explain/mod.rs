//! Everything that is known of one variant of a job, gathered from the ledger and the store, beside a run too: the line it stands in,
//! its alleles, what each clause of the job's own triage sees of them, what became of the task, and what was concluded on what evidence.
//!
//! | file | idea |
//! |---|---|
//! | this one | what is told, and how it is gathered |
//! | [`variant`] | how a variant is named |

pub mod variant;

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::domain::answer::{Answer, DeadTask, set_bits};
use crate::domain::assembly::other_spelling;
use crate::domain::dead::DeadLetter;
use crate::domain::finding::{Assessment, Conclusion};
use crate::domain::ids::JobId;
use crate::domain::rows::Rows;
use crate::fault::Fault;
use crate::ledger::{JobRow, LedgerReader, SegmentDone};
use crate::stores::{Find, Store};
use crate::triage::{Rule, Selector};
use crate::vcf::header;

pub use variant::Variant;

/// Records that are told about, at most.
pub const RECORDS_MAX: usize = 100;

/// Dead letters looked at in one go.
const PAGE: usize = 256;

/// What is known of a variant.
#[derive(Debug, Clone, Serialize)]
pub struct Explained {
    /// The job.
    pub job: JobId,
    /// Its file, as named by the user.
    pub file: String,
    /// The job's state.
    pub state: String,
    /// The receipt's revision.
    pub revision: u32,
    /// The assembly, where the header tells.
    pub assembly: Option<String>,
    /// Kinds of providers that were asked about the job's alleles.
    pub providers: Vec<String>,
    /// What the file lacks for the job's triage.
    pub notices: Vec<String>,
    /// The variant, as it was looked for: CHROM may have been written in the other way (`1` for `chr1`).
    pub variant: String,
    /// The records that are meant.
    pub records: Vec<Record>,
    /// Dead letters that are meant: records that are not in the store.
    pub dead_letters: Vec<Dead>,
    /// There are more records than these.
    pub is_cut: bool,
    /// Alleles at the place, `REF>ALT`, where none of them is the one that is meant.
    pub others: Vec<String>,
}

/// A record, without its samples.
#[derive(Debug, Clone, Serialize)]
pub struct Record {
    /// 0-based number among the file's data lines.
    pub record: u64,
    /// 1-based line.
    pub line: u64,
    /// Byte in the decompressed file, known only of records that were dead letters.
    pub offset: Option<u64>,
    /// It was a dead letter, and came with this revision of the receipt.
    pub replayed: Option<u32>,
    /// CHROM.
    pub chrom: String,
    /// POS.
    pub pos: i64,
    /// ID.
    pub id: String,
    /// REF.
    #[serde(rename = "ref")]
    pub reference: String,
    /// All of ALT.
    pub alt: String,
    /// QUAL.
    pub qual: String,
    /// FILTER.
    pub filter: String,
    /// INFO.
    pub info: String,
    /// Those of its alleles that are meant.
    pub alleles: Vec<Allele>,
}

/// One allele, which is one stored row.
#[derive(Debug, Clone, Serialize)]
pub struct Allele {
    /// 1 for the first ALT; 0 for a record without one.
    pub alt_index: u32,
    /// ALT; `.` for a record without one.
    pub alt: String,
    /// Segment and number of the row in it; null while the ledger does not know the segment.
    pub segment: Option<(u32, u32)>,
    /// The columns of annotations that are not null, in their order.
    #[serde(serialize_with = "as_object")]
    pub annotations: Vec<(&'static str, Value)>,
    /// What each clause of triage saw, up to the one that dropped it.
    pub triage: Vec<Clause>,
    /// What became of it.
    pub task: Task,
}

/// One clause's word.
#[derive(Debug, Clone, Serialize)]
pub struct Clause {
    /// Its name in receipts.
    pub clause: &'static str,
    /// Whether it lets the allele pass.
    pub keeps: bool,
    /// What it looked at.
    pub seen: String,
}

/// Where the question about an allele stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskState {
    /// The ledger does not know the row yet.
    NotCommitted,
    /// Triage dropped it: nobody is asked.
    NotSelected,
    /// It waits for an answer.
    Pending,
    /// It was answered.
    Answered,
    /// The evidence is not enough.
    Abstained,
    /// There is no answer, until it is asked again.
    Dead,
}

/// The question about an allele, and its answer.
#[derive(Debug, Clone, Serialize)]
pub struct Task {
    /// Where it stands.
    pub state: TaskState,
    /// Why there is no answer.
    pub dead: Option<DeadTask>,
    /// What was concluded, findings and all. Of an allele that another triage has dropped since it stays known.
    pub assessment: Option<Assessment>,
    /// Whether the job's assessments in the store hold all that was concluded so far.
    pub is_projected: bool,
}

/// A record that is not in the store.
#[derive(Debug, Clone, Serialize)]
pub struct Dead {
    /// 0-based number among the file's data lines.
    pub record: u64,
    /// 1-based line.
    pub line: u64,
    /// Byte in the decompressed file.
    pub offset: u64,
    /// A word for scripts.
    pub reason: String,
    /// What is wrong.
    pub detail: String,
    /// Somebody said that it needs no attention.
    pub is_dropped: bool,
}

fn as_object<S: Serializer>(pairs: &[(&'static str, Value)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(pairs.iter().map(|(name, value)| (name, value)))
}

/// Gathers what is known of `variant`.
///
/// # Errors
/// If ledger or store cannot be read. Beside a run rows may move while they are read: then the job's row has changed, and a second
/// try is worth it.
pub fn explain(ledger: &LedgerReader, store: &dyn Store, job: &JobRow, variant: &Variant) -> Result<Explained, Fault> {
    let header = header::parse(&ledger.header(&job.job)?)
        .map_err(|error| Fault::permanent(format!("the header that the ledger keeps cannot be read: {error}")))?;
    let selector = Rule::from_text(&job.triage)?.for_file(&header);
    let (variant, rows) = find(store, &job.job, variant)?;
    let analysis = ledger.analysis(&job.job)?.unwrap_or_default();
    let dead_tasks = ledger.dead_tasks(&job.job)?;
    let known = Known { ledger, store, job: &job.job, selector: &selector, dead_tasks };
    let (mut records, mut others) = (Vec::new(), Vec::new());
    let is_cut = rows.records() > RECORDS_MAX;
    for one in each_record(&rows).take(RECORDS_MAX) {
        let is_meant =
            |row: usize| variant.means(one.reference.get(0).unwrap_or_default(), one.alt.get(row).unwrap_or(b"."));
        let meant: Vec<usize> = (0..one.len()).filter(|&row| is_meant(row)).collect();
        if meant.is_empty() {
            let reference = text(one.reference.get(0));
            others.extend((0..one.len()).map(|row| format!("{reference}>{}", text(one.alt.get(row)))));
        } else {
            records.push(known.record(&one, &meant, analysis.projected == analysis.batches)?);
        }
    }
    let dead_letters = dead_letters(ledger, &job.job, &variant)?;
    if !records.is_empty() {
        others.clear();
    }
    Ok(Explained {
        job: job.job.clone(),
        file: job.file.clone(),
        state: job.state.to_string(),
        revision: job.revision,
        assembly: job.assembly.clone(),
        providers: analysis.providers,
        notices: selector.notices().iter().map(|notice| notice.message.clone()).collect(),
        variant: variant.to_string(),
        records,
        dead_letters,
        is_cut,
        others,
    })
}

/// The rows that are meant. Where the place is on no contig of this name, the other spelling of it is looked for (`1` and `chr1`).
fn find(store: &dyn Store, job: &JobId, variant: &Variant) -> Result<(Variant, Rows), Fault> {
    let look = |what: Find| store.find(job, &what, RECORDS_MAX + 1);
    match variant {
        Variant::Record(number) => Ok((variant.clone(), look(Find::Ordinals(*number..number.saturating_add(1)))?)),
        Variant::Id(id) => Ok((variant.clone(), look(Find::Id(id.clone()))?)),
        Variant::Place { chrom, pos, alleles } => {
            let at = |chrom: &str| look(Find::Place(chrom.to_owned(), *pos..pos.saturating_add(1)));
            let rows = at(chrom)?;
            if rows.is_empty()
                && let Some(other) = other_spelling(chrom)
            {
                let rows = at(&other)?;
                if !rows.is_empty() {
                    return Ok((Variant::Place { chrom: other, pos: *pos, alleles: alleles.clone() }, rows));
                }
            }
            Ok((variant.clone(), rows))
        }
    }
}

/// The rows of each record by itself.
fn each_record(rows: &Rows) -> impl Iterator<Item = Rows> {
    let firsts: Vec<usize> = (0..rows.len()).filter(|&row| rows.is_first(row)).collect();
    let ends = firsts.iter().copied().skip(1).chain([rows.len()]).collect::<Vec<_>>();
    firsts.into_iter().zip(ends).map(|(first, end)| {
        let mut one = Rows::default();
        (first..end).for_each(|row| one.push_row(rows, row));
        one
    })
}

fn text(text: Option<&[u8]>) -> String {
    String::from_utf8_lossy(text.unwrap_or(b".")).into_owned()
}

/// What a record is explained from.
struct Known<'k> {
    ledger: &'k LedgerReader,
    store: &'k dyn Store,
    job: &'k JobId,
    selector: &'k Selector,
    dead_tasks: Vec<DeadTask>,
}

impl Known<'_> {
    fn record(&self, one: &Rows, meant: &[usize], is_projected: bool) -> Result<Record, Fault> {
        let ordinal = one.ordinal[0] as u64;
        let segment = self.segment(ordinal)?;
        let mut answers: Vec<Answer> = Vec::new();
        if let Some((segment, _)) = &segment {
            self.ledger.each_answers(self.job, Some(segment.segment), &mut |batch| {
                answers.extend(batch.into_iter().filter(|answer| answer.ordinal == ordinal));
                Ok(())
            })?;
        }
        let alleles = meant.iter().map(|&row| {
            let place = segment.as_ref().map(|(segment, first)| (segment, first + row as u32));
            let alt_index = one.alt_index[row] as u32;
            let assessment = answers.iter().find(|answer| answer.alt_index == alt_index);
            let task = self.task(ordinal, alt_index, place, assessment.map(|answer| &answer.assessment));
            let steps = self.selector.explain(one, row).into_iter();
            Allele {
                alt_index,
                alt: text(one.alt.get(row)),
                segment: place.map(|(segment, row)| (segment.segment, row)),
                annotations: annotations(one, row),
                triage: steps.map(|s| Clause { clause: s.clause, keeps: s.keeps, seen: s.seen }).collect(),
                task: Task { is_projected, ..task },
            }
        });
        let former = self.ledger.replayed(self.job, ordinal, 1)?.pop();
        let former = former.filter(|former| former.letter.ordinal == ordinal);
        let alts: Vec<String> = (0..one.len()).map(|row| text(one.alt.get(row))).collect();
        let qual = match one.qual_text.get(0) {
            Some(as_read) => text(Some(as_read)),
            None if one.qual_valid.get(0) => one.qual[0].to_string(),
            None => ".".to_owned(),
        };
        Ok(Record {
            record: ordinal,
            line: one.line[0] as u64,
            offset: former.as_ref().map(|former| former.letter.offset),
            replayed: former.as_ref().map(|former| former.revision),
            chrom: text(Some(one.contigs.name(one.contig[0]))),
            pos: one.pos[0],
            id: text(one.id.get(0)),
            reference: text(one.reference.get(0)),
            alt: alts.join(","),
            qual,
            filter: text(one.filter.get(0)),
            info: text(one.info.get(0)),
            alleles: alleles.collect(),
        })
    }

    /// The segment that a record is in, and the number of the record's first row in it; `None` while the ledger does not know it.
    fn segment(&self, ordinal: u64) -> Result<Option<(SegmentDone, u32)>, Fault> {
        let bounds = self.ledger.segments(self.job)?;
        let Some(bounds) = bounds.iter().find(|segment| ordinal < segment.end_ordinal) else { return Ok(None) };
        let Some(segment) = self.ledger.segment(self.job, bounds.segment)? else { return Ok(None) };
        if ordinal < segment.first_ordinal {
            return Ok(None);
        }
        let before = self.store.find(self.job, &Find::Ordinals(segment.first_ordinal..ordinal), usize::MAX)?;
        Ok(Some((segment, before.len() as u32)))
    }

    fn task(
        &self,
        ordinal: u64,
        alt_index: u32,
        place: Option<(&SegmentDone, u32)>,
        assessment: Option<&Assessment>,
    ) -> Task {
        let is_selected = place.map(|(segment, row)| set_bits(&segment.selection).any(|bit| bit == row));
        let dead = self.dead_tasks.iter().find(|dead| (dead.ordinal, dead.alt_index) == (ordinal, alt_index));
        let state = match (is_selected, assessment, dead) {
            (None, ..) => TaskState::NotCommitted,
            (Some(false), ..) => TaskState::NotSelected,
            (Some(true), Some(assessment), _) if assessment.conclusion == Conclusion::Abstained => TaskState::Abstained,
            (Some(true), Some(_), _) => TaskState::Answered,
            (Some(true), None, Some(_)) => TaskState::Dead,
            (Some(true), None, None) => TaskState::Pending,
        };
        Task { state, dead: dead.cloned(), assessment: assessment.cloned(), is_projected: false }
    }
}

/// The columns of annotations that say something of a row.
fn annotations(rows: &Rows, row: usize) -> Vec<(&'static str, Value)> {
    let Some(said) = &rows.annotations else { return Vec::new() };
    let word = |word: Option<&[u8]>| word.map(|word| Value::from(text(Some(word))));
    let words = crate::domain::annotations::Annotations::WORDS.into_iter().zip(said.words());
    let mut all: Vec<(&'static str, Option<Value>)> = words.map(|(name, words)| (name, word(words.get(row)))).collect();
    all.push(("clinvar_stars", said.clinvar_stars.get(row).map(Value::from)));
    all.push(("population_frequency", said.population_frequency.get(row).map(Value::from)));
    all.push(("hgvs_c", word(said.hgvs_c.get(row))));
    all.push(("hgvs_p", word(said.hgvs_p.get(row))));
    all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

/// Dead letters whose kept text has the place or the ID, or whose number it is.
fn dead_letters(ledger: &LedgerReader, job: &JobId, variant: &Variant) -> Result<Vec<Dead>, Fault> {
    let mut found = Vec::new();
    let mut from = if let Variant::Record(number) = variant { *number } else { 0 };
    let limit = if matches!(variant, Variant::Record(_)) { 1 } else { PAGE };
    loop {
        let page = ledger.dead_letters(job, from, limit)?;
        let Some(last) = page.last().map(|letter| letter.ordinal) else { return Ok(found) };
        for letter in page.iter().filter(|letter| is_meant(letter, variant)) {
            let notes = ledger.notes(job, letter.ordinal, letter.ordinal)?;
            found.push(Dead {
                record: letter.ordinal,
                line: letter.line,
                offset: letter.offset,
                reason: letter.reason.clone(),
                detail: letter.detail.clone(),
                is_dropped: notes.values().any(|note| note.dropped.is_some()),
            });
        }
        if page.len() < limit || limit == 1 || found.len() >= RECORDS_MAX {
            return Ok(found);
        }
        from = last + 1;
    }
}

fn is_meant(letter: &DeadLetter, variant: &Variant) -> bool {
    let columns: Vec<&[u8]> = letter.raw.splitn(6, |&byte| byte == b'\t').collect();
    let column = |nth: usize| columns.get(nth).copied().unwrap_or_default();
    match variant {
        Variant::Record(number) => letter.ordinal == *number,
        Variant::Id(id) => column(2).split(|&byte| byte == b';').any(|known| known == id.as_bytes()),
        Variant::Place { chrom, pos, .. } => {
            let is_there = column(0) == chrom.as_bytes() && column(1) == pos.to_string().as_bytes();
            is_there && column(4).split(|&byte| byte == b',').any(|alt| variant.means(column(3), alt))
        }
    }
}
