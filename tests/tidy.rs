//! The rules of the tree that no compiler checks: who may import whom, what is named where, how long a file may be.
//! Each rule is a function of (path, text), so that the tests at the end can show each one failing.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Lines of a Rust file.
const FILE_LINES_MAX: usize = 500;

/// Which parts of the crate a part may name, besides itself.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("expression", &["domain"]),
    ("fault", &[]),
    ("telemetry", &[]),
    ("delivery", &["fault"]),
    ("durable", &["fault"]),
    ("data_dir", &["durable", "fault"]),
    ("stores", &["domain", "durable", "fault"]),
    // The parser fills the columns of annotations too.
    ("vcf", &["annotation", "domain", "fault"]),
    ("annotation", &["domain"]),
    ("triage", &["annotation", "domain", "expression", "fault", "vcf"]),
    ("alleles", &["domain", "reference"]),
    ("reference", &["domain"]),
    ("transports", &["domain", "fault"]),
    ("providers", &["domain", "fault"]),
    ("ledger", &["delivery", "domain", "fault"]),
    ("messages", &["delivery", "domain", "fault", "providers"]),
    // What a message looks like between nodes.
    ("wire", &["delivery", "domain", "fault"]),
    ("report", &["delivery", "domain", "fault", "ledger", "stores"]),
    ("config", &["annotation", "delivery", "domain", "expression", "fault", "providers", "triage", "vcf"]),
    (
        "actors",
        &[
            "alleles",
            "annotation",
            // Plain settings, already checked: a second struct of the same fields would only drift.
            "config",
            "delivery",
            "domain",
            "fault",
            "ledger",
            "messages",
            "providers",
            "reference",
            "report",
            "stores",
            "telemetry",
            "transports",
            "triage",
            "vcf",
        ],
    ),
    (
        "run",
        &[
            "actors",
            "config",
            "data_dir",
            "delivery",
            "domain",
            "fault",
            "ledger",
            "messages",
            "providers",
            "reference",
            "report",
            "stores",
            "telemetry",
            "transports",
            "vcf",
        ],
    ),
    (
        "replay",
        &[
            "actors", "config", "data_dir", "delivery", "domain", "fault", "ledger", "report", "run", "stores",
            "triage", "vcf",
        ],
    ),
    ("explain", &["domain", "fault", "ledger", "stores", "triage", "vcf"]),
    (
        "cli",
        &[
            "annotation",
            "config",
            "data_dir",
            "delivery",
            "domain",
            "explain",
            // The filters of an export are those of triage.
            "expression",
            "fault",
            "ledger",
            "replay",
            "report",
            "run",
            "stores",
            "telemetry",
            "triage",
            "vcf",
        ],
    ),
    ("main", &["cli"]),
    ("lib", &[]),
];

/// Crates that only some folders may name.
const ONLY_IN: &[(&str, &[&str])] = &[
    ("actix", &["actors", "messages"]),
    ("actix_web", &["api"]),
    ("arrow_array", &["stores"]),
    ("arrow_buffer", &["stores"]),
    ("arrow_schema", &["stores"]),
    ("parquet", &["stores"]),
    ("blake3", &["wire"]),
    ("regex", &["expression"]),
    ("rusqlite", &["ledger"]),
    ("flate2", &["vcf"]),
    ("libdeflater", &["reference", "vcf"]),
    ("clap", &["cli"]),
    ("clap_mangen", &["cli"]),
    ("toml_edit", &["config", "triage"]),
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every text file of the tree, by path relative to its root; build products and data left out.
fn tree() -> Vec<(String, String)> {
    let mut files = Vec::new();
    walk(&root(), &mut files);
    files.sort();
    assert!(files.iter().any(|(path, _)| path == "src/lib.rs"), "the walk must find the sources");
    files
}

fn walk(folder: &Path, files: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if !matches!(name.as_str(), "target" | ".git" | "vcf-agent-data" | "corpus") {
                walk(&path, files);
            }
        } else if let Ok(text) = fs::read_to_string(&path) {
            files.push((path.strip_prefix(root()).unwrap().to_string_lossy().into_owned(), text));
        }
    }
}

/// The top-level part of the crate that a file of src/ belongs to.
fn part(path: &str) -> Option<&str> {
    let inside = path.strip_prefix("src/")?;
    Some(inside.split('/').next()?.trim_end_matches(".rs"))
}

