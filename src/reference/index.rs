//! Where each contig is in a FASTA file: from a `.fai` that is not older and fits, or by reading the file once.

use std::fs;
use std::path::Path;

use memchr::memchr;

use super::ReferenceError;
use super::source::Source;

/// Bytes read at a time.
const PIECE_BYTES: usize = 1 << 20;

/// A longer name or description is not read from a `.fai`'s file to compare it (bytes).
const TITLE_BYTES_MAX: u64 = 64 * 1024;

/// A longer name is refused (bytes).
const NAME_BYTES_MAX: usize = 4096;

/// One sequence, as a line of a `.fai` has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Contig {
    pub(super) name: Box<[u8]>,
    pub(super) length: u64,
    /// Where its first base is in the (inflated) file.
    offset: u64,
    line_bases: u64,
    /// With the line end.
    line_bytes: u64,
}

/// Letters, and the two other signs that sequences may hold.
fn is_residue(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || matches!(byte, b'*' | b'-')
}

impl Contig {
    /// Where base `at` is in the file.
    fn place(&self, at: u64) -> u64 {
        // An empty contig has no lines.
        let line = at.checked_div(self.line_bases).unwrap_or_default();
        self.offset + line * self.line_bytes + (at - line * self.line_bases)
    }

    /// Where the file goes on after the last base.
    fn end(&self) -> u64 {
        self.length.checked_sub(1).map_or(self.offset, |last| self.place(last) + 1)
    }

    /// Whether its first line ends where it should. All other lines are looked at when they are read.
    fn has_its_line_length(&self, source: &Source) -> Result<bool, ReferenceError> {
        if self.length <= self.line_bases {
            return Ok(true);
        }
        let line_end = (self.line_bytes - self.line_bases) as usize;
        // A line feed, or a carriage return and one, between two bases.
        let mut around = [0; 4];
        let Some(around) = around.get_mut(..line_end + 2) else { return Ok(false) };
        source.read_exact_at(around, self.offset + self.line_bases - 1)?;
        let (is_first, is_last) = (is_residue(around[0]), is_residue(around[line_end + 1]));
        Ok(is_first && is_last && matches!(around[1..=line_end], [b'\n'] | [b'\r', b'\n']))
    }

    /// Appends the bases `start..end`, which must lie inside, in capitals.
    pub(super) fn read(
        &self,
        source: &Source,
        start: u64,
        end: u64,
        bases: &mut Vec<u8>,
    ) -> Result<(), ReferenceError> {
        if start >= end {
            return Ok(());
        }
        let from = self.place(start);
        let mut raw = vec![0; (self.place(end - 1) + 1 - from) as usize];
        source.read_exact_at(&mut raw, from)?;
        let new = bases.len();
        let mut column = start % self.line_bases;
        let mut rest = &raw[..];
        while !rest.is_empty() {
            let take = rest.len().min((self.line_bases - column) as usize);
            bases.extend_from_slice(&rest[..take]);
            let line_end = (self.line_bytes - self.line_bases) as usize;
            rest = rest.get(take + line_end..).unwrap_or_default();
            column = 0;
        }
        if !bases[new..].iter().all(|&byte| is_residue(byte)) {
            return Err(ReferenceError::input(format!(
                "contig {} is not where its index says: the file was changed, or the index is of another file; remove the .fai",
                String::from_utf8_lossy(&self.name)
            )));
        }
        bases[new..].make_ascii_uppercase();
        Ok(())
    }
}

/// The contigs of the file. An index that cannot be used is said in `notices` and made anew.
pub(super) fn beside_or_made(
    path: &Path,
    source: &Source,
    notices: &mut Vec<String>,
) -> Result<Vec<Contig>, ReferenceError> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".fai");
    let beside = Path::new(&beside);
    if beside.exists() {
        let modified = |path: &Path| fs::metadata(path).and_then(|metadata| metadata.modified());
        let why = match (modified(beside), modified(path)) {
            (Ok(index), Ok(fasta)) if index < fasta => Err("it is older than the FASTA file".to_owned()),
            _ => fs::read(beside).map_err(|error| error.to_string()).and_then(|text| {
                let contigs = parse(&text).ok_or_else(|| "it is not a FASTA index".to_owned())?;
                let fits = fits(&contigs, source).map_err(|error| error.message)?;
                fits.then_some(contigs).ok_or_else(|| "it is the index of another file".to_owned())
            }),
        };
        match why {
            Ok(contigs) => return Ok(contigs),
            Err(why) => notices.push(format!("{} was not used, {why}: the file was read instead", beside.display())),
        }
    }
    Scan::default().run(source)
}

