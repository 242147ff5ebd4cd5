//! The command line, asked of the real binary: help, usage, what the commands say where there is nothing yet, and one small file
//! from `run` to `export`.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use vcf_agent::data_dir::DataDir;

/// What a finished process said.
#[derive(Debug)]
struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the product prints UTF-8");
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }
}

impl Said {
    #[track_caller]
    fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }

    #[track_caller]
    fn objects(&self) -> Vec<Value> {
        self.out.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {self:#?}"))).collect()
    }

    #[track_caller]
    fn object(&self) -> Value {
        let mut all = self.objects();
        assert_eq!(all.len(), 1, "{self:#?}");
        all.remove(0)
    }
}

/// A working directory of its own; nothing of the caller's settings reaches the binary.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::Builder::new().prefix("vcf-agent-cli-").tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn data(&self) -> PathBuf {
        self.path("vcf-agent-data")
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        path
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vcf-agent"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("VCF_AGENT_") || name == "RUST_LOG" {
                command.env_remove(name);
            }
        }
        command.args(args).current_dir(self.0.path()).stdin(Stdio::null());
        command
    }

    fn call(&self, args: &[&str]) -> Said {
        self.command(args).output().unwrap().into()
    }
}

// ---- help, usage, completions

#[test]
fn every_command_explains_itself() {
    let place = Place::new();
    let words: [(&[&str], &[&str]); 13] = [
        (&[], &["run", "receipt", "jobs", "dlq", "export", "config", "doctor", "completions", "Exit codes:", "75 "]),
        (&["run"], &["<FILE>...", "--json", "--events <FILE>", "--wait", "Exit codes:"]),
        (&["receipt"], &["JOB|FILE|last", "--deep", "--json", "SHA-256", "Exit codes:"]),
        (&["jobs"], &["--json"]),
        (&["dlq"], &["ls", "show"]),
        (&["dlq", "ls"], &["[JOB]", "--limit <N>", "--json"]),
        (&["dlq", "show"], &["<JOB>", "<RECORD>", "--json", "genotypes"]),
        (&["export"], &["<JOB>", "--format <FORMAT>", "vcf", "--output <FILE>"]),
        (&["config"], &["check", "show"]),
        (&["config", "check"], &["[FILE]", "--json"]),
        (&["config", "show"], &["[FILE]"]),
        (&["doctor"], &["--json"]),
        (&["completions"], &["<SHELL>", "bash", "zsh", "fish"]),
    ];
    for (command, promised) in words {
        let said = place.call(&[command, &["--help"]].concat()).exits(0);
        assert!(said.err.is_empty(), "{said:#?}");
        for word in promised.iter().chain(&["Usage: vcf-agent", "--data-dir <DIR>", "--config <FILE>"]) {
            assert!(said.out.contains(word), "{command:?}: {word} is missing in\n{}", said.out);
        }
        assert!(!said.out.contains("isolate"), "hidden: {}", said.out);
    }
    assert_eq!(place.call(&["--version"]).exits(0).out, format!("vcf-agent {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn wrong_usage_is_exit_64_and_says_why_on_standard_error() {
    let place = Place::new();
    let wrong: [&[&str]; 12] = [
        &[],
        &["no-such-command"],
        &["run"],
        &["run", "--no-such-flag", "a.vcf"],
        &["run", "-", "-"],
        &["dlq"],
        &["dlq", "show", "last"],
        &["dlq", "show", "last", "first"],
        &["export"],
        &["export", "last", "--format", "pdf"],
        &["config"],
        &["completions", "no-such-shell"],
    ];
    for args in wrong {
        let said = place.call(args).exits(64);
        assert!(said.out.is_empty() && !said.err.is_empty(), "{args:?}: {said:#?}");
    }
    assert!(!place.data().exists(), "nothing was begun");
}

#[test]
fn completions_name_every_command() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = place.call(&["completions", shell]).exits(0).out;
        for command in ["run", "receipt", "jobs", "dlq", "export", "config", "doctor", "completions", "data-dir"] {
            assert!(script.contains(command), "{shell}: {command}");
        }
    }
}