/// The code of a Rust file: comments gone, the contents of string literals blanked.
fn code(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '/' if chars.peek() == Some(&'/') => {
                for c in chars.by_ref() {
                    if c == '\n' {
                        out.push('\n');
                        break;
                    }
                }
            }
            '"' => {
                out.push('"');
                while let Some(c) = chars.next() {
                    match c {
                        '\\' => drop(chars.next()),
                        '"' => break,
                        '\n' => out.push('\n'),
                        _ => {}
                    }
                }
                out.push('"');
            }
            // A quote as a character literal must not open a string.
            '\'' if chars.peek() == Some(&'"') => {
                chars.next();
                out.push_str("''");
                chars.next();
            }
            c => out.push(c),
        }
    }
    out
}

/// The words that come right after `crate::`, alone or in braces.
fn crate_names(code: &str) -> BTreeSet<String> {
    let ident = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let mut names = BTreeSet::new();
    for at in starts(code, "crate::") {
        let rest = &code[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            None => drop(names.insert(ident(rest))),
            Some(group) => {
                let (mut depth, mut wants_name) = (0, true);
                for (i, c) in group.char_indices() {
                    match c {
                        '{' => depth += 1,
                        '}' if depth == 0 => break,
                        '}' => depth -= 1,
                        ',' if depth == 0 => wants_name = true,
                        c if wants_name && (c.is_alphabetic() || c == '_') => {
                            names.insert(ident(&group[i..]));
                            wants_name = false;
                        }
                        _ => {}
                    }
                }
            }
        }
    }
    names.remove("self");
    names
}

/// Where `word` begins in `code`, as a whole word.
fn starts<'a>(code: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(word).map(|(at, _)| at).filter(move |&at| {
        let before = code[..at].chars().next_back().is_none_or(|c| !is_word(c));
        let last = word.chars().next_back().is_some_and(is_word);
        before && (!last || code[at + word.len()..].chars().next().is_none_or(|c| !is_word(c)))
    })
}

fn check_imports(path: &str, text: &str) -> Vec<String> {
    let Some(part) = part(path) else { return Vec::new() };
    let code = code(text);
    let Some((_, allowed)) = MAY_IMPORT.iter().find(|(name, _)| *name == part) else {
        return vec![format!("{path}: src/{part} has no row in MAY_IMPORT: say what it may import")];
    };
    let mut faults: Vec<String> = crate_names(&code)
        .into_iter()
        .filter(|name| {
            name != part && MAY_IMPORT.iter().any(|(known, _)| known == name) && !allowed.contains(&name.as_str())
        })
        .map(|name| format!("{path}: src/{part} may not import crate::{name}"))
        .collect();
    // From src/a/b.rs, `super::super` is the root of the crate: a way around the rule above. Inline modules sit one deeper.
    let depth = path.matches('/').count() - usize::from(path.ends_with("/mod.rs"));
    let inline = code.lines().position(|line| line.contains("mod ") && line.ends_with('{')).unwrap_or(usize::MAX);
    for (nth, line) in code.lines().enumerate() {
        let way_out = "super::".repeat(depth + usize::from(nth >= inline));
        if line.contains(&way_out) {
            faults.push(format!("{path}:{}: {way_out} leaves src/{part}: name crate:: instead", nth + 1));
        }
    }
    faults
}

fn check_crates(path: &str, text: &str) -> Vec<String> {
    let Some(part) = part(path) else { return Vec::new() };
    let code = code(text);
    let banned = ONLY_IN.iter().filter(|(_, folders)| !folders.contains(&part));
    banned
        .filter(|(name, _)| {
            starts(&code, name).any(|at| {
                // `parquet::` of the crate, not `stores::parquet`, and not a word of another meaning.
                let after = &code[at + name.len()..];
                !code[..at].ends_with("::") && (after.starts_with("::") || code[..at].trim_end().ends_with("use"))
            })
        })
        .map(|(name, folders)| format!("{path}: {name} may be named only under src/{}", folders.join(", src/")))
        .collect()
}

fn check_left_for_later(path: &str, text: &str) -> Vec<String> {
    if !path.ends_with(".rs") {
        return Vec::new();
    }
    let code = code(text);
    let macros = ["todo!", "unimplemented!", "dbg!"];
    macros
        .into_iter()
        .filter(|word| starts(&code, word).next().is_some())
        .map(|word| format!("{path}: {word}"))
        .collect()
}

