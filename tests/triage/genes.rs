//! The clause about genes.

use crate::support::{ask, settings, settings_with, vcf};

const CSQ: &str = "INFO=<ID=CSQ,Number=.,Type=String,Description=\"From VEP. Format: Allele|Consequence|SYMBOL|Gene\">";
const GENEINFO: &str = "INFO=<ID=GENEINFO,Number=1,Type=String,Description=\"\">";

fn file() -> String {
    let records = [
        "1 5 . A C . . CSQ=C|missense_variant|BRCA1|ENSG00000012048",
        "1 6 . A C . . CSQ=C|intron_variant|NBR2|ENSG00000198496,C|upstream_gene_variant|BRCA1|ENSG00000012048",
        "1 7 . A C . . CSQ=C|missense_variant|BRCA10|ENSG0000001204",
        "1 8 . A C . . CSQ=C|intergenic_variant||",
        "1 9 . A C . . .",
        "1 10 . A C,G . . CSQ=C|missense_variant|brca1|X,G|missense_variant|TP53|Y",
    ];
    vcf(&[CSQ], &[], &records)
}

const YES: &str = "selected";
const NO: &str = "genes";

#[test]
fn a_symbol_or_an_id_of_any_entry_counts_and_case_too() {
    let asked = |names: &str| ask(&settings(&format!("triage.genes.names = [{names}]")), &file());
    let by_symbol = asked("\"BRCA1\"");
    assert_eq!(by_symbol.fates, [YES, YES, NO, NO, NO, NO, NO]);
    assert_eq!(asked("\"ENSG00000012048\"").fates, by_symbol.fates);
    assert_eq!(asked("\"TP53\"").fates, [NO, NO, NO, NO, NO, YES, YES], "of the record, whichever ALT");
    assert!(by_symbol.seen(1, "genes").contains("NBR2") && by_symbol.seen(1, "genes").contains("BRCA1"));
    assert_eq!(by_symbol.seen(4, "genes"), "no gene is named");
}

#[test]
fn a_panel_is_a_file_of_one_gene_a_line() {
    let toml = "[triage.genes]\nnames = [\"TP53\"]\nfile = \"panel.txt\"\n";
    let panel = "# hereditary\nBRCA1 HGNC:1100 # the first word counts\n\nBRCA2\r\n";
    let settings = settings_with(toml, &[("panel.txt", panel)]);
    let genes = settings.triage.clone().unwrap().genes.unwrap();
    assert_eq!(genes.names.iter().collect::<Vec<_>>(), ["BRCA1", "BRCA2", "TP53"]);
    assert_eq!(ask(&settings, &file()).fates, [YES, YES, NO, NO, NO, YES, YES]);
}

#[test]
fn the_clause_about_genes_needs_annotations() {
    let plain = vcf(&[], &[], &["1 5 . A C . . GENE=BRCA1"]);
    let answer = ask(&settings("triage.genes.names = [\"BRCA1\"]"), &plain);
    assert_eq!((answer.fates, answer.notices), (vec!["not_annotated"], vec!["triage_needs_annotations".to_owned()]));
}

#[test]
fn clinvars_own_genes_are_not_overlooked() {
    let records = ["1 5 . A C . . GENEINFO=BRCA1:672|NBR2:10230;CLNSIG=Benign", "1 6 . A C . . CLNSIG=Benign"];
    let clnsig = "INFO=<ID=CLNSIG,Number=.,Type=String,Description=\"\">";
    let answer = ask(&settings("triage.genes.names = [\"NBR2\"]"), &vcf(&[clnsig, GENEINFO], &[], &records));
    assert_eq!(answer.fates, [YES, NO]);
}
