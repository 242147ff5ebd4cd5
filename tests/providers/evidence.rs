//! The evidence on an allele: each tool's fields, with the field that each value came from; what is not clear is missing.

use vcf_agent::annotation::Frequencies;
use vcf_agent::annotation::evidence::EvidenceSettings;
use vcf_agent::domain::finding::{Evidence, Item, VALUE_BYTES_MAX};

use crate::present::shared;
use crate::support::{evidence_of, read, reader_for, vcf_text};

const VEP: &str = "Consequence annotations from Ensembl VEP. Format: Allele|Consequence|IMPACT|SYMBOL|Gene|Feature_type|\
    Feature|BIOTYPE|EXON|HGVSc|HGVSp|MANE_SELECT|gnomADe_AF|MAX_AF|CLIN_SIG|REVEL|LoF|SpliceAI_pred_DS_AG|\
    SpliceAI_pred_DS_AL|SpliceAI_pred_DS_DG|SpliceAI_pred_DS_DL";

fn default() -> EvidenceSettings {
    EvidenceSettings::default()
}

/// The value of an item and the field that it came from.
fn of(evidence: &Evidence, item: Item) -> Option<(&str, &str)> {
    evidence.fact(item).map(|fact| (fact.value.as_str(), fact.source.as_str()))
}

#[test]
fn vep_and_its_plugins_are_read_from_the_chosen_entry() {
    let csq = "CSQ=G|intron_variant|MODIFIER|OTHER|ENSG2|Transcript|ENST2|protein_coding||c.1+5A>G|||0.001||||||||,\
        G|missense_variant&splice_region_variant|MODERATE|AGRN|ENSG1|Transcript|ENST1|protein_coding|4/10|ENST1:c.5A>G|ENSP1:p.Lys2Arg|NM_1|0.0001|0.002|likely_pathogenic|0.71|HC|0.00|0.31|0.02|0.1";
    let all = evidence_of(&[("CSQ", ".", VEP)], &[&format!("chr1 100 . A G . . {csq}")], &default());
    let evidence = &all[0];
    let expected = [
        (Item::Chrom, "chr1", "CHROM"),
        (Item::Pos, "100", "POS"),
        (Item::Ref, "A", "REF"),
        (Item::Alt, "G", "ALT"),
        (Item::Consequence, "missense_variant&splice_region_variant", "INFO/CSQ:Consequence"),
        (Item::MostSevereConsequence, "missense_variant", "INFO/CSQ:Consequence"),
        (Item::Impact, "MODERATE", "INFO/CSQ:IMPACT"),
        (Item::Gene, "AGRN", "INFO/CSQ:SYMBOL"),
        (Item::GeneId, "ENSG1", "INFO/CSQ:Gene"),
        (Item::Transcript, "ENST1", "INFO/CSQ:Feature"),
        (Item::TranscriptChoice, "mane_select", "INFO/CSQ:Feature"),
        (Item::Exon, "4/10", "INFO/CSQ:EXON"),
        (Item::HgvsC, "ENST1:c.5A>G", "INFO/CSQ:HGVSc"),
        (Item::HgvsP, "ENSP1:p.Lys2Arg", "INFO/CSQ:HGVSp"),
        (Item::FrequencyFields, "INFO/CSQ:gnomADe_AF,INFO/CSQ:MAX_AF", "##INFO"),
        (Item::PopulationFrequency, "0.002", "INFO/CSQ:MAX_AF"),
        (Item::Revel, "0.71", "INFO/CSQ:REVEL"),
        (Item::SpliceAi, "0.31", "INFO/CSQ:SpliceAI_pred_DS_AL"),
        (Item::Loftee, "HC", "INFO/CSQ:LoF"),
        (Item::Clinvar, "Likely_pathogenic", "INFO/CSQ:CLIN_SIG"),
    ];
    let found: Vec<_> =
        evidence.facts().iter().map(|fact| (fact.item, fact.value.as_str(), fact.source.as_str())).collect();
    assert_eq!(found, expected);
}

#[test]
fn the_size_of_a_data_set_is_known_by_its_name_alone() {
    let line = "1 100 . A G . . CSQ=G|missense_variant|MODERATE|||Transcript|ENST1|||||||0.06|||||||";
    let by = |frequency: &str| evidence_of(&[("CSQ", ".", VEP)], &[&line.replace("||0.06|", frequency)], &default());
    assert_eq!(of(&by("|0.06||")[0], Item::DatasetAlleles), Some(("251496", "INFO/CSQ:gnomADe_AF")));
    assert_eq!(of(&by("||0.06|")[0], Item::DatasetAlleles), None, "the most frequent population may be small");
}