fn check_paths_of_a_machine(path: &str, text: &str) -> Vec<String> {
    let homes = ["home", "root", "Users", "work", "farm"].map(|folder| format!("/{folder}/"));
    let mut faults = Vec::new();
    for (nth, line) in text.lines().enumerate() {
        for home in &homes {
            let absolute = line.match_indices(home.as_str()).any(|(at, _)| {
                line[..at].chars().next_back().is_none_or(|c| !(c.is_alphanumeric() || "._-/{}$*~<>)".contains(c)))
            });
            if absolute {
                faults.push(format!("{path}:{}: {home} is a path of one machine", nth + 1));
            }
        }
    }
    faults
}

fn check_length(path: &str, text: &str) -> Vec<String> {
    let lines = text.lines().count();
    let long = path.ends_with(".rs") && lines > FILE_LINES_MAX;
    if long { vec![format!("{path}: {lines} lines, at most {FILE_LINES_MAX}: one idea per file")] } else { Vec::new() }
}

/// Names of the crash points in a file's code, in order.
fn failpoints(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    for call in ["crash_point(\"", "failpoint(\"", "failpoint_at(\""] {
        for (at, _) in text.match_indices(call) {
            names.extend(text[at..].split('"').nth(1).map(str::to_owned));
        }
    }
    names
}

/// Names in the first column of the table under the heading `Crash points` of docs/HAZARDS.md.
fn documented_failpoints(hazards: &str) -> BTreeSet<String> {
    let table = hazards.split("\n## ").find(|section| section.starts_with("Crash points")).unwrap_or_default();
    table.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).map(str::to_owned).collect()
}

fn check_failpoints(code: &BTreeSet<String>, documented: &BTreeSet<String>) -> Vec<String> {
    let missing =
        code.difference(documented).map(|name| format!("docs/HAZARDS.md does not list the crash point {name}"));
    let stale = documented.difference(code).map(|name| format!("docs/HAZARDS.md lists {name}, which no code has"));
    missing.chain(stale).collect()
}

/// What a document names in backticks and the tree does not have: a file of `src/` or `tests/`, or a test as `file::name`. `…name`
/// is the end of the name of a test in the file that was named last; `NAME.rs` stands for any file.
fn check_names_in_a_document(path: &str, text: &str, tree: &BTreeMap<String, String>) -> Vec<String> {
    let (mut faults, mut last) = (Vec::new(), String::new());
    for (nth, line) in text.lines().enumerate() {
        for word in line.split('`').skip(1).step_by(2) {
            let (file, test) = match (word.strip_prefix('…'), word.split_once("::")) {
                (Some(test), _) => (last.clone(), Some(test)),
                (None, Some((file, test))) => (file.to_owned(), Some(test)),
                (None, None) => (word.to_owned(), None),
            };
            let is_path = file.ends_with(".rs") && (test.is_some() || file.contains('/')) && !file.contains(['*', ' ']);
            if !is_path || file.ends_with("NAME.rs") {
                continue;
            }
            let found = [file.clone(), format!("tests/{file}")].into_iter().find_map(|file| tree.get(&file));
            if !found.is_some_and(|text| test.is_none_or(|test| text.contains(&format!("{test}()")))) {
                faults.push(format!("{path}:{}: `{word}` is not in the tree", nth + 1));
            }
            last = file;
        }
    }
    faults
}

