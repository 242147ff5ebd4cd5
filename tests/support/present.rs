//! What may be absent where tests run: real files and other people's programs. A test that needs them says that it did
//! not run.

#![allow(dead_code, reason = "each test program needs some of it")]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The real files, where they are present; otherwise the test is reported as skipped.
pub fn shared(test: &str) -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let folder = std::env::var_os("VCF_AGENT_SHARED_DATA").map_or(beside, PathBuf::from);
    if folder.join("README.md").is_file() {
        return Some(folder);
    }
    skip(test, "the folder of real files (VCF_AGENT_SHARED_DATA) is not present");
    None
}

/// Whether a program is there; otherwise the test is reported as skipped.
pub fn program(test: &str, name: &str) -> bool {
    let there = Command::new(name).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    if !there {
        skip(test, &format!("{name} is not installed"));
    }
    there
}

/// Whether a command ends well; otherwise the test is reported as skipped.
pub fn works(test: &str, command: &mut Command) -> bool {
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    let works = status.is_ok_and(|status| status.success());
    if !works {
        skip(test, &format!("{:?} does not work here", command.get_program()));
    }
    works
}

/// Says, and writes down, that a test did not run.
pub fn skip(test: &str, why: &str) {
    let line = format!("SKIPPED {test}: {why}\n");
    eprint!("{line}");
    if let Some(list) = std::env::var_os("VCF_AGENT_SKIPPED") {
        let mut list = fs::OpenOptions::new().create(true).append(true).open(list).unwrap();
        list.write_all(line.as_bytes()).unwrap();
    }
}