#[test]
fn clinvars_own_file_has_consequence_gene_and_frequencies() {
    let infos = [
        ("CLNSIG", ".", ""),
        ("CLNREVSTAT", ".", ""),
        ("MC", ".", ""),
        ("GENEINFO", "1", ""),
        ("AF_EXAC", "1", ""),
        ("AF_TGP", "1", ""),
    ];
    let line = "1 100 . A G . . AF_EXAC=0.0003;AF_TGP=0.0020;CLNREVSTAT=criteria_provided,_multiple_submitters,_no_conflicts;\
        CLNSIG=Benign/Likely_benign;GENEINFO=AGRN:375790;MC=SO:0001587|nonsense,SO:0001619|non-coding_transcript_variant";
    let evidence = &evidence_of(&infos, &[line], &default())[0];
    assert_eq!(of(evidence, Item::Consequence), Some(("stop_gained&non_coding_transcript_variant", "INFO/MC")));
    assert_eq!(of(evidence, Item::MostSevereConsequence), Some(("stop_gained", "INFO/MC")));
    assert_eq!(of(evidence, Item::Gene), Some(("AGRN", "INFO/GENEINFO")));
    assert_eq!(of(evidence, Item::GeneId), Some(("375790", "INFO/GENEINFO")));
    assert_eq!(of(evidence, Item::PopulationFrequency), Some(("0.0020", "INFO/AF_TGP")));
    assert_eq!(of(evidence, Item::DatasetAlleles), Some(("5008", "INFO/AF_TGP")));
    assert_eq!(of(evidence, Item::Clinvar), Some(("Benign/Likely_benign", "INFO/CLNSIG")));
    assert_eq!(of(evidence, Item::ClinvarStars), Some(("2", "INFO/CLNREVSTAT")));

    let hidden = &evidence_of(&infos, &[line], &EvidenceSettings { hides_clinvar: true, ..default() })[0];
    assert_eq!(of(hidden, Item::Clinvar), None);
    assert_eq!(of(hidden, Item::ClinvarStars), None);
    assert_eq!(hidden.facts().len() + 2, evidence.facts().len(), "all else stays");

    let two_genes = &evidence_of(&infos, &[&line.replace("AGRN:375790", "AGRN:375790|LOC1:1")], &default())[0];
    assert_eq!(of(two_genes, Item::Gene), None);
}

#[test]
fn clinvar_in_an_annotation_is_hidden_too() {
    let line = "1 100 . A G . . CSQ=G|missense_variant|MODERATE|||Transcript|ENST1||||||||pathogenic||||||";
    let hidden = EvidenceSettings { hides_clinvar: true, ..default() };
    assert_eq!(
        of(&evidence_of(&[("CSQ", ".", VEP)], &[line], &default())[0], Item::Clinvar).map(|(v, _)| v),
        Some("Pathogenic")
    );
    assert_eq!(of(&evidence_of(&[("CSQ", ".", VEP)], &[line], &hidden)[0], Item::Clinvar), None);
}

#[test]
fn each_alt_has_its_own_and_what_is_of_the_record_belongs_to_none() {
    let infos = [
        ("AF_popmax", "A", ""),
        ("AN_popmax", "A", ""),
        ("nhomalt_popmax", "A", ""),
        ("AF_EXAC", "1", ""),
        ("CLNSIG", ".", ""),
        ("MC", ".", ""),
        ("SpliceAI", ".", ""),
        ("revel_max", "A", ""),
    ];
    let line = "1 100 . A G,T . . AF_popmax=0.2,0.0;AN_popmax=3000,10;nhomalt_popmax=7,0;CLNSIG=Pathogenic;MC=SO:1|missense_variant;\
        SpliceAI=T|AGRN|0.5|0|0|0|1|2|3|4,G|AGRN|0.1|0.2|0.3|0.05|1|2|3|4;revel_max=.,0.9";
    let all = evidence_of(&infos, &[line], &default());
    assert_eq!(of(&all[0], Item::PopulationFrequency), Some(("0.2", "INFO/AF_popmax")));
    assert_eq!(of(&all[0], Item::AlleleNumber), Some(("3000", "INFO/AN_popmax")));
    assert_eq!(of(&all[0], Item::Homozygotes), Some(("7", "INFO/nhomalt_popmax")));
    assert_eq!(of(&all[1], Item::PopulationFrequency), Some(("0.0", "INFO/AF_popmax")));
    assert_eq!(of(&all[1], Item::AlleleNumber), Some(("10", "INFO/AN_popmax")));
    assert_eq!(
        (of(&all[0], Item::SpliceAi), of(&all[1], Item::SpliceAi)),
        (Some(("0.3", "INFO/SpliceAI")), Some(("0.5", "INFO/SpliceAI")))
    );
    assert_eq!((of(&all[0], Item::Revel), of(&all[1], Item::Revel)), (None, Some(("0.9", "INFO/revel_max"))));
    for evidence in &all {
        assert_eq!((of(evidence, Item::Clinvar), of(evidence, Item::Consequence)), (None, None));
    }
    // One value for two ALTs: of which one it is, the file does not say; so neither is known to be absent.
    let unclear = evidence_of(&infos, &["1 100 . A G,T . . AF_EXAC=0.4"], &default());
    assert!(
        unclear.iter().all(|e| of(e, Item::PopulationFrequency).is_none() && of(e, Item::FrequencyFields).is_none())
    );
    let absent = evidence_of(&infos, &["1 100 . A G,T . . AF_EXAC=."], &default());
    assert!(absent.iter().all(|evidence| of(evidence, Item::FrequencyFields).is_some()));
}

