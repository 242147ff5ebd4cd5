//! One small file, from `run` to `export`.

use std::fs;
use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

use vcf_agent::data_dir::DataDir;
use vcf_agent::domain::ids::JobId;
use vcf_agent::domain::rows::{Rows, Text};
use vcf_agent::stores;

use crate::place::{Place, Said};

/// Five sound records and one that is not; six rows.
const SMALL: &str = "\
##fileformat=VCFv4.2
##contig=<ID=chr1,length=248956422>
#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tSAMPLE_ONE
chr1\t100\trs1\tA\tC\t50\tPASS\tDP=10\tGT\t0/1
chr1\t200\t.\tA\tC,<DEL>\t.\tq10\tDP=11\tGT\t1/2
chr1\tx\x1b[31m\t.\tA\tC\t.\t.\t.\tGT\t0|1
chr1\t300\t.\tG\t.\t30.00\tPASS\t.\tGT\t0/0
chr1\t400\t.\tT\t*\t7\t.\tDP=3\tGT\t./.
chr1\t500\t.\tT\tTA\t7\t.\tDP=3\tGT\t1/1
";

fn sound_lines() -> String {
    SMALL.lines().filter(|line| !line.contains("\tx")).map(|line| format!("{line}\n")).collect()
}

#[test]
fn a_small_file_from_run_to_export() {
    let place = Place::new();
    place.write("small.vcf", SMALL);
    let receipt = place.call(&["run", "--json", "small.vcf"]).exits(3).object();
    assert_eq!((&receipt["state"], &receipt["records"]), (&"COMPLETE".into(), &6.into()), "{receipt}");
    assert_eq!((&receipt["dead_records"], &receipt["stored"]), (&1.into(), &6.into()), "{receipt}");
    let job = receipt["job"].as_str().unwrap();

    let listed = place.call(&["jobs"]).exits(0).out;
    assert!(listed.lines().any(|line| line.contains(job) && line.ends_with("small.vcf")), "{listed}");
    assert_eq!(place.call(&["jobs", "--json"]).exits(0).object(), receipt);

    // Any name of the job, the same receipt.
    for name in [job, &job[..9], &job[1..9], "last", "small.vcf", "./small.vcf"] {
        assert_eq!(place.call(&["receipt", name, "--json"]).exits(3).object(), receipt, "{name}");
    }
    let deep = place.call(&["receipt", job, "--deep", "--json"]).exits(3).object();
    assert_eq!((&deep["deep"]["holds"], &deep["deep"]["records"]), (&true.into(), &5.into()), "{deep}");
    let shown = place.call(&["receipt", job, "--deep"]).exits(3).out;
    for words in ["small.vcf  COMPLETE", "certificate  holds", "deep         holds: 5 records", "dlq ls"] {
        assert!(shown.contains(words), "{words} is missing in\n{shown}");
    }
    assert!(shown.lines().filter(|line| line.ends_with("ok")).count() == 5, "{shown}");

    let dead = place.call(&["dlq", "ls", "--json"]).exits(0).object();
    assert_eq!((&dead["record"], &dead["line"], &dead["stage"]), (&2.into(), &6.into(), &"parse".into()), "{dead}");
    let list = place.call(&["dlq", "ls", job]).exits(0);
    assert!(list.out.starts_with("record 2  line 6") && !list.out.contains("0|1"), "{list:#?}");
    assert!(!list.out.contains('\x1b'), "{list:#?}");
    let whole = place.call(&["dlq", "show", job, "2"]).exits(0).out;
    assert!(whole.contains("chr1\\tx\\u{1b}[31m\\t.\\tA\\tC") && whole.contains("0|1"), "{whole}");
    let object = place.call(&["dlq", "show", job, "2", "--json"]).exits(0).object();
    assert_eq!(object["raw"].as_str(), SMALL.lines().nth(5), "{object}");
    place.call(&["dlq", "show", job, "3"]).exits(64);

    assert_eq!(place.call(&["export", job]).exits(0).out, sound_lines());
    let said = place.call(&["export", job, "--format", "vcf", "-o", "out.vcf"]).exits(0);
    assert!(said.out.is_empty() && said.err.contains("1 dead letters are not in it"), "{said:#?}");
    assert_eq!(fs::read_to_string(place.path("out.vcf")).unwrap(), sound_lines());
    let mut left: Vec<_> = fs::read_dir(place.0.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["out.vcf", "small.vcf", "vcf-agent-data"]);
    place.call(&["doctor"]).exits(0);
}

#[test]
fn a_run_without_json_prints_a_receipt_for_people() {
    let place = Place::new();
    place.write("small.vcf", SMALL);
    let said = place.call(&["run", "small.vcf"]).exits(3);
    for words in ["small.vcf  COMPLETE", "certificate  holds", "next         `vcf-agent dlq ls j"] {
        assert!(said.out.contains(words), "{words} is missing in\n{}", said.out);
    }
    assert!(!said.out.contains("SAMPLE_ONE") && !said.err.contains("SAMPLE_ONE"), "{said:#?}");
}

#[test]
fn an_unknown_job_is_exit_64_and_a_file_that_was_never_read_says_what_to_run() {
    let place = Place::new();
    place.write("small.vcf", SMALL);
    place.write("other.vcf", sound_lines());
    place.call(&["run", "small.vcf"]).exits(3);
    for name in ["jffffffffffffffff", "fff", "absent.vcf", "j"] {
        let said = place.call(&["receipt", name]).exits(64);
        assert!(said.err.contains(name) && said.err.contains("\nhint: "), "{said:#?}");
    }
    assert!(place.call(&["receipt", "je"]).exits(64).err.contains("at least 3 digits are needed"));
    let said = place.call(&["receipt", "other.vcf"]).exits(64);
    assert!(said.err.contains("hint: `vcf-agent run other.vcf`"), "{said:#?}");
}

#[test]
fn a_hostile_file_name_reaches_no_terminal() {
    let place = Place::new();
    let name = "evil\x1b]0;title\x07.vcf";
    place.write(name, SMALL);
    let calls: [(&[&str], i32); 5] =
        [(&["run", name], 3), (&["jobs"], 0), (&["receipt"], 3), (&["dlq", "ls"], 0), (&["run", "absent\x1b.vcf"], 65)];
    for (args, code) in calls {
        let said = place.call(args).exits(code);
        let all = said.out + &said.err;
        assert!(!all.contains(|c: char| c.is_control() && c != '\n'), "{args:?}: {all:?}");
    }
}

#[test]
fn an_export_is_whole_or_not_there() {
    let place = Place::new();
    place.write("small.vcf", SMALL);
    place.call(&["run", "small.vcf"]).exits(3);
    place.write("there.vcf", "old");
    place.call(&["export", "last", "-o", "no-such-folder/out.vcf"]).exits(74);
    place.call(&["export", "last", "-o", "out.vcf.gz"]).exits(64);
    place.call(&["export", "last", "-o", "."]).exits(64);
    place.call(&["export", "jffffffffffffffff", "-o", "there.vcf"]).exits(64);
    assert_eq!(fs::read_to_string(place.path("there.vcf")).unwrap(), "old");
    place.call(&["export", "last", "-o", "there.vcf"]).exits(0);
    assert_eq!(fs::read_to_string(place.path("there.vcf")).unwrap(), sound_lines());

    let (read, write) = std::io::pipe().unwrap();
    drop(read);
    let said: Said = place.command(&["export", "last"]).stdout(write).output().unwrap().into();
    let said = said.exits(0);
    assert!(!said.err.contains("error"), "{said:#?}");
}

#[test]
fn an_export_never_replaces_the_file_that_the_job_read() {
    let place = Place::new();
    place.write("small.vcf", SMALL);
    place.call(&["run", "small.vcf"]).exits(3);
    std::os::unix::fs::symlink("small.vcf", place.path("link.vcf")).unwrap();
    fs::hard_link(place.path("small.vcf"), place.path("twin.vcf")).unwrap();
    for name in ["small.vcf", "./small.vcf", "link.vcf", "twin.vcf"] {
        let said = place.call(&["export", "last", "-o", name]).exits(64);
        assert!(said.err.contains(name.trim_start_matches("./")) || said.err.contains("small.vcf"), "{said:#?}");
        assert!(said.err.contains("never replaces it\nhint: name another file"), "{said:#?}");
    }
    assert_eq!(fs::read_to_string(place.path("small.vcf")).unwrap(), SMALL);
    // A file that has taken its name since is another one, but nobody can tell.
    fs::remove_file(place.path("small.vcf")).unwrap();
    place.call(&["export", "last", "-o", "small.vcf"]).exits(0);
    assert_eq!(fs::read_to_string(place.path("small.vcf")).unwrap(), sound_lines());
}

#[test]
fn a_reader_that_went_away_ends_an_export_of_any_format_quietly() {
    let place = Place::new();
    place.write("small.vcf", SMALL);
    place.call(&["run", "small.vcf"]).exits(3);
    for format in ["vcf", "tsv", "jsonl", "parquet"] {
        let (read, write) = std::io::pipe().unwrap();
        drop(read);
        let said: Said = place.command(&["export", "last", "--format", format]).stdout(write).output().unwrap().into();
        let said = said.exits(0);
        assert!(!said.err.contains("error"), "{format}: {said:#?}");
    }
}

#[test]
fn a_run_that_finds_a_job_complete_says_so_and_that_its_triage_is_kept() {
    const COMPLETE: &str = "note: small.vcf was complete already; nothing was stored again\n";
    const KEPT: &str = "note: small.vcf keeps the triage that it was selected with";
    let place = Place::new();
    place.write("small.vcf", SMALL);
    place.write("own.toml", "[triage.qual]\nmin = 10\n");
    place.write("default.toml", "[triage]\nuse = \"default\"\n");
    let first = place.call(&["run", "small.vcf", "--config", "own.toml"]).exits(3);
    assert!(!first.err.contains("note: small.vcf"), "{first:#?}");
    let again = place.call(&["run", "small.vcf", "--config", "own.toml"]).exits(3);
    assert!(again.err.contains(COMPLETE) && !again.err.contains(KEPT), "{again:#?}");
    let without = place.call(&["run", "small.vcf"]).exits(3);
    assert!(without.err.contains(COMPLETE) && without.err.contains(KEPT), "{without:#?}");
    assert!(place.call(&["run", "--json", "small.vcf"]).exits(3).err.is_empty());
    place.call(&["run", "small.vcf", "--config", "default.toml"]).exits(3);
    let now = place.call(&["run", "small.vcf"]).exits(3);
    assert!(now.err.contains(COMPLETE) && !now.err.contains(KEPT), "{now:#?}");
}

/// Puts other rows in the place of a job's.
fn replace_rows(place: &Place, job: &str, change: impl FnOnce(&mut Rows)) {
    let (store, job) = (stores::open("parquet", &place.data(), 1, 1 << 17).unwrap(), JobId::parse(job).unwrap());
    let mut all = Rows::default();
    store
        .read(&job, &mut |rows| {
            (0..rows.len()).for_each(|row| all.push_row(rows, row));
            Ok(())
        })
        .unwrap();
    change(&mut all);
    store.delete(&job).unwrap();
    store.write_group(&job, 0, &[(0, Arc::new(all))]).unwrap();
    store.publish(&job).unwrap();
}

#[test]
fn rows_that_are_not_what_was_read_are_exit_4() {
    let place = Place::new();
    place.write("small.vcf", SMALL);
    let receipt = place.call(&["run", "--json", "small.vcf"]).exits(3).object();
    let job = receipt["job"].as_str().unwrap();
    replace_rows(&place, job, |_| ());
    place.call(&["receipt", job, "--deep"]).exits(3);

    // The certificate covers what a row is; --deep and export cover every byte of the line.
    replace_rows(&place, job, |rows| {
        let mut other = Text::default();
        (0..rows.len()).for_each(|row| other.push(rows.info.get(row).map(|_| &b"DP=999"[..])));
        rows.info = other;
    });
    place.call(&["receipt", job]).exits(3);
    let said = place.call(&["receipt", job, "--deep"]).exits(4);
    assert!(said.out.contains("deep         DOES NOT HOLD") && said.err.contains("line digest sum"), "{said:#?}");
    let deep = place.call(&["receipt", job, "--deep", "--json"]).exits(4).object();
    assert_eq!((&deep["deep"]["holds"], &deep["certificate"]["holds"]), (&false.into(), &true.into()), "{deep}");
    place.call(&["export", job, "-o", "out.vcf"]).exits(4);
    let left = fs::read_dir(place.0.path()).unwrap().count();
    assert_eq!((left, place.path("out.vcf").exists()), (2, false), "only small.vcf and the data directory");
    place.call(&["export", job]).exits(4);

    replace_rows(&place, job, |rows| rows.pos[0] += 1);
    let said = place.call(&["receipt", job]).exits(4);
    assert!(said.out.contains("certificate  DOES NOT HOLD"), "{said:#?}");
    let object = place.call(&["receipt", job, "--json"]).exits(4).object();
    assert_eq!(object["certificate"]["holds"], false, "{object}");
    for format in ["vcf", "tsv", "jsonl", "parquet"] {
        place.call(&["export", job, "--format", format, "--regions", "chr9", "--assessed", "-o", "out"]).exits(4);
        assert!(!place.path("out").exists(), "{format}");
    }

    replace_rows(&place, job, |rows| *rows = rows.filter_records(|ordinal| ordinal != 1));
    let said = place.call(&["receipt", job]).exits(4);
    assert!(said.out.contains("OFF BY 2") && said.err.contains("stored = certificate.rows: 6 ≠ 4"), "{said:#?}");
}

#[test]
fn a_directory_in_use_is_exit_75_with_the_holders_pid_and_reading_goes_on() {
    let place = Place::new();
    place.write("small.vcf", SMALL);
    place.call(&["run", "small.vcf"]).exits(3);
    let _lock = DataDir::lock(&place.data(), false).unwrap();
    let said = place.call(&["run", "--json", "small.vcf"]).exits(75);
    assert!(said.err.contains(&std::process::id().to_string()) && said.out.is_empty(), "{said:#?}");
    place.call(&["receipt"]).exits(3);
    place.call(&["jobs"]).exits(0);
}

// ---- signals

/// A run on a pipe that stays open; returns once its job is accepted.
fn waiting_run(place: &Place) -> Child {
    let mut run = place.command(&["run", "-", "--json", "--events", "events.jsonl"]);
    let mut run = run.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    run.stdin.as_mut().unwrap().write_all(SMALL.as_bytes()).unwrap();
    let events = place.path("events.jsonl");
    for tries in 0.. {
        if fs::read_to_string(&events).unwrap_or_default().contains("job_accepted") {
            break;
        }
        assert!(tries < 6_000, "no job was accepted");
        assert_eq!(run.try_wait().unwrap(), None, "it waits for its pipe");
        sleep(Duration::from_millis(10));
    }
    run
}

fn signal(run: &Child, name: &str) {
    assert!(Command::new("kill").args([format!("-{name}"), run.id().to_string()]).status().unwrap().success());
}

#[test]
fn an_interrupt_drains_and_exits_75() {
    for name in ["INT", "TERM"] {
        let place = Place::new();
        let mut run = waiting_run(&place);
        let stdin = run.stdin.take();
        signal(&run, name);
        let said = Said::from(run.wait_with_output().unwrap()).exits(75);
        drop(stdin);
        assert!(said.err.contains("interrupted: finishing what is under way"), "{said:#?}");
    }
}
