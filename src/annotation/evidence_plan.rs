//! What to read of a file's annotations and INFO for [`super::evidence`]: names turned into places, once for a file.

use super::Frequencies;
use super::evidence_names::*;
use super::plan::clinvar_columns;
use super::schema::{Dialect, Schema, Source};
use crate::domain::finding::Field;

/// A frequency in a population: where it is, and what is known of it. `P` is a column or a slot of INFO.
pub(super) struct FrequencyPlan {
    pub at: usize,
    /// INFO only: REF has a value too (`Number=R`).
    pub with_reference: bool,
    pub alleles: Option<usize>,
    pub homozygotes: Option<usize>,
    pub dataset_alleles: Option<&'static str>,
}

/// One annotation key.
pub(super) struct ColumnsPlan {
    /// By column: `INFO/CSQ:REVEL`.
    pub fields: Vec<Field>,
    pub allele: Option<usize>,
    pub consequence: Option<usize>,
    pub impact: Option<usize>,
    pub gene: Option<usize>,
    pub gene_id: Option<usize>,
    pub transcript: Option<usize>,
    pub hgvs_c: Option<usize>,
    pub hgvs_p: Option<usize>,
    pub exon: Option<usize>,
    pub revel: Vec<usize>,
    pub spliceai: Option<[usize; 4]>,
    pub loftee: Option<usize>,
    pub clinvar: Option<usize>,
    pub clinvar_review: Option<usize>,
    pub frequencies: Vec<FrequencyPlan>,
}

impl ColumnsPlan {
    pub(super) fn new(source: &Source, configured: Option<&Frequencies>) -> Self {
        let column = |name: &str| source.column(name);
        let by_dialect = |names: [&str; 3]| {
            column(match source.dialect {
                Dialect::Vep => names[0],
                Dialect::SnpEff => names[1],
                Dialect::Bcsq => names[2],
            })
        };
        let is_vep = source.dialect == Dialect::Vep;
        let vep = |name: &str| column(name).filter(|_| is_vep);
        let [ag, al, dg, dl] = SPLICEAI_COLUMNS.map(vep);
        let clinvar = if is_vep { clinvar_columns(source) } else { Vec::new() };
        let frequencies = chosen(&FREQUENCY_COLUMNS, configured.map(|configured| &configured.sub_fields));
        let frequencies = frequencies.into_iter().filter_map(|(name, known)| {
            Some(FrequencyPlan {
                at: column(name)?,
                with_reference: false,
                alleles: known.and_then(|known| column(known.alleles?)),
                homozygotes: known.and_then(|known| column(known.homozygotes?)),
                dataset_alleles: known.and_then(|known| known.dataset_alleles),
            })
        });
        Self {
            fields: source.columns.iter().map(|name| Field::new(&format!("INFO/{}:{name}", source.key))).collect(),
            allele: column("Allele"),
            consequence: by_dialect(["Consequence", "Annotation", "consequence"]),
            impact: by_dialect(["IMPACT", "Annotation_Impact", ""]),
            gene: by_dialect(["SYMBOL", "Gene_Name", "gene"]),
            gene_id: by_dialect(["Gene", "Gene_ID", ""]),
            transcript: by_dialect(["Feature", "Feature_ID", "transcript"]),
            hgvs_c: by_dialect(["HGVSc", "HGVS.c", ""]),
            hgvs_p: by_dialect(["HGVSp", "HGVS.p", ""]),
            exon: by_dialect([EXON_COLUMNS[0], EXON_COLUMNS[1], ""]),
            revel: REVEL_COLUMNS.into_iter().filter_map(vep).collect(),
            spliceai: ag.zip(al).zip(dg.zip(dl)).map(|((ag, al), (dg, dl))| [ag, al, dg, dl]),
            loftee: vep(LOFTEE_COLUMN),
            clinvar: clinvar.first().map(|(column, _)| *column),
            clinvar_review: clinvar.get(1).map(|(column, _)| *column),
            frequencies: frequencies.collect(),
        }
    }
}

