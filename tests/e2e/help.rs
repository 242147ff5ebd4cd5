//! What the binary says about itself and about a file: help, the manual, `doctor FILE`.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::harness::{Place, string};

fn topics() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/help");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.map(|path| path.file_stem().unwrap().to_string_lossy().into_owned()).collect()
}

#[test]
fn help_lists_every_topic_and_every_topic_has_a_page() {
    let place = Place::new();
    let list = place.call(["help"]).expect(0).stdout;
    for topic in topics() {
        assert!(list.contains(&format!("\n  {topic} ")), "{topic} is not in {list}");
        let page = place.call(["help", &topic]).expect(0).stdout;
        assert!(page.starts_with("# ") && page.lines().count() > 5, "{page}");
    }
    assert!(list.contains("explain") && list.contains("Exit codes:"), "{list}");
    assert!(!place.data().exists(), "help makes nothing");
}

#[test]
fn help_of_a_command_is_its_own_and_an_unknown_topic_names_the_nearest() {
    let place = Place::new();
    let (asked, own) =
        (place.call(["help", "dlq", "replay"]).expect(0), place.call(["dlq", "replay", "--help"]).expect(0));
    assert_eq!(asked.stdout.trim_end(), own.stdout.trim_end());
    let said = place.call(["help", "annotated"]).expect(64);
    assert!(said.stderr.contains("`vcf-agent help annotate`") && said.stdout.is_empty(), "{said:?}");
    assert!(place.call(["help", "recipe"]).expect(64).stderr.contains("receipt"));
    place.call(["help", "dlq", "nothing"]).expect(64);
    assert!(!place.call(["help", "nosuch"]).expect(64).stderr.contains("did you mean"));
}

#[test]
fn the_manual_has_a_page_for_every_command() {
    let place = Place::new();
    let page = place.call(["man"]).expect(0).stdout;
    for part in [".TH vcf-agent 1", "vcf\\-agent\\-explain(1)", ".SH OPTIONS", "Exit codes:"] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
    let folder = place.path("man1");
    fs::create_dir(&folder).unwrap();
    place.call(["man".as_ref(), folder.as_os_str()]).expect(0);
    for name in ["vcf-agent", "vcf-agent-run", "vcf-agent-dlq", "vcf-agent-dlq-replay", "vcf-agent-explain"] {
        let page = fs::read_to_string(folder.join(format!("{name}.1"))).unwrap();
        assert!(page.contains(&format!(".TH {name} 1")), "{page}");
    }
    assert!(!folder.join("vcf-agent-isolate.1").exists(), "what is hidden has no page");
    place.call(["man", "no/such/folder"]).expect(74);
}

const HEADER: &str = "##fileformat=VCFv4.2\n";
const COLUMNS: &str = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n";
const CSQ: &str = "##INFO=<ID=CSQ,Number=.,Type=String,Description=\"Consequence annotations from Ensembl VEP. Format: \
                   Allele|Consequence|IMPACT|SYMBOL|Gene|Feature|gnomADe_AF\">\n";

/// Name, state and words of every check about a file with this header.
fn doctor(place: &Place, header: &str, config: &str) -> Vec<Value> {
    let file = place.write("asked.vcf", format!("{HEADER}{header}{COLUMNS}"));
    let config = place.write("asked.toml", config);
    let words = ["doctor".as_ref(), "--json".as_ref(), "--config".as_ref(), config.as_os_str(), file.as_os_str()];
    place.call(words).expect(0).objects()
}

#[track_caller]
fn state<'c>(checks: &'c [Value], name: &str) -> (&'c str, &'c str) {
    let check =
        checks.iter().find(|check| string(check, "name") == name).unwrap_or_else(|| panic!("{name}: {checks:?}"));
    (string(check, "state"), string(check, "says"))
}

#[test]
fn doctor_says_what_a_plain_file_lacks_and_what_to_type() {
    let place = Place::new();
    let checks = doctor(&place, "", "");
    for (name, command) in [
        ("assembly", "bcftools reheader --fai"),
        ("consequences", "bcftools csq -p a -f"),
        ("consequences", "vep --offline"),
        ("frequencies", "bcftools annotate -a gnomad.vcf.gz"),
        ("clinvar", "bcftools annotate -a clinvar.vcf.gz"),
        ("triage", "vcf-agent help annotate"),
    ] {
        let (state, says) = state(&checks, name);
        assert!(state == "warn" && says.contains(command), "{name}: {state} {says}");
    }
    assert_eq!(state(&checks, "file"), ("ok", "VCF 4.2, 0 samples, 0 contigs declared"));
    assert!(!place.data().exists(), "doctor makes nothing");
}

#[test]
fn doctor_finds_nothing_lacking_in_an_annotated_file() {
    let place = Place::new();
    let header = format!(
        "##contig=<ID=chr1,length=248956422>\n{CSQ}##INFO=<ID=CLNSIG,Number=.,Type=String,Description=\"c\">\n"
    );
    let checks = doctor(&place, &header, "");
    let found: Vec<(&str, &str)> =
        ["assembly", "consequences", "frequencies", "clinvar", "triage"].map(|name| state(&checks, name)).to_vec();
    assert_eq!(
        found,
        [
            ("ok", "GRCh38"),
            ("ok", "INFO/CSQ by vep"),
            ("ok", "INFO/CSQ:gnomADe_AF"),
            ("ok", "INFO/CLNSIG"),
            ("ok", "can be asked of this file")
        ]
    );
}

#[test]
fn doctor_names_a_sample_and_an_expression_that_cannot_be_asked() {
    let place = Place::new();
    let config = "[triage]\nexpression = \"INFO/NOPE>1\"\n[triage.genotype]\nsample = \"ANNA\"\n";
    let checks = doctor(&place, CSQ, config);
    let says: Vec<&str> =
        checks.iter().filter(|check| string(check, "name") == "triage").map(|check| string(check, "says")).collect();
    assert_eq!(says.len(), 2, "{says:?}");
    assert!(says[0].contains("no sample of the name") && says[1].contains("does not declare INFO/NOPE"), "{says:?}");
    assert!(!says.concat().contains("ANNA"), "names of samples are people's");
    // Nobody asks for ClinVar here: that it is absent is no warning.
    assert_eq!(state(&checks, "clinvar").0, "ok");
    let nothing = doctor(&place, "", "[triage]\nuse = \"nothing\"\n[analysis]\nproviders = []\n");
    assert!(["consequences", "frequencies", "clinvar", "triage"].iter().all(|name| state(&nothing, name).0 == "ok"));
}

#[test]
fn doctor_of_what_is_no_vcf_is_exit_65() {
    let place = Place::new();
    let file = place.write("words.txt", "no VCF at all\n");
    let said = place.call(["doctor".as_ref(), file.as_os_str()]).expect(65);
    assert!(said.stdout.contains("FAIL"), "{said:?}");
    place.call(["doctor", "absent.vcf"]).expect(65);
}
