//! What is in force once everything is read: the layout, the intervals, what `config show` prints.

use std::fs;
use std::path::Path;

use vcf_agent::config::{Settings, keys};
use vcf_agent::domain::rows::Rows;

use crate::{defaults, folder, load, repository, variables};

#[test]
fn layout_holds_what_decides_rows_and_nothing_else() {
    let layout = defaults().layout();
    assert_eq!(
        layout,
        "schema=1 line_bytes_max=16777216 segment_lines_max=4096 segment_bytes_max=1048576 alts_max=1024"
    );
    let with = |name: &str, value: &str| Settings::load_with(None, variables(&[(name, value)]), None).unwrap().layout();
    for key in keys::KEYS.iter().filter(|key| key.default.is_some() && key.path != "store.kind") {
        let other = match key.path {
            "data_dir" => "elsewhere",
            "ingest.window_bytes" => "1 GiB",
            "restart.backoff_min_ms" => "51",
            "restart.backoff_max_ms" => "5001",
            "ingest.inflated_bytes_max" => "201 MiB",
            _ => "2048",
        };
        let other = match key.kind {
            keys::Kind::Integer { max, .. } if max < 2048 => "3",
            _ => other,
        };
        let changes = with(&key.variable(), other) != layout;
        assert_eq!(changes, key.doc.contains("Part of a job's identity"), "{}", key.path);
    }
}

#[test]
fn the_flush_interval_is_split_between_reader_and_writer() {
    for (whole, reader, writer) in [("2", 1, 1), ("3", 1, 2), ("80", 40, 40)] {
        let settings = Settings::load_with(None, variables(&[("VCF_AGENT_FLUSH_INTERVAL_MS", whole)]), None).unwrap();
        assert_eq!((settings.read.flush_interval_ms, settings.group.flush_interval_ms), (reader, writer));
    }
}

#[test]
fn show_tells_where_each_value_comes_from() {
    let folder = folder(&[("my.toml", "[ingest]\nline_bytes_max = 2_000_000\n\n[triage.qual]\nmin = 20\n")]);
    let file = folder.path().join("my.toml");
    let environment = variables(&[("VCF_AGENT_STORE__ZSTD_LEVEL", "3")]);
    let settings = Settings::load_with(Some(&file), environment, Some(Path::new("/data"))).unwrap();
    let file = file.display();
    let expected = format!(
        r#"# The effective configuration, and where each value comes from.

data_dir = "/data"  # command line: --data-dir
worker_threads = 0  # default
flush_interval_ms = 1000  # default
drain_timeout_ms = 30000  # default

[ingest]
window_bytes = "128 MiB"  # default
line_bytes_max = 2000000  # {file}:2
header_bytes_max = "64 MiB"  # default
segment_lines_max = 4096  # default
segment_bytes_max = "1 MiB"  # default
alts_max = 1024  # default
inflated_bytes_max = "200 GiB"  # default
inflate_threads = 2  # default
dead_letters_max = 100000  # default

[store]
kind = "parquet"  # default
group_bytes_max = "32 MiB"  # default
zstd_level = 3  # environment: VCF_AGENT_STORE__ZSTD_LEVEL
row_group_rows_max = 131072  # default

[restart]
restarts_max = 5  # default
window_ms = 60000  # default
backoff_min_ms = 50  # default
backoff_max_ms = 5000  # default

[triage]
# filter is not set

[triage.qual]
min = 20.0  # {file}:5
# missing is not set
"#
    );
    assert_eq!(settings.show(), expected);
    assert!(defaults().show().contains("nothing is selected"));
}

#[test]
fn what_show_prints_can_be_loaded() {
    let shown = |settings: &Settings| {
        let folder = folder(&[("shown.toml", &settings.show())]);
        let mut again = load(&folder.path().join("shown.toml"), &[]).unwrap();
        again.layers = settings.layers.clone();
        again
    };
    for name in ["single-node.toml", "triage-example.toml"] {
        let mut settings = load(&repository().join("config").join(name), &[]).unwrap();
        let again = shown(&settings);
        settings.data_dir = std::path::absolute(&settings.data_dir).unwrap();
        assert_eq!(again, settings, "{name}");
    }
}

#[test]
fn a_configured_triage_survives_a_change_of_its_bed_file() {
    let toml = "triage.regions.file = \"panel.bed\"\n";
    let folder = folder(&[("my.toml", toml), ("panel.bed", "chr1\t5\t9\n")]);
    let triage = || load(&folder.path().join("my.toml"), &[]).unwrap().triage.unwrap();
    let before = triage();
    fs::write(folder.path().join("panel.bed"), "chr1\t5\t10\n").unwrap();
    assert_ne!(triage().canonical(), before.canonical());
    let kept = vcf_agent::domain::triage::Triage::from_canonical(&before.canonical()).unwrap();
    assert_eq!(kept, before);
    assert_eq!(kept.select(&Rows::default()), Default::default());
}