#[test]
fn a_list_of_different_scores_has_none() {
    let columns = VEP.replace("|REVEL|", "|REVEL_score|");
    let revel = |value: &str| {
        let line = format!("1 1 . A G . . CSQ=G|missense_variant|MODERATE|||Transcript|ENST1|||||||||{value}|||||");
        let evidence = evidence_of(&[("CSQ", ".", &columns)], &[&line], &default()).remove(0);
        evidence.value(Item::Revel).map(str::to_owned)
    };
    assert_eq!(revel("0.5"), Some("0.5".into()));
    assert_eq!(revel(".&0.5&0.5"), Some("0.5".into()));
    assert_eq!(revel("0.5&0.6"), None);
    assert_eq!(revel("."), None);
    assert_eq!(revel("NaN"), None);
}

#[test]
fn snpeff_and_bcftools_csq_are_read_in_the_ontologys_words() {
    let ann = "Functional annotations: 'Allele | Annotation | Annotation_Impact | Gene_Name | Gene_ID | Feature_Type | \
        Feature_ID | Transcript_BioType | Rank | HGVS.c | HGVS.p | cDNA.pos / cDNA.length | CDS.pos / CDS.length | \
        AA.pos / AA.length | Distance | ERRORS / WARNINGS / INFO' ";
    let line = "1 9 . A G . . ANN=G|stop_gained|HIGH|AGRN|ENSG1|transcript|ENST1|protein_coding|10/10|c.5A>G|p.Lys2*|1/2|1/2|1/2||";
    let evidence = &evidence_of(&[("ANN", ".", ann)], &[line], &default())[0];
    assert_eq!(of(evidence, Item::Consequence), Some(("stop_gained", "INFO/ANN:Annotation")));
    assert_eq!(of(evidence, Item::Exon), Some(("10/10", "INFO/ANN:Rank")));
    assert_eq!(of(evidence, Item::HgvsP), Some(("p.Lys2*", "INFO/ANN:HGVS.p")));

    let bcsq = "Haplotype-aware consequence annotation from BCFtools/csq. Format: \
        Consequence|gene|transcript|biotype|strand|amino_acid_change|dna_change";
    let line = "1 9 . A G . . BCSQ=missense|AGRN|ENST1|protein_coding|+|2K>2R|9A>G";
    let evidence = &evidence_of(&[("BCSQ", ".", bcsq)], &[line], &default())[0];
    assert_eq!(of(evidence, Item::Consequence), Some(("missense_variant", "INFO/BCSQ:Consequence")));
    assert_eq!(of(evidence, Item::Gene), Some(("AGRN", "INFO/BCSQ:gene")));
}

#[test]
fn configured_frequencies_are_read_and_no_others() {
    let settings = EvidenceSettings {
        frequencies: Some(Frequencies { info_keys: vec!["MY_AF".into()], sub_fields: Vec::new() }),
        ..default()
    };
    let infos = [("MY_AF", "A", ""), ("AF_EXAC", "1", "")];
    let evidence = &evidence_of(&infos, &["1 9 . A G . . MY_AF=0.1;AF_EXAC=0.5"], &settings)[0];
    assert_eq!(of(evidence, Item::PopulationFrequency), Some(("0.1", "INFO/MY_AF")));
    assert_eq!(of(evidence, Item::FrequencyFields), Some(("INFO/MY_AF", "##INFO")));
    assert_eq!(of(evidence, Item::DatasetAlleles), None);
}

