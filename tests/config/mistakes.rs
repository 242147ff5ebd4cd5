//! What every mistake is answered with: its place, its name, what is allowed.

use std::fs;
use std::path::Path;

use tempfile::TempDir;
use vcf_agent::config::{Settings, check};

use crate::{load, messages, messages_in};

#[test]
fn unknown_names_come_with_the_nearest_known_one() {
    let toml = "dta_dir = 1\ncolour = 3\nalts_max = 5\n[ingest]\nline_byte_max = 1\n[ingst]\nx = 1\n\
                [triage.quality]\nmin = 3\n[store.deep.down]\na = 1\n[[triage.jeans]]\na = 1\n";
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
            "my.toml:12: unknown table `triage.jeans`: did you mean `triage.genes`?",
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
    let many: Vec<String> = (0..1025).map(|n| format!("\"f{n}\"")).collect();
    assert_eq!(
        filter(&format!("[{}]", many.join(","))),
        "my.toml:1: `triage.filter` has 1025 entries, at most 1024 are allowed"
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
            "my.toml:4: `[triage.regions]` needs `file`: set it, or take the table out",
        ]
    );
    let one = messages("[triage.qual]\nmin = \"x\"\n");
    assert_eq!(one, ["my.toml:2: `triage.qual.min` must be a number from 0 to 1000000, not \"x\""]);
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

#[test]
fn what_triage_names_must_be_known() {
    let toml = "[triage]\nexpression = \"QUAL>\"\n[triage.effect]\nconsequence = [\"missense_variants\"]\nclinvar = [\"Pathogenic\", \"Bad\"]\n\
                impact = [\"high\"]\n[triage.genes]\n";
    let said = messages(toml);
    assert_eq!(said.len(), 5, "{said:?}");
    assert!(
        said.iter().any(|m| m.starts_with("my.toml:2: `triage.expression`: ") && m.contains("(at byte ")),
        "{said:?}"
    );
    assert!(said.iter().any(|m| m.starts_with("my.toml:4: ") && m.ends_with("did you mean \"missense_variant\"?")));
    assert!(said.iter().any(|m| m.starts_with("my.toml:5: `triage.effect.clinvar`: \"Bad\" is no classification")));
    assert!(said.iter().any(|m| m.starts_with("my.toml:6: `triage.effect.impact` must be a list of \"HIGH\"")));
    assert!(said.iter().any(|m| m.starts_with("my.toml:7: `[triage.genes]` names no gene")));
    let empty = messages("[triage.effect]\nclinvar_stars_min = 1\n");
    assert_eq!(
        empty,
        ["my.toml:1: `[triage.effect]` needs `impact`, `consequence` or `clinvar`: set one, or take the table out"]
    );
    let both = messages("[triage]\nuse = \"nothing\"\nfilter = [\"PASS\"]\n");
    assert!(both.len() == 1 && both[0].starts_with("my.toml:3: `triage.filter` has no effect beside"), "{both:?}");
}
