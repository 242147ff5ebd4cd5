//! What of the configuration is part of a job's identity, and what is not.

use std::fs;

use vcf_agent::config::{Settings, keys};

use crate::{defaults, folder, load, variables};

#[test]
fn layout_holds_what_decides_rows_and_nothing_else() {
    let layout = defaults().layout(None);
    assert_eq!(
        layout,
        "schema=2 line_bytes_max=16777216 segment_lines_max=4096 segment_bytes_max=1048576 alts_max=1024 \
         frequencies=MAX_AF,gnomADe_AF,gnomADg_AF,gnomAD_AF,AF|AF_popmax,AF_grpmax,gnomAD_AF,gnomADe_AF,gnomADg_AF,AF_EXAC,\
         AF_ESP,AF_TGP reference=none"
    );
    let with =
        |name: &str, value: &str| Settings::load_with(None, variables(&[(name, value)]), None).unwrap().layout(None);
    for key in keys::KEYS.iter().filter(|key| key.default.is_some() && key.path != "store.kind") {
        let other = match key.path {
            "data_dir" => "elsewhere",
            "ingest.window_bytes" => "1 GiB",
            "restart.backoff_min_ms" => "51",
            "restart.backoff_max_ms" => "5001",
            "ingest.inflated_bytes_max" => "201 MiB",
            "analysis.providers" => "",
            "analysis.rules.missing_frequency" => "absent",
            "analysis.rules.inheritance" => "recessive",
            "analysis.rules.clinvar_stars_min" => "never",
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
fn a_configured_triage_survives_a_change_of_its_bed_file() {
    let toml = "triage.regions.file = \"panel.bed\"\n";
    let folder = folder(&[("my.toml", toml), ("panel.bed", "chr1\t5\t9\n")]);
    let triage = || load(&folder.path().join("my.toml"), &[]).unwrap().triage.unwrap();
    let before = triage();
    fs::write(folder.path().join("panel.bed"), "chr1\t5\t10\n").unwrap();
    assert_ne!(triage().canonical(), before.canonical());
    let kept = vcf_agent::triage::Triage::from_canonical(&before.canonical()).unwrap();
    assert_eq!(kept, before);
    assert_eq!(kept, before);
}
