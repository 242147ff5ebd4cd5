//! Real files, read where they are, against the plain reading; and against bcftools where it is installed.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use vcf_agent::annotation::{
    AlleleAnnotation, AnnotatedRecord, Annotator, Dialect, Findings, Frequencies, Schema, SignificanceSet, Stars, Term,
};
use vcf_agent::vcf::ReadLimits;
use vcf_agent::vcf::reader::Reader;

use crate::plain::{self, Entry, Site};
use crate::present::{shared, works};
use crate::support::text;

/// The schema that the product's own reader sees.
fn schema(path: &Path) -> Schema {
    let file = std::fs::File::open(path).unwrap();
    let reader = Reader::open(Box::new(file), false, ReadLimits::default()).unwrap_or_else(|e| panic!("{}", e.message));
    let infos = &reader.header().infos;
    let lines: Vec<_> =
        infos.iter().map(|i| (i.id.as_str(), i.number.as_str(), i.kind.as_str(), i.description.as_str())).collect();
    Schema::from_info_lines(&lines).0
}

/// Reads every record; `check` sees each with what was read of it.
fn read_all(annotator: &Annotator, sites: &[Site], mut check: impl FnMut(&Site, &[AlleleAnnotation<'_>])) -> Findings {
    let mut findings = Findings::default();
    let mut out = Vec::new();
    for site in sites {
        let alts: Vec<&[u8]> = site.alts.iter().map(String::as_bytes).collect();
        let record = AnnotatedRecord {
            pos: site.pos,
            reference: site.reference.as_bytes(),
            alts: &alts,
            info: site.info.as_bytes(),
        };
        findings += annotator.alleles(&record, &mut out);
        assert_eq!(out.len(), site.alts.len());
        check(site, &out);
    }
    findings
}

/// What the header of a key says, found without the product's code.
fn plain_columns<'h>(header: &'h str, key: &str, before: &str, separator: &str) -> Vec<&'h str> {
    let line = header.lines().find(|line| line.starts_with(&format!("##INFO=<ID={key},"))).unwrap();
    let list = line.split_once(before).unwrap().1.trim_end_matches(['>', '"', ' ', '\'']);
    list.split(separator).map(str::trim).collect()
}

struct Names {
    consequence: &'static str,
    feature_type: &'static str,
    symbol: &'static str,
    transcript: &'static str,
    hgvs: &'static str,
    impact: &'static str,
}

const VEP: Names = Names {
    consequence: "Consequence",
    feature_type: "Feature_type",
    symbol: "SYMBOL",
    transcript: "Feature",
    hgvs: "HGVSc",
    impact: "IMPACT",
};

const SNPEFF: Names = Names {
    consequence: "Annotation",
    feature_type: "Feature_Type",
    symbol: "Gene_Name",
    transcript: "Feature_ID",
    hgvs: "HGVS.c",
    impact: "Annotation_Impact",
};

/// Compares one ALT with its entries by the plain reading.
fn compare(site: &Site, allele: &AlleleAnnotation<'_>, entries: &[Entry<'_>], names: &Names) {
    let place = format!("line {}", site.line);
    assert_eq!(allele.entries as usize, entries.len(), "{place}");
    let worst = plain::worst(entries.iter().map(|entry| entry[names.consequence]));
    let worst = worst.and_then(|term| Term::parse(term.as_bytes()));
    assert_eq!(allele.most_severe(), worst, "{place}");
    let expected = plain::chosen(entries, names.consequence, names.feature_type);
    assert_eq!(allele.chosen.is_some(), expected.is_some(), "{place}");
    if let (Some(chosen), Some(expected)) = (&allele.chosen, expected) {
        let is = |column: &str, found: Option<&[u8]>| {
            let written = expected.get(column).copied().filter(|text| !text.is_empty());
            assert_eq!(text(found), written, "{place} {column}");
        };
        is(names.consequence, Some(chosen.consequence));
        is(names.symbol, chosen.symbol);
        is(names.hgvs, chosen.hgvs_c);
        if expected.get(names.feature_type).is_none_or(|kind| kind.eq_ignore_ascii_case("transcript")) {
            is(names.transcript, chosen.transcript);
        }
        if expected.contains_key(names.impact) {
            is(names.impact, chosen.impact.map(|impact| impact.as_str().as_bytes()));
        }
    }
}

