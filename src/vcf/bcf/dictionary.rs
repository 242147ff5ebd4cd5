//! Index numbers → names. BCF numbers contigs, and (in one sequence) the names of FILTER, INFO and FORMAT, as its header says with
//! `IDX`, or else in the order of the header's lines. A name that is declared again keeps its number; `PASS` is always 0.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::domain::warning::Warnings;
use crate::vcf::ReadError;
use crate::vcf::header::{fields, get};

/// Largest `IDX`: a larger one would take memory for nothing.
pub const INDEX_MAX: u32 = 1_000_000;

/// The names of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dictionaries {
    contigs: Vec<Option<Box<str>>>,
    strings: Vec<Option<Box<str>>>,
    before_2_2: bool,
}

impl Dictionaries {
    /// From the header's text; `minor` is the BCF's minor version.
    ///
    /// # Errors
    /// If it cannot be told which number is whose: two names with one number, a number over the limit, or an unreadable line before
    /// lines that are numbered by their order.
    pub fn new(text: &[u8], minor: u8, warnings: &mut Warnings) -> Result<Self, ReadError> {
        let (mut contigs, mut strings) = (Names::default(), Names::default());
        strings.add("PASS", Some(0), 1)?;
        for (line, number) in text.split(|&byte| byte == b'\n').zip(1..) {
            let names = match keyed(line) {
                Some(b"contig") => &mut contigs,
                Some(b"FILTER" | b"INFO" | b"FORMAT") => &mut strings,
                _ => continue,
            };
            match declared(line) {
                Some((name, index)) => {
                    if !names.add(&name, index, number)? {
                        warnings.note("bcf_name_unusable", number, || {
                            "a name in the header is not text: records that use it become dead letters".into()
                        });
                    }
                }
                None => names.unreadable = names.unreadable.or(Some(number)),
            }
        }
        Ok(Self { contigs: contigs.list, strings: strings.list, before_2_2: minor < 2 })
    }

    /// The name of a contig.
    pub fn contig(&self, index: i32) -> Option<&str> {
        self.contigs.get(usize::try_from(index).ok()?)?.as_deref()
    }

    /// The name of a FILTER, INFO or FORMAT.
    pub fn string(&self, index: i32) -> Option<&str> {
        self.strings.get(usize::try_from(index).ok()?)?.as_deref()
    }

    /// Whether the file is of a version without end-of-vector codes.
    pub fn before_2_2(&self) -> bool {
        self.before_2_2
    }
}

/// One sequence of names while it is read.
#[derive(Default)]
struct Names {
    list: Vec<Option<Box<str>>>,
    known: HashSet<Box<str>>,
    /// The first line that should have declared a name.
    unreadable: Option<u64>,
}

impl Names {
    /// Says whether the name can be used.
    fn add(&mut self, name: &str, index: Option<u32>, line: u64) -> Result<bool, ReadError> {
        let refuse = |message: String| Err(ReadError::input(message).at_line(line));
        let at = match index {
            Some(index) if index > INDEX_MAX => {
                return refuse(format!(
                    "header line {line} has IDX={index}, more than {INDEX_MAX}: is the file damaged?"
                ));
            }
            Some(index) => index as usize,
            None if self.known.contains(name) => return Ok(true),
            None => {
                if let Some(unreadable) = self.unreadable {
                    return refuse(format!(
                        "header line {line} has no IDX and header line {unreadable} cannot be read: nobody can tell its number"
                    ));
                }
                self.list.len()
            }
        };
        if at >= self.list.len() {
            self.list.resize_with(at + 1, || None);
        }
        if let Some(other) = self.list[at].as_deref()
            && other != name
        {
            return refuse(format!(
                "header line {line} gives IDX={at} to `{}`, which belongs to `{}` already",
                name.escape_debug(),
                other.escape_debug()
            ));
        }
        let usable = !name.contains(|letter: char| letter.is_ascii_control() || letter == char::REPLACEMENT_CHARACTER);
        if usable {
            self.list[at] = Some(name.into());
        }
        self.known.insert(name.into());
        Ok(usable)
    }
}

/// The key of a `##key=` line.
pub fn keyed(line: &[u8]) -> Option<&[u8]> {
    let line = line.strip_prefix(b"##")?;
    line.split(|&byte| byte == b'=').next()
}

/// ID and IDX of a line; `None` if it has no ID or an IDX that is no number.
fn declared(line: &[u8]) -> Option<(String, Option<u32>)> {
    let text = String::from_utf8_lossy(line);
    let fields = fields(text.split_once('=')?.1)?;
    let name = get(&fields, "ID").filter(|name| !name.is_empty())?;
    let index = match get(&fields, "IDX") {
        // Too long for a number is over the limit, not unreadable.
        Some(digits) if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some(digits.parse().unwrap_or(u32::MAX))
        }
        Some(_) => return None,
        None => None,
    };
    Some((name.to_owned(), index))
}
