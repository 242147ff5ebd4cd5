//! What a reader looks for among a job's rows: a place, an id, a record by its number.

use std::ops::Range;

use crate::domain::rows::Rows;

/// Records that are looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Find {
    /// Records of this CHROM whose POS is in the range.
    Place(String, Range<i64>),
    /// Records with this ID among those of their ID column, which semicolons separate.
    Id(String),
    /// Records with these numbers.
    Ordinals(Range<u64>),
}

impl Find {
    /// Whether the record with these columns is meant.
    pub fn meets(&self, ordinal: u64, chrom: &[u8], pos: i64, id: Option<&[u8]>) -> bool {
        match self {
            Self::Place(name, range) => range.contains(&pos) && name.as_bytes() == chrom,
            Self::Id(name) => id.is_some_and(|ids| ids.split(|&byte| byte == b';').any(|id| id == name.as_bytes())),
            Self::Ordinals(range) => range.contains(&ordinal),
        }
    }

    /// Whether the record is meant whose first row is `first`.
    pub fn meets_row(&self, rows: &Rows, first: usize) -> bool {
        let chrom = rows.contigs.name(rows.contig[first]);
        self.meets(rows.ordinal[first] as u64, chrom, rows.pos[first], rows.id.get(first))
    }
}

/// Appends the records of `rows` that are meant, while there are fewer than `records_max`.
pub fn gather(what: &Find, rows: &Rows, found: &mut Rows, records_max: usize) {
    let mut is_meant = false;
    let mut left = records_max.saturating_sub(found.records());
    for row in 0..rows.len() {
        if rows.is_first(row) {
            is_meant = left > 0 && what.meets_row(rows, row);
            left -= usize::from(is_meant);
        }
        if is_meant {
            found.push_row(rows, row);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_one_of_several_and_never_a_part_of_one() {
        let find = Find::Id("rs12".into());
        let meets = |id: &str| find.meets(0, b"1", 1, Some(id.as_bytes()));
        assert!(meets("rs12") && meets("COSV1;rs12") && meets("rs12;x"));
        assert!(!meets("rs123") && !meets("rs1;rs2") && !meets("") && !find.meets(0, b"1", 1, None));
    }
}
