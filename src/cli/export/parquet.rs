//! One Parquet file: the columns of the store, and what was asked for beside them.

use std::io::{self, ErrorKind, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::pass::{Broken, Form, Record};
use super::samples::Samples;
use crate::domain::genotype::Genotype;
use crate::fault::Fault;
use crate::stores::table::{Plan, Table};

/// A file being written.
pub struct Parquet<W: Write + Send> {
    table: Table<Watched<W>>,
    samples: Samples,
    /// Whether the reader of the output has gone.
    gone: Arc<AtomicBool>,
}

/// An output that remembers that its reader has gone: of the table's errors only words are left.
struct Watched<W> {
    to: W,
    gone: Arc<AtomicBool>,
}

impl<W: Write> Watched<W> {
    fn watch<T>(&self, done: io::Result<T>) -> io::Result<T> {
        done.inspect_err(|error| {
            if error.kind() == ErrorKind::BrokenPipe {
                self.gone.store(true, Ordering::Relaxed);
            }
        })
    }
}

impl<W: Write> Write for Watched<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let done = self.to.write(bytes);
        self.watch(done)
    }

    fn flush(&mut self) -> io::Result<()> {
        let done = self.to.flush();
        self.watch(done)
    }
}

/// What a fault of the table means.
fn broken(gone: &AtomicBool, fault: Fault) -> Broken {
    if gone.load(Ordering::Relaxed) { Broken::Io(ErrorKind::BrokenPipe.into()) } else { fault.into() }
}

impl<W: Write + Send> Parquet<W> {
    /// Of this plan; its samples are these.
    ///
    /// # Errors
    /// As the output's.
    pub fn new(to: W, plan: Plan<'_>, samples: Samples) -> Result<Self, Broken> {
        let plan = Plan { samples: samples.names().map(str::to_owned).collect(), ..plan };
        let gone = Arc::new(AtomicBool::new(false));
        let table = Table::new(Watched { to, gone: gone.clone() }, plan).map_err(|fault| broken(&gone, fault))?;
        Ok(Self { table, samples, gone })
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
            let pushed = self.table.push((record.rows, row, record.first()), is_first_here, concluded, &genotypes);
            pushed.map_err(|fault| broken(&self.gone, fault))?;
            is_first_here = false;
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<(), Broken> {
        let Self { table, gone, .. } = *self;
        table.close().map(drop).map_err(|fault| broken(&gone, fault))
    }
}