/// A file of VEP: every entry belongs to the ALT of its name. Gives the number of ALTs that the file annotates.
fn vep_file(path: &Path, key: &str) -> (usize, Findings) {
    let (header, sites) = plain::file(path);
    let columns = plain_columns(&header, key, "Format: ", "|");
    let schema = schema(path);
    assert_eq!(schema.sources.len(), 1);
    assert_eq!((schema.sources[0].key.as_str(), schema.sources[0].dialect), (key, Dialect::Vep));
    assert_eq!(schema.sources[0].columns, columns);
    let (annotator, _) = Annotator::new(&schema, &Frequencies::default());
    let mut annotated = 0;
    let findings = read_all(&annotator, &sites, |site, alleles| {
        let values = site.values();
        let entries = values.get(key).map_or(Vec::new(), |value| plain::entries(&columns, value));
        let vep_names = plain::vep_names(&site.reference, &site.alts);
        let mut assigned = 0;
        for ((allele, name), number) in alleles.iter().zip(&vep_names).zip(1..) {
            let is_own = |entry: &&Entry<'_>| entry.get("Allele").is_none_or(|allele| allele == name);
            let own: Vec<Entry<'_>> = entries.iter().filter(is_own).cloned().collect();
            // The file's own numbers say the same as the names.
            let numbered = |entry: &Entry<'_>| entry.get("ALLELE_NUM").is_none_or(|n| n.parse() == Ok(number));
            assert!(own.iter().all(numbered), "line {}", site.line);
            compare(site, allele, &own, &VEP);
            assigned += own.len();
            annotated += usize::from(!own.is_empty());
        }
        assert_eq!(assigned, entries.len(), "line {}: every entry has an owner", site.line);
    });
    assert_eq!(Findings { entries: 0, ..findings }, Findings::default(), "nothing is odd");
    (annotated, findings)
}

#[test]
fn every_allele_of_the_vep_file_has_the_entries_that_a_plain_reading_gives_it() {
    let Some(folder) = shared("every_allele_of_the_vep_file_has_the_entries_that_a_plain_reading_gives_it") else {
        return;
    };
    let (annotated, findings) = vep_file(&folder.join("vep_csq_bcftools.vcf"), "CSQ");
    // 838 ALTs, of which those that are `*` have none.
    assert_eq!((annotated, findings.entries), (818, 2219));
}

#[test]
fn every_allele_of_the_gnomad_file_has_the_entries_that_a_plain_reading_gives_it() {
    let test = "every_allele_of_the_gnomad_file_has_the_entries_that_a_plain_reading_gives_it";
    let Some(folder) = shared(test) else { return };
    let (annotated, findings) = vep_file(&folder.join("gnomad_exomes_sites.vcf.gz"), "vep");
    assert_eq!((annotated, findings.entries), (100, 1000));
}

#[test]
fn a_file_whose_entries_name_no_allele_is_read_where_there_is_one_alt() {
    let Some(folder) = shared("a_file_whose_entries_name_no_allele_is_read_where_there_is_one_alt") else { return };
    let (annotated, findings) = vep_file(&folder.join("haploidX.vcf"), "CSQ");
    assert_eq!((annotated, findings.entries), (777, 4210));
}

#[test]
fn every_allele_of_the_snpeff_file_has_the_entries_that_a_plain_reading_gives_it() {
    let test = "every_allele_of_the_snpeff_file_has_the_entries_that_a_plain_reading_gives_it";
    let Some(folder) = shared(test) else { return };
    let path = folder.join("snpeff_ann.vcf");
    let (header, sites) = plain::file(&path);
    let columns = plain_columns(&header, "ANN", "annotations: '", " | ");
    let schema = schema(&path);
    assert_eq!(schema.sources.len(), 1);
    assert_eq!(schema.sources[0].dialect, Dialect::SnpEff);
    assert_eq!(schema.sources[0].columns, columns);
    let (annotator, _) = Annotator::new(&schema, &Frequencies::default());
    let findings = read_all(&annotator, &sites, |site, alleles| {
        let value = site.values()["ANN"];
        let entries = plain::entries(&columns, value);
        for (allele, alt) in alleles.iter().zip(&site.alts) {
            let own: Vec<Entry<'_>> = entries.iter().filter(|entry| entry["Allele"] == alt).cloned().collect();
            assert!(!own.is_empty());
            compare(site, allele, &own, &SNPEFF);
        }
    });
    assert_eq!(findings, Findings { entries: 785, ..Findings::default() });
}

