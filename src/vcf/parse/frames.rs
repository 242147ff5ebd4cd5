//! A segment of BCF frames: each record is printed, and its line goes the way of every line.

use super::{Dead, Line, SegmentParser, Suspicion};
use crate::vcf::bcf::dictionary::Dictionaries;
use crate::vcf::bcf::frame;
use crate::vcf::bcf::print::Printer;

impl SegmentParser<'_> {
    /// Line numbers are those that the same data would have as text; offsets are those of the frames.
    pub(super) fn run_frames(&mut self) {
        let (raw, context) = (self.raw, self.context);
        let unknown = Dictionaries::default();
        let dictionaries = context.dictionaries.as_deref().unwrap_or(&unknown);
        let mut printer = Printer::new(dictionaries, context.samples, context.line_bytes_max);
        let mut place = Line { text: &[], number: raw.first_line, ordinal: raw.first_ordinal, at: 0 };
        for frame in frame::all(&raw.text) {
            place.text = frame;
            match self.check_poison(place.ordinal).map(|()| printer.print(frame)) {
                Ok(Ok(text)) => {
                    self.suspicion = Suspicion::of(text);
                    self.line(Line { text, ..place });
                }
                Ok(Err(bad)) => self.account(place, Err(Dead { reason: bad.reason, detail: bad.detail })),
                Err(poison) => self.account(place, Err(poison)),
            }
            place.number += 1;
            place.ordinal += 1;
            place.at += frame.len();
        }
    }
}
