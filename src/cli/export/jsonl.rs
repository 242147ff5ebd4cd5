//! One JSON object per allele and line. Every object has every key; numbers are numbers.

use std::io::{self, Write};

use super::columns::{Cell, Column};
use super::pass::{Broken, Form, Record};
use super::samples::{FIELDS, Samples, cells};

/// Objects being written.
pub struct Jsonl<W> {
    to: W,
    columns: Vec<&'static Column>,
    samples: Samples,
}

impl<W: Write> Jsonl<W> {
    /// With these columns, and with an array `genotypes` if there are samples.
    pub fn new(to: W, columns: Vec<&'static Column>, samples: Samples) -> Self {
        Self { to, columns, samples }
    }

    fn write_genotypes(&mut self, record: &Record<'_>, row: usize) -> io::Result<()> {
        self.to.write_all(b",\"genotypes\":[")?;
        let names = self.samples.names();
        for (nth, (name, genotype)) in names.zip(self.samples.genotypes(record, row)).enumerate() {
            self.to.write_all(if nth == 0 { b"{\"sample\":" } else { b",{\"sample\":" })?;
            serde_json::to_writer(&mut self.to, name)?;
            for (field, cell) in FIELDS.iter().zip(cells(&genotype)) {
                write!(self.to, ",\"{field}\":")?;
                write_cell(&mut self.to, &cell)?;
            }
            self.to.write_all(b"}")?;
        }
        self.to.write_all(b"]")
    }
}

impl<W: Write> Form for Jsonl<W> {
    fn write(&mut self, record: &Record<'_>) -> Result<(), Broken> {
        self.samples.at(record);
        for row in record.kept() {
            for (nth, column) in self.columns.iter().enumerate() {
                self.to.write_all(if nth == 0 { b"{\"" } else { b",\"" })?;
                self.to.write_all(column.name.as_bytes())?;
                self.to.write_all(b"\":")?;
                write_cell(&mut self.to, &(column.of)(record, row))?;
            }
            if !self.samples.is_empty() {
                self.write_genotypes(record, row)?;
            }
            self.to.write_all(b"}\n")?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<(), Broken> {
        Ok(self.to.flush()?)
    }
}

fn write_cell(mut to: &mut impl Write, cell: &Cell<'_>) -> io::Result<()> {
    match cell {
        Cell::Null => to.write_all(b"null"),
        Cell::Text(text) => Ok(serde_json::to_writer(&mut to, &String::from_utf8_lossy(text))?),
        Cell::Integer(number) => write!(to, "{number}"),
        Cell::Single(number) => write!(to, "{number}"),
        Cell::Double(number) => write!(to, "{number}"),
        Cell::Flag(flag) => write!(to, "{flag}"),
        Cell::Findings(findings) => Ok(serde_json::to_writer(&mut to, findings)?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::borrow::Cow;

    #[test]
    fn every_kind_of_value_is_json() {
        let of = |cell: Cell<'_>| {
            let mut out = Vec::new();
            write_cell(&mut out, &cell).unwrap();
            serde_json::from_slice::<serde_json::Value>(&out).unwrap()
        };
        assert_eq!(of(Cell::Null), serde_json::Value::Null);
        assert_eq!(of(Cell::Text(Cow::Borrowed(b"a\"\t\n\\"))), "a\"\t\n\\");
        assert_eq!(of(Cell::Integer(-3)), -3);
        assert_eq!(of(Cell::Single(1043.2)), 1043.2);
        assert_eq!(of(Cell::Single(1e30)).as_f64(), Some(1e30));
        assert_eq!(of(Cell::Double(0.00012)), 0.00012);
        assert_eq!(of(Cell::Flag(true)), true);
        assert_eq!(of(Cell::Findings(&[])), serde_json::json!([]));
    }
}
