//! The rules against ClinVar: its conclusions hidden from the provider, then compared. `docs/rules.md` has the figures.
//!
//! `cargo test --test providers against_clinvar -- --nocapture` prints the table.

use std::path::Path;

use vcf_agent::annotation::evidence::EvidenceSettings;
use vcf_agent::domain::finding::{Classification, Evidence, Item, Side};
use vcf_agent::providers::Options;
use vcf_agent::providers::rules::{Settings, judge};

use crate::present::shared;
use crate::support::{read, reader_for};

/// Where ClinVar stands: 0 pathogenic, 1 uncertain, 2 benign, 3 anything else.
fn clinvar_side(said: Option<&str>) -> usize {
    match said {
        Some("Pathogenic" | "Likely_pathogenic" | "Pathogenic/Likely_pathogenic") => 0,
        Some("Uncertain_significance") => 1,
        Some("Benign" | "Likely_benign" | "Benign/Likely_benign") => 2,
        _ => 3,
    }
}

/// Where a finding stands: 0 pathogenic, 1 uncertain, 2 benign, 3 abstained.
fn our_side(classification: Classification) -> usize {
    match (classification.side(), classification) {
        (Some(Side::Pathogenic), _) => 0,
        (Some(Side::Benign), _) => 2,
        (None, Classification::Abstained) => 3,
        (None, _) => 1,
    }
}

/// Rows of the table: where we stand, for each place where ClinVar stands.
type Table = [[u32; 4]; 4];

fn table(alleles: &[(Evidence, usize)], options: &[(&str, &str)]) -> Table {
    let options: Options = options.iter().map(|(name, word)| ((*name).to_owned(), (*word).to_owned())).collect();
    let settings = Settings::parse(&options).unwrap();
    let mut table = Table::default();
    for (evidence, theirs) in alleles {
        table[*theirs][our_side(judge(evidence, &settings).classification)] += 1;
    }
    table
}

fn alleles(path: &Path) -> Vec<(Evidence, usize)> {
    let (header, rows) = read(std::fs::File::open(path).unwrap());
    // A record without ALT is no allele.
    let picked: Vec<usize> = (0..rows.len()).filter(|&row| rows.alt.get(row).is_some()).collect();
    let open = reader_for(&header, &EvidenceSettings::default()).read_all(&rows, &picked);
    let hides = EvidenceSettings { hides_clinvar: true, ..EvidenceSettings::default() };
    let hidden = reader_for(&header, &hides).read_all(&rows, &picked);
    let theirs = open.iter().map(|evidence| clinvar_side(evidence.value(Item::Clinvar)));
    hidden.into_iter().zip(theirs).collect()
}

fn print(name: &str, table: &Table) {
    println!("\n{name}\n| ClinVar | P/LP | VUS | B/LB | abstained |\n|---|---|---|---|---|");
    for (who, row) in ["P/LP", "VUS", "B/LB", "other"].iter().zip(table) {
        println!("| {who} | {} | {} | {} | {} |", row[0], row[1], row[2], row[3]);
    }
}

/// Called on one side where ClinVar stands on the other.
fn confident_errors(table: &Table) -> u32 {
    table[0][2] + table[2][0]
}

#[test]
fn against_clinvar_with_its_conclusions_hidden() {
    let Some(folder) = shared("against_clinvar_with_its_conclusions_hidden") else { return };
    let alleles = alleles(&folder.join("clinvar_subset.vcf.gz"));
    assert_eq!(alleles.len(), 1999);
    for (evidence, _) in &alleles {
        assert!(evidence.fact(Item::Clinvar).is_none() && evidence.fact(Item::ClinvarStars).is_none());
    }
    let absent = ("missing_frequency", "absent");
    let runs = [
        ("defaults", table(&alleles, &[])),
        ("missing_frequency = absent", table(&alleles, &[absent])),
        (
            "… and loss_of_function_genes = AGRN,ISG15",
            table(&alleles, &[absent, ("loss_of_function_genes", "AGRN,ISG15")]),
        ),
        ("… and loss_of_function_genes = *", table(&alleles, &[absent, ("loss_of_function_genes", "*")])),
    ];
    for (name, table) in &runs {
        print(name, table);
        let columns: Vec<u32> = table.iter().map(|row| row.iter().sum()).collect();
        assert_eq!(columns, runs[0].1.map(|row| row.iter().sum::<u32>()), "{name}: ClinVar stays where it is");
        assert_eq!(columns.iter().sum::<u32>() as usize, alleles.len(), "{name}: every allele is counted once");
    }
    let errors: Vec<u32> = runs.iter().map(|(_, table)| confident_errors(table)).collect();
    println!("\nconfident errors: {errors:?}");
    // As measured. With a list of genes there is none; with every gene in it there are nine.
    assert_eq!(errors[..3], [0, 0, 0]);
    assert!(errors[3] <= 9, "{errors:?}");
    let agreed = |run: usize, side: usize| runs[run].1[side][side];
    assert!(agreed(0, 2) >= 33 && agreed(2, 2) >= 33, "benign ones that are found");
    assert!(agreed(2, 0) >= 24, "pathogenic ones that are found with a list of genes");
    assert_eq!(agreed(0, 0), 0, "nothing in this file says that a gene is one whose loss causes disease");
}
