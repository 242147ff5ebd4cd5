//! The order in which things become durable, as the operating system sees it: a run under strace, and a checker of its
//! system calls. SIGKILL cannot show this (the page cache survives a process); a missing sync shows here.
//!
//! For every file of rows: its sync, then its rename into place, then the sync of its folder, then a sync of the ledger, and
//! only then the rename that publishes. That one likewise, with both folders, before "done". Which of the ledger's syncs is the one
//! of which file cannot be seen from outside.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::{Place, Said};
use crate::oracle;
use crate::present::{program, skip};

/// A system call that matters here. Times are positions in the trace: of the line where the call began and where it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Call {
    begun: usize,
    ended: usize,
    what: What,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum What {
    Sync(PathBuf),
    Write(PathBuf),
    Rename(PathBuf, PathBuf),
    /// Words on standard output: the receipt.
    Done,
}

/// Reads what `strace -f -y` wrote.
fn parse(trace: &str) -> Vec<Call> {
    let mut calls = Vec::new();
    let mut open: HashMap<&str, (usize, String)> = HashMap::new();
    for (at, line) in trace.lines().enumerate() {
        let Some((pid, rest)) = line.split_once(' ') else { continue };
        let rest = rest.trim_start();
        if let Some(start) = rest.strip_suffix("<unfinished ...>") {
            open.insert(pid, (at, start.to_owned()));
        } else if let Some(resumed) = rest.strip_prefix("<... ") {
            let end = resumed.split_once("resumed>").map_or("", |(_, end)| end);
            if let Some((begun, start)) = open.remove(pid) {
                calls.extend(call(&format!("{start}{end}")).map(|what| Call { begun, ended: at, what }));
            }
        } else {
            calls.extend(call(rest).map(|what| Call { begun: at, ended: at, what }));
        }
    }
    calls
}

/// One successful call; `None` for a failed one, or one that does not matter.
fn call(text: &str) -> Option<What> {
    let (name, rest) = text.split_once('(')?;
    let (arguments, result) = rest.rsplit_once(" = ")?;
    if result.starts_with('-') {
        return None;
    }
    let path_of_fd = || Some(PathBuf::from(arguments.split_once('<')?.1.split_once('>')?.0));
    match name {
        "fsync" | "fdatasync" => path_of_fd().map(What::Sync),
        "write" if arguments.starts_with("1<") => Some(What::Done),
        "write" | "pwrite64" | "writev" => path_of_fd().map(What::Write),
        "rename" | "renameat" | "renameat2" => {
            let mut quoted = arguments.split('"');
            let (from, to) = (quoted.nth(1)?, quoted.nth(1)?);
            Some(What::Rename(from.into(), to.into()))
        }
        _ => None,
    }
}

fn is_rows(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "parquet")
}

fn publishes(to: &Path) -> bool {
    to.parent().is_some_and(|folder| folder.ends_with("alleles"))
}

fn is_ledger(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("ledger.db"))
}

/// Everything in the trace that is not in order; nothing for a sound one.
fn faults(calls: &[Call]) -> Vec<String> {
    let mut faults = Vec::new();
    let Some(done) = calls.iter().rposition(|call| call.what == What::Done).map(|i| calls[i].begun) else {
        return vec!["nothing was said on standard output".into()];
    };
    let synced = |path: &Path, after: usize, before: usize| {
        let mut syncs = calls.iter().filter(|c| c.what == What::Sync(path.to_owned()));
        syncs.find(|sync| sync.begun > after && sync.ended < before).map(|sync| sync.ended)
    };
    let ledger_synced = |after: usize, before: usize| {
        let mut syncs = calls.iter().filter(|call| matches!(&call.what, What::Sync(path) if is_ledger(path)));
        syncs.any(|sync| sync.begun > after && sync.ended < before)
    };
    let published = |after: usize| {
        let mut publications = calls.iter().filter(|call| matches!(&call.what, What::Rename(_, to) if publishes(to)));
        publications.find(|rename| rename.begun > after).map(|rename| rename.begun)
    };
    let (mut files, mut publications) = (0, 0);
    for rename in calls {
        let What::Rename(from, to) = &rename.what else { continue };
        let publishes = publishes(to);
        if !is_rows(to) && !publishes {
            continue;
        }
        let next_step = if publishes { done } else { published(rename.ended).unwrap_or(done) };
        if is_rows(to) {
            files += 1;
            let last_write = calls
                .iter()
                .filter(|c| c.what == What::Write(from.clone()) && c.begun < rename.begun)
                .map(|c| c.ended)
                .max();
            let Some(last_write) = last_write else {
                faults.push(format!("{} was renamed without being written", from.display()));
                continue;
            };
            if synced(from, last_write, rename.begun).is_none() {
                faults.push(format!("{} was renamed without a sync after its last write", from.display()));
            }
        }
        publications += usize::from(publishes);
        let mut folders: Vec<&Path> = to.parent().into_iter().collect();
        if publishes {
            folders.extend(from.parent());
        }
        for folder in folders {
            match synced(folder, rename.ended, next_step) {
                None => faults.push(format!("{} was not synced after {} came into it", folder.display(), to.display())),
                Some(at) if !ledger_synced(at, next_step) => {
                    faults.push(format!("the ledger was not synced between {} and what depends on it", to.display()));
                }
                Some(_) => {}
            }
        }
    }
    if files == 0 || publications == 0 {
        faults.push(format!("{files} files of rows and {publications} publications in the trace"));
    }
    faults
}

