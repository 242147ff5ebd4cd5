//! The configuration as a user meets it: what is accepted, what every mistake is answered with, which layer wins.

mod in_force;

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use tempfile::TempDir;
use vcf_agent::config::{ConfigError, DEFAULT_TOML, Settings, check, docs, keys};
use vcf_agent::domain::triage::Missing;
use vcf_agent::vcf::ReadLimits;

/// A folder with files in it.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    files.iter().for_each(|(name, text)| fs::write(folder.path().join(name), text).unwrap());
    folder
}

fn variables(variables: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
    variables.iter().map(|(name, value)| (name.into(), value.into())).collect()
}

fn load(file: &Path, environment: &[(&str, &str)]) -> Result<Settings, Vec<ConfigError>> {
    Settings::load_with(Some(file), variables(environment), None)
}

/// The messages about `my.toml`, without the name of the temporary folder.
fn messages_in(files: &[(&str, &str)], environment: &[(&str, &str)]) -> Vec<String> {
    let folder = folder(files);
    let errors = load(&folder.path().join("my.toml"), environment).unwrap_err();
    let prefix = format!("{}/", folder.path().display());
    errors.iter().map(|error| error.to_string().replace(&prefix, "")).collect()
}

fn messages(toml: &str) -> Vec<String> {
    messages_in(&[("my.toml", toml)], &[])
}

fn defaults() -> Settings {
    Settings::load_with(None, [], None).unwrap()
}

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

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
    assert_eq!(settings.triage, None);
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
    let settings = load(&folder.path().join("my.toml"), &[]).unwrap();
    for key in keys::KEYS {
        let origin = settings.layers.origin(key.path).map(ToString::to_string).unwrap_or_default();
        assert!(origin.contains("my.toml:"), "{} comes from {origin:?}", key.path);
    }
    assert!(settings.triage.is_some());
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
    child.args(["--exact", "the_environment_of_the_process_counts"]).env(VARIABLE, "77");
    let output = child.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn every_key_can_be_set_by_its_variable() {
    let bed = repository().join("config/regions-example.bed");
    let environment: Vec<(String, String)> = keys::KEYS
        .iter()
        .map(|key| match key.kind {
            _ if key.path == "triage.regions.file" => (key.variable(), bed.display().to_string()),
            _ => (key.variable(), key.example.replace(['[', ']', '"'], "").replace(", ", ",")),
        })
        .collect();
    let environment: Vec<(&str, &str)> = environment.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    let settings = Settings::load_with(None, variables(&environment), None).unwrap();
    let triage = settings.triage.clone().unwrap();
    assert_eq!(triage.filter.unwrap(), ["PASS", "."]);
    assert_eq!(triage.qual.unwrap().min, 30.0);
    assert_eq!(triage.allele_frequency.unwrap().fields.len(), 3);
    assert_eq!(triage.regions.unwrap().len(), 5);
    for key in keys::KEYS {
        assert_eq!(settings.layers.origin(key.path).unwrap().to_string(), key.variable());
    }
}

#[test]
fn unknown_names_come_with_the_nearest_known_one() {
    let toml = "dta_dir = 1\ncolour = 3\nalts_max = 5\n[ingest]\nline_byte_max = 1\n[ingst]\nx = 1\n\
                [triage.quality]\nmin = 3\n[store.deep.down]\na = 1\n[[triage.genes]]\na = 1\n";
    assert_eq!(
        messages(toml),
        [
            "my.toml:1: unknown key `dta_dir`: did you mean `data_dir`?",
            "my.toml:2: unknown key `colour`: the keys here are `data_dir`, `worker_threads`, `flush_interval_ms`, \
             `drain_timeout_ms`",
            "my.toml:3: unknown key `alts_max`: did you mean `ingest.alts_max`?",
            "my.toml:5: unknown key `ingest.line_byte_max`: did you mean `ingest.line_bytes_max`?",
            "my.toml:6: unknown table `ingst`: did you mean `ingest`?",
            "my.toml:8: unknown table `triage.quality`: did you mean `triage.qual`?",
            "my.toml:10: unknown table `store.deep`: the keys here are `kind`, `group_bytes_max`, `zstd_level`, \
             `row_group_rows_max`",
            "my.toml:12: unknown table `triage.genes`: the keys here are `filter`",
        ]
    );
}

#[test]
fn quoted_names_are_no_paths() {
    assert_eq!(
        messages("\"ingest.alts_max\" = 3\n[restart]\n\"\" = 1\n\"a\\nb\" = 1\n"),
        [
            "my.toml:1: unknown key \"ingest.alts_max\": write it without quotes",
            "my.toml:3: unknown key `restart.`: did you mean `restart`?",
            "my.toml:4: unknown key `restart.a\\nb`: the keys here are `restarts_max`, `window_ms`, `backoff_min_ms`, \
             `backoff_max_ms`",
        ]
    );
}