/// Reads the text of a `.fai`.
fn parse(text: &[u8]) -> Option<Vec<Contig>> {
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    let contig = |line: &[u8]| {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let fields: Vec<&[u8]> = line.split(|&byte| byte == b'\t').collect();
        let [name, numbers @ ..] = &fields[..] else { return None };
        let mut parsed = [0; 4];
        for (number, field) in parsed.iter_mut().zip(numbers.get(..4)?) {
            *number = std::str::from_utf8(field).ok()?.parse().ok()?;
        }
        let [length, offset, line_bases, line_bytes] = parsed;
        let sound = if length == 0 { true } else { line_bases > 0 && line_bytes >= line_bases };
        (sound && !name.is_empty()).then(|| Contig { name: (*name).into(), length, offset, line_bases, line_bytes })
    };
    let contigs: Option<Vec<Contig>> = text.split(|&byte| byte == b'\n').map(contig).collect();
    contigs.filter(|contigs| !contigs.is_empty())
}

/// Whether between the sequences of the index there is nothing but their title lines with the same names, and no sequence besides.
fn fits(contigs: &[Contig], source: &Source) -> Result<bool, ReferenceError> {
    let mut at = 0;
    let mut by_place: Vec<&Contig> = contigs.iter().collect();
    by_place.sort_by_key(|contig| contig.offset);
    for contig in by_place {
        let Some(between) = contig.offset.checked_sub(at).filter(|bytes| *bytes <= TITLE_BYTES_MAX) else {
            return Ok(false);
        };
        // No number of an index may make this overflow or allocate.
        let bytes = contig.length.checked_mul(contig.line_bytes.max(1));
        let end_max = bytes.and_then(|bytes| bytes.checked_add(contig.offset));
        if end_max.is_none()
            || contig.offset > source.len()
            || contig.length > source.len()
            || contig.end() > source.len()
        {
            return Ok(false);
        }
        let mut title = vec![0; between as usize];
        source.read_exact_at(&mut title, at)?;
        let line_ends = title.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let title = &title[line_ends..];
        let named = title.strip_prefix(b">").and_then(|title| title.strip_prefix(&*contig.name));
        let ends_well = named.is_some_and(|rest| {
            matches!(rest.first(), Some(byte) if byte.is_ascii_whitespace())
                && memchr(b'\n', rest) == Some(rest.len() - 1)
        });
        if !ends_well || !contig.has_its_line_length(source)? {
            return Ok(false);
        }
        at = contig.end();
    }
    let left = source.len() - at;
    if left > TITLE_BYTES_MAX {
        return Ok(false);
    }
    let mut rest = vec![0; left as usize];
    source.read_exact_at(&mut rest, at)?;
    Ok(rest.iter().all(|byte| matches!(byte, b'\r' | b'\n')))
}

/// The making of an index: one pass, a line at a time however long it is.
#[derive(Default)]
struct Scan {
    contigs: Vec<Contig>,
    /// 1-based.
    line: u64,
    /// Bytes of this line so far, and what it is.
    bytes: u64,
    is_title: bool,
    /// Of a title, until its first blank.
    name: Vec<u8>,
    name_ended: bool,
    /// Carriage returns in this line, and whether the last byte is one.
    returns: u64,
    ends_with_return: bool,
    /// A short or blank line was met: the sequence must be at its end.
    ended: Option<u64>,
}

