//! What is accepted: the defaults, the files that come with the product, every key.

use std::fs;
use std::path::{Path, PathBuf};

use vcf_agent::config::{DEFAULT_TOML, Settings, check, docs, keys};
use vcf_agent::providers::{Options, rules};
use vcf_agent::triage::{Missing, Triage};
use vcf_agent::vcf::ReadLimits;

use crate::{defaults, folder, load, repository, variables};

#[test]
fn generated_docs_unchanged() {
    for (name, made) in [("config/default.toml", docs::default_toml()), ("docs/configuration.md", docs::markdown())] {
        let path = repository().join(name);
        if std::env::var_os("UPDATE_DOCS").is_some() {
            fs::write(&path, &made).unwrap();
        }
        let kept = fs::read_to_string(&path).unwrap();
        assert!(kept == made, "{name} is not what the code says: UPDATE_DOCS=1 cargo test --test config");
    }
}

#[test]
fn defaults_are_what_the_design_says() {
    let settings = defaults();
    assert_eq!(settings.data_dir, Path::new("./vcf-agent-data"));
    assert_eq!(settings.read, ReadLimits { flush_interval_ms: 500, ..ReadLimits::default() });
    assert_eq!(settings.window_bytes, 128 << 20);
    assert_eq!((settings.group.bytes_max, settings.group.flush_interval_ms), (32 << 20, 500));
    assert!(settings.worker_threads >= 1);
    assert_eq!(settings.dead_letters_max, 100_000);
    assert_eq!(settings.restart, Default::default());
    assert_eq!(settings.drain_timeout_ms, 30_000);
    assert_eq!(settings.store.kind, "parquet");
    assert_eq!((settings.store.zstd_level, settings.store.row_group_rows_max), (1, 131_072));
    assert_eq!(settings.triage, Some(Triage::by_default()));
    assert!(!settings.triage_is_configured());
    assert_eq!(settings.providers, ["rules"]);
}

#[test]
fn every_key_stands_in_the_default_file_and_can_be_set() {
    let uncommented: String = DEFAULT_TOML
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(key) if !key.starts_with(' ') => format!("{key}\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    let folder = folder(&[("my.toml", &uncommented)]);
    fs::copy(repository().join("config/regions-example.bed"), folder.path().join("regions-example.bed")).unwrap();
    fs::write(folder.path().join("panel.txt"), "BRCA1  # one of them\n\nTP53\n").unwrap();
    let settings = load(&folder.path().join("my.toml"), &[]).unwrap();
    for key in keys::KEYS {
        let origin = settings.layers.origin(key.path).map(ToString::to_string).unwrap_or_default();
        assert!(origin.contains("my.toml:"), "{} comes from {origin:?}", key.path);
    }
    let genes = settings.triage.unwrap().genes.unwrap();
    assert_eq!(genes.names.iter().collect::<Vec<_>>(), ["BRCA1", "BRCA2", "TP53"]);
}

#[test]
fn the_bundled_files_load() {
    let mut names: Vec<PathBuf> =
        fs::read_dir(repository().join("config")).unwrap().map(|e| e.unwrap().path()).collect();
    names.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    assert!(names.len() >= 3, "{names:?}");
    for file in names {
        load(&file, &[]).unwrap_or_else(|errors| panic!("{}: {errors:?}", file.display()));
        assert_eq!(check(Some(&file)), Ok(()));
    }
    let example = load(&repository().join("config/triage-example.toml"), &[]).unwrap().triage.unwrap();
    assert_eq!(example.regions.unwrap().len(), 5);
    assert_eq!(example.allele_frequency.unwrap().missing, Missing::Keep);
}

#[test]
fn an_empty_triage_is_asked_for() {
    let folder = folder(&[("my.toml", "[triage]\n")]);
    assert_eq!(load(&folder.path().join("my.toml"), &[]).unwrap().triage, Some(Default::default()));
}

#[test]
fn the_flush_interval_is_split_between_reader_and_writer() {
    for (whole, reader, writer) in [("2", 1, 1), ("3", 1, 2), ("80", 40, 40)] {
        let settings = Settings::load_with(None, variables(&[("VCF_AGENT_FLUSH_INTERVAL_MS", whole)]), None).unwrap();
        assert_eq!((settings.read.flush_interval_ms, settings.group.flush_interval_ms), (reader, writer));
    }
}

#[test]
fn the_options_of_the_rules_are_those_of_the_provider() {
    let told = |settings: &Settings| rules::Settings::parse(&settings.rules).unwrap();
    assert_eq!(told(&defaults()), rules::Settings::default());
    let toml = "[analysis.rules]\nmissing_frequency = \"absent\"\ninheritance = \"recessive\"\n\
                loss_of_function_genes = [\"BRCA1\", \"TP53\"]\nclinvar_stars_min = 2\n";
    let folder = folder(&[("my.toml", toml)]);
    let settings = load(&folder.path().join("my.toml"), &[]).unwrap();
    let genes = ["BRCA1", "TP53"].map(str::to_owned).into();
    let expected = rules::Settings {
        missing_frequency: rules::MissingFrequency::Absent,
        inheritance: rules::Inheritance::Recessive,
        loss_of_function_genes: rules::LossOfFunctionGenes::Listed(genes),
        clinvar_stars_min: Some(2),
    };
    assert_eq!(told(&settings), expected);
    // Every word that the table of keys allows is one that the provider knows.
    for (key, words) in [
        ("missing_frequency", &rules::MissingFrequency::WORDS[..]),
        ("inheritance", &rules::Inheritance::WORDS),
        ("clinvar_stars_min", &rules::CLINVAR_STARS_WORDS),
    ] {
        for word in words {
            let options = Options::from([(key.to_owned(), (*word).to_owned())]);
            assert!(rules::Settings::parse(&options).is_ok(), "{key} = {word}");
        }
    }
}
