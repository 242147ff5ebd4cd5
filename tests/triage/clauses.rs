//! Triage as a whole: each clause by example, then against a plain reading of the same rules.

use std::sync::Arc;

use proptest::prelude::*;
use vcf_agent::domain::bed::{ChrPrefix, Regions};
use vcf_agent::domain::rows::Rows;
use vcf_agent::domain::selection::{CLAUSES, NOT_ANNOTATED, NOT_ASKED, Selection, clause_name};
use vcf_agent::triage::{AlleleFrequencyClause, Missing, QualClause, Selector, Triage};
use vcf_agent::vcf::header::Header;

/// One record of a test, as text.
#[derive(Debug, Clone)]
struct Record {
    contig: String,
    pos: i64,
    reference: String,
    alts: Vec<String>,
    qual: Option<f32>,
    filter: Option<String>,
    info: Option<String>,
}

fn record(reference: &str, alts: &[&str]) -> Record {
    Record {
        contig: "chr1".into(),
        pos: 100,
        reference: reference.into(),
        alts: alts.iter().map(ToString::to_string).collect(),
        qual: Some(50.0),
        filter: Some("PASS".into()),
        info: None,
    }
}

fn with(edit: impl FnOnce(&mut Record)) -> Record {
    let mut record = record("A", &["C"]);
    edit(&mut record);
    record
}

/// Rows as the parser makes them; with `repeat` off, text of the record stands on its first row only.
fn rows(records: &[Record], repeat: bool) -> Rows {
    let mut rows = Rows::default();
    for (ordinal, record) in records.iter().enumerate() {
        for i in 0..record.alts.len().max(1) {
            let everywhere = repeat || i == 0;
            let first = i == 0;
            rows.ordinal.push(ordinal as i64);
            rows.alt_index.push(if record.alts.is_empty() { 0 } else { i as i32 + 1 });
            rows.line.push(ordinal as i64 + 1);
            let contig = rows.contigs.id(record.contig.as_bytes());
            rows.contig.push(contig);
            rows.pos.push(record.pos);
            rows.id.push(None);
            rows.reference.push(everywhere.then_some(record.reference.as_bytes()));
            rows.alt.push(record.alts.get(i).map(String::as_bytes));
            rows.qual.push(record.qual.unwrap_or_default());
            rows.qual_valid.push(record.qual.is_some());
            rows.filter.push(record.filter.as_deref().filter(|_| everywhere).map(str::as_bytes));
            rows.qual_text.push(None);
            rows.info.push(record.info.as_deref().filter(|_| first).map(str::as_bytes));
            rows.format.push(None);
            rows.samples.push(None);
            rows.line_text.push(None);
        }
    }
    rows
}

fn bits(selection: &Selection) -> String {
    (0..selection.bits.len()).map(|i| if selection.bits.get(i) { '1' } else { '0' }).collect()
}

/// What the triage says of rows of a file whose header declares nothing.
fn decide(triage: &Triage, rows: &Rows) -> Selection {
    Selector::new(triage, &Header::default()).select(rows)
}

fn not_asked(rows: &Rows) -> Selection {
    Selector::not_asked().select(rows)
}