/// Whether this machine lets one process trace another.
fn can_trace(test: &str) -> bool {
    if !program(test, "strace") {
        return false;
    }
    let allowed =
        Command::new("strace").args(["-o", "/dev/null", "true"]).output().is_ok_and(|out| out.status.success());
    if !allowed {
        skip(test, "strace may not trace processes here");
    }
    allowed
}

/// A run of a small file under strace.
fn traced(place: &Place) -> (Said, Vec<Call>) {
    let (file, trace) = (place.write("traced.vcf", oracle::small(20_000)), place.path("trace"));
    let mut command = Command::new("strace");
    command.args([
        "-f",
        "-y",
        "-s",
        "0",
        "-e",
        "trace=fsync,fdatasync,write,pwrite64,writev,rename,renameat,renameat2",
        "-o",
    ]);
    command.arg(&trace).args([env!("CARGO_BIN_EXE_vcf-agent"), "run", "--json"]).arg(&file);
    let said = place.start_command(place.prepare(command)).finish();
    (said, parse(&std::fs::read_to_string(trace).unwrap()))
}

#[test]
fn file_sync_rename_folder_sync_ledger_sync_done_in_this_order() {
    if !can_trace("file_sync_rename_folder_sync_ledger_sync_done_in_this_order") {
        return;
    }
    let (said, calls) = traced(&Place::new());
    said.expect(0);
    assert_eq!(faults(&calls), Vec::<String>::new());
}

/// Each wrong turn must be seen by the same checker.
#[cfg(feature = "failpoints")]
#[test]
fn a_binary_that_skips_one_sync_is_caught() {
    if !can_trace("a_binary_that_skips_one_sync_is_caught") {
        return;
    }
    for skipped in ["skip_file_fsync", "skip_dir_fsync", "skip_ledger_fsync"] {
        let (said, calls) = traced(&Place::new().with_failpoints(&format!("{skipped}=return")));
        said.expect(0);
        assert!(!faults(&calls).is_empty(), "{skipped} went unseen");
    }
}

mod the_checker {
    use super::*;

    const SOUND: &str = r#"7 pwrite64(5</d/staging/j/.a.tmp>, ""..., 10, 0) = 10
7 fsync(5</d/staging/j/.a.tmp>) = 0
7 rename("/d/staging/j/.a.tmp", "/d/staging/j/a.parquet") = 0
7 fsync(6</d/staging/j> <unfinished ...>
8 write(9</d/ledger.db-wal>, ""..., 3) = 3
7 <... fsync resumed>) = 0
8 fdatasync(9</d/ledger.db-wal>) = 0
7 rename("/d/staging/j", "/d/alleles/job=j") = 0
7 fsync(6</d/alleles>) = 0
7 fsync(6</d/staging>) = 0
8 fdatasync(9</d/ledger.db-wal>) = 0
7 write(1<pipe:[1]>, ""..., 9) = 9
"#;

    /// The trace without its `nth` line.
    fn without(nth: usize) -> String {
        SOUND.lines().enumerate().filter(|(i, _)| *i != nth).map(|(_, line)| format!("{line}\n")).collect()
    }

    #[test]
    fn accepts_the_right_order() {
        // The temporary name must be the one that is renamed; the checker compares whole paths.
        assert_eq!(faults(&parse(SOUND)), Vec::<String>::new());
    }

    #[test]
    fn misses_no_missing_sync() {
        for nth in [1, 6, 8, 9, 10, 11] {
            assert!(!faults(&parse(&without(nth))).is_empty(), "line {nth} is needed");
        }
        let folder_never_synced =
            SOUND.replace("7 fsync(6</d/staging/j> <unfinished ...>\n", "").replace("7 <... fsync resumed>) = 0\n", "");
        assert!(!faults(&parse(&folder_never_synced)).is_empty());
        assert!(!faults(&parse("")).is_empty());
    }

    #[test]
    fn sees_a_sync_that_came_too_early() {
        let early = SOUND.replace(
            "7 pwrite64(5</d/staging/j/.a.tmp>, \"\"..., 10, 0) = 10\n7 fsync(5</d/staging/j/.a.tmp>) = 0\n",
            "7 fsync(5</d/staging/j/.a.tmp>) = 0\n7 pwrite64(5</d/staging/j/.a.tmp>, \"\"..., 10, 0) = 10\n",
        );
        assert_ne!(early, SOUND);
        assert!(!faults(&parse(&early)).is_empty());
    }

    #[test]
    fn does_not_count_a_failed_call() {
        let failed = SOUND.replace(
            "7 fsync(5</d/staging/j/.a.tmp>) = 0",
            "7 fsync(5</d/staging/j/.a.tmp>) = -1 EIO (Input/output error)",
        );
        assert!(!faults(&parse(&failed)).is_empty());
    }
}
