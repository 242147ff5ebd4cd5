//! What `config show` prints: every value, and where it comes from.

use std::path::Path;

use vcf_agent::config::Settings;

use crate::{defaults, folder, load, repository, variables};

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

[annotations]
frequency_columns = ["MAX_AF", "gnomADe_AF", "gnomADg_AF", "gnomAD_AF", "AF"]  # default
frequency_fields = ["AF_popmax", "AF_grpmax", "gnomAD_AF", "gnomADe_AF", "gnomADg_AF", "AF_EXAC", "AF_ESP", "AF_TGP"]  # default

[analysis]
providers = ["rules"]  # default

[analysis.rules]
missing_frequency = "unknown"  # default
inheritance = "unknown"  # default
# loss_of_function_genes is not set
clinvar_stars_min = "3"  # default

[triage]
# use is not set
# filter is not set
# expression is not set

[triage.qual]
min = 20.0  # {file}:5
# missing is not set
"#
    );
    assert_eq!(settings.show(), expected);
    assert!(defaults().show().contains("the triage by default is asked"));
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
