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
    let mut identifier = Identifier::new(reference).limited_to(REPEATED_BYTES_MAX);
    let columns = identifier.identify(rows, warnings)?;
    let mut kept = Identities::default();
    for row in 0..columns.len() {
        let is_too_long = columns.is_too_long(row);
        kept.pos.push((columns.changed.get(row) && !is_too_long).then(|| columns.pos[row]));
        kept.reference.push(columns.reference.get(row));
        kept.alt.push(columns.alt.get(row));
        let how = match columns.how[row] {
            _ if is_too_long => NOT_KEPT,
            How::AsIs(why) => why.name(),
            how => how.name(),
        };
        kept.how.push(Some(how.as_bytes()));
    }
    rows.identities = Some(Box::new(kept));
    Ok(())
}
