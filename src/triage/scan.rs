//! A file through reader, parser and triage without a job: nothing is stored. Each thread takes the next segment and works on
//! it alone, so that there are never more segments in memory than threads.

use std::io::Read;
use std::panic::resume_unwind;
use std::sync::{Mutex, PoisonError};

use super::{Selector, Triage};
use crate::annotation::Frequencies;
use crate::domain::warning::Warnings;
use crate::vcf::header::Header;
use crate::vcf::parse::{ParseContext, ParsedSegment, parse_segment};
use crate::vcf::reader::{Next, Reader};
use crate::vcf::{ReadError, ReadLimits};

/// What is asked of a file, and how it is read.
#[derive(Debug, Clone, Copy)]
pub struct Question<'q> {
    /// `None`: nothing is asked.
    pub triage: Option<&'q Triage>,
    /// Limits of the reader.
    pub limits: &'q ReadLimits,
    /// Where frequencies of populations are.
    pub frequencies: &'q Frequencies,
}

impl Question<'_> {
    /// What reads the records of a file of this header, what decides about them, and what is odd about the header or lacks in it.
    pub fn of(&self, header: &Header) -> (ParseContext, Selector, Warnings) {
        let (context, notices) = ParseContext::new(header, self.limits).annotated(header, self.frequencies);
        let selector = match self.triage {
            Some(triage) => Selector::new(triage, header),
            None => Selector::not_asked(),
        };
        let mut warnings = header.warnings.clone();
        for notice in notices.iter().chain(selector.notices()) {
            warnings.note(notice.code, header.lines, || notice.message.clone());
        }
        (context, selector, warnings)
    }
}

/// A file of which the header is read.
pub struct Scan {
    reader: Reader,
    context: ParseContext,
    selector: Selector,
    warnings: Warnings,
}

impl Scan {
    /// Reads the header.
    ///
    /// # Errors
    /// If there is none, or the container is unsound.
    pub fn open(input: Box<dyn Read + Send>, question: &Question<'_>) -> Result<Self, ReadError> {
        // A pipe too is read as if it were a file: nobody waits for a part of the answer.
        let reader = Reader::open(input, false, question.limits.clone())?;
        let (context, selector, warnings) = question.of(reader.header());
        Ok(Self { reader, context, selector, warnings })
    }

    /// What is odd about the header, and what the triage lacks in it.
    pub fn warnings(&self) -> &Warnings {
        &self.warnings
    }

    /// Shows every segment to `see`, on so many threads; each of them collects what it has seen in an `S` of its own.
    ///
    /// # Errors
    /// If the file is damaged or cannot be read to its end: then nothing that was seen of it counts.
    pub fn each<S: Default + Send>(
        self,
        threads: usize,
        see: impl Fn(&mut S, &Selector, &ParsedSegment) + Sync,
    ) -> Result<Vec<S>, ReadError> {
        let Self { reader, context, selector, .. } = self;
        let reader = Mutex::new(reader);
        let work = || {
            let (mut seen, mut buffer) = (S::default(), None);
            loop {
                let next = reader.lock().unwrap_or_else(PoisonError::into_inner).next(buffer.take())?;
                match next {
                    Next::Segment(raw) => {
                        see(&mut seen, &selector, &parse_segment(&context, &raw, &|_| false));
                        buffer = Some(raw.text);
                    }
                    Next::Idle => {}
                    Next::End(_) => return Ok(seen),
                }
            }
        };
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(work)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
        })
    }
}
