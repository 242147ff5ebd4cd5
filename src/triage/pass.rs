//! One batch of rows on its way through the clauses. They are asked one after the other over the whole batch, each only for
//! rows that are still alive, so that the costly ones see few rows. Text that belongs to a record (REF, FILTER, INFO) is
//! taken from the record's first row, where it always stands.

use std::ops::Range;

use crate::domain::rows::{Bits, Rows};
use crate::domain::selection::{CLAUSES, Selection};

/// The fate of a row that no clause has dropped.
pub const ALIVE: u8 = u8::MAX;

/// See the module.
pub struct Pass<'r> {
    /// The rows.
    pub rows: &'r Rows,
    /// First row of each record, and the number of rows as the last entry.
    starts: Vec<usize>,
    /// By row: [`ALIVE`], or the clause that dropped it.
    fates: Vec<u8>,
    dropped: [u64; CLAUSES.len()],
}

impl<'r> Pass<'r> {
    /// All rows are alive. The rows of a record must all be there, adjacent and in ALT order.
    pub fn new(rows: &'r Rows) -> Self {
        let begins = |&i: &usize| i == 0 || rows.is_first(i) || rows.ordinal[i] != rows.ordinal[i - 1];
        let mut starts = Vec::with_capacity(rows.len() + 1);
        starts.extend((0..rows.len()).filter(begins));
        starts.push(rows.len());
        Self { rows, starts, fates: vec![ALIVE; rows.len()], dropped: [0; CLAUSES.len()] }
    }

    /// Asks a clause that can differ between the alleles of a record: `drops(row)`.
    pub fn by_row(&mut self, clause: usize, mut drops: impl FnMut(usize) -> bool) {
        for (row, fate) in self.fates.iter_mut().enumerate() {
            if *fate == ALIVE && drops(row) {
                *fate = clause as u8;
                self.dropped[clause] += 1;
            }
        }
    }

    /// Asks a clause whose answer is the same for all alleles of a record, once per record that is still alive:
    /// `drops(first row)`.
    pub fn by_record(&mut self, clause: usize, mut drops: impl FnMut(usize) -> bool) {
        self.records(|record, fates| drops(record.start).then(|| fates.fill(clause as u8)));
        self.count(clause);
    }

    /// As [`Pass::by_record`], where the answer names the clause, or none.
    pub fn by_record_of(&mut self, clauses: &[usize], mut drops: impl FnMut(Range<usize>) -> Option<usize>) {
        self.records(|record, fates| drops(record).map(|clause| fates.fill(clause as u8)));
        clauses.iter().for_each(|&clause| self.count(clause));
    }

    /// Asks a clause that looks at a record as a whole and decides for each of its rows: `look(rows)` comes once per
    /// record that is still alive, then `drops(row)` for its rows that are.
    pub fn by_record_and_row<T>(
        &mut self,
        clause: usize,
        look: &mut T,
        mut at_record: impl FnMut(&mut T, Range<usize>),
        drops: impl Fn(&T, usize) -> bool,
    ) {
        self.records(|record, fates| {
            let first = record.start;
            at_record(look, record);
            for (nth, fate) in fates.iter_mut().enumerate().filter(|(_, fate)| **fate == ALIVE) {
                if drops(look, first + nth) {
                    *fate = clause as u8;
                }
            }
            None
        });
        self.count(clause);
    }

    /// Calls `ask` with each record that has a row alive, and the fates of its rows. What it fills in for rows that were
    /// dead before is undone.
    fn records(&mut self, mut ask: impl FnMut(Range<usize>, &mut [u8]) -> Option<()>) {
        for pair in self.starts.windows(2) {
            let record = pair[0]..pair[1];
            let fates = &mut self.fates[record.clone()];
            if let [fate] = fates {
                if *fate == ALIVE {
                    ask(record, fates);
                }
                continue;
            }
            if !fates.contains(&ALIVE) {
                continue;
            }
            let before: Vec<u8> = fates.to_vec();
            ask(record, fates);
            fates
                .iter_mut()
                .zip(before)
                .filter(|(_, before)| *before != ALIVE)
                .for_each(|(fate, before)| *fate = before);
        }
    }

    fn count(&mut self, clause: usize) {
        self.dropped[clause] = self.fates.iter().filter(|&&fate| fate == clause as u8).count() as u64;
    }

    /// The fate of row `i`: the clause that dropped it, if one did.
    pub fn fate(&self, i: usize) -> Option<usize> {
        Some(self.fates[i]).filter(|&fate| fate != ALIVE).map(usize::from)
    }

    /// What was decided.
    pub fn selection(&self) -> Selection {
        let mut bits = Bits::default();
        self.fates.iter().for_each(|&fate| bits.push(fate == ALIVE));
        let counted = CLAUSES.iter().zip(self.dropped).filter(|(_, count)| *count > 0);
        let dropped = counted.map(|(clause, count)| (clause.name, count)).collect();
        Selection { selected: bits.count_ones(), bits, dropped }
    }
}
