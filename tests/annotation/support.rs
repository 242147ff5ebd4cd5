//! Records of a test as text, and what was read of them.

use vcf_agent::annotation::{AlleleAnnotation, AnnotatedRecord, Annotator, Findings, Frequencies, Schema, TermSet};

/// A header and what is made of it.
pub struct File {
    pub schema: Schema,
    annotator: Annotator,
}

impl File {
    /// `##INFO` lines as ID, Number and Description.
    pub fn new(lines: &[(&str, &str, &str)]) -> Self {
        Self::with_frequencies(lines, &[], &[])
    }

    pub fn with_frequencies(lines: &[(&str, &str, &str)], sub_fields: &[&str], info_keys: &[&str]) -> Self {
        let lines: Vec<_> = lines.iter().map(|&(id, number, text)| (id, number, "String", text)).collect();
        let (schema, _) = Schema::from_info_lines(&lines);
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let frequencies = Frequencies { sub_fields: owned(sub_fields), info_keys: owned(info_keys) };
        let (annotator, _) = Annotator::new(&schema, &frequencies);
        Self { schema, annotator }
    }

    /// VEP's `CSQ` with these columns.
    pub fn vep(columns: &str) -> Self {
        Self::new(&[("CSQ", ".", &vep_description(columns))])
    }

    /// SnpEff's `ANN`.
    pub fn snpeff() -> Self {
        Self::new(&[("ANN", ".", SNPEFF)])
    }

    /// bcftools csq's `BCSQ`.
    pub fn bcsq() -> Self {
        Self::new(&[("BCSQ", ".", BCSQ)])
    }

    /// Reads one record: POS, REF, ALT (`.` is none) and INFO.
    pub fn read<'r>(&self, site: (i64, &'r str, &'r str), info: &'r str) -> (Vec<AlleleAnnotation<'r>>, Findings) {
        let (pos, reference, alt) = site;
        let alts: Vec<&[u8]> = alt.split(',').filter(|alt| *alt != ".").map(str::as_bytes).collect();
        let record = AnnotatedRecord { pos, reference: reference.as_bytes(), alts: &alts, info: info.as_bytes() };
        let mut out = Vec::new();
        let findings = self.annotator.alleles(&record, &mut out);
        (out, findings)
    }

    /// The terms of each ALT's entries.
    pub fn terms(&self, site: (i64, &str, &str), info: &str) -> Vec<Vec<&'static str>> {
        self.read(site, info).0.iter().map(|allele| names(allele.terms)).collect()
    }

    /// As [`File::terms`], and how many entries named nobody.
    pub fn owners(&self, site: (i64, &str, &str), info: &str) -> (Vec<Vec<&'static str>>, u64) {
        (self.terms(site, info), self.read(site, info).1.unknown_allele)
    }
}

pub const SNPEFF: &str = "Functional annotations: 'Allele | Annotation | Annotation_Impact | Gene_Name | Gene_ID | \
    Feature_Type | Feature_ID | Transcript_BioType | Rank | HGVS.c | HGVS.p | cDNA.pos / cDNA.length | CDS.pos / CDS.length | \
    AA.pos / AA.length | Distance | ERRORS / WARNINGS / INFO' ";

pub const BCSQ: &str = "Haplotype-aware consequence annotation from BCFtools/csq, see \
    http://samtools.github.io/bcftools/howtos/csq-calling.html for details. Format: \
    Consequence|gene|transcript|biotype|strand|amino_acid_change|dna_change";

pub fn vep_description(columns: &str) -> String {
    format!("Consequence annotations from Ensembl VEP. Format: {columns}")
}

/// Names of terms, the most severe first.
pub fn names(terms: TermSet) -> Vec<&'static str> {
    terms.iter().map(|term| term.as_str()).collect()
}

pub fn text(bytes: Option<&[u8]>) -> Option<&str> {
    bytes.map(|bytes| std::str::from_utf8(bytes).unwrap())
}
