//! One Parquet file: the columns of the store, and what was asked for beside them.

use std::io::Write;

use super::pass::{Broken, Form, Record};
use super::samples::Samples;
use crate::domain::genotype::Genotype;
use crate::stores::table::{Plan, Table};

/// A file being written.
pub struct Parquet<W: Write + Send> {
    table: Table<W>,
    samples: Samples,
}

impl<W: Write + Send> Parquet<W> {
    /// Of this plan; its samples are these.
    ///
    /// # Errors
    /// As the output's.
    pub fn new(to: W, plan: Plan<'_>, samples: Samples) -> Result<Self, Broken> {
        let plan = Plan { samples: samples.names().map(str::to_owned).collect(), ..plan };
        Ok(Self { table: Table::new(to, plan)?, samples })
    }
}

impl<W: Write + Send> Form for Parquet<W> {
    fn write(&mut self, record: &Record<'_>) -> Result<(), Broken> {
        self.samples.at(record);
        let mut is_first_here = true;
        for row in record.kept() {
            let nth = row - record.first();
            let beside = record.beside.as_ref();
            let concluded =
                (beside.is_some_and(|beside| beside.is_selected(nth)), beside.and_then(|beside| beside.answer(nth)));
            let genotypes: Vec<Genotype<'_>> = self.samples.genotypes(record, row).collect();
            self.table.push((record.rows, row, record.first()), is_first_here, concluded, &genotypes)?;
            is_first_here = false;
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<(), Broken> {
        self.table.close().map(drop).map_err(Broken::from)
    }
}
