//! One variant's way, from its line to what was concluded; alleles that get no answer; the receipt's second half.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;
use vcf_agent::domain::answer::{DeadTask, set_bits};
use vcf_agent::explain::{TaskState, Variant, explain};
use vcf_agent::ledger::{AnswerBatch, Ledger, LedgerReader, Mode};
use vcf_agent::stores;

use crate::harness::{Place, adds_up, number, string};

const COLUMNS: &str =
    "Allele|Consequence|IMPACT|SYMBOL|Gene|Feature_type|Feature|MANE_SELECT|HGVSc|HGVSp|gnomADe_AF|REVEL";

/// A file as VEP and ClinVar leave it: five records, seven alleles, a dead letter.
fn annotated() -> String {
    let entry = |allele: &str, consequence: &str, impact: &str, rest: &str| {
        format!("{allele}|{consequence}|{impact}|GENE1|ENSG1|Transcript|ENST1|NM_1.1|{rest}")
    };
    let missense = entry("C", "missense_variant", "MODERATE", "c.1A>C|p.Met1Leu|0.0001|0.95");
    let common = entry("C", "missense_variant", "MODERATE", "c.9A>C||0.4|0.1");
    let silent = entry("T", "synonymous_variant", "LOW", "c.4G>T||0.0001|");
    let stop = entry("A", "stop_gained", "HIGH", "c.4G>A|p.Gly2Ter||");
    let shift = entry("-", "frameshift_variant", "HIGH", "c.68_69del|p.Glu23ValfsTer17||");
    let lines = [
        "##fileformat=VCFv4.2".to_owned(),
        "##contig=<ID=chr1,length=248956422>".to_owned(),
        format!(
            "##INFO=<ID=CSQ,Number=.,Type=String,Description=\"Consequence annotations from Ensembl VEP. Format: {COLUMNS}\">"
        ),
        "##INFO=<ID=CLNSIG,Number=.,Type=String,Description=\"ClinVar\">".to_owned(),
        "##INFO=<ID=CLNREVSTAT,Number=.,Type=String,Description=\"ClinVar\">".to_owned(),
        "##FORMAT=<ID=GT,Number=1,Type=String,Description=\"Genotype\">".to_owned(),
        "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tONE".to_owned(),
        format!("chr1\t100\trs1\tA\tC\t50\tPASS\tCSQ={missense}\tGT\t0/1"),
        format!("chr1\t200\t.\tG\tT,A\t50\tPASS\tCSQ={silent},{stop}\tGT\t1/2"),
        format!("chr1\t300\trs3\tA\tC\t50\tLowQual\tCSQ={missense}\tGT\t0/1"),
        format!(
            "chr1\t400\trs4;x4\tACT\tA\t50\tPASS\tCSQ={shift};CLNSIG=Pathogenic;CLNREVSTAT=reviewed_by_expert_panel\tGT\t0/1"
        ),
        "chr1\tx\trs9\tA\tC\t50\tPASS\t.\tGT\t0/1".to_owned(),
        format!("chr1\t500\trs5\tA\tC,<DEL>\t50\tPASS\tCSQ={common}\tGT\t0/1"),
    ];
    lines.join("\n") + "\n"
}

/// The same without what is dead.
fn sound() -> String {
    let lines = annotated();
    lines.lines().filter(|line| !line.contains("rs9")).map(|line| format!("{line}\n")).collect()
}

fn run(place: &Place, text: &str) -> (PathBuf, Value) {
    let file = place.write("annotated.vcf", text);
    let receipt = place.run(&file).object();
    (file, receipt)
}

#[track_caller]
fn explained(place: &Place, variant: &str) -> Value {
    place.call(["explain", "last", variant, "--json"]).expect(0).object()
}

#[test]
fn a_variant_is_found_by_place_allele_id_and_number() {
    let place = Place::new();
    run(&place, &annotated());
    for name in ["chr1:100", "1:100", "chr1:100:A:C", "1:100:a:c", "rs1", "record:0"] {
        let found = explained(&place, name);
        assert_eq!(found["records"].as_array().unwrap().len(), 1, "{name}");
        let record = &found["records"][0];
        assert_eq!((number(record, "line"), string(record, "ref"), string(record, "alt")), (8, "A", "C"), "{name}");
    }
    assert_eq!(number(&explained(&place, "x4")["records"][0], "record"), 3);
    let alleles = |name: &str| -> Vec<String> {
        let found = explained(&place, name);
        let alleles = found["records"][0]["alleles"].as_array().unwrap();
        alleles.iter().map(|allele| string(allele, "alt").to_owned()).collect()
    };
    assert_eq!(alleles("chr1:200"), ["T", "A"]);
    assert_eq!(alleles("chr1:200:G:A"), ["A"]);
    assert_eq!(alleles("chr1:500:A:<DEL>"), ["<DEL>"]);
}