fn all(check: fn(&str, &str) -> Vec<String>) {
    let faults: Vec<String> = tree().iter().flat_map(|(path, text)| check(path, text)).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn each_part_imports_only_what_the_architecture_allows() {
    all(check_imports);
}

#[test]
fn each_outside_crate_is_named_only_where_it_belongs() {
    all(check_crates);
}

#[test]
fn nothing_is_left_for_later() {
    all(check_left_for_later);
}

#[test]
fn no_file_names_a_path_of_one_machine() {
    all(check_paths_of_a_machine);
}

#[test]
fn no_source_file_is_too_long() {
    all(check_length);
}

#[test]
fn every_crash_point_is_in_the_hazard_table_and_the_other_way_round() {
    let tree = tree();
    let in_code =
        tree.iter().filter(|(path, _)| path.starts_with("src/")).flat_map(|(_, text)| failpoints(text)).collect();
    let hazards = fs::read_to_string(root().join("docs/HAZARDS.md")).unwrap();
    let faults = check_failpoints(&in_code, &documented_failpoints(&hazards));
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_file_and_test_that_a_document_names_is_there() {
    let tree: BTreeMap<String, String> = tree().into_iter().collect();
    let documents = tree.iter().filter(|(path, _)| path.ends_with(".md"));
    let faults: Vec<String> = documents.flat_map(|(path, text)| check_names_in_a_document(path, text, &tree)).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn no_two_crash_points_share_a_name() {
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (path, text) in tree().into_iter().filter(|(path, _)| path.starts_with("src/")) {
        failpoints(&text).into_iter().for_each(|name| places.entry(name).or_default().push(path.clone()));
    }
    places.retain(|_, files| files.len() > 1);
    assert!(places.is_empty(), "{places:?}");
}

mod each_rule_can_fail {
    use super::*;

    #[test]
    fn imports() {
        assert_eq!(check_imports("src/domain/x.rs", "use crate::fault::Fault;").len(), 1);
        assert_eq!(check_imports("src/vcf/x.rs", "use crate::{\n    domain::{a, b},\n    actors::stage,\n};").len(), 1);
        assert_eq!(check_imports("src/vcf/x.rs", "fn f() { crate::ledger::open() }").len(), 1);
        assert_eq!(check_imports("src/vcf/x.rs", "use super::super::ledger;").len(), 1);
        assert_eq!(check_imports("src/new_part/x.rs", "").len(), 1);
        assert!(
            check_imports("src/vcf/x.rs", "// crate::ledger\nuse crate::domain::rows;\nlet s = \"crate::ledger\";")
                .is_empty()
        );
    }

    #[test]
    fn crates() {
        assert_eq!(check_crates("src/run.rs", "use actix::prelude::*;").len(), 1);
        assert_eq!(check_crates("src/cli/run.rs", "let x = rusqlite::Connection::open(p);").len(), 1);
        assert_eq!(check_crates("src/vcf/x.rs", "use parquet::file;").len(), 1);
        assert!(check_crates("src/run.rs", "use crate::stores::parquet;").is_empty());
        assert!(check_crates("src/stores/parquet.rs", "use parquet::file;").is_empty());
    }

    #[test]
    fn later() {
        assert_eq!(check_left_for_later("src/x.rs", &format!("{}!()", "todo")).len(), 1);
        assert!(check_left_for_later("src/x.rs", "// what todo! would be").is_empty());
    }

    #[test]
    fn machines() {
        let home = format!("cd /{}/me/project", "home");
        assert_eq!(check_paths_of_a_machine("README.md", &home).len(), 1);
        assert!(check_paths_of_a_machine("README.md", "see data/home/x").is_empty());
    }

    #[test]
    fn length() {
        assert_eq!(check_length("src/x.rs", &"\n".repeat(FILE_LINES_MAX + 1)).len(), 1);
        assert!(check_length("src/x.rs", &"\n".repeat(FILE_LINES_MAX)).is_empty());
    }

    #[test]
    fn crash_points() {
        let code = failpoints("crate::crash_point(\"one\"); if failpoint(\"two\") {}").into_iter().collect();
        let documented =
            documented_failpoints("# H\n\n## Crash points\n\n| `one` | x |\n| `three` | y |\n\n## Other\n| `two` |");
        assert_eq!(check_failpoints(&code, &documented).len(), 2);
    }

    #[test]
    fn names_in_documents() {
        let tree = BTreeMap::from([("tests/a/b.rs".to_owned(), "fn one() {}".to_owned())]);
        let faults = |text: &str| check_names_in_a_document("D.md", text, &tree).len();
        assert_eq!(faults("`a/b.rs::one`, `…ne`, `tests/a/b.rs`, `src/NAME.rs`, `b.rs` and `a::b`"), 0);
        assert_eq!(faults("`a/b.rs::two`"), 1);
        assert_eq!(faults("`a/b.rs::one`, `…two`"), 1);
        assert_eq!(faults("`tests/a/c.rs`"), 1);
    }

    #[test]
    fn quotes_do_not_hide_code() {
        assert_eq!(code("a('\"', x) // c\n\"s\\\"t\" b"), "a('', x) \n\"\" b");
    }
}