#[test]
fn wrong_types_and_values_say_what_is_allowed() {
    let toml = "data_dir = 3\nworker_threads = \"many\"\nflush_interval_ms = 1\ndrain_timeout_ms = -1\n\
                [ingest]\nalts_max = 0\nsegment_lines_max = 1.5\nline_bytes_max = \"16 M\"\nwindow_bytes = 5\n\
                inflate_threads = true\nheader_bytes_max = 1979-05-27\nsegment_bytes_max = \"32 MiB\"\n\
                dead_letters_max = [1]\ninflated_bytes_max = { a = 1 }\n[store]\nkind = \"lance\"\nzstd_level = 20\n\
                [store.group_bytes_max]\na = 1\n[restart]\nrestarts_max = 99999999999\n[triage.qual]\nmin = nan\n\
                missing = \"maybe\"\n";
    assert_eq!(
        messages(toml),
        [
            "my.toml:1: `data_dir` must be a path, not 3",
            "my.toml:2: `worker_threads` must be an integer from 0 to 1024, not \"many\"",
            "my.toml:3: `flush_interval_ms` must be an integer from 2 to 3600000, not 1",
            "my.toml:4: `drain_timeout_ms` must be an integer from 0 to 86400000, not -1",
            "my.toml:6: `ingest.alts_max` must be an integer from 1 to 65536, not 0",
            "my.toml:7: `ingest.segment_lines_max` must be an integer from 1 to 65536, not 1.5",
            "my.toml:8: `ingest.line_bytes_max` must be a size from 1 KiB to 1 GiB (bytes, or text such as \
             \"16 MiB\"), not \"16 M\"",
            "my.toml:9: `ingest.window_bytes` must be a size from 64 KiB to 1 TiB (bytes, or text such as \
             \"16 MiB\"), not 5",
            "my.toml:10: `ingest.inflate_threads` must be an integer from 1 to 64, not true",
            "my.toml:11: `ingest.header_bytes_max` must be a size from 1 KiB to 1 GiB (bytes, or text such as \
             \"16 MiB\"), not a date",
            "my.toml:12: `ingest.segment_bytes_max` must be a size from 1 KiB to 16 MiB (bytes, or text such as \
             \"16 MiB\"), not \"32 MiB\"",
            "my.toml:13: `ingest.dead_letters_max` must be an integer from 0 to 10000000, not a list",
            "my.toml:14: `ingest.inflated_bytes_max` must be a size from 1 MiB to 1024 TiB (bytes, or text such as \
             \"16 MiB\"), not a table",
            "my.toml:16: `store.kind` must be \"parquet\", not \"lance\"",
            "my.toml:17: `store.zstd_level` must be an integer from 1 to 19, not 20",
            "my.toml:18: `store.group_bytes_max` must be a size from 1 KiB to 1 GiB (bytes, or text such as \
             \"16 MiB\"), not a table",
            "my.toml:21: `restart.restarts_max` must be an integer from 0 to 1000, not 99999999999",
            "my.toml:23: `triage.qual.min` must be a number from 0 to 1000000, not NaN",
            "my.toml:24: `triage.qual.missing` must be \"keep\" or \"drop\", not \"maybe\"",
        ]
    );
}

#[test]
fn values_and_tables_are_not_confused() {
    assert_eq!(
        messages("ingest = 3\ndata_dir = \"\"\n[[restart]]\nwindow_ms = 1\n"),
        [
            "my.toml:1: `ingest` must be a table: write `[ingest]`",
            "my.toml:2: `data_dir` must be a path, not \"\"",
            "my.toml:3: `restart` must be one table, not a list of tables: write `[restart]`",
        ]
    );
}

