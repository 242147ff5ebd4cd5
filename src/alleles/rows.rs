//! The identity of rows, kept beside them.

use super::columns::Identifier;
use crate::domain::allele::How;
use crate::domain::identities::Identities;
use crate::domain::rows::{REPEATED_BYTES_MAX, Rows};
use crate::domain::warning::Warnings;
use crate::reference::{Reference, ReferenceError};

/// Stands for how an identity was made that is too long to be kept for every ALT of its record.
const NOT_KEPT: &str = "not_kept";

/// Fills `rows.identities`, and notes what does not fit the reference. Each record must be there as a whole.
///
/// # Errors
/// If the reference cannot be read: the rows are as they were.
pub fn identify(reference: Option<&Reference>, rows: &mut Rows, warnings: &mut Warnings) -> Result<(), ReferenceError> {
    let mut identifier = Identifier::new(reference);
    let columns = identifier.identify(rows, warnings)?;
    let mut kept = Identities::default();
    let mut record_bytes = 0;
    for row in 0..columns.len() {
        if rows.is_first(row) {
            record_bytes = 0;
        }
        let (reference, alt) = (columns.reference.get(row), columns.alt.get(row));
        record_bytes += reference.map_or(0, <[u8]>::len) + alt.map_or(0, <[u8]>::len);
        let is_short = record_bytes <= REPEATED_BYTES_MAX;
        kept.pos.push(columns.changed.get(row).then(|| columns.pos[row]).filter(|_| is_short));
        kept.reference.push(reference.filter(|_| is_short));
        kept.alt.push(alt.filter(|_| is_short));
        let how = match columns.how[row] {
            _ if !is_short && reference.is_some() => NOT_KEPT,
            How::AsIs(why) => why.name(),
            how => how.name(),
        };
        kept.how.push(Some(how.as_bytes()));
    }
    rows.identities = Some(Box::new(kept));
    Ok(())
}
