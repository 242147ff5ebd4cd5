//! Tab-separated text for spreadsheets and shells: a line of names, then one line per allele. Nothing in a value ends a cell or a line, and
//! no cell is a formula: text that begins like one gets an apostrophe before it.

use std::io::{self, Write};

use super::columns::{Cell, Column};
use super::pass::{Broken, Form, Record};
use super::samples::{FIELDS, Samples, cells};

/// A table being written.
pub struct Tsv<W> {
    to: W,
    columns: Vec<&'static Column>,
    samples: Samples,
}

impl<W: Write> Tsv<W> {
    /// Writes the line of names: the columns', then for each sample `NAME.gt`, `NAME.zygosity`, ….
    ///
    /// # Errors
    /// As the output's.
    pub fn new(mut to: W, columns: Vec<&'static Column>, samples: Samples) -> Result<Self, Broken> {
        for (nth, column) in columns.iter().enumerate() {
            separate(&mut to, nth)?;
            to.write_all(column.name.as_bytes())?;
        }
        for name in samples.names() {
            for field in FIELDS {
                to.write_all(b"\t")?;
                write_text(&mut to, format!("{name}.{field}").as_bytes())?;
            }
        }
        to.write_all(b"\n")?;
        Ok(Self { to, columns, samples })
    }
}

impl<W: Write> Form for Tsv<W> {
    fn write(&mut self, record: &Record<'_>) -> Result<(), Broken> {
        self.samples.at(record);
        for row in record.kept() {
            for (nth, column) in self.columns.iter().enumerate() {
                separate(&mut self.to, nth)?;
                write_cell(&mut self.to, &(column.of)(record, row))?;
            }
            for genotype in self.samples.genotypes(record, row) {
                for cell in cells(&genotype) {
                    self.to.write_all(b"\t")?;
                    write_cell(&mut self.to, &cell)?;
                }
            }
            self.to.write_all(b"\n")?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<(), Broken> {
        Ok(self.to.flush()?)
    }
}

fn separate(to: &mut impl Write, nth: usize) -> io::Result<()> {
    if nth > 0 { to.write_all(b"\t") } else { Ok(()) }
}

fn write_cell(to: &mut impl Write, cell: &Cell<'_>) -> io::Result<()> {
    match cell {
        Cell::Null | Cell::Findings(_) => Ok(()),
        Cell::Text(text) => write_text(to, text),
        Cell::Integer(number) => write!(to, "{number}"),
        Cell::Single(number) => write!(to, "{number}"),
        Cell::Double(number) => write!(to, "{number}"),
        Cell::Flag(flag) => write!(to, "{flag}"),
    }
}

/// Text as a cell: tabs and line ends become blanks, and what a spreadsheet would execute gets an apostrophe.
fn write_text(to: &mut impl Write, text: &[u8]) -> io::Result<()> {
    if is_formula(text) {
        to.write_all(b"'")?;
    }
    for (nth, piece) in text.split(|byte| matches!(byte, b'\t' | b'\n' | b'\r')).enumerate() {
        if nth > 0 {
            to.write_all(b" ")?;
        }
        to.write_all(piece)?;
    }
    Ok(())
}

/// The signs of formulas as East Asian keyboards write them: `＝`, `＋`, `－`, `＠`.
const WIDE: [&[u8]; 4] = ["＝".as_bytes(), "＋".as_bytes(), "－".as_bytes(), "＠".as_bytes()];

/// Whether a spreadsheet may take a text for a formula, or for the beginning of a quoted cell that swallows what follows. A number is
/// none, whatever its sign.
fn is_formula(text: &[u8]) -> bool {
    let begins = match text.first() {
        Some(b'=' | b'+' | b'-' | b'@' | b'\t' | b'\r' | b'\n' | b'"') => true,
        // Some programs cut blanks off before they look.
        Some(b' ') => matches!(text.trim_ascii_start().first(), Some(b'=' | b'+' | b'-' | b'@' | b'"')),
        Some(0xef) => WIDE.iter().any(|sign| text.starts_with(sign)),
        _ => false,
    };
    begins && !is_number(text)
}

/// Whether a text is a plain decimal number: `-5`, `+1.5e-3`.
fn is_number(text: &[u8]) -> bool {
    let sign = |text: &[u8]| usize::from(matches!(text, [b'+' | b'-', ..]));
    let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut rest = &text[sign(text)..];
    let whole = digits(rest);
    rest = &rest[whole..];
    let mut fraction = 0;
    if let Some(after) = rest.strip_prefix(b".") {
        fraction = digits(after);
        rest = &after[fraction..];
    }
    if let [b'e' | b'E', after @ ..] = rest {
        let exponent = &after[sign(after)..];
        let length = digits(exponent);
        rest = if length > 0 { &exponent[length..] } else { rest };
    }
    whole + fraction > 0 && rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(text: &str) -> String {
        let mut out = Vec::new();
        write_text(&mut out, text.as_bytes()).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_a_spreadsheet_would_execute_gets_an_apostrophe() {
        for text in
            ["=1+1", "+A1", "-A1", "@SUM(A1)", "=", "-", "--1", "-1e", "-inf", "+.", "-1-1", "\"a", "＝1", " =1", "-1 "]
        {
            assert_eq!(cell(text), format!("'{text}"));
        }
    }

    #[test]
    fn a_number_and_plain_text_stay_as_they_are() {
        for text in [
            "-5",
            "+1.5",
            "-.5",
            "-5.",
            "1e-3",
            "-1E+3",
            "rs1",
            "",
            "a=b",
            "p.Gly12Asp",
            "*",
            "<DEL>",
            "]2:3]A",
            "'a",
            "é",
        ] {
            assert_eq!(cell(text), text);
        }
    }

    #[test]
    fn nothing_in_a_value_ends_a_cell_or_a_line() {
        assert_eq!(cell("a\tb\r\nc"), "a b  c");
        assert_eq!(cell("\t=1"), "' =1");
        assert_eq!(cell("\r=1"), "' =1");
    }
}
