//! A crash at each crash point of docs/HAZARDS.md, then the same command again: every allele exactly once.

use std::fs;
use std::path::Path;

use crate::harness::{Place, adds_up, string};
use crate::oracle;

/// Crash points of the table in docs/HAZARDS.md whose row says `abort`.
fn crash_points() -> Vec<String> {
    let hazards = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/HAZARDS.md")).unwrap();
    let table = hazards.split("\n## ").find(|section| section.starts_with("Crash points")).unwrap();
    let rows = table.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` | "));
    rows.filter(|(_, rest)| rest.starts_with("abort")).map(|(name, _)| name.to_owned()).collect()
}

#[test]
fn the_table_lists_crash_points() {
    assert!(crash_points().len() >= 6, "{:?}", crash_points());
}

#[test]
fn after_a_crash_at_any_point_the_same_command_stores_every_allele_exactly_once() {
    let text = oracle::generated(12_000);
    let expected = oracle::expected_rows(text.as_bytes());
    let mut faults = Vec::new();
    for point in crash_points() {
        let check = std::panic::catch_unwind(|| crash_at(&point, &text, &expected));
        if let Err(panic) = check {
            let words = panic.downcast_ref::<String>().cloned().unwrap_or_else(|| "failed".into());
            faults.push(format!("{point}: {words}"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn crash_at(point: &str, text: &str, expected: &[(i64, i32, i64)]) {
    let mut place = Place::new();
    let file = place.write("crash.vcf", text);
    // Segments of 64 lines: about twelve groups. Times that are short, so that groups are also closed by age and merged.
    let config = place.write("crash.toml", "flush_interval_ms = 5\n[ingest]\nsegment_lines_max = 64\n");
    let words = ["run".as_ref(), "--json".as_ref(), "--config".as_ref(), config.as_os_str(), file.as_os_str()];
    // The first run gets a little further each time: the point is passed once before it crashes, where it can be.
    for passes in [0, 1] {
        place.env = vec![("FAILPOINTS".into(), crash_after(point, passes))];
        let said = place.start(words).finish();
        let crashed = said.status.code().is_none();
        assert!(crashed || passes == 1 && said.code() == 0, "{point} after {passes} passes did not crash: {said:?}");
        let visible = oracle::rows(&place.data());
        assert!(
            visible.is_empty() || visible == expected,
            "{point}: a reader sees {} of {} rows",
            visible.len(),
            expected.len()
        );
    }
    place.env.clear();
    let receipt = place.start(words).finish().expect(0).object();
    adds_up(&receipt);
    assert!(oracle::rows(&place.data()) == expected, "{point}: the rows are not the expected ones");
    place.receipt(string(&receipt, "job"), &["--deep"]).expect(0);
}

#[test]
fn a_pipe_that_ended_in_a_crash_at_any_point_is_complete_or_failed_and_leaves_nothing_staged() {
    let text = oracle::generated(500);
    let mut crashes = 0;
    for point in crash_points() {
        for passes in 0..20 {
            let mut place = Place::new();
            place.env = vec![("FAILPOINTS".into(), crash_after(&point, passes))];
            let crashed = place.run_stdin(text.as_bytes()).status.code().is_none();
            place.env.clear();
            // The next start finds what was left.
            place.run(&place.write("other.vcf", oracle::generated(10))).expect(0);
            let listed = place.call(["jobs"]).expect(0).stdout;
            let is_over = |line: &str| line.contains("COMPLETE") || line.contains("FAILED");
            assert!(listed.lines().skip(1).all(is_over), "{point} after {passes} passes:\n{listed}");
            let staged = oracle::entries(&place.data().join("staging"));
            assert!(staged.is_empty(), "{point} after {passes} passes: {staged:?}");
            if !crashed {
                break;
            }
            crashes += 1;
        }
    }
    assert!(crashes > 12, "{crashes} crashes");
}

/// The crate `fail`'s words for: pass the point this often, then take it.
fn crash_after(point: &str, passes: u32) -> String {
    if passes == 0 { format!("{point}=return") } else { format!("{point}={passes}*off->return") }
}
