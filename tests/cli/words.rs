//! Help, usage, configuration, and what the commands say where there is nothing yet.

use std::fs;
use std::path::Path;

use serde_json::Value;
use vcf_agent::data_dir::DataDir;

use crate::place::{Place, Said};

// ---- help, usage, completions

#[test]
fn every_command_explains_itself() {
    let place = Place::new();
    let words: [(&[&str], &[&str]); 17] = [
        (
            &[],
            &[
                "run",
                "receipt",
                "jobs",
                "dlq",
                "export",
                "triage",
                "config",
                "doctor",
                "completions",
                "Exit codes:",
                "75 ",
            ],
        ),
        (&["run"], &["<FILE>...", "--json", "--events <FILE>", "--wait", "Exit codes:"]),
        (&["receipt"], &["JOB|FILE|last", "--deep", "--json", "SHA-256", "Exit codes:"]),
        (&["jobs"], &["--json"]),
        (&["dlq"], &["ls", "show"]),
        (&["dlq", "ls"], &["[JOB]", "--limit <N>", "--json"]),
        (&["dlq", "show"], &["<JOB>", "<RECORD>", "--json", "genotypes"]),
        (&["export"], &["<JOB>", "--format <FORMAT>", "vcf", "--output <FILE>"]),
        (&["triage"], &["try", "explain", "test"]),
        (&["triage", "try"], &["<FILE>...", "--json"]),
        (&["triage", "explain"], &["<FILE>", "<VARIANT>", "--json", "chr7-140753336-A-T", "rs113488022"]),
        (&["triage", "test"], &["<CASES.toml>...", "--json", "[[case]]", "Exit codes:"]),
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
    let wrong: [&[&str]; 15] = [
        &[],
        &["no-such-command"],
        &["run"],
        &["run", "--no-such-flag", "a.vcf"],
        &["run", "-", "-"],
        &["dlq"],
        &["dlq", "show", "last"],
        &["dlq", "show", "last", "18446744073709551615"],
        &["export"],
        &["export", "last", "--format", "pdf"],
        &["config"],
        &["triage"],
        &["triage", "explain", "a.vcf"],
        &["triage", "test"],
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
        for command in
            ["run", "receipt", "jobs", "dlq", "export", "triage", "config", "doctor", "completions", "data-dir"]
        {
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