#[test]
fn a_reader_that_went_away_is_no_error() {
    let (read, write) = std::io::pipe().unwrap();
    drop(read);
    let said: Said = Place::new().command(&["completions", "bash"]).stdout(write).output().unwrap().into();
    let said = said.exits(0);
    assert!(said.err.is_empty(), "{said:#?}");
}

#[test]
#[cfg(target_os = "linux")]
fn an_output_that_is_full_is_exit_74() {
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let said: Said = Place::new().command(&["completions", "bash"]).stdout(full).output().unwrap().into();
    let said = said.exits(74);
    assert!(said.err.starts_with("error: cannot write to standard output: "), "{said:#?}");
}

// ---- configuration

const WRONG: &str = "worker_threads = -1\nno_such_key = 1\n\n[ingest]\nline_byte_max = 7\n";

#[test]
fn every_error_of_a_configuration_is_told_at_once() {
    let place = Place::new();
    place.write("bad.toml", WRONG);
    let ways: [&[&str]; 4] = [
        &["config", "check", "bad.toml"],
        &["config", "check", "--config", "bad.toml"],
        &["config", "show", "bad.toml"],
        &["jobs", "--config", "bad.toml"],
    ];
    for args in ways {
        let said = place.call(args).exits(78);
        assert!(said.out.is_empty(), "{said:#?}");
        for line in ["bad.toml:1", "bad.toml:2", "bad.toml:5"] {
            assert!(said.err.lines().any(|l| l.starts_with("error: ") && l.contains(line)), "{line}: {said:#?}");
        }
    }
    let object = place.call(&["config", "check", "bad.toml", "--json"]).exits(78).object();
    assert_eq!((object["ok"].as_bool(), object["errors"].as_array().unwrap().len()), (Some(false), 3), "{object}");
    assert!(object["errors"][0]["place"].as_str().unwrap().contains("bad.toml:1"), "{object}");
}

#[test]
fn a_script_gets_configuration_errors_of_a_run_as_an_object_on_standard_error() {
    let place = Place::new();
    place.write("bad.toml", WRONG);
    let said = place.call(&["run", "--json", "--config", "bad.toml", "a.vcf"]).exits(78);
    let object: Value = serde_json::from_str(&said.err).unwrap();
    assert_eq!(object["error"]["code"], 78);
    assert_eq!(object["error"]["errors"].as_array().unwrap().len(), 3, "{object}");
    assert!(said.out.is_empty() && !place.data().exists(), "{said:#?}");
}

#[test]
fn a_sound_configuration_is_ok_and_what_is_shown_is_sound() {
    let place = Place::new();
    place.write("good.toml", "worker_threads = 2\n");
    assert_eq!(place.call(&["config", "check", "good.toml"]).exits(0).out, "ok: good.toml\n");
    assert_eq!(place.call(&["config", "check", "--json"]).exits(0).object()["ok"], true);
    let shown = place.call(&["config", "show", "good.toml"]).exits(0).out;
    assert!(shown.contains("worker_threads = 2"), "{shown}");
    place.write("shown.toml", shown);
    place.call(&["config", "check", "shown.toml"]).exits(0);
}

#[test]
fn the_flag_wins_over_the_environment_over_the_file() {
    let place = Place::new();
    place.write("a.toml", "data_dir = \"from-file\"\n");
    let dir = |args: &[&str], env: Option<&str>| {
        let mut command = place.command(&[&["config", "show"], args].concat());
        command.envs(env.map(|dir| ("VCF_AGENT_DATA_DIR", dir)));
        let said = Said::from(command.output().unwrap()).exits(0);
        said.out.lines().find(|line| line.starts_with("data_dir")).unwrap().to_owned()
    };
    assert!(dir(&[], None).contains("vcf-agent-data\""));
    assert!(dir(&["a.toml"], None).contains("from-file\""));
    assert!(dir(&["a.toml"], Some("from-env")).contains("from-env\""));
    assert!(dir(&["a.toml", "--data-dir", "from-flag"], Some("from-env")).contains("from-flag\""));
}