#[test]
fn entries_of_bcftools_csq_are_read_and_those_of_alleles_that_were_split_off_are_counted() {
    let test = "entries_of_bcftools_csq_are_read_and_those_of_alleles_that_were_split_off_are_counted";
    let Some(folder) = shared(test) else { return };
    let path = folder.join("ashk_trio.vcf.gz");
    let (_, sites) = plain::file(&path);
    let schema = schema(&path);
    assert_eq!(schema.sources.iter().map(|source| source.dialect).collect::<Vec<_>>(), [Dialect::Bcsq]);
    let (annotator, _) = Annotator::new(&schema, &Frequencies::default());
    let mut foreign_count = 0;
    let findings = read_all(&annotator, &sites, |site, alleles| {
        let values = site.values();
        let entries: Vec<Vec<&str>> =
            values.get("BCSQ").map_or(Vec::new(), |value| value.split(',').map(|e| e.split('|').collect()).collect());
        let change = format!("{}{}>{}", site.pos, site.reference, site.alts[0]);
        let is_foreign =
            |entry: &&Vec<&str>| entry.get(6).is_some_and(|changes| !changes.split('+').any(|c| c == change));
        let foreign = entries.iter().filter(is_foreign).count();
        foreign_count += foreign;
        assert_eq!(alleles[0].entries as usize, entries.len() - foreign, "line {}", site.line);
    });
    assert_eq!((findings.unknown_allele, foreign_count), (45, 45));
    assert_eq!(findings, Findings { entries: 22807, unknown_allele: 45, ..Findings::default() });
}

#[test]
fn every_classification_of_the_clinvar_file_is_read_and_their_counts_are_those_of_a_plain_count() {
    let test = "every_classification_of_the_clinvar_file_is_read_and_their_counts_are_those_of_a_plain_count";
    let Some(folder) = shared(test) else { return };
    let path = folder.join("clinvar_subset.vcf.gz");
    let (_, sites) = plain::file(&path);
    let schema = schema(&path);
    assert!(schema.clinvar.significance && schema.clinvar.review && !schema.is_empty());
    let (annotator, _) = Annotator::new(&schema, &Frequencies::default());
    let (mut plain_count, mut count) = (BTreeMap::new(), BTreeMap::new());
    let findings = read_all(&annotator, &sites, |site, alleles| {
        let values = site.values();
        let written = values["CLNSIG"].replace("interpretations_of_patho", "classifications_of_patho");
        let (set, unknown) = SignificanceSet::parse(values["CLNSIG"].as_bytes());
        assert_eq!((set.to_string(), unknown), (written.clone(), 0), "line {}", site.line);
        let stars = match values["CLNREVSTAT"] {
            "criteria_provided,_multiple_submitters,_no_conflicts" => 2,
            "criteria_provided,_single_submitter" | "criteria_provided,_conflicting_interpretations" => 1,
            status if status.starts_with("no_") => 0,
            status => panic!("{status}"),
        };
        for allele in alleles {
            *plain_count.entry((written.clone(), stars)).or_insert(0) += 1;
            let clinvar = allele.clinvar.as_ref().unwrap();
            let found = (clinvar.significance.to_string(), clinvar.stars.map(Stars::count).unwrap());
            *count.entry(found).or_insert(0) += 1;
        }
    });
    assert_eq!(findings, Findings::default());
    assert_eq!(count, plain_count);
    let of = |word: &str| count.iter().filter(|((text, _), _)| text == word).map(|(_, n)| n).sum::<u32>();
    assert_eq!((of("Pathogenic"), of("Pathogenic/Likely_pathogenic"), of("Likely_pathogenic")), (19, 2, 8));
    assert_eq!(count.values().sum::<u32>(), 1999, "one record has no ALT");
}

