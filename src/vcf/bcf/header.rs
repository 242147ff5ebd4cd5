//! The beginning of a BCF: magic, the length of the header's text, the text. What the rest of the program sees is the header of the
//! same data as text: without the index numbers, which mean nothing there.

use std::sync::Arc;

use memchr::memchr;

use super::dictionary::{Dictionaries, keyed};
use crate::vcf::ReadError;
use crate::vcf::header::{self, Header};

/// First bytes, before the minor version.
const MAGIC: &[u8] = b"BCF\x02";

/// Bytes before the text: magic, minor version, length.
const BEFORE_TEXT: usize = 9;

/// Whether (decompressed) bytes are a BCF's, of any minor version.
pub fn is_bcf(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

/// Bytes of magic and header together; `None` if too few are there to tell.
///
/// # Errors
/// If the version is not known, or the text longer than the limit.
pub fn len(bytes: &[u8], header_bytes_max: usize) -> Result<Option<usize>, ReadError> {
    if let Some(minor @ (0 | 3..)) = bytes.get(4) {
        let message = format!(
            "it is a BCF of version 2.{minor}: only 2.1 and 2.2 are read, convert it to text with what made it"
        );
        return Err(ReadError::input(message).at_offset(4));
    }
    let Some(length) = bytes.get(5..BEFORE_TEXT) else { return Ok(None) };
    let length = u32::from_le_bytes([length[0], length[1], length[2], length[3]]) as usize;
    if length > header_bytes_max {
        let message = format!(
            "the header of the BCF claims {length} bytes, more than header_bytes_max = {header_bytes_max}: raise the limit if that is right"
        );
        return Err(ReadError::input(message).at_offset(5));
    }
    Ok(Some(BEFORE_TEXT + length))
}

/// Reads the bytes that [`len`] delimited.
///
/// # Errors
/// If the text is not the header of a VCF, or its index numbers cannot be understood.
pub fn parse(bytes: &[u8]) -> Result<Header, ReadError> {
    let minor = bytes.get(4).copied().unwrap_or_default();
    let padded = bytes.get(BEFORE_TEXT..).unwrap_or_default();
    let text = &padded[..memchr(0, padded).unwrap_or(padded.len())];
    let used = header::len(text, text.len()).map_err(at_its_place)?;
    let mut header =
        header::parse(&without_indexes(&text[..used])).map_err(|error| ReadError { offset: None, ..error })?;
    if text[used..].iter().any(|byte| !byte.is_ascii_whitespace()) {
        header.warnings.note("bcf_text_after_header", header.lines + 1, || {
            "text after the #CHROM line of the BCF's header was skipped".into()
        });
    }
    if padded[text.len()..].iter().any(|&byte| byte != 0) {
        header.warnings.note("bcf_text_after_header", header.lines, || {
            "bytes after the NUL that ends the BCF's header were skipped".into()
        });
    }
    header.dictionaries = Some(Arc::new(Dictionaries::new(&text[..used], minor, &mut header.warnings)?));
    Ok(header)
}

/// An offset in the text as one in the file.
fn at_its_place(error: ReadError) -> ReadError {
    ReadError { offset: error.offset.map(|offset| offset + BEFORE_TEXT as u64), ..error }
}

/// The header's text without the `IDX` of its lines.
fn without_indexes(text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    for line in text.split_inclusive(|&byte| byte == b'\n') {
        let index = match keyed(line) {
            Some(b"contig" | b"FILTER" | b"INFO" | b"FORMAT") => index_field(line),
            _ => None,
        };
        match index {
            Some((start, end)) => plain.extend_from_slice(&[&line[..start], &line[end..]].concat()),
            None => plain.extend_from_slice(line),
        }
    }
    plain
}

/// Where `,IDX=…` stands in a line, outside of quotes.
fn index_field(line: &[u8]) -> Option<(usize, usize)> {
    let (mut quoted, mut escaped) = (false, false);
    for (at, byte) in line.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = quoted,
            b'"' => quoted = !quoted,
            b',' if !quoted && line[at..].starts_with(b",IDX=") => {
                let end = line[at + 1..].iter().position(|byte| matches!(byte, b',' | b'>'))?;
                return Some((at, at + 1 + end));
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn index_numbers_go_and_everything_else_stays() {
        let text =
            b"##fileformat=VCFv4.2\n##contig=<ID=a,length=5,IDX=0>\n##INFO=<ID=D,Description=\"x\\\",IDX=3,>\">\n\
            ##FORMAT=<ID=E,IDX=12,Description=\"y\">\n##other=<ID=F,IDX=1>\n#CHROM\n";
        let plain = b"##fileformat=VCFv4.2\n##contig=<ID=a,length=5>\n##INFO=<ID=D,Description=\"x\\\",IDX=3,>\">\n\
            ##FORMAT=<ID=E,Description=\"y\">\n##other=<ID=F,IDX=1>\n#CHROM\n";
        assert_eq!(String::from_utf8_lossy(&without_indexes(text)), String::from_utf8_lossy(plain));
    }
}
