//! The names of genes that a record's annotations hold, for filters by gene: of every entry, whichever ALT it is about.

use super::columns::Columns;
use super::schema::{Dialect, Schema};
use crate::domain::info::InfoKey;

/// ClinVar's own field: `SYMBOL:number|SYMBOL:number`.
const GENEINFO: &str = "GENEINFO";

/// Where names of genes stand in a file's INFO.
#[derive(Debug, Clone, Default)]
pub struct GeneNames {
    /// INFO key, and the columns of symbol and id in ascending order.
    sources: Vec<(String, Vec<usize>)>,
    has_geneinfo: bool,
}

impl Schema {
    /// Where names of genes stand.
    pub fn gene_names(&self) -> GeneNames {
        let sources = self.sources.iter().map(|source| {
            let names: &[&str] = match source.dialect {
                Dialect::Vep => &["SYMBOL", "Gene"],
                Dialect::SnpEff => &["Gene_Name", "Gene_ID"],
                Dialect::Bcsq => &["gene"],
            };
            let mut columns: Vec<usize> = names.iter().filter_map(|name| source.column(name)).collect();
            columns.sort_unstable();
            (source.key.clone(), columns)
        });
        GeneNames { sources: sources.collect(), has_geneinfo: self.numbers.contains_key(GENEINFO) }
    }
}

impl GeneNames {
    /// Whether any name in this INFO is wanted. Names come as written, possibly several times.
    pub fn any(&self, info: &[u8], mut is_wanted: impl FnMut(&[u8]) -> bool) -> bool {
        let mut is_wanted = |name: &[u8]| !matches!(name, b"" | b"." | b"-") && is_wanted(name);
        for (key, columns) in &self.sources {
            let Some(Some(value)) = InfoKey::new(key.as_bytes()).value(info) else { continue };
            for entry in value.split(|&byte| byte == b',') {
                let mut walk = Columns::new(entry);
                for &column in columns {
                    let Some(name) = walk.get(column) else { break };
                    if is_wanted(name) {
                        return true;
                    }
                }
            }
        }
        let geneinfo = || InfoKey::new(GENEINFO.as_bytes()).value(info).flatten();
        let Some(value) = self.has_geneinfo.then(geneinfo).flatten() else { return false };
        value
            .split(|&byte| byte == b'|')
            .any(|pair| is_wanted(pair.split(|&byte| byte == b':').next().unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_every_entry_and_of_clinvar() {
        let vep = "Consequence annotations from Ensembl VEP. Format: Allele|Consequence|SYMBOL|Gene|Feature";
        let lines = [("CSQ", ".", "String", vep), ("GENEINFO", "1", "String", "Gene(s)")];
        let names = Schema::from_info_lines(&lines).0.gene_names();
        let info = b"CSQ=A|missense_variant|BRCA1|ENSG1|T1,A|intron_variant||ENSG2|T2;GENEINFO=BRCA2:675|X:1";
        let mut seen = Vec::new();
        assert!(!names.any(info, |name| {
            seen.push(String::from_utf8_lossy(name).into_owned());
            false
        }));
        assert_eq!(seen, ["BRCA1", "ENSG1", "ENSG2", "BRCA2", "X"]);
        assert!(names.any(info, |name| name == b"ENSG2"));
        assert!(!names.any(b"", |_| true));
    }
}