#[test]
fn each_allele_says_which_clause_dropped_it_or_what_was_concluded_on_what_field() {
    let place = Place::new();
    let (_, receipt) = run(&place, &annotated());
    adds_up(&receipt);
    let allele = |name: &str| explained(&place, name)["records"][0]["alleles"][0].clone();
    let dropped_by = |name: &str| {
        let allele = allele(name);
        assert_eq!(string(&allele["task"], "state"), "not_selected", "{allele}");
        string(allele["triage"].as_array().unwrap().last().unwrap(), "clause").to_owned()
    };
    assert_eq!(dropped_by("chr1:200:G:T"), "effect");
    assert_eq!(dropped_by("rs3"), "filter");
    assert_eq!(dropped_by("chr1:500:A:C"), "allele_frequency");
    assert_eq!(dropped_by("chr1:500:A:<DEL>"), "not_analysable");

    let answered = allele("rs1");
    assert_eq!(string(&answered["task"], "state"), "answered");
    let finding = &answered["task"]["assessment"]["findings"][0];
    assert_eq!((string(finding, "provider"), string(finding, "classification")), ("rules", "uncertain_significance"));
    let criteria = finding["criteria"].as_array().unwrap();
    let pp3 = criteria.iter().find(|criterion| string(criterion, "code") == "PP3").unwrap();
    assert_eq!((string(pp3, "status"), string(pp3, "source"), string(pp3, "value")), ("met", "INFO/CSQ:REVEL", "0.95"));
    assert_eq!(answered["annotations"]["population_frequency"].as_f64(), Some(0.0001));
    assert_eq!(string(&allele("chr1:200:G:A")["task"], "state"), "abstained");
    let recorded = allele("rs4");
    assert_eq!(string(&recorded["task"]["assessment"], "conclusion"), "pathogenic");
    assert_eq!((number(&receipt, "selected"), number(&receipt, "answered"), number(&receipt, "abstained")), (3, 2, 1));
}

#[test]
fn the_page_reads_from_the_line_to_the_assessment() {
    let place = Place::new();
    place.write("annotated.vcf", annotated());
    let receipt = place.call(["run", "--json", "annotated.vcf"]).expect(3).object();
    let page = place.call(["explain", "last", "rs1"]).expect(0).stdout.replace(string(&receipt, "job"), "JOB");
    assert_eq!(page, PAGE, "{page}");
}

const PAGE: &str = include_str!("explain.txt");

#[test]
fn a_variant_is_found_in_every_usual_spelling_and_a_gene_is_asked_for_its_position() {
    let place = Place::new();
    run(&place, &annotated().replace("\trs3\t", "\t1-300-A-C\t").replace("chr1\t300", "chr1\t301"));
    for spelling in ["chr1:100:A>T", "chr1-100-A-C", "1_100_A_C", "chr1:g.100A>C"] {
        let code = if spelling.ends_with('T') { 64 } else { 0 };
        let said = place.call(["explain", "last", spelling]).expect(code);
        assert!(code == 64 || said.stdout.starts_with("chr1:100  A > C  rs1\n"), "{spelling}: {said:?}");
    }
    let by_id = place.call(["explain", "last", "1-300-A-C"]).expect(0).stdout;
    assert!(by_id.starts_with("chr1:301  A > C  1-300-A-C\n"), "{by_id}");
    for name in ["GENE1", "NM_1.1:c.1A>C"] {
        let said = place.call(["explain", "last", name]).expect(64);
        assert!(said.stderr.contains("give the position, CHROM:POS"), "{said:?}");
    }
}

#[test]
fn what_is_dead_is_found_too_and_says_where_it_went() {
    let place = Place::new();
    run(&place, &annotated());
    for name in ["rs9", "record:4"] {
        let found = explained(&place, name);
        assert_eq!(found["records"].as_array().unwrap().len(), 0);
        let dead = &found["dead_letters"][0];
        assert_eq!((number(dead, "record"), number(dead, "line"), string(dead, "reason")), (4, 12, "pos_not_a_number"));
    }
    assert!(place.call(["explain", "last", "rs9"]).expect(0).stdout.contains("`vcf-agent dlq show "));
    let edited = place.write("line.txt", "chr1\t450\trs9\tA\tC\t50\tPASS\t.\tGT\t0/1\n");
    place
        .call(["dlq".as_ref(), "replay".as_ref(), "last".as_ref(), "4".as_ref(), "--edit".as_ref(), edited.as_os_str()])
        .expect(0);
    let found = explained(&place, "chr1:450:A:C");
    let record = &found["records"][0];
    assert_eq!((number(record, "record"), number(record, "replayed"), string(record, "id")), (4, 2, "rs9"));
    assert!(number(record, "offset") > 0 && found["dead_letters"].as_array().unwrap().is_empty());
    // Rows that came later lie between the others: each allele still has its own answer.
    assert_eq!(string(&explained(&place, "rs4")["records"][0]["alleles"][0]["task"], "state"), "answered");
    assert_eq!(string(&explained(&place, "rs5")["records"][0]["alleles"][0]["task"], "state"), "not_selected");
}

