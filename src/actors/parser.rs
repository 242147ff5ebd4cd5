//! Parser: reads a job's file, pass by pass, and sends every segment until it holds a receipt for it.

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::credit;
use super::engine::{Engine, Job, over_of};
use super::env::Panicked;
use super::isolate::Isolation;
use super::stage::{Ctx, Link, Seat, Stage, Takes, later, then};
use crate::delivery::receipt::{Receipt, Verdict};
use crate::delivery::source::{Read, Source};
use crate::domain::counts::Counts;
use crate::domain::counts::JobEnd;
use crate::domain::receipt::ReceiptError;
use crate::domain::warning::Warnings;
use crate::fault::Fault;
use crate::messages::{Drain, Flush, JobOver, Over, Resend, Said, Segment, SegmentReceipt, Sending, SourceDone};
use crate::reference::ReferenceError;
use crate::telemetry::{Metric, count};
use crate::vcf::parse::ParsedSegment;
use crate::vcf::reader::{FileEnd, Next, RawSegment, Reader};
use crate::vcf::{ReadError, ReadErrorKind};

/// The largest buffer that is kept for the next segment (bytes).
const SPARE_BYTES_MAX: usize = 4 << 20;

/// A segment that was sent this often and never came to rest fails its job.
const ATTEMPTS_MAX: u32 = 10;

/// Longest wait between two passes over a file (ms).
const PASS_BACKOFF_MAX_MS: u64 = 5_000;

/// What one whole reading of the file adds up to.
#[derive(Default)]
struct Sums {
    counts: Counts,
    warnings: Warnings,
}

impl Sums {
    fn add(&mut self, parsed: &ParsedSegment) {
        let (all, one) = (&mut self.counts, &parsed.counts);
        all.records += one.records;
        all.dead_records += one.dead_records;
        all.alleles += one.alleles;
        all.no_alt += one.no_alt;
        all.digest_sum.add(one.digest_sum.0);
        all.line_digest_sum.add(one.line_digest_sum.0);
        self.warnings.merge(&parsed.warnings);
    }

    fn end(&self, file: &FileEnd) -> JobEnd {
        JobEnd {
            segments: file.segments,
            records: self.counts.records,
            dead_records: self.counts.dead_records,
            alleles: self.counts.alleles,
            no_alt: self.counts.no_alt,
            digest_sum: self.counts.digest_sum,
            line_digest_sum: self.counts.line_digest_sum,
            file_digest: file.digest,
            bytes: file.bytes,
            warnings: self.warnings.list(),
        }
    }
}

/// See the module.
pub struct Parser {
    engine: Engine,
    job: Rc<Job>,
    generation: u64,
    me: Link<Said>,
    router: Link<Segment>,
    flush: Link<Flush>,
    done: Link<SourceDone>,
    over: Link<JobOver>,
    source: Source,
    /// Here unless it is away reading, or the pass has ended.
    reader: Option<Reader>,
    /// A segment without credit.
    held: Option<(RawSegment, u64)>,
    parsing: usize,
    /// What is being parsed will take about this much: not all of it holds credit.
    parsing_bytes: u64,
    passes: u32,
    /// Of the first pass only, until it is whole.
    sums: Sums,
    /// The end of the first pass; its sums are whole once nothing is being parsed any more.
    file: Option<FileEnd>,
    end: Option<JobEnd>,
    pass_ended: bool,
    pass_waiting: bool,
    told: bool,
    draining: bool,
    spare: Vec<Vec<u8>>,
}

/// Where a Parser's messages go.
pub struct Outlets {
    /// Segments.
    pub router: Link<Segment>,
    /// "Commit what is open."
    pub flush: Link<Flush>,
    /// "Everything is sent."
    pub done: Link<SourceDone>,
    /// "It is over."
    pub over: Link<JobOver>,
}