#[test]
fn lists_of_names_are_checked() {
    let with = |key: &str, list: &str| messages(&format!("{key} = {list}\n")).join("\n");
    let filter = |list: &str| with("triage.filter", list);
    let fields = |list: &str| with("triage.allele_frequency.max = 0.1\ntriage.allele_frequency.fields", list);
    assert_eq!(
        filter("[]"),
        "my.toml:1: `triage.filter` must be a list of FILTER entries such as [\"PASS\", \".\"], not an empty list, which \
         would drop everything"
    );
    assert_eq!(
        filter("[1]"),
        "my.toml:1: `triage.filter` must be a list of FILTER entries such as [\"PASS\", \".\"], not a list with \
         something else in it"
    );
    assert_eq!(
        filter("\"PASS\""),
        "my.toml:1: `triage.filter` must be a list of FILTER entries such as [\"PASS\", \".\"], not \"PASS\""
    );
    assert_eq!(filter("[\"a;b\"]"), "my.toml:1: `triage.filter` holds \"a;b\", which cannot be one FILTER entry");
    assert_eq!(filter("[\"a\", \"a\"]"), "my.toml:1: `triage.filter` holds \"a\" twice");
    assert_eq!(
        fields("[\"A F\"]"),
        "my.toml:2: `triage.allele_frequency.fields` holds \"A F\", which cannot be an INFO key"
    );
    assert_eq!(
        fields("[\"INFO/AF\"]"),
        "my.toml:2: `triage.allele_frequency.fields` names keys of INFO without a prefix: write \"AF\" instead of \
         \"INFO/AF\""
    );
    let many: Vec<String> = (0..65).map(|n| format!("\"f{n}\"")).collect();
    assert_eq!(
        filter(&format!("[{}]", many.join(","))),
        "my.toml:1: `triage.filter` has 65 entries, at most 64 are allowed"
    );
}

#[test]
fn what_is_not_toml_is_named_with_its_line() {
    assert_eq!(
        messages("data_dir = \"x\"\n\nwhat is this\n"),
        ["my.toml:3: not TOML: key with no value, expected `=`"]
    );
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("my.toml");
    fs::write(&file, b"data_dir = \"x\"\n# \xff\n").unwrap();
    let errors = load(&file, &[]).unwrap_err();
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0].place, format!("{}:2", file.display()));
    assert_eq!(errors[0].message, "not UTF-8 text, so not TOML");
}

#[test]
fn keys_given_twice_do_not_hide_other_mistakes() {
    assert_eq!(
        messages("[ingest]\nalts_max = 1\nalts_max = 2\ncolor = 1\nalts_max = 3\n"),
        [
            "my.toml:3: `alts_max` is given twice: keep one",
            "my.toml:4: unknown key `ingest.color`: the keys here are `window_bytes`, `line_bytes_max`, \
             `header_bytes_max`, `segment_lines_max`, `segment_bytes_max`, `alts_max`, `inflated_bytes_max`, \
             `inflate_threads`, `dead_letters_max`",
            "my.toml:5: `alts_max` is given twice: keep one",
        ]
    );
    assert_eq!(
        messages("[ingest]\nalts_max = 1\n[store]\n[ingest]\nalts_max = 3\n"),
        ["my.toml:4: the table `ingest` is given twice: put its keys into one"]
    );
}

#[test]
fn values_must_fit_each_other() {
    let toml = "[ingest]\nwindow_bytes = \"512 KiB\"\n[restart]\nbackoff_min_ms = 6000\n";
    assert_eq!(
        messages(toml),
        [
            "my.toml:2: `ingest.window_bytes` (512 KiB) must not be less than `ingest.segment_bytes_max` (1 MiB)",
            "my.toml:4: `restart.backoff_max_ms` (5000) must not be less than `restart.backoff_min_ms` (6000)",
        ]
    );
}

#[test]
fn a_clause_needs_its_values() {
    assert_eq!(
        messages("[triage.qual]\nmissing = \"drop\"\n[triage.allele_frequency]\n[triage.regions]\n"),
        [
            "my.toml:1: `[triage.qual]` needs `min`: set it, or take the table out",
            "my.toml:3: `[triage.allele_frequency]` needs `max`: set it, or take the table out",
            "my.toml:3: `[triage.allele_frequency]` needs `fields`: set it, or take the table out",
            "my.toml:4: `[triage.regions]` needs `file`: set it, or take the table out",
        ]
    );
    let one = messages("[triage.qual]\nmin = \"x\"\n");
    assert_eq!(one, ["my.toml:2: `triage.qual.min` must be a number from 0 to 1000000, not \"x\""]);
}

#[test]
fn an_empty_triage_is_asked_for() {
    let folder = folder(&[("my.toml", "[triage]\n")]);
    assert_eq!(load(&folder.path().join("my.toml"), &[]).unwrap().triage, Some(Default::default()));
}