/// Selected rows as 1 and 0, and what was dropped.
fn select(triage: &Triage, records: &[Record]) -> (String, Vec<(&'static str, u64)>) {
    let selection = decide(triage, &rows(records, true));
    (bits(&selection), selection.dropped)
}

fn regions(bed: &str, chr_prefix: ChrPrefix) -> Triage {
    Triage { regions: Some(Arc::new(Regions::parse(bed.as_bytes(), chr_prefix).unwrap())), ..Triage::default() }
}

fn frequency(max: f64, fields: &[&str], missing: Missing) -> Triage {
    let fields = fields.iter().map(ToString::to_string).collect();
    Triage { allele_frequency: Some(AlleleFrequencyClause { max, fields: Some(fields), missing }), ..Triage::default() }
}

#[test]
fn nobody_asked() {
    let rows = rows(&[record("A", &["C", "G"]), record("A", &[])], true);
    let selection = not_asked(&rows);
    assert_eq!((bits(&selection).as_str(), selection.selected), ("000", 0));
    assert_eq!(selection.dropped, [("not_asked", 3)]);
    assert_eq!(not_asked(&Rows::default()), Selection::default());
}

#[test]
fn clause_names_are_a_contract() {
    let names: Vec<_> = CLAUSES.iter().map(|clause| clause.name).collect();
    assert_eq!(
        names,
        [
            "no_alt",
            "not_analysable",
            "filter",
            "qual",
            "genotype",
            "de_novo",
            "allele_frequency",
            "effect",
            "regions",
            "genes",
            "expression",
            "expression_undecided"
        ]
    );
    assert_eq!((NOT_ASKED.name, NOT_ANNOTATED.name), ("not_asked", "not_annotated"));
    assert_eq!(clause_name("regions"), Some("regions"));
    assert_eq!(clause_name("not_asked"), Some("not_asked"));
    assert_eq!(clause_name("nonsense"), None);
}

#[test]
fn without_clauses_only_plain_sequences_remain() {
    let alts = ["C", "acgtn", "<DEL>", "*", "<*>", "<NON_REF>", "A[chr2:5[", ".", "R", "", "A."];
    let records = [record("A", &alts), record("A", &[]), record("R", &["A"]), record("", &["A"])];
    let (bits, dropped) = select(&Triage::default(), &records);
    assert_eq!(bits, "11000000000000");
    assert_eq!(dropped, [("no_alt", 1), ("not_analysable", 11)]);
    assert_eq!(select(&Triage::default(), &[]), (String::new(), vec![]));
}

#[test]
fn every_filter_entry_must_be_named() {
    let triage =
        |kept: &[&str]| Triage { filter: Some(kept.iter().map(ToString::to_string).collect()), ..Triage::default() };
    let texts = [Some("PASS"), None, Some("."), Some(""), Some("q10"), Some("q10;s50"), Some("q10;;"), Some("q")];
    let records: Vec<_> = texts.iter().map(|text| with(|r| r.filter = text.map(str::to_owned))).collect();
    assert_eq!(select(&triage(&["PASS", "."]), &records), ("11110000".into(), vec![("filter", 4)]));
    assert_eq!(select(&triage(&["PASS"]), &records).0, "10000000");
    assert_eq!(select(&triage(&["."]), &records).0, "01110000");
    assert_eq!(select(&triage(&["PASS", "q10"]), &records).0, "10001010");
    assert_eq!(select(&triage(&["s50", "q10"]), &records).0, "00001110");
}

#[test]
fn quality_is_compared_as_it_is_stored() {
    let triage = |min: f32, missing| Triage { qual: Some(QualClause { min, missing }), ..Triage::default() };
    let quals = [Some(30.1), Some(30.09), None, Some(f32::NAN), Some(-1.0), Some(f32::INFINITY)];
    let records: Vec<_> = quals.iter().map(|&qual| with(|r| r.qual = qual)).collect();
    assert_eq!(select(&triage(30.1, Missing::Keep), &records), ("101101".into(), vec![("qual", 2)]));
    assert_eq!(select(&triage(30.1, Missing::Drop), &records), ("100001".into(), vec![("qual", 4)]));
}

#[test]
fn each_allele_has_its_own_frequency() {
    let infos = [
        ("AF=0.5,0.001", "01"),
        ("AF=0.5", "00"),
        ("AF=0.001", "11"),
        ("AF=0.5,0.5,0.5", "11"),
        ("AF=.,0.5", "10"),
        ("AF=.,0.5;G=0.9,0", "00"),
        ("AF=0.001,.;G=0.9", "10"),
        ("G=0.9;AF=0.01,0.0100001", "10"),
        ("AF;G=0.9", "00"),
        ("AF=0;AF=1", "11"),
        ("MAX_AF=1", "11"),
        ("AF=nan,inf", "11"),
        ("AF=17,1e-3", "11"),
        ("AF=-1,x", "11"),
    ];
    for (info, expected) in infos {
        let mut record = record("A", &["C", "G"]);
        record.info = Some(info.into());
        let (bits, _) = select(&frequency(0.01, &["AF", "G"], Missing::Keep), &[record]);
        assert_eq!(bits, expected, "{info}");
    }
}

#[test]
fn a_missing_frequency_is_not_zero() {
    let records =
        [with(|r| r.info = None), with(|r| r.info = Some("AF=.".into())), with(|r| r.info = Some("AF=0".into()))];
    assert_eq!(select(&frequency(0.01, &["AF"], Missing::Keep), &records).0, "111");
    let (bits, dropped) = select(&frequency(0.01, &["AF"], Missing::Drop), &records);
    assert_eq!((bits.as_str(), dropped), ("001", vec![("allele_frequency", 2)]));
}

#[test]
fn regions_are_met_by_any_base_of_ref() {
    // 1-based 11 to 20.
    let bed = "chr1\t10\t20\n";
    let at = |pos, reference: &str| with(|r| (r.pos, r.reference) = (pos, reference.into()));
    let records =
        [at(10, "A"), at(10, "AC"), at(11, "A"), at(20, "A"), at(21, "A"), at(0, "ACGTACGTACG"), at(0, "ACGTACGTACGT")];
    let (bits, dropped) = select(&regions(bed, ChrPrefix::Ignore), &records);
    assert_eq!((bits.as_str(), dropped), ("0111001", vec![("regions", 3)]));
}

#[test]
fn contig_names_match_as_configured() {
    let on = |contig: &str| with(|r| r.contig = contig.into());
    let records = [on("chr1"), on("1"), on("chr2"), on("MT"), on("chrM")];
    let bed = "1\t0\t1000\nchrM\t0\t1000\n";
    assert_eq!(select(&regions(bed, ChrPrefix::Ignore), &records).0, "11001");
    assert_eq!(select(&regions(bed, ChrPrefix::Exact), &records).0, "01001");
}

/// All clauses at once.
fn everything() -> Triage {
    Triage {
        filter: Some(vec!["PASS".into(), ".".into()]),
        qual: Some(QualClause { min: 30.0, missing: Missing::Drop }),
        allele_frequency: frequency(0.01, &["AF", "G"], Missing::Drop).allele_frequency,
        regions: regions("chr1\t90\t110\nchr1\t200\t210\n2\t5\t6\n", ChrPrefix::Ignore).regions,
        ..Triage::default()
    }
}

#[test]
fn an_allele_is_counted_under_the_first_clause_that_drops_it() {
    let bad = |level: usize| {
        with(|r| {
            r.info = Some("AF=0.001".into());
            r.pos = 5000;
            if level < 5 {
                r.info = Some("AF=0.5".into());
            }
            if level < 4 {
                r.qual = None;
            }
            if level < 3 {
                r.filter = Some("q10".into());
            }
            if level < 2 {
                r.alts = vec!["<DEL>".into()];
            }
            if level < 1 {
                r.alts.clear();
            }
        })
    };
    let records: Vec<_> = (0..6).map(bad).collect();
    let (bits, dropped) = select(&everything(), &records);
    assert_eq!(bits, "000000");
    let first_six = ["no_alt", "not_analysable", "filter", "qual", "allele_frequency", "regions"];
    assert_eq!(dropped, first_six.map(|clause| (clause, 1)));
}

#[test]
fn text_of_a_record_is_found_on_its_first_row() {
    let mut common = record("A", &["C", "G", "T"]);
    common.info = Some("AF=0.5,0.001,0.001".into());
    common.filter = Some("PASS".into());
    let mut long = record("ACGT", &["C", "<DEL>", "T"]);
    (long.pos, long.info) = (88, Some("AF=0".into()));
    let records = [common, long];
    for repeat in [true, false] {
        let selection = decide(&everything(), &rows(&records, repeat));
        assert_eq!(bits(&selection), "011101");
        assert_eq!(selection.dropped, [("not_analysable", 1), ("allele_frequency", 1)]);
    }
}

#[test]
fn canonical_text_is_stable() {
    assert_eq!(Triage::default().canonical(), r#"{"version":2}"#);
    assert_eq!(
        everything().canonical(),
        concat!(
            r#"{"version":2,"filter":["PASS","."],"qual":{"min":"30","missing":"drop"},"#,
            r#""allele_frequency":{"max":"0.01","fields":["AF","G"],"missing":"drop"},"#,
            r#""regions":{"digest":"9ca39070be7b12b4bf30fa2678c0a4a0e51aef22ed068efd16424dad798ad29c","chr_prefix":"ignore","#,
            r#""contigs":[["1","6CU6CK"],["2","FB"]]}}"#
        )
    );
}

#[test]
fn a_text_that_is_not_canonical_is_refused() {
    let texts = [
        "",
        "{}",
        r#"{"version":3}"#,
        r#"{"version":0}"#,
        r#"{"version":1,"gene":["BRCA1"]}"#,
        r#"{"version":1,"qual":{"min":"x","missing":"keep"}}"#,
        r#"{"version":1,"qual":{"min":"1","missing":"maybe"}}"#,
        r#"{"version":1,"regions":{"digest":"00","chr_prefix":"ignore","contigs":[["1","AB"]]}}"#,
    ];
    for text in texts {
        assert_eq!(Triage::from_canonical(text), None, "{text}");
    }
    let digest = "0".repeat(64);
    let with = |contigs: &str| {
        let regions = format!(r#"{{"digest":"{digest}","chr_prefix":"ignore","contigs":{contigs}}}"#);
        Triage::from_canonical(&format!(r#"{{"version":1,"regions":{regions}}}"#)).is_some()
    };
    assert!(with(r#"[["1","AB"],["2","AB"]]"#));
    assert!(!with(r#"[["2","AB"],["1","AB"]]"#));
    assert!(!with(r#"[["1","AA"]]"#));
    assert!(!with("[]"));
}

/// The rules again, read plainly: the clause that drops allele `i` of a record.
fn naive(triage: &Triage, bed: &[(i64, i64)], record: &Record, i: usize) -> Option<&'static str> {
    let plain = |allele: &str| !allele.is_empty() && allele.chars().all(|c| "ACGTNacgtn".contains(c));
    let Some(alt) = record.alts.get(i) else { return Some("no_alt") };
    if !plain(alt) || !plain(&record.reference) {
        return Some("not_analysable");
    }
    if let Some(kept) = &triage.filter {
        let text = record.filter.as_deref().filter(|text| !text.is_empty()).unwrap_or(".");
        if text.split(';').any(|entry| !kept.iter().any(|name| name == entry)) {
            return Some("filter");
        }
    }
    if let Some(clause) = &triage.qual {
        let dropped = record.qual.map_or(clause.missing == Missing::Drop, |qual| qual < clause.min);
        if dropped {
            return Some("qual");
        }
    }
    if let Some(clause) = &triage.allele_frequency {
        let value = |field: &String| {
            let info = record.info.as_deref().unwrap_or_default();
            let (_, list) = info.split(';').filter_map(|item| item.split_once('=')).find(|(key, _)| key == field)?;
            let values: Vec<&str> = list.split(',').collect();
            let text = match values.len() {
                1 => values[0],
                n if n == record.alts.len() => values[i],
                _ => return None,
            };
            text.parse::<f64>().ok().filter(|value| (0.0..=1.0).contains(value))
        };
        let dropped = match clause.fields.iter().flatten().find_map(value) {
            Some(value) => value > clause.max,
            None => clause.missing == Missing::Drop,
        };
        if dropped {
            return Some("allele_frequency");
        }
    }
    if triage.regions.is_some() {
        let (start, end) = (record.pos - 1, record.pos - 1 + record.reference.len() as i64);
        if record.contig.trim_start_matches("chr") != "1" || !bed.iter().any(|&(from, to)| from < end && start < to) {
            return Some("regions");
        }
    }
    None
}

fn any_record() -> impl Strategy<Value = Record> {
    let allele = prop::sample::select(vec!["A", "C", "ACGT", "n", "<DEL>", "*", "<NON_REF>", "R"]);
    let number = prop::sample::select(vec!["0.5", "0.001", "0.01", ".", "x", "1", "2", ""]);
    let list = prop::collection::vec(number, 1..4).prop_map(|values| values.join(","));
    let info =
        prop::option::of(prop::collection::vec((prop::sample::select(vec!["AF", "G", "XAF", "AFX"]), list), 0..4))
            .prop_map(|items| {
                items.map(|items| items.iter().map(|(key, list)| format!("{key}={list}")).collect::<Vec<_>>().join(";"))
            });
    let filter = prop::option::of(prop::sample::select(vec!["PASS", ".", "q10", "q10;s50", "PASS;q10"]));
    let qual = prop::option::of(prop::sample::select(vec![0.0_f32, 29.9, 30.0, 99.5, -3.0]));
    let contig = prop::sample::select(vec!["chr1", "1", "chr2"]);
    (contig, 0_i64..60, allele.clone(), prop::collection::vec(allele, 0..4), qual, filter, info).prop_map(
        |(contig, pos, reference, alts, qual, filter, info)| Record {
            contig: contig.into(),
            pos,
            reference: reference.into(),
            alts: alts.into_iter().map(str::to_owned).collect(),
            qual,
            filter: filter.map(str::to_owned),
            info,
        },
    )
}

fn any_missing() -> impl Strategy<Value = Missing> {
    prop::sample::select(vec![Missing::Keep, Missing::Drop])
}

/// A triage, and the lines of its BED file.
fn any_triage() -> impl Strategy<Value = (Triage, Vec<(i64, i64)>)> {
    let names = prop::sample::select(vec!["PASS", ".", "q10", "s50"]).prop_map(str::to_owned);
    let filter = prop::option::of(prop::collection::vec(names, 1..4));
    let qual = prop::option::of((any::<f32>().prop_filter("a number", |n| !n.is_nan()), any_missing()));
    let fields = prop::collection::vec(prop::sample::select(vec!["AF", "G"]).prop_map(str::to_owned), 1..3);
    let frequency = prop::option::of((0.0..=1.0_f64, fields, any_missing()));
    let bed = prop::option::of(prop::collection::vec((0_i64..60, 1_i64..9), 1..6));
    (filter, qual, frequency, bed).prop_map(|(filter, qual, frequency, bed)| {
        let bed: Vec<_> = bed.unwrap_or_default().iter().map(|(start, length)| (*start, start + length)).collect();
        let text: String = bed.iter().map(|(start, end)| format!("chr1\t{start}\t{end}\n")).collect();
        let triage = Triage {
            filter,
            qual: qual.map(|(min, missing)| QualClause { min, missing }),
            allele_frequency: frequency.map(|(max, fields, missing)| AlleleFrequencyClause {
                max,
                fields: Some(fields),
                missing,
            }),
            regions: if bed.is_empty() { None } else { regions(&text, ChrPrefix::Ignore).regions },
            ..Triage::default()
        };
        (triage, bed)
    })
}

proptest! {
    #[test]
    fn the_selection_adds_up_and_is_what_the_rules_say(
        (triage, bed) in any_triage(),
        records in prop::collection::vec(any_record(), 0..20),
        repeat in any::<bool>(),
    ) {
        let rows = rows(&records, repeat);
        let selection = decide(&triage, &rows);
        prop_assert_eq!(selection.bits.len(), rows.len());
        prop_assert_eq!(selection.bits.count_ones(), selection.selected);
        let dropped: u64 = selection.dropped.iter().map(|(_, count)| count).sum();
        prop_assert_eq!(selection.selected + dropped, rows.len() as u64);

        let verdicts: Vec<_> = records
            .iter()
            .flat_map(|record| (0..record.alts.len().max(1)).map(|i| naive(&triage, &bed, record, i)))
            .collect();
        let expected: String = verdicts.iter().map(|verdict| if verdict.is_none() { '1' } else { '0' }).collect();
        prop_assert_eq!(bits(&selection), expected);
        for clause in CLAUSES {
            let count = verdicts.iter().filter(|verdict| **verdict == Some(clause.name)).count() as u64;
            let found = selection.dropped.iter().find(|(name, _)| *name == clause.name).map(|(_, count)| *count);
            prop_assert_eq!(found, (count > 0).then_some(count));
        }
    }

    #[test]
    fn a_triage_reads_its_own_canonical_text((triage, _) in any_triage()) {
        let text = triage.canonical();
        let again = Triage::from_canonical(&text);
        prop_assert_eq!(again.as_ref(), Some(&triage));
        prop_assert_eq!(again.map(|triage| triage.canonical()), Some(text));
    }

    #[test]
    fn a_damaged_canonical_text_never_panics(cut in 0_usize..300, byte in any::<char>()) {
        let mut text: Vec<char> = everything().canonical().chars().collect();
        let at = cut % text.len();
        text[at] = byte;
        let text: String = text.into_iter().collect();
        if let Some(triage) = Triage::from_canonical(&text) {
            decide(&triage, &rows(&[record("A", &["C", "G"])], true));
        }
        prop_assert_eq!(Triage::from_canonical(&everything().canonical()[..at]), None);
    }
}