#[test]
fn the_zygosity_is_of_the_sample_that_was_asked_for() {
    let zygosity = |genotypes: &str, alts: &str, sample| {
        let line = format!("1 9 . A {alts} . . . GT:DP {genotypes}");
        let all = evidence_of(&[], &[&line], &EvidenceSettings { sample, ..default() });
        all.iter().map(|evidence| evidence.value(Item::Zygosity).map(str::to_owned)).collect::<Vec<_>>()
    };
    let word = |word: &str| Some(word.to_owned());
    assert_eq!(zygosity("0/1:3 1|1:4", "G", Some(0)), [word("het")]);
    assert_eq!(zygosity("0/1:3 1|1:4", "G", Some(1)), [word("hom")]);
    assert_eq!(zygosity("1/2:3", "G,T", Some(0)), [word("het"), word("het")]);
    assert_eq!(zygosity("2/2:3", "G,T", Some(0)), [word("absent"), word("hom")]);
    assert_eq!(zygosity("1:3", "G", Some(0)), [word("hemi")]);
    assert_eq!(zygosity("./.:3", "G", Some(0)), [word("missing")]);
    assert_eq!(zygosity("./1:3", "G", Some(0)), [word("het")]);
    assert_eq!(zygosity("0/1:3", "G", Some(5)), [None]);
    assert_eq!(zygosity("0/1:3", "G", None), [None]);
}

#[test]
fn a_number_that_no_predictor_gives_is_no_score() {
    let by = |revel: &str, splice: &str| {
        let line =
            format!("1 1 . A G . . CSQ=G|missense_variant|MODERATE|||Transcript|ENST1|||||||||{revel}||{splice}");
        let evidence = evidence_of(&[("CSQ", ".", VEP)], &[&line], &default()).remove(0);
        [Item::Revel, Item::SpliceAi].map(|item| evidence.value(item).map(str::to_owned))
    };
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(by("0.5", "0|0|1|0"), [text("0.5"), text("1")]);
    assert_eq!(by("1", "0|0|0|0"), [text("1"), text("0")]);
    for wrong in ["-9", "-0.001", "1.001", "95", "1e9", "nan", "inf"] {
        assert_eq!(by(wrong, &format!("0|{wrong}|0.1|0")), [None, None], "{wrong}");
        assert_eq!(by(&format!("0.5&{wrong}"), "0|0|0|0")[0].is_some(), matches!(wrong, "nan" | "inf"), "{wrong}");
    }
    let infos = [("SpliceAI", ".", ""), ("spliceai_ds_max", "A", ""), ("revel_max", "A", "")];
    for info in ["SpliceAI=G|AGRN|-1|-1|-1|-1|1|2|3|4", "spliceai_ds_max=-1", "revel_max=95"] {
        let evidence = &evidence_of(&infos, &[&format!("1 1 . A G . . {info}")], &default())[0];
        assert_eq!((of(evidence, Item::Revel), of(evidence, Item::SpliceAi)), (None, None), "{info}");
    }
}

#[test]
fn what_is_too_long_is_missing_and_named() {
    let long = "x".repeat(VALUE_BYTES_MAX + 1);
    let fits = "y".repeat(VALUE_BYTES_MAX);
    let csq =
        format!("CSQ=G|{long}|MODERATE|{fits}|{long}|Transcript|{long}||{long}|{long}|{long}||0.1||{long}||{long}||||");
    let evidence = &evidence_of(&[("CSQ", ".", VEP)], &[&format!("1 1 . A G . . {csq}")], &default())[0];
    assert_eq!(evidence.value(Item::Gene), Some(fits.as_str()));
    assert_eq!(
        of(evidence, Item::TooLong),
        Some(("consequence,gene_id,transcript,exon,hgvs_c,hgvs_p,loftee,clinvar", "INFO/CSQ:Consequence"))
    );
    assert!(evidence.facts().iter().all(|fact| fact.value.len() <= VALUE_BYTES_MAX));
    assert!(evidence.is_too_long(Item::Exon) && !evidence.is_too_long(Item::Gene));

    let genes = format!("{long}:{long}");
    let infos = [("MC", ".", ""), ("GENEINFO", "1", ""), ("CLNSIG", ".", ""), ("AF_EXAC", "1", "")];
    let line = format!("1 1 . A G . . MC=SO:1|{long};GENEINFO={genes};CLNSIG={long};AF_EXAC=0.{}", "0".repeat(2_000));
    let evidence = &evidence_of(&infos, &[&line], &default())[0];
    assert_eq!(evidence.value(Item::TooLong), Some("consequence,gene,gene_id,clinvar"));
    // A frequency that nobody can read is no absence.
    assert_eq!((of(evidence, Item::PopulationFrequency), of(evidence, Item::FrequencyFields)), (None, None));
}

