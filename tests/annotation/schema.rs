//! Which keys are annotations, by what the header says of them.

use vcf_agent::annotation::{Dialect, Schema};

use crate::support::{BCSQ, SNPEFF, vep_description};

/// Key, dialect and number of columns of each source; codes of the notices.
fn read(lines: &[(&str, &str, &str)]) -> (Vec<(String, Dialect, usize)>, Vec<&'static str>) {
    let lines: Vec<_> = lines.iter().map(|&(id, number, text)| (id, number, "String", text)).collect();
    let (schema, notices) = Schema::from_info_lines(&lines);
    let sources = schema.sources.into_iter().map(|source| (source.key, source.dialect, source.columns.len())).collect();
    (sources, notices.into_iter().map(|notice| notice.code).collect())
}

#[test]
fn the_description_decides_and_the_key_does_not() {
    let vep = vep_description("Allele|Consequence|IMPACT|SYMBOL");
    for key in ["CSQ", "vep", "ANN", "BCSQ", "X"] {
        assert_eq!(read(&[(key, ".", &vep)]), (vec![(key.into(), Dialect::Vep, 4)], vec![]));
        assert_eq!(read(&[(key, ".", SNPEFF)]), (vec![(key.into(), Dialect::SnpEff, 16)], vec![]));
        assert_eq!(read(&[(key, ".", BCSQ)]), (vec![(key.into(), Dialect::Bcsq, 7)], vec![]));
    }
}

#[test]
fn columns_are_read_as_each_tool_lists_them() {
    let columns = |text: &str| {
        let (schema, _) = Schema::from_info_lines(&[("K", ".", "String", text)]);
        schema.sources[0].columns.join("|")
    };
    assert_eq!(
        columns(&vep_description("Allele|Consequence|gnomAD2.1|LoF_info")),
        "Allele|Consequence|gnomAD2.1|LoF_info"
    );
    assert!(columns(SNPEFF).starts_with("Allele|Annotation|Annotation_Impact|Gene_Name|"));
    assert!(columns(SNPEFF).ends_with("|Distance|ERRORS / WARNINGS / INFO"));
    let older = "Local consequence annotation from BCFtools/csq. Format: \
                 '[*]consequence|gene|transcript|biotype[|strand|amino_acid_change|dna_change]' or, for consequences of \
                 variants split across multiple sites, a pointer to the record storing the consequences '@position'. '*' \
                 prefix indicates a consequence downstream from a stop";
    assert_eq!(columns(older), "consequence|gene|transcript|biotype|strand|amino_acid_change|dna_change");
    let elsewhere = "The lab's own annotations, as VEP's. Format: 'Allele|Consequence|SYMBOL' and more";
    assert_eq!(columns(elsewhere), "Allele|Consequence|SYMBOL");
}

#[test]
fn other_fields_with_bars_are_no_annotations() {
    let ancestral = "Ancestral Allele. Format: AA|REF|ALT|IndelType. AA: Ancestral allele, REF:Reference Allele";
    let lof = "Predicted loss of function effects for this variant. Format: 'Gene_Name | Gene_ID | \
               Number_of_transcripts_in_gene | Percent_of_transcripts_affected' ";
    let lines =
        [("AA", "1", ancestral), ("LOF", ".", lof), ("DP", "1", "Depth"), ("X", "1", "a | b"), ("Y", "1", "it's")];
    assert_eq!(read(&lines), (vec![], vec![]));
}

#[test]
fn formats_that_are_not_read_are_noticed() {
    let eff =
        "Predicted effects for this variant.Format: 'Effect ( Effect_Impact | Functional_Class | Codon_Change )' ";
    let funcotation =
        "Functional annotation from the Funcotator tool.  Funcotation fields are: A_hugoSymbol|A_ncbiBuild";
    let csqt = "Consequence type as predicted by IAE. Format: GenotypeIndex|HGNC|Transcript ID|Consequence";
    for (key, text) in [("EFF", eff), ("FUNCOTATION", funcotation), ("CSQT", csqt)] {
        assert_eq!(read(&[(key, ".", text)]), (vec![], vec!["annotation_not_read"]), "{key}");
    }
    let broken = "Consequence annotations from Ensembl VEP. Format: Allele|IMPACT";
    assert_eq!(read(&[("CSQ", ".", broken)]), (vec![], vec!["annotation_format_unknown"]));
    assert_eq!(
        read(&[("CSQ", ".", "Consequence annotations from Ensembl VEP.")]),
        (vec![], vec!["annotation_format_unknown"])
    );
}

#[test]
fn entries_without_an_allele_are_noticed() {
    let (sources, notices) = read(&[("CSQ", ".", &vep_description("Consequence|Codons|Gene"))]);
    assert_eq!((sources.len(), notices), (1, vec!["annotation_without_allele"]));
}

#[test]
fn a_file_with_neither_annotation_nor_clinvar_says_so() {
    let empty = |lines: &[(&str, &str, &str)]| {
        let lines: Vec<_> = lines.iter().map(|&(id, number, text)| (id, number, "String", text)).collect();
        Schema::from_info_lines(&lines).0.is_empty()
    };
    assert!(empty(&[]) && empty(&[("DP", "1", "Depth"), ("CLNREVSTAT", ".", "x")]));
    assert!(!empty(&[("CLNSIG", ".", "x")]) && !empty(&[("ANN", ".", SNPEFF)]));
}

#[test]
fn of_a_key_that_is_declared_twice_the_first_counts() {
    let vep = vep_description("Allele|Consequence|Gene");
    assert_eq!(read(&[("CSQ", ".", &vep), ("CSQ", ".", SNPEFF)]), (vec![("CSQ".into(), Dialect::Vep, 3)], vec![]));
}

#[test]
fn keys_too_many_are_left_out_and_noticed() {
    let vep = vep_description("Allele|Consequence|Gene");
    let keys: Vec<String> = (0..20).map(|nth| format!("K{nth}")).collect();
    let lines: Vec<_> = keys.iter().map(|key| (key.as_str(), ".", vep.as_str())).collect();
    let (sources, notices) = read(&lines);
    assert_eq!((sources.len(), notices), (16, vec!["annotation_keys_too_many"]));
}