impl Scan {
    fn run(mut self, source: &Source) -> Result<Vec<Contig>, ReferenceError> {
        let mut buffer = vec![0; PIECE_BYTES];
        let (mut offset, len) = (0, source.len());
        self.line = 1;
        while offset < len {
            let piece = &mut buffer[..(len - offset).min(PIECE_BYTES as u64) as usize];
            source.read_exact_at(piece, offset)?;
            let mut rest = &piece[..];
            while !rest.is_empty() {
                let line_end = memchr(b'\n', rest);
                let (text, after) = rest.split_at(line_end.unwrap_or(rest.len()));
                self.text(text)?;
                if line_end.is_some() {
                    let next = offset + (piece.len() - after.len()) as u64 + 1;
                    self.line_end(next, 1)?;
                }
                rest = after.get(1..).unwrap_or_default();
            }
            offset += piece.len() as u64;
        }
        if self.bytes > 0 {
            self.line_end(len, 0)?;
        }
        Ok(self.contigs)
    }

    fn wrong(&self, what: &str) -> ReferenceError {
        ReferenceError::input(format!("line {}: {what}", self.line))
    }

    /// A part of a line.
    fn text(&mut self, text: &[u8]) -> Result<(), ReferenceError> {
        let Some(&last) = text.last() else { return Ok(()) };
        if self.bytes == 0 {
            self.is_title = text[0] == b'>';
            (self.name_ended, self.returns) = (false, 0);
            self.name.clear();
        }
        let title_mark = usize::from(self.bytes == 0 && self.is_title);
        self.bytes += text.len() as u64;
        self.ends_with_return = last == b'\r';
        if self.is_title {
            if !self.name_ended {
                let text = &text[title_mark..];
                let blank = text.iter().position(u8::is_ascii_whitespace);
                self.name.extend_from_slice(&text[..blank.unwrap_or(text.len())]);
                self.name_ended = blank.is_some();
            }
            if self.name.len() > NAME_BYTES_MAX {
                return Err(self.wrong("the name of the sequence is too long"));
            }
            return Ok(());
        }
        for &byte in text.iter().filter(|byte| !is_residue(**byte)) {
            if byte != b'\r' {
                let shown = char::from(byte).escape_default();
                return Err(self.wrong(&format!("`{shown}` is no letter of a sequence")));
            }
            self.returns += 1;
        }
        Ok(())
    }

    /// The end of a line: the next begins at `next`; `line_feed` is 0 at the end of a file that has none.
    fn line_end(&mut self, next: u64, line_feed: u64) -> Result<(), ReferenceError> {
        if self.is_title && self.bytes > 0 {
            if self.name.is_empty() {
                return Err(self.wrong("the sequence has no name: a letter must follow the `>`"));
            }
            let name = self.name.as_slice().into();
            self.contigs.push(Contig { name, length: 0, offset: next, line_bases: 0, line_bytes: 0 });
            self.ended = None;
        } else {
            self.sequence_line_end(line_feed)?;
        }
        self.line += 1;
        (self.bytes, self.is_title, self.ends_with_return, self.returns) = (0, false, false, 0);
        Ok(())
    }

    fn sequence_line_end(&mut self, line_feed: u64) -> Result<(), ReferenceError> {
        if self.returns > u64::from(self.ends_with_return) {
            return Err(self.wrong("a carriage return stands inside of the line"));
        }
        let (bases, bytes) = (self.bytes - self.returns, self.bytes + line_feed);
        if bases == 0 {
            self.ended.get_or_insert(self.line);
            return Ok(());
        }
        if let Some(short) = self.ended {
            return Err(self.wrong(&format!(
                "the sequence goes on after line {short}, which is shorter than the others: random access needs lines of one \
                 length; write it anew, for example with `seqkit seq -w 60`"
            )));
        }
        let Some(contig) = self.contigs.last_mut() else {
            return Err(self.wrong("no title line (`>NAME`) comes before it"));
        };
        if contig.line_bases == 0 {
            (contig.line_bases, contig.line_bytes) = (bases, bytes);
        }
        contig.length += bases;
        let (line_bases, line_bytes) = (contig.line_bases, contig.line_bytes);
        if bases > line_bases || (bases == line_bases && line_feed == 1 && bytes != line_bytes) {
            return Err(self.wrong(
                "the line, or its line end, is longer than those before it: random access needs lines of one length; write it \
                 anew, for example with `seqkit seq -w 60`",
            ));
        }
        if bases < line_bases || bytes != line_bytes {
            self.ended = Some(self.line);
        }
        Ok(())
    }
}