#[test]
fn of_a_long_allele_the_number_of_its_bases_is_there() {
    let bases = "ACGT".repeat(257);
    let line = |reference: &str, alt: &str| {
        evidence_of(&[], &[&format!("1 1 . {reference} {alt} . . .")], &default()).remove(0)
    };
    let inserted = line("A", &bases);
    assert_eq!((of(&inserted, Item::Alt), of(&inserted, Item::AltBases)), (None, Some(("1028", "ALT"))));
    let deleted = line(&bases, "A");
    assert_eq!((of(&deleted, Item::Ref), of(&deleted, Item::RefBases)), (None, Some(("1028", "REF"))));
    assert_eq!((of(&deleted, Item::Alt), of(&deleted, Item::TooLong)), (Some(("A", "ALT")), None));
    let symbol = line("A", &format!("<{bases}>"));
    assert_eq!((of(&symbol, Item::AltBases), symbol.value(Item::TooLong)), (None, Some("alt")));
}

#[test]
fn reading_ends_when_there_is_enough_and_goes_on_from_there() {
    let alts = vec!["G"; 50].join(",");
    let line = format!(
        "1 1 . A {alts} . . CSQ=G|missense_variant|MODERATE|{}||Transcript|ENST1||||||||||||||",
        "g".repeat(1_000)
    );
    let lines = [line.as_str(), "1 2 . A C . . .", "1 3 . A C . . ."];
    let text = vcf_text(&[("CSQ", ".", VEP)], &lines);
    let (header, rows) = read(std::io::Cursor::new(text));
    let reader = reader_for(&header, &default());
    let picked: Vec<usize> = (0..rows.len()).collect();
    let all = reader.read_all(&rows, &picked);
    for bytes_max in [0, 5_000, 60_000] {
        let mut pieces = Vec::new();
        while pieces.len() < picked.len() {
            let some = reader.read_some(&rows, &picked[pieces.len()..], bytes_max);
            let before_last: usize = some.iter().rev().skip(1).map(Evidence::bytes).sum();
            assert!(!some.is_empty() && before_last <= bytes_max, "{bytes_max}: {} rows", some.len());
            pieces.extend(some);
        }
        assert_eq!(pieces, all);
    }
}

#[test]
fn a_file_without_annotations_gives_the_allele_alone() {
    let all = evidence_of(&[], &["1 9 . A G . . .", "1 10 . A . . . ."], &default());
    assert_eq!(all.iter().map(|evidence| evidence.facts().len()).collect::<Vec<_>>(), [4, 3]);
}

#[test]
fn one_row_alone_has_what_it_has_among_all_and_real_files_give_evidence() {
    let Some(folder) = shared("one_row_alone_has_what_it_has_among_all_and_real_files_give_evidence") else { return };
    let files = [
        "vep_csq_bcftools.vcf",
        "gnomad_exomes_sites.vcf.gz",
        "snpeff_ann.vcf",
        "clinvar_subset.vcf.gz",
        "hail_1kg_100s.vcf",
    ];
    let mut with_consequence = Vec::new();
    for name in files {
        let (header, rows) = read(std::fs::File::open(folder.join(name)).unwrap());
        let reader = reader_for(&header, &EvidenceSettings { sample: Some(0), ..default() });
        let picked: Vec<usize> = (0..rows.len()).collect();
        let all = reader.read_all(&rows, &picked);
        assert_eq!(all.len(), rows.len(), "{name}");
        let few: Vec<usize> = picked.iter().copied().filter(|row| row % 7 == 3).collect();
        let some = reader.read_all(&rows, &few);
        for (evidence, &row) in some.iter().zip(&few) {
            assert_eq!(evidence, &all[row], "{name} row {row}");
            assert_eq!(&reader.read(&rows, row), evidence, "{name} row {row}");
        }
        for evidence in &all {
            assert!(evidence.facts().is_sorted_by(|a, b| a.item < b.item), "each item once, in order");
        }
        with_consequence.push(all.iter().filter(|evidence| evidence.fact(Item::Consequence).is_some()).count());
    }
    // Nearly every allele of the annotated files; none where nothing is annotated.
    assert!(
        with_consequence[0] > 800 && with_consequence[1] == 100 && with_consequence[2] == 20,
        "{with_consequence:?}"
    );
    // ClinVar's file has 1993 consequences, one of them in a record without ALT.
    assert_eq!(with_consequence[3..], [1992, 0]);
}
