//! The clause about genes: what any entry of the record's annotations names, whichever ALT it is about.

use super::GenesClause;
use super::pass::Pass;
use crate::annotation::GeneNames;
use crate::domain::rows::Rows;
use crate::domain::selection::clause::GENES;

impl GenesClause {
    pub(super) fn run(&self, names: &GeneNames, pass: &mut Pass<'_>) {
        let rows = pass.rows;
        pass.by_record(GENES, |first| !self.is_named(names, rows, first));
    }

    fn is_named(&self, names: &GeneNames, rows: &Rows, first: usize) -> bool {
        let info = rows.info.get(first).unwrap_or_default();
        names.any(info, |name| std::str::from_utf8(name).is_ok_and(|name| self.names.contains(name)))
    }

    /// The genes that the record's annotations name, and which of them are listed.
    pub(super) fn seen(&self, names: &GeneNames, rows: &Rows, first: usize) -> Vec<String> {
        let mut seen: Vec<String> = Vec::new();
        names.any(rows.info.get(first).unwrap_or_default(), |name| {
            let name = String::from_utf8_lossy(name).into_owned();
            if !seen.contains(&name) {
                seen.push(name);
            }
            false
        });
        seen
    }
}