impl Parser {
    /// A parser for `job`, whose sink already holds what `source` knows, reading from `reader` in its first pass.
    pub fn new(
        engine: &Engine,
        job: &Rc<Job>,
        generation: u64,
        (source, reader): (Source, Reader),
        outlets: Outlets,
        me: &Seat<Self>,
    ) -> Self {
        let sums = Sums { warnings: job.header_warnings.clone(), ..Sums::default() };
        Self {
            engine: engine.clone(),
            job: job.clone(),
            generation,
            me: Link::to(me),
            router: outlets.router,
            flush: outlets.flush,
            done: outlets.done,
            over: outlets.over,
            source,
            reader: Some(reader),
            held: None,
            parsing: 0,
            parsing_bytes: 0,
            passes: 1,
            sums,
            file: None,
            end: None,
            pass_ended: false,
            pass_waiting: false,
            told: false,
            draining: false,
            spare: Vec::new(),
        }
    }

    /// Reads on, if there is a reason to and room for it.
    fn pump(&mut self, ctx: &mut Ctx<Self>) {
        let settings = &self.engine.settings;
        let room = self.parsing < 2 * settings.worker_threads && self.parsing_bytes <= settings.window_bytes / 2;
        if !room || self.held.is_some() || self.draining {
            return;
        }
        let Some(mut reader) = self.reader.take() else { return };
        let spare = self.spare.pop();
        let read = self.engine.env.work("read", move || {
            let next = reader.next(spare).map(|next| {
                let cost_bytes = if let Next::Segment(raw) = &next { credit::of_text(raw) } else { 0 };
                (next, cost_bytes)
            });
            (reader, next)
        });
        then(ctx, read, |parser, read, ctx| match read {
            Ok((reader, next)) => parser.on_read(reader, next, ctx),
            Err(Panicked(words)) => panic!("reading panicked: {words}"),
        });
    }

    fn on_read(&mut self, reader: Reader, next: Result<(Next, u64), ReadError>, ctx: &mut Ctx<Self>) {
        if self.passes == 1 {
            self.engine.progress.bytes_read.store(reader.bytes_read(), Ordering::Relaxed);
        }
        match next {
            Ok((Next::Segment(raw), cost_bytes)) => {
                self.reader = Some(reader);
                self.offer(raw, cost_bytes, ctx);
                self.pump(ctx);
            }
            Ok((Next::Idle, _)) => {
                self.reader = Some(reader);
                self.pump(ctx);
            }
            Ok((Next::End(file), _)) => self.on_end(&file),
            Err(error) => self.fail_reading(error),
        }
        self.settle(ctx);
    }

    /// Sends a segment, skips it, or keeps it until there is credit.
    fn offer(&mut self, raw: RawSegment, cost_bytes: u64, ctx: &mut Ctx<Self>) {
        if self.draining {
            return;
        }
        match self.source.read(raw.index, cost_bytes) {
            Read::Send { attempt } => {
                if attempt > 1 {
                    count(Metric::SegmentsResent, 1);
                }
                if attempt > ATTEMPTS_MAX {
                    return self.give_up(raw.index);
                }
                let sending = Sending { segment: raw.index, attempt };
                let me = self.me.clone();
                let receipt = Receipt::new(sending, move |sending, verdict| me.post(Said { sending, verdict }));
                self.parse(raw, cost_bytes, Some((receipt, sending)), ctx);
            }
            // The sink has it, but whoever certifies the job needs the sums of one whole reading.
            Read::Skip if self.passes == 1 => self.parse(raw, cost_bytes, None, ctx),
            Read::Skip => self.recycle(raw.text),
            Read::Wait => {
                self.held = Some((raw, cost_bytes));
                // What is being parsed may turn out to cost less.
                if self.parsing == 0 {
                    self.ask_flush();
                }
            }
        }
    }

    /// Credit may have come home: whether it is enough for the segment that waits.
    fn offer_held(&mut self, ctx: &mut Ctx<Self>) {
        if let Some((raw, cost_bytes)) = self.held.take() {
            self.offer(raw, cost_bytes, ctx);
        }
    }

    /// Nothing more comes before something comes home.
    fn ask_flush(&self) {
        self.flush.announce(Flush { in_flight: self.source.in_flight().count() });
    }