// ---- where there is nothing yet

#[test]
fn doctor_on_an_empty_place_finds_nothing_wrong_and_leaves_nothing() {
    let place = Place::new();
    let said = place.call(&["doctor"]).exits(0);
    for check in ["version", "cores", "terminal", "configuration", "data directory", "disk"] {
        assert!(said.out.lines().any(|line| line.starts_with("ok") && line.contains(check)), "{check}: {}", said.out);
    }
    let objects = place.call(&["doctor", "--json"]).exits(0).objects();
    assert!(objects.iter().all(|check| check["state"] != "fail"), "{objects:?}");
    assert_eq!(fs::read_dir(place.0.path()).unwrap().count(), 0);
}

#[test]
fn doctor_names_the_holder_of_the_lock() {
    let place = Place::new();
    let lock = DataDir::lock(&place.data(), false).unwrap();
    let check = |name: &str| {
        let objects = place.call(&["doctor", "--json"]).exits(0).objects();
        objects.into_iter().find(|check| check["name"] == name).unwrap()
    };
    let held = check("lock");
    if Path::new("/proc/locks").exists() {
        assert_eq!(held["state"], "warn", "{held}");
    }
    assert!(held["says"].as_str().unwrap().contains(&format!("process {}", std::process::id())), "{held}");
    drop(lock);
    assert_eq!(check("lock")["state"], "ok");
    assert_eq!(check("ledger")["says"], "none yet");
}

#[test]
fn doctor_fails_with_the_code_of_what_is_wrong() {
    let place = Place::new();
    place.write("vcf-agent-data", "a file in its place");
    assert!(place.call(&["doctor"]).exits(78).out.contains("is no directory"));
    place.write("bad.toml", WRONG);
    let said = place.call(&["doctor", "--config", "bad.toml"]).exits(78);
    assert_eq!(said.out.lines().filter(|line| line.starts_with("FAIL  configuration")).count(), 3, "{}", said.out);
}

#[test]
fn without_a_ledger_there_are_no_jobs_and_the_place_is_named() {
    let place = Place::new();
    for args in [&["jobs"][..], &["jobs", "--json"]] {
        let said = place.call(args).exits(0);
        assert!(said.out.is_empty() && said.err.contains("vcf-agent-data"), "{said:#?}");
    }
    let needs_a_job: [&[&str]; 5] = [
        &["receipt"],
        &["receipt", "j0123456789abcdef"],
        &["dlq", "ls"],
        &["dlq", "show", "last", "0"],
        &["export", "last"],
    ];
    for args in needs_a_job {
        let said = place.call(args).exits(64);
        assert!(
            said.err.starts_with("error: no run has left a ledger in ") && said.err.contains("\nhint: "),
            "{said:#?}"
        );
        assert!(said.out.is_empty(), "{said:#?}");
    }
    let said = place.call(&["receipt", "--json"]).exits(64);
    let object: Value = serde_json::from_str(&said.err).unwrap();
    assert_eq!(object["error"]["code"], 64, "{object}");
    assert_eq!(fs::read_dir(place.0.path()).unwrap().count(), 0, "reading makes nothing");
}

// ---- one small file, from run to export

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
    let said = place.call(&["receipt", "other.vcf"]).exits(64);
    assert!(said.err.contains("hint: `vcf-agent run other.vcf`"), "{said:#?}");
}

#[test]
fn a_hostile_file_name_reaches_no_terminal() {
    let place = Place::new();
    let name = "evil\x1b]0;title\x07.vcf";
    place.write(name, SMALL);
    let calls: [(&[&str], i32); 5] =
        [(&["run", name], 3), (&["jobs"], 0), (&["receipt"], 3), (&["dlq", "ls"], 0), (&["run", "absent\x1b.vcf"], 74)];
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