#[test]
fn frequencies_of_the_gnomad_file_are_those_of_its_keys() {
    let Some(folder) = shared("frequencies_of_the_gnomad_file_are_those_of_its_keys") else { return };
    let path = folder.join("gnomad_exomes_sites.vcf.gz");
    let (_, sites) = plain::file(&path);
    let names = ["AF", "AF_popmax", "absent"];
    let frequencies =
        Frequencies { info_keys: names.iter().map(ToString::to_string).collect(), ..Frequencies::default() };
    let (annotator, notices) = Annotator::new(&schema(&path), &frequencies);
    assert_eq!(notices.len(), 1, "{notices:?}");
    let mut known = 0;
    read_all(&annotator, &sites, |site, alleles| {
        let values = site.values();
        let expected = names.iter().filter_map(|name| values.get(name)?.parse::<f64>().ok()).reduce(f64::max);
        assert_eq!(alleles[0].frequency, expected, "line {}", site.line);
        known += usize::from(expected.is_some());
    });
    assert!(known > 50, "{known}");
}

#[test]
fn files_without_annotation_have_an_empty_schema() {
    let Some(folder) = shared("files_without_annotation_have_an_empty_schema") else { return };
    for name in
        ["vembrane_sv.vcf", "pangenome_chr8.vcf", "gatk_funcotator.vcf", "g1k_phase3_chr22.vcf.gz", "dbsnp_135.vcf"]
    {
        assert!(schema(&folder.join(name)).is_empty(), "{name}");
    }
}

/// The most severe consequence of each record over its ALTs.
fn most_severe(path: &Path) -> Vec<Term> {
    let (_, sites) = plain::file(path);
    let (annotator, _) = Annotator::new(&schema(path), &Frequencies::default());
    let mut found = Vec::new();
    read_all(&annotator, &sites, |_, alleles| {
        found.extend(alleles.iter().filter_map(AlleleAnnotation::most_severe).min());
    });
    found
}

/// The consequence that `bcftools +split-vep -s worst` gives each record.
fn split_vep_worst(path: &Path, more: &[&str]) -> Vec<String> {
    let mut command = Command::new("bcftools");
    command.args(["+split-vep", path.to_str().unwrap(), "-s", "worst", "-f", "%Consequence\\n"]).args(more);
    let said = command.output().unwrap();
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    String::from_utf8(said.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn the_most_severe_consequence_is_the_worst_that_bcftools_finds() {
    let test = "the_most_severe_consequence_is_the_worst_that_bcftools_finds";
    let Some(folder) = shared(test) else { return };
    let path = folder.join("vep_csq_bcftools.vcf");
    if !works(test, Command::new("bcftools").args(["+split-vep", "-l"]).arg(&path)) {
        return;
    }
    let ours = most_severe(&path);
    // In Ensembl's order, which is ours, the two agree on every record.
    let scale = tempfile::NamedTempFile::new().unwrap();
    let ascending: Vec<&str> = crate::terms::VEP.split_whitespace().rev().collect();
    std::fs::write(scale.path(), ascending.join("\n") + "\n").unwrap();
    let theirs = split_vep_worst(&path, &["-S", scale.path().to_str().unwrap()]);
    assert_eq!(theirs.len(), ours.len());
    for (nth, (ours, theirs)) in ours.iter().zip(&theirs).enumerate() {
        assert_eq!(Some(ours.as_str()), plain::worst([theirs.as_str()]), "record {nth}: {theirs}");
    }
    // Its own scale finds words inside of words: `non_coding_transcript` in `non_coding_transcript_exon_variant`, which
    // then comes after introns. Nothing else differs.
    let theirs = split_vep_worst(&path, &[]);
    assert_eq!(theirs.len(), ours.len());
    let mut differing = 0;
    for (nth, (ours, theirs)) in ours.iter().zip(&theirs).enumerate() {
        let has = |term: &str| theirs.split('&').any(|theirs| theirs == term);
        if !has(ours.as_str()) {
            assert!(
                ours.as_str() == "non_coding_transcript_exon_variant" && has("intron_variant"),
                "record {nth}: {theirs}"
            );
            differing += 1;
        }
    }
    assert!(differing < ours.len() / 2, "{differing}");
}
