//! Trying a segment in a process of its own, because the last process died in the middle of this job: a record on which a
//! native library aborts must cost itself, not the job. Only the child's own abort, fault or panic blames a record.

use std::collections::BTreeSet;
use std::io::{BufRead, Write};
use std::ops::Range;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::annotation::Annotator;
use crate::delivery::poison::culprits;
use crate::stores::{self, Store};
use crate::vcf::bcf::dictionary::Dictionaries;
use crate::vcf::parse::{ParseContext, parse_segment};
use crate::vcf::reader::{Form, RawSegment};

/// The child says so when it got to the end.
const SURVIVED: u8 = 0;

/// The child's exit code for a panic.
const PANICKED: u8 = 101;

/// How to start a trial.
#[derive(Clone)]
pub struct Isolation {
    /// This program; it is started as `vcf-agent isolate`.
    pub program: Arc<PathBuf>,
    /// The store whose encoder is tried.
    pub store: StoreTrial,
}

/// Which encoder to try.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreTrial {
    /// Kind of store.
    pub kind: String,
    /// As configured.
    pub zstd_level: i32,
    /// As configured.
    pub row_group_rows_max: usize,
}

/// What the child gets on the first line of its standard input; the segment's bytes follow.
#[derive(Serialize, Deserialize)]
struct Trial {
    samples: usize,
    version: (u32, u32),
    alts_max: usize,
    line_bytes_max: usize,
    contigs: Vec<String>,
    index: u32,
    first_ordinal: u64,
    records: u32,
    first_line: u64,
    offset: u64,
    oversize_bytes: Option<u64>,
    form: Form,
    /// Of a BCF.
    dictionaries: Option<Dictionaries>,
    annotator: Option<Annotator>,
    /// Only these records are looked at.
    wanted: (u64, u64),
    poison: Vec<u64>,
    store: StoreTrial,
}

impl Isolation {
    /// Ordinals of the records of `raw` that end a process when they are handled, beyond those already known.
    pub fn culprits(&self, context: &ParseContext, raw: &RawSegment, known: &BTreeSet<u64>) -> Vec<u64> {
        let mut survives = |range: Range<usize>| {
            let wanted = (raw.first_ordinal + range.start as u64, raw.first_ordinal + range.end as u64);
            self.survives(context, raw, wanted, known)
        };
        let found = culprits(0..raw.records as usize, &mut survives);
        if !found.is_empty() {
            tracing::warn!(
                segment = raw.index,
                records = found.len(),
                "records that end the process become dead letters"
            );
        }
        found.into_iter().map(|nth| raw.first_ordinal + nth as u64).collect()
    }

    fn survives(&self, context: &ParseContext, raw: &RawSegment, wanted: (u64, u64), known: &BTreeSet<u64>) -> bool {
        let trial = Trial {
            samples: context.samples,
            version: context.version,
            alts_max: context.alts_max,
            line_bytes_max: context.line_bytes_max,
            contigs: context.contigs.clone(),
            index: raw.index,
            first_ordinal: raw.first_ordinal,
            records: raw.records,
            first_line: raw.first_line,
            offset: raw.offset,
            oversize_bytes: raw.oversize_bytes,
            form: raw.form,
            dictionaries: context.dictionaries.as_deref().cloned(),
            annotator: context.annotator.as_deref().cloned(),
            wanted,
            poison: known.iter().copied().collect(),
            store: self.store.clone(),
        };
        match self.run(&trial, &raw.text) {
            Ok(status) => !is_to_blame(status),
            Err(error) => {
                tracing::warn!(%error, "cannot try a segment in a process of its own");
                true
            }
        }
    }

    fn run(&self, trial: &Trial, text: &[u8]) -> std::io::Result<ExitStatus> {
        let mut child = Command::new(&*self.program)
            .arg("isolate")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let mut first = serde_json::to_vec(trial)?;
        first.push(b'\n');
        if let Some(mut stdin) = child.stdin.take() {
            // A child that dies early closes the pipe: its status says why.
            let _its_status_tells = stdin.write_all(&first).and_then(|()| stdin.write_all(text));
        }
        child.wait()
    }
}

/// SIGILL, SIGABRT, SIGBUS, SIGSEGV or a panic: never SIGKILL or SIGTERM, which come from outside.
fn is_to_blame(status: ExitStatus) -> bool {
    matches!(status.signal(), Some(4 | 6 | 7 | 11)) || status.code() == Some(i32::from(PANICKED))
}

/// The child: handles the wanted records of the segment on standard input, and says nothing. Returns its exit code.
pub fn child(input: &mut dyn BufRead) -> u8 {
    match std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| handle(input))) {
        Ok(Ok(())) => SURVIVED,
        Ok(Err(error)) => {
            tracing::error!(%error, "the trial could not be read");
            SURVIVED
        }
        Err(_) => PANICKED,
    }
}

fn handle(input: &mut dyn BufRead) -> std::io::Result<()> {
    let mut first = Vec::new();
    input.read_until(b'\n', &mut first)?;
    let trial: Trial = serde_json::from_slice(&first)?;
    let mut text = Vec::new();
    input.read_to_end(&mut text)?;
    let context = ParseContext {
        samples: trial.samples,
        version: trial.version,
        alts_max: trial.alts_max,
        line_bytes_max: trial.line_bytes_max,
        contigs: trial.contigs,
        dictionaries: trial.dictionaries.map(Arc::new),
        annotator: trial.annotator.map(Arc::new),
    };
    let raw = RawSegment {
        index: trial.index,
        first_ordinal: trial.first_ordinal,
        records: trial.records,
        first_line: trial.first_line,
        offset: trial.offset,
        text,
        form: trial.form,
        oversize_bytes: trial.oversize_bytes,
    };
    let poison: BTreeSet<u64> = trial.poison.into_iter().collect();
    let wanted = trial.wanted.0..trial.wanted.1;
    let parsed = parse_segment(&context, &raw, &|ordinal| !wanted.contains(&ordinal) || poison.contains(&ordinal));
    let store = trial.store;
    let nowhere = std::env::temp_dir();
    if let Ok(store) = stores::open(&store.kind, &nowhere, store.zstd_level, store.row_group_rows_max) {
        // Whether it can be encoded is for the run to find out; here only survival counts.
        drop(Store::try_encode(&*store, &parsed.rows));
    }
    Ok(())
}
