//! Records that are looked for: row groups whose smallest and largest values leave them out are not read, and of the others only the
//! columns that tell are, until a record is found.

use std::path::{Path, PathBuf};

use arrow_array::Array;
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::statistics::Statistics;

use super::super::find::{Find, gather};
use super::batches::Batches;
use super::{convert, ordered};
use crate::domain::rows::Rows;
use crate::fault::Fault;

/// The records of these files that are meant, in their order, so many at most.
///
/// # Errors
/// If a file cannot be read.
pub fn find(paths: &[PathBuf], what: &Find, records_max: usize) -> Result<Rows, Fault> {
    let mut numbers: Vec<(u64, &PathBuf)> = Vec::new();
    for path in paths {
        numbers.extend(in_file(path, what, records_max)?.into_iter().map(|number| (number, path)));
    }
    numbers.sort_unstable();
    numbers.truncate(records_max);
    let mut found = Rows::default();
    for run in numbers.chunk_by(|a, b| a.1 == b.1 && a.0 + 1 == b.0) {
        let (first, path) = run[0];
        let records = first..first + run.len() as u64;
        let rows = ordered::read_records(std::slice::from_ref(path), std::slice::from_ref(&records))?;
        gather(what, &rows, &mut found, records_max);
    }
    Ok(found)
}

/// The numbers of the records of a file that are meant, ascending.
fn in_file(path: &Path, what: &Find, records_max: usize) -> Result<Vec<u64>, Fault> {
    let columns: &[&str] = match what {
        Find::Place(..) => &["ordinal", "chrom", "pos"],
        Find::Id(_) => &["ordinal", "id"],
        Find::Ordinals(_) => &["ordinal"],
    };
    let mut batches = Batches::open(path, Some(columns))?.with_groups(|group| may_hold(group, what));
    let mut numbers = Vec::new();
    while let Some(batch) = batches.read()? {
        let ordinals = convert::int64(&batch, "ordinal").map_err(|fault| fault.context(path.display()))?;
        let place = match what {
            Find::Place(..) => Some((convert::string(&batch, "chrom")?, convert::int64(&batch, "pos")?)),
            _ => None,
        };
        let ids = if matches!(what, Find::Id(_)) { Some(convert::string(&batch, "id")?) } else { None };
        for row in 0..batch.num_rows() {
            let ordinal = ordinals.value(row) as u64;
            let (chrom, pos) =
                place.map_or((&b""[..], 0), |(chroms, positions)| (chroms.value(row).as_bytes(), positions.value(row)));
            let id = ids.filter(|ids| ids.is_valid(row)).map(|ids| ids.value(row).as_bytes());
            if numbers.last() != Some(&ordinal) && what.meets(ordinal, chrom, pos, id) {
                numbers.push(ordinal);
            }
        }
        if numbers.len() >= records_max {
            break;
        }
    }
    Ok(numbers)
}

/// False if the smallest and largest values of a row group leave out what is looked for.
fn may_hold(group: &RowGroupMetaData, what: &Find) -> bool {
    let statistics = |name: &str| {
        group
            .columns()
            .iter()
            .find(|column| column.column_path().string() == name)
            .and_then(|column| column.statistics())
    };
    let numbers = |name: &str| match statistics(name) {
        Some(Statistics::Int64(values)) => values.min_opt().copied().zip(values.max_opt().copied()),
        _ => None,
    };
    match what {
        Find::Place(chrom, range) => {
            let is_in = numbers("pos").is_none_or(|(min, max)| min < range.end && max >= range.start);
            let ends = statistics("chrom").and_then(|values| values.min_bytes_opt().zip(values.max_bytes_opt()));
            is_in && ends.is_none_or(|(min, max)| min <= chrom.as_bytes() && chrom.as_bytes() <= max)
        }
        Find::Ordinals(range) => {
            numbers("ordinal").is_none_or(|(min, max)| (min as u64) < range.end && max as u64 >= range.start)
        }
        Find::Id(_) => true,
    }
}