    fn parse(
        &mut self,
        raw: RawSegment,
        cost_bytes: u64,
        send: Option<(SegmentReceipt, Sending)>,
        ctx: &mut Ctx<Self>,
    ) {
        self.parsing += 1;
        self.parsing_bytes += cost_bytes;
        let job = self.job.clone();
        let trial = send.as_ref().and_then(|_| self.cautious_trial(cost_bytes));
        let (parsing, poison) = (job.parsing.clone(), job.poison.clone());
        let known = job.known_poison();
        let work = self.engine.env.work("parse", move || {
            let mut known = known;
            if let Some(isolation) = trial {
                known.extend(isolation.culprits(&parsing.context, &raw, &known));
            }
            let (parsed, known) = parsing.parse_around_poison(&raw, known)?;
            if !known.is_empty() {
                poison.lock().unwrap_or_else(std::sync::PoisonError::into_inner).extend(&known);
            }
            Ok::<_, ReferenceError>((parsed, raw.text))
        });
        then(ctx, work, move |parser, done, ctx| {
            parser.parsing -= 1;
            parser.parsing_bytes -= cost_bytes;
            match done {
                Ok(Ok((parsed, text))) => parser.on_parsed(parsed, text, send),
                Ok(Err(error)) => {
                    let fault = Fault::unavailable(format!("{}: {error}", parser.job.tap.name()));
                    return parser.end_with(over_of(&fault));
                }
                Err(Panicked(words)) => {
                    // Not the record's fault, or it would have been found: the segment comes again.
                    tracing::warn!(job = %parser.job.id, cause = %words, "parsing a segment panicked");
                    if send.is_none() || parser.passes == 1 {
                        panic!("the sums of this reading are lost: {words}");
                    }
                }
            }
            parser.offer_held(ctx);
            parser.pump(ctx);
            parser.settle(ctx);
        });
    }

    /// After a process died over this file, what it had in work is tried in a process of its own first.
    fn cautious_trial(&self, cost_bytes: u64) -> Option<Isolation> {
        let left = self.job.cautious_bytes.get();
        if left == 0 {
            return None;
        }
        self.job.cautious_bytes.set(left.saturating_sub(cost_bytes));
        self.engine.isolation.clone()
    }

    fn on_parsed(&mut self, parsed: ParsedSegment, text: Vec<u8>, send: Option<(SegmentReceipt, Sending)>) {
        self.recycle(text);
        if self.passes == 1 {
            self.sums.add(&parsed);
            self.engine.progress.records.fetch_add(parsed.counts.records, Ordering::Relaxed);
            count(Metric::Records, parsed.counts.records);
        }
        if let Some((receipt, sending)) = send {
            self.source.recost(sending.segment, sending.attempt, credit::of_rows(&parsed));
            self.router.post(Segment {
                index: parsed.index,
                first_ordinal: parsed.first_ordinal,
                rows: Arc::new(parsed.rows),
                offset: parsed.offset,
                line_offsets: parsed.line_offsets,
                dead: parsed.dead,
                counts: parsed.counts,
                receipt,
            });
        }
    }

    fn recycle(&mut self, mut text: Vec<u8>) {
        if self.spare.len() < 4 && text.capacity() <= SPARE_BYTES_MAX {
            text.clear();
            self.spare.push(text);
        }
    }

    /// A pass has ended: remembers how many segments there are, and checks that the file is still the one it was.
    fn on_end(&mut self, file: &FileEnd) {
        if self.job.digest.is_some_and(|digest| digest != file.digest) {
            let message = format!(
                "{} changed while it was read: its SHA-256 was {} before and {} at the end; run the command again when nothing writes to it",
                self.job.tap.name(),
                self.job.digest.expect("checked above"),
                file.digest
            );
            return self.end_with(Over::Failed(ReceiptError { code: 65, message, line: None, offset: None }));
        }
        self.source.end_of_file(file.segments);
        self.pass_ended = true;
        self.file.get_or_insert_with(|| file.clone());
    }