#[test]
fn a_broken_bed_file_is_named_with_its_lines() {
    let toml = "[triage.regions]\nfile = \"panel.bed\"\n";
    assert_eq!(
        messages_in(&[("my.toml", toml), ("panel.bed", "chr1\t5\t9\nchr1\t9\t5\nchr1\n")], &[]),
        [
            "panel.bed:2: 9 to 5 ends before it starts: BED counts from 0 and leaves the end out",
            "panel.bed:3: a BED line has at least 3 columns (contig, start, end), separated by tabs: \"chr1\"",
        ]
    );
    assert_eq!(
        messages_in(&[("my.toml", toml), ("panel.bed", "")], &[]),
        ["panel.bed: the file names no interval: every allele would be dropped"]
    );
    assert_eq!(
        messages(toml),
        ["my.toml:2: `triage.regions.file`: panel.bed cannot be read: No such file or directory (os error 2)"]
    );
}

#[test]
fn variables_are_checked_like_the_file() {
    let environment = [
        ("VCF_AGENT_INGEST__ALTS_MAX", "many"),
        ("VCF_AGENT_INGEST__LINE_BYTES_MAX", "16 M"),
        ("VCF_AGENT_INGEST__LINE_BYTE_MAX", "1"),
        ("VCF_AGENT_INGEST_ALTS_MAX", "1"),
        ("VCF_AGENT_DATADIR", "x"),
        ("VCF_AGENT_GENES__PANEL__VERSION__DATE__OF__IT", "x"),
        ("VCF_AGENT_TRIAGE__FILTER", "PASS,,q10"),
        ("VCF_AGENT_TRIAGE__QUAL__MIN", "high"),
        ("VCF_AGENT_STORE__KIND", "lance"),
        ("VCF_AGENT_SHARED_DATA", "not ours"),
        ("VCF_AGENT_LOG", "not ours"),
    ];
    assert_eq!(
        messages_in(&[("my.toml", "[ingest]\nalts_max = 0\n")], &environment),
        [
            "my.toml:2: `ingest.alts_max` must be an integer from 1 to 65536, not 0",
            "VCF_AGENT_DATADIR: unknown variable: did you mean VCF_AGENT_DATA_DIR?",
            "VCF_AGENT_GENES__PANEL__VERSION__DATE__OF__IT: unknown variable: no key of the configuration has this name",
            "VCF_AGENT_INGEST_ALTS_MAX: unknown variable: did you mean VCF_AGENT_INGEST__ALTS_MAX?",
            "VCF_AGENT_INGEST__ALTS_MAX: `ingest.alts_max` must be an integer from 1 to 65536, not \"many\"",
            "VCF_AGENT_INGEST__LINE_BYTES_MAX: `ingest.line_bytes_max` must be a size from 1 KiB to 1 GiB (bytes, or \
             text such as \"16 MiB\"), not \"16 M\"",
            "VCF_AGENT_INGEST__LINE_BYTE_MAX: unknown variable: did you mean VCF_AGENT_INGEST__LINE_BYTES_MAX?",
            "VCF_AGENT_STORE__KIND: `store.kind` must be \"parquet\", not \"lance\"",
            "VCF_AGENT_TRIAGE__FILTER: `triage.filter` holds \"\", which cannot be one FILTER entry",
            "VCF_AGENT_TRIAGE__QUAL__MIN: `triage.qual.min` must be a number from 0 to 1000000, not \"high\"",
        ]
    );
}

#[test]
fn a_file_that_is_not_there_and_an_empty_flag() {
    let errors = Settings::load_with(Some(Path::new("no/such.toml")), [], Some(Path::new(""))).unwrap_err();
    let said: Vec<String> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            "no/such.toml: the configuration file cannot be read: No such file or directory (os error 2)",
            "--data-dir: `data_dir` must be a path, not \"\"",
        ]
    );
    assert_eq!(check(Some(Path::new("no/such.toml"))).unwrap_err(), errors[..1]);
}

proptest! {
    #[test]
    fn no_text_makes_the_loader_panic(text in "[a-z_.=\\[\\]{}\"'0-9# \n]{0,120}") {
        let folder = folder(&[("my.toml", &text)]);
        let place = format!("{}:", folder.path().join("my.toml").display());
        if let Err(errors) = load(&folder.path().join("my.toml"), &[]) {
            prop_assert!(!errors.is_empty());
            for error in errors {
                prop_assert!(format!("{error}").starts_with(&place), "{}", error);
            }
        }
    }

    #[test]
    fn an_integer_is_taken_inside_its_range_and_refused_outside(n in any::<i64>(), near in 0_i64..70_000, pick in any::<bool>()) {
        let n = if pick { n } else { near };
        let folder = folder(&[("my.toml", &format!("ingest.alts_max = {n}\n"))]);
        let settings = load(&folder.path().join("my.toml"), &[]);
        prop_assert_eq!(settings.is_ok(), (1..=65_536).contains(&n));
        if let Ok(settings) = settings {
            prop_assert_eq!(settings.read.alts_max as i64, n);
        }
    }
}
