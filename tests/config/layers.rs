//! Which layer wins: defaults, file, environment, command line.

use std::path::Path;

use vcf_agent::config::{Settings, keys};

use crate::{folder, load, repository, variables};

#[test]
fn file_over_defaults_environment_over_file_flag_over_all() {
    let folder = folder(&[("my.toml", "data_dir = \"rows\"\n[ingest]\nalts_max = 7\nsegment_lines_max = 9\n")]);
    let file = folder.path().join("my.toml");
    let environment = [("VCF_AGENT_DATA_DIR", "/env"), ("VCF_AGENT_INGEST__ALTS_MAX", "8"), ("PATH", "/bin")];

    let from_file = load(&file, &[]).unwrap();
    assert_eq!(from_file.data_dir, folder.path().join("rows"));
    assert_eq!((from_file.read.alts_max, from_file.read.segment_lines_max), (7, 9));

    let from_environment = load(&file, &environment).unwrap();
    assert_eq!(from_environment.data_dir, Path::new("/env"));
    assert_eq!((from_environment.read.alts_max, from_environment.read.segment_lines_max), (8, 9));

    let from_flag = Settings::load_with(Some(&file), variables(&environment), Some(Path::new("flag"))).unwrap();
    assert_eq!(from_flag.data_dir, Path::new("flag"));

    assert_eq!(load(&file, &[("VCF_AGENT_INGEST__ALTS_MAX", "")]).unwrap().read.alts_max, 7, "empty is not set");
}

/// Starts itself again in a process whose environment holds the variable.
#[test]
fn the_environment_of_the_process_counts() {
    const VARIABLE: &str = "VCF_AGENT_INGEST__ALTS_MAX";
    if let Ok(value) = std::env::var(VARIABLE) {
        assert_eq!(Settings::load(None, None).unwrap().read.alts_max.to_string(), value);
        return;
    }
    let mut child = std::process::Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "layers::the_environment_of_the_process_counts"]).env(VARIABLE, "77");
    let output = child.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

#[test]
fn every_key_can_be_set_by_its_variable() {
    let bed = repository().join("config/regions-example.bed");
    let folder = folder(&[("panel.txt", "TP53\n")]);
    let panel = folder.path().join("panel.txt");
    let environment: Vec<(String, String)> = keys::KEYS
        .iter()
        .map(|key| match key.kind {
            _ if key.path == "triage.regions.file" => (key.variable(), bed.display().to_string()),
            _ if key.path == "triage.genes.file" => (key.variable(), panel.display().to_string()),
            _ => (key.variable(), key.example.replace(['[', ']', '"'], "").replace(", ", ",")),
        })
        .collect();
    let environment: Vec<(&str, &str)> = environment.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    let settings = Settings::load_with(None, variables(&environment), None).unwrap();
    let triage = settings.triage.clone().unwrap();
    assert_eq!(triage.filter.unwrap(), ["PASS", "."]);
    assert_eq!(triage.qual.unwrap().min, 30.0);
    assert_eq!(triage.allele_frequency.unwrap().fields.unwrap().len(), 3);
    assert_eq!(triage.regions.unwrap().len(), 5);
    for key in keys::KEYS {
        assert_eq!(settings.layers.origin(key.path).unwrap().to_string(), key.variable());
    }
}