    /// Decides what is left to do whenever something came to rest.
    fn settle(&mut self, ctx: &mut Ctx<Self>) {
        if self.parsing > 0 || self.told {
            return;
        }
        if let Some(file) = &self.file {
            self.end.get_or_insert_with(|| self.sums.end(file));
        }
        if self.pass_ended && self.source.is_done() {
            return self.tell_done();
        }
        if self.draining {
            if self.source.is_idle() {
                self.end_with(Over::Interrupted);
            }
            return;
        }
        if !self.pass_ended || self.pass_waiting {
            return;
        }
        if self.source.missing().is_empty() {
            return self.ask_flush();
        }
        self.pass_waiting = true;
        let wait_ms = (50u64 << self.passes.min(10)).min(PASS_BACKOFF_MAX_MS);
        tracing::warn!(job = %self.job.id, missing = self.source.missing().len(), wait_ms, "segments were lost: reading again");
        later(ctx, wait_ms, Self::read_again);
    }

    fn read_again(&mut self, ctx: &mut Ctx<Self>) {
        let (tap, limits) = (self.job.tap.clone(), self.engine.settings.read.clone());
        let open = self.engine.env.work("open", move || {
            let input =
                tap.open().map_err(|error| ReadError::io(&format!("cannot read {} again", tap.name()), &error))?;
            Reader::open_as(input, tap.reading(), limits)
        });
        then(ctx, open, |parser, opened, ctx| match opened {
            Ok(Ok(reader)) => {
                parser.passes += 1;
                parser.pass_ended = false;
                parser.pass_waiting = false;
                parser.reader = Some(reader);
                parser.pump(ctx);
                parser.settle(ctx);
            }
            Ok(Err(error)) => parser.fail_reading(error),
            Err(Panicked(words)) => panic!("opening the file again panicked: {words}"),
        });
    }

    fn tell_done(&mut self) {
        if let Some(end) = &self.end {
            self.told = true;
            self.done.post(SourceDone { end: end.clone() });
        }
    }

    fn give_up(&mut self, segment: u32) {
        let message = format!(
            "segment {segment} of {} was sent {ATTEMPTS_MAX} times and never came to rest: see the log for what stopped it",
            self.job.tap.name()
        );
        self.end_with(Over::Failed(ReceiptError { code: 70, message, line: None, offset: None }));
    }

    fn fail_reading(&mut self, error: ReadError) {
        let name = self.job.tap.name();
        self.end_with(over_of_read(&name, error));
    }

    fn end_with(&mut self, over: Over) {
        self.told = true;
        self.reader = None;
        self.over.post(JobOver { generation: self.generation, over });
    }
}

/// What an error of reading means for the job.
pub fn over_of_read(name: &str, error: ReadError) -> Over {
    let message = format!("{name}: {}", error.message);
    match error.kind {
        ReadErrorKind::Input => {
            Over::Failed(ReceiptError { code: 65, message, line: error.line, offset: error.offset })
        }
        ReadErrorKind::Io => over_of(&Fault::unavailable(message)),
    }
}

impl Stage for Parser {
    const NAME: &'static str = "parser";

    fn begin(&mut self, ctx: &mut Ctx<Self>) {
        self.pump(ctx);
    }
}

impl Takes<Said> for Parser {
    fn take(&mut self, Said { sending, verdict }: Said, ctx: &mut Ctx<Self>) {
        self.source.verdict(sending.segment, sending.attempt, verdict);
        if verdict == Verdict::Lost {
            tracing::debug!(job = %self.job.id, segment = sending.segment, "a segment was lost on its way");
        }
        self.offer_held(ctx);
        self.pump(ctx);
        self.settle(ctx);
    }
}

impl Takes<Resend> for Parser {
    fn take(&mut self, Resend { segments }: Resend, ctx: &mut Ctx<Self>) {
        tracing::warn!(job = %self.job.id, missing = segments.len(), "the audit found segments missing");
        self.source.resend(segments);
        self.told = false;
        self.settle(ctx);
    }
}

impl Takes<Drain> for Parser {
    fn take(&mut self, _: Drain, ctx: &mut Ctx<Self>) {
        self.draining = true;
        self.held = None;
        self.ask_flush();
        self.settle(ctx);
    }
}