/// INFO keys that are read, each with a slot.
pub(super) struct InfoPlan {
    /// By slot.
    pub keys: Vec<Box<[u8]>>,
    /// Whether a key begins with this byte: most items of a long INFO need no further look.
    begins: [bool; 256],
    /// By slot: `INFO/AF_EXAC`.
    pub fields: Vec<Field>,
    pub frequencies: Vec<FrequencyPlan>,
    pub revel: Vec<usize>,
    pub spliceai: Option<usize>,
    pub spliceai_max: Option<usize>,
    pub mc: Option<usize>,
    pub geneinfo: Option<usize>,
}

impl InfoPlan {
    pub(super) fn new(schema: &Schema, configured: Option<&Frequencies>) -> Self {
        let mut plan = Self {
            keys: Vec::new(),
            begins: [false; 256],
            fields: Vec::new(),
            frequencies: Vec::new(),
            revel: Vec::new(),
            spliceai: None,
            spliceai_max: None,
            mc: None,
            geneinfo: None,
        };
        for (name, known) in chosen(&FREQUENCY_KEYS, configured.map(|configured| &configured.info_keys)) {
            let Some(at) = plan.slot(schema, name) else { continue };
            let with_reference = schema.numbers.get(name).is_some_and(|number| number == "R");
            let alleles = known.and_then(|known| plan.slot(schema, known.alleles?));
            let homozygotes = known.and_then(|known| plan.slot(schema, known.homozygotes?));
            let dataset_alleles = known.and_then(|known| known.dataset_alleles);
            plan.frequencies.push(FrequencyPlan { at, with_reference, alleles, homozygotes, dataset_alleles });
        }
        plan.revel = REVEL_KEYS.into_iter().filter_map(|name| plan.slot(schema, name)).collect();
        plan.spliceai = plan.slot(schema, SPLICEAI_KEY);
        plan.spliceai_max = plan.slot(schema, SPLICEAI_MAX_KEY);
        plan.mc = plan.slot(schema, MC_KEY);
        plan.geneinfo = plan.slot(schema, GENEINFO_KEY);
        plan
    }

    /// The slot of a key, if the header declares it.
    fn slot(&mut self, schema: &Schema, name: &str) -> Option<usize> {
        if !schema.numbers.contains_key(name) {
            return None;
        }
        if let Some(slot) = self.keys.iter().position(|key| **key == *name.as_bytes()) {
            return Some(slot);
        }
        self.begins[usize::from(*name.as_bytes().first()?)] = true;
        self.keys.push(name.as_bytes().into());
        self.fields.push(Field::new(&format!("INFO/{name}")));
        Some(self.keys.len() - 1)
    }

    /// The values of one record, by slot. Of a key that is there twice the first counts.
    pub(super) fn values<'r>(&self, info: &'r [u8], values: &mut Vec<Option<&'r [u8]>>) {
        values.clear();
        values.resize(self.keys.len(), None);
        let mut rest = if self.keys.is_empty() { &[][..] } else { info };
        while !rest.is_empty() {
            let end = memchr::memchr(b';', rest).unwrap_or(rest.len());
            let item = &rest[..end];
            rest = rest.get(end + 1..).unwrap_or_default();
            if !item.first().is_some_and(|&first| self.begins[usize::from(first)]) {
                continue;
            }
            let is_key = |key: &[u8]| item.get(key.len()) == Some(&b'=') && item.starts_with(key);
            if let Some(slot) = self.keys.iter().position(|key| is_key(key))
                && values[slot].is_none()
            {
                values[slot] = Some(&item[self.keys[slot].len() + 1..]);
            }
        }
    }
}

/// The configured names, or else all that are known; with what is known of each.
fn chosen<'n>(known: &'static [Known], configured: Option<&'n Vec<String>>) -> Vec<(&'n str, Option<&'static Known>)> {
    match configured {
        None => known.iter().map(|known| (known.name, Some(known))).collect(),
        Some(names) => {
            let find = |name: &str| known.iter().find(|known| known.name.eq_ignore_ascii_case(name));
            names.iter().map(|name| (name.as_str(), find(name))).collect()
        }
    }
}
