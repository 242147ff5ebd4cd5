//! BCF instead of text: the header, then segments of whole frames. Bounds are those of text: so many records, and so much text as
//! they can become; each is a pure function of the bytes and the limits.

use std::sync::Arc;

use super::{Fetched, FileEnd, Form, Input, OpenSegment, RawSegment, ReadError, ReadLimits, Reader};
use crate::vcf::bcf::dictionary::Dictionaries;
use crate::vcf::bcf::frame::{self, BadFrame, FIXED_BYTES};
use crate::vcf::bcf::header;
use crate::vcf::cuts::Cutting;

/// What the cutting needs beyond the frames themselves.
pub(super) struct Frames {
    dictionaries: Arc<Dictionaries>,
    samples: usize,
    /// The most text that the open segment becomes (bytes).
    text_bytes_max: u64,
    /// The same of everything before it.
    text_bytes_before: u64,
}

impl Frames {
    /// The open segment ends.
    pub(super) fn close(&mut self) -> Form {
        self.text_bytes_before += self.text_bytes_max;
        Form::Bcf { text_bytes_max: std::mem::take(&mut self.text_bytes_max) }
    }
}

impl Reader {
    /// A reader of a file whose beginning is known to be a BCF's.
    pub(super) fn open_bcf(
        mut input: Input,
        (mut bytes, mut end): (Vec<u8>, Option<FileEnd>),
        pipe: Option<Cutting>,
        limits: ReadLimits,
    ) -> Result<Self, ReadError> {
        let used = loop {
            let len = header::len(&bytes, limits.header_bytes_max)?;
            if let Some(len) = len.filter(|&len| bytes.len() >= len) {
                break len;
            }
            if end.is_some() {
                let message =
                    format!("the BCF is cut short in its header: it has only {} bytes; copy it again", bytes.len());
                return Err(ReadError::input(message).at_offset(bytes.len() as u64));
            }
            match input.fetch(None)? {
                Fetched::Bytes(piece) => bytes.extend_from_slice(&piece),
                Fetched::Idle => {}
                Fetched::End(found) => end = Some(found),
            }
        };
        let header = header::parse(&bytes[..used])?;
        let frames = Frames {
            dictionaries: header.dictionaries.clone().unwrap_or_default(),
            samples: header.samples,
            text_bytes_max: 0,
            text_bytes_before: 0,
        };
        let open = OpenSegment {
            first_line: header.lines + 1,
            offset: used as u64,
            text: bytes.split_off(used),
            frames: Some(frames),
            ..OpenSegment::default()
        };
        Ok(Self { header, limits, pipe, input, open, end })
    }
}

impl OpenSegment {
    /// Finds the end of the segment in what has arrived; `None` if more must arrive first.
    pub(super) fn advance_frames(
        &mut self,
        limits: &ReadLimits,
        at_end: bool,
        pipe: &mut Option<Cutting>,
    ) -> Result<Option<RawSegment>, ReadError> {
        loop {
            let rest = &self.text[self.complete..];
            let len = frame::len(rest, limits.line_bytes_max).map_err(|why| self.lost(why, limits))?;
            let Some(frame) = len.and_then(|len| rest.get(..len)) else {
                return if at_end && !rest.is_empty() { Err(self.cut_short(len)) } else { Ok(None) };
            };
            let Some(frames) = &mut self.frames else { return Ok(None) };
            let (dictionaries, samples) = (&frames.dictionaries, frames.samples);
            let text_bytes = frame::text_bytes_max(frame, dictionaries, samples, limits.line_bytes_max) as u64;
            let whole = frames.text_bytes_max + text_bytes;
            if frames.text_bytes_before + whole > limits.inflated_bytes_max {
                return Err(self.too_much(limits));
            }
            if self.complete > 0 && whole > limits.segment_bytes_max as u64 {
                return Ok(Some(self.close()));
            }
            frames.text_bytes_max = whole;
            self.complete += frame.len();
            self.lines += 1;
            self.records += 1;
            let end = self.offset + self.complete as u64;
            let is_cut = pipe.as_mut().is_some_and(|pipe| pipe.is_known(end));
            if self.records as usize >= limits.segment_lines_max || is_cut {
                return Ok(Some(self.close()));
            }
        }
    }

    /// Number of the record that begins after the complete ones, and its place in the decompressed bytes.
    fn here(&self) -> (u64, u64) {
        (self.first_ordinal + u64::from(self.records), self.offset + self.complete as u64)
    }

    /// Nothing after this place can be found any more.
    fn lost(&self, why: BadFrame, limits: &ReadLimits) -> ReadError {
        let (ordinal, offset) = self.here();
        let what = match why {
            BadFrame::TooShort { shared } => format!(
                "claims a shared part of {shared} bytes, and none has fewer than {FIXED_BYTES}: the file is damaged, copy it again"
            ),
            BadFrame::TooLong { bytes } => format!(
                "claims {bytes} bytes, more than line_bytes_max = {}: the file is damaged, or else raise the limit",
                limits.line_bytes_max
            ),
        };
        let message = format!("record {ordinal} (from 0) of the BCF, at byte {offset} (decompressed), {what}");
        ReadError::input(message).at_offset(offset)
    }

    /// Long names make much text of few bytes: a bomb, as compression can be one.
    fn too_much(&self, limits: &ReadLimits) -> ReadError {
        let (ordinal, offset) = self.here();
        ReadError::input(format!(
            "up to record {ordinal} (from 0) the BCF can become more than {} bytes of text (inflated_bytes_max): raise the limit if that is right",
            limits.inflated_bytes_max
        ))
        .at_offset(offset)
    }

    fn cut_short(&self, len: Option<usize>) -> ReadError {
        let (ordinal, offset) = self.here();
        let needs = len.map_or_else(String::new, |len| format!(" of {len} bytes"));
        let there = self.text.len() - self.complete;
        ReadError::input(format!(
            "the BCF is cut short: of record {ordinal} (from 0){needs}, at byte {offset} (decompressed), only {there} bytes are there; copy it again"
        ))
        .at_offset(offset)
    }
}