#[test]
fn a_variant_that_is_not_there_is_exit_64_and_the_alleles_of_its_place_are_named() {
    let place = Place::new();
    run(&place, &annotated());
    let said = place.call(["explain", "last", "chr1:200:G:C"]).expect(64);
    assert!(said.stderr.contains("G>T, G>A") && said.stdout.is_empty(), "{said:?}");
    for name in ["chr1:201", "chr2:100", "rs999", "record:6", "chr1:100:A:T"] {
        place.call(["explain", "last", name]).expect(64);
    }
    let said = place.call(["explain", "last", "rs999", "--json"]).expect(64);
    assert!(said.stderr.starts_with("{\"error\":"), "{said:?}");
    place.call(["explain", "last", "record:x"]).expect(64);
    place.call(["explain", "nobody", "rs1"]).expect(64);
}

#[test]
fn explanations_of_all_alleles_of_the_tour_add_up_to_its_receipt() {
    let place = Place::new();
    let receipt = place.run(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/tour.vcf")).object();
    adds_up(&receipt);
    let ledger = LedgerReader::open(&place.data()).unwrap();
    let store = stores::open("parquet", &place.data(), 1, 131_072).unwrap();
    let job = ledger.jobs().unwrap().remove(0);
    let (mut states, mut dropped) = (BTreeMap::<String, u64>::new(), BTreeMap::<String, u64>::new());
    for number in 0..number(&receipt, "records") {
        let found = explain(&ledger, &*store, &job, &Variant::Record(number)).unwrap();
        for allele in found.records.iter().flat_map(|record| &record.alleles) {
            let state = serde_json::to_value(allele.task.state).unwrap();
            *states.entry(state.as_str().unwrap().to_owned()).or_default() += 1;
            let last = allele.triage.last().unwrap();
            assert_eq!(last.keeps, allele.task.state != TaskState::NotSelected, "{:?}", found.variant);
            if !last.keeps {
                *dropped.entry(last.clause.to_owned()).or_default() += 1;
            }
        }
    }
    let expected: BTreeMap<String, u64> = serde_json::from_value(receipt["dropped"].clone()).unwrap();
    assert_eq!(dropped, expected);
    for state in ["answered", "abstained", "pending"] {
        assert_eq!(states.get(state).copied().unwrap_or(0), number(&receipt, state), "{state}");
    }
}

#[test]
fn nobody_asked_leaves_all_pending_with_exit_0_and_the_same_file_with_rules_is_answered() {
    let place = Place::new();
    let (file, config) =
        (place.write("sound.vcf", sound()), place.write("nobody.toml", "[analysis]\nproviders = []\n"));
    let words = ["run".as_ref(), "--json".as_ref(), "--config".as_ref(), config.as_os_str(), file.as_os_str()];
    let waiting = place.call(words).expect(0).object();
    adds_up(&waiting);
    assert_eq!((number(&waiting, "selected"), number(&waiting, "pending")), (3, 3), "{waiting}");
    let task = &explained(&place, "rs1")["records"][0]["alleles"][0]["task"];
    assert_eq!(string(task, "state"), "pending");
    let done = place.run(&file).expect(0).object();
    adds_up(&done);
    assert_eq!(string(&done, "job"), string(&waiting, "job"));
    let counts = ["selected", "answered", "abstained", "dead_tasks", "pending"].map(|name| number(&done, name));
    assert_eq!(counts, [3, 2, 1, 0, 0], "{done}");
    // Once more changes nothing.
    let again = place.run(&file).expect(0).object();
    assert_eq!((&again["answered"], &again["abstained"]), (&done["answered"], &done["abstained"]));
}

/// Buries every allele of a job that waits, as a provider does that always fails.
fn bury_all(place: &Place) -> u64 {
    let ledger = Ledger::open(&place.data(), Mode::Thread).unwrap();
    let reader = ledger.reader().unwrap();
    let job = reader.jobs().unwrap().remove(0).job;
    let store = stores::open("parquet", &place.data(), 1, 131_072).unwrap();
    ledger.begin_analysis(&job, &["rules".to_owned()]).wait().unwrap();
    let mut buried = 0;
    for segment in reader.pending(&job).unwrap() {
        let rows = store.read_records(&job, segment.group.as_deref(), std::slice::from_ref(&segment.ordinals)).unwrap();
        let task = |row: u32| DeadTask {
            ordinal: rows.ordinal[row as usize] as u64,
            alt_index: rows.alt_index[row as usize] as u32,
            row,
            provider: "rules".into(),
            reason: "provider_failed".into(),
            detail: "no answer came".into(),
            attempts: 5,
        };
        let dead: Vec<DeadTask> = set_bits(&segment.pending).map(task).collect();
        buried += dead.len() as u64;
        let batch = AnswerBatch {
            job: job.clone(),
            segment: segment.segment,
            answered: Vec::new(),
            abstained: Vec::new(),
            body: Vec::new(),
            dead,
            notable: Vec::new(),
            now_ms: 1,
        };
        ledger.record_answers(batch).wait().unwrap();
    }
    buried
}

#[test]
fn dead_tasks_are_listed_wait_again_and_are_answered_by_the_next_run() {
    let place = Place::new();
    let (file, config) =
        (place.write("sound.vcf", sound()), place.write("nobody.toml", "[analysis]\nproviders = []\n"));
    let words = ["run".as_ref(), "--json".as_ref(), "--config".as_ref(), config.as_os_str(), file.as_os_str()];
    place.call(words).expect(0);
    assert_eq!(bury_all(&place), 3);
    let receipt = place.receipt("last", &[]).expect(3).object();
    adds_up(&receipt);
    assert_eq!((number(&receipt, "dead_tasks"), number(&receipt, "pending")), (3, 0));
    let shown = place.call(["receipt", "last"]).expect(3).stdout;
    assert!(shown.contains("--tasks` makes the alleles without an answer wait again"), "{shown}");
    // A run does not ask again by itself.
    assert_eq!(number(&place.run(&file).expect(3).object(), "dead_tasks"), 3);

    let listed = place.call(["dlq", "ls", "last"]).expect(0);
    assert!(
        listed.stdout.contains("record 0  allele 1  task  rules  provider_failed  5 attempts  no answer came"),
        "{listed:?}"
    );
    assert!(listed.stderr.contains("dlq replay") && listed.stderr.contains("explain"), "{listed:?}");
    let objects = place.call(["dlq", "ls", "last", "--json"]).expect(0).objects();
    assert_eq!(objects.len(), 3);
    assert!(objects.iter().all(|task| string(task, "stage") == "task"));
    let groups = place.call(["dlq", "ls", "last", "--by-reason", "--json"]).expect(0).objects();
    assert_eq!((string(&groups[0], "reason"), number(&groups[0], "open")), ("provider_failed", 3));
    assert_eq!(place.call(["dlq", "ls", "last", "--reason", "provider_failed", "--json"]).expect(0).objects().len(), 3);
    let unknown = place.call(["dlq", "ls", "last", "--reason", "poison"]).expect(64);
    assert!(unknown.stderr.contains("the reasons there are: provider_failed"), "{unknown:?}");
    let task = &explained(&place, "rs1")["records"][0]["alleles"][0]["task"];
    assert_eq!((string(task, "state"), string(&task["dead"], "reason")), ("dead", "provider_failed"));
    assert!(
        place
            .call(["explain", "last", "rs1"])
            .expect(0)
            .stdout
            .contains("dead: rules, provider_failed after 5 attempts")
    );

    let trial = place.call(["dlq", "replay", "last", "--tasks", "--dry-run", "--json"]).expect(0).object();
    assert_eq!(number(&trial, "revived"), 3);
    assert_eq!(number(&place.receipt("last", &[]).expect(3).object(), "dead_tasks"), 3);
    place.call(["dlq", "replay", "last", "--tasks", "--all"]).expect(64);
    let revived = place.call(["dlq", "replay", "last", "--tasks"]).expect(0);
    assert!(
        revived.stdout.starts_with("3 selected alleles wait again") && revived.stderr.contains("vcf-agent run"),
        "{revived:?}"
    );
    let done = place.run(&file).expect(0).object();
    adds_up(&done);
    let counts = ["answered", "abstained", "dead_tasks", "pending"].map(|name| number(&done, name));
    assert_eq!(counts, [2, 1, 0, 0], "{done}");
    assert_eq!(number(&place.call(["dlq", "replay", "last", "--tasks", "--json"]).expect(0).object(), "revived"), 0);
}
