//! Every query of the documents, run as it stands against a fresh run of the example, and its output compared with what the
//! document shows.
//!
//! A query is a line `<!-- query: NAME -->`, then a fenced block of `sql` (for DuckDB), `python` or `sh`, then a fenced block of
//! `text` with its output. The working directory is one in which `vcf-agent run examples/tour.vcf` was the only command,
//! so the rows are under `vcf-agent-data`, beside `examples` and `config`. `UPDATE_DOCS=1` writes the outputs anew.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::Place;
use crate::present::skip;

/// Documents that hold queries, and how many at least.
const DOCUMENTS: [(&str, usize); 3] = [("docs/reading.md", 10), ("README.md", 7), ("docs/tour.md", 3)];

/// How a block of SQL is run: a box as the DuckDB shell prints it.
const RUN_SQL: &str =
    "import duckdb, sys; duckdb.sql(sys.argv[1]).show(max_width=160, max_rows=200, max_col_width=100)";

/// Modules that a program may need, by the word that tells; pandas reads Parquet through pyarrow.
const MODULES: [(&str, &str); 4] = [
    ("import duckdb", "duckdb"),
    ("import polars", "polars"),
    ("import pandas", "pandas, pyarrow"),
    ("pyarrow", "pyarrow"),
];

/// A query of a document.
#[derive(Debug, PartialEq, Eq)]
struct Query {
    name: String,
    /// `sql`, `python` or `sh`.
    language: String,
    text: String,
    /// What the document shows, and the lines (0-based, without the fences) on which it stands.
    shown: String,
    shown_at: std::ops::Range<usize>,
}

/// The queries of a document's text, in order.
fn queries(text: &str) -> Result<Vec<Query>, String> {
    let lines: Vec<&str> = text.lines().collect();
    let marked = |at: &usize| lines[*at].starts_with("<!-- query:");
    let mut found = Vec::new();
    for at in (0..lines.len()).filter(marked) {
        let name = lines[at].strip_prefix("<!-- query:").and_then(|rest| rest.strip_suffix("-->")).map(str::trim);
        let name = name.filter(|name| !name.is_empty()).ok_or_else(|| format!("line {}: no name", at + 1))?;
        let (language, body) = block(&lines, at + 1).ok_or_else(|| format!("{name}: no query follows"))?;
        if !["sql", "python", "sh"].contains(&language) {
            return Err(format!("{name}: `{language}` is neither sql nor python nor sh"));
        }
        let (kind, shown_at) = block(&lines, body.end + 1).ok_or_else(|| format!("{name}: no output follows"))?;
        if kind != "text" {
            return Err(format!("{name}: `{kind}` follows the query, not its output as text"));
        }
        found.push(Query {
            name: name.to_owned(),
            language: language.to_owned(),
            text: lines[body].join("\n"),
            shown: lines[shown_at.clone()].join("\n"),
            shown_at,
        });
    }
    Ok(found)
}

/// The language and the inner lines of the fenced block that begins at or after line `from`, before the next marker.
fn block<'t>(lines: &[&'t str], from: usize) -> Option<(&'t str, std::ops::Range<usize>)> {
    let rest = lines.get(from..)?;
    let open = rest.iter().position(|line| line.starts_with("```") || line.starts_with("<!-- query:"))?;
    let language = rest[open].strip_prefix("```")?.trim();
    let length = rest[open + 1..].iter().position(|line| line.trim_end() == "```")?;
    Some((language, from + open + 1..from + open + 1 + length))
}

/// An output without what differs between versions and terminals: borders, widths, and the line that counts rows.
fn cells(output: &str) -> Vec<String> {
    let is_border = |c: char| ('\u{2500}'..='\u{257f}').contains(&c);
    let words = |line: &str| {
        let words: Vec<&str> =
            line.split(|c: char| is_border(c) || c.is_whitespace()).filter(|w| !w.is_empty()).collect();
        words.join(" ")
    };
    let counts_rows = |line: &String| {
        let words: Vec<&str> = line.split(' ').collect();
        matches!(words[..], [n, "row" | "rows", ..] if n.parse::<u64>().is_ok())
    };
    output.lines().map(words).filter(|line| !line.is_empty() && !counts_rows(line)).collect()
}

fn python() -> String {
    std::env::var("VCF_AGENT_PYTHON").unwrap_or_else(|_| "python3".into())
}

/// The first group of modules that a program needs and this Python does not have.
fn missing_module(program: &str) -> Option<&'static str> {
    let has = |modules: &str| {
        Command::new(python()).args(["-c", &format!("import {modules}")]).output().is_ok_and(|o| o.status.success())
    };
    let needed = MODULES.iter().filter(|(word, _)| program.contains(word)).map(|(_, modules)| *modules);
    needed.chain(["sys"]).find(|modules| !has(modules))
}

/// Runs a query in `folder`; `Err` holds what it said instead.
fn run(query: &Query, folder: &Path) -> Result<String, String> {
    let mut command = Command::new(if query.language == "sh" { "sh".into() } else { python() });
    match query.language.as_str() {
        "sql" => command.args(["-c", RUN_SQL, &query.text]),
        _ => command.args(["-c", &query.text]),
    };
    let binary = Path::new(env!("CARGO_BIN_EXE_vcf-agent")).parent().expect("a program is in a folder");
    let others = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths([binary.to_owned()].into_iter().chain(std::env::split_paths(&others)));
    command.env("PATH", path.map_err(|error| error.to_string())?).env_remove("VCF_AGENT_DATA_DIR");
    let output = command.current_dir(folder).env("PYTHONIOENCODING", "utf-8").output().map_err(|e| e.to_string())?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
}

/// A folder whose data directory, under its default name, holds the example.
fn toured() -> (Place, PathBuf) {
    let place = Place::new();
    let folder = place.data().parent().expect("a data directory is in a folder").to_owned();
    for name in ["examples", "config"] {
        let there = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
        std::os::unix::fs::symlink(there, folder.join(name)).unwrap();
    }
    place.call(["run", "--json", "--data-dir", "vcf-agent-data", "examples/tour.vcf"]).expect(0);
    (place, folder)
}

/// The document with the outputs that its queries gave.
fn updated(text: &str, outputs: &[(std::ops::Range<usize>, String)]) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for (shown_at, output) in outputs.iter().rev() {
        let output = output.trim_end().lines().map(|line| line.trim_end().to_owned());
        lines.splice(shown_at.clone(), output);
    }
    lines.join("\n") + "\n"
}

#[test]
fn every_query_of_the_documents_gives_what_they_show() {
    let test = "every_query_of_the_documents_gives_what_they_show";
    let (_place, folder) = toured();
    let updates = std::env::var_os("UPDATE_DOCS").is_some();
    let (mut names, mut faults) = (BTreeSet::new(), Vec::new());
    for (document, queries_min) in DOCUMENTS {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(document);
        let text = fs::read_to_string(&path).unwrap();
        let queries = queries(&text).unwrap_or_else(|fault| panic!("{document}: {fault}"));
        assert!(queries.len() >= queries_min, "{document}: {} queries were found", queries.len());
        let mut outputs = Vec::new();
        for query in queries {
            let name = format!("{document}: {}", query.name);
            assert!(names.insert(query.name.clone()), "{name}: the name is used twice");
            let program = if query.language == "sql" { RUN_SQL } else { &query.text };
            if let Some(module) = missing_module(program).filter(|_| query.language != "sh") {
                skip(&format!("{test}: {name}"), &format!("{} cannot import {module}", python()));
                continue;
            }
            match run(&query, &folder) {
                Err(words) => faults.push(format!("{name} fails:\n{words}")),
                Ok(output) if cells(&output) == cells(&query.shown) => {}
                Ok(output) if updates => outputs.push((query.shown_at, output)),
                Ok(output) => {
                    faults.push(format!("{name} gives\n{output}\nbut the document shows\n{}\n", query.shown));
                }
            }
        }
        if updates {
            fs::write(&path, updated(&text, &outputs)).unwrap();
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn joins_of_the_documents_hold_where_several_jobs_are() {
    let test = "joins_of_the_documents_hold_where_several_jobs_are";
    if let Some(module) = missing_module(RUN_SQL) {
        return skip(test, &format!("{} cannot import {module}", python()));
    }
    let (place, folder) = toured();
    // The same records, each one later: an ordinal means another record in the other job.
    let text = fs::read_to_string(folder.join("examples/tour.vcf")).unwrap();
    let first = text.lines().position(|line| !line.starts_with('#')).unwrap();
    let mut lines: Vec<&str> = text.lines().collect();
    lines.insert(first, "chr1\t1\t.\tA\tC\t.\tLowQual\t.");
    let samples = lines[first + 1].split('\t').skip(8).collect::<Vec<_>>().join("\t");
    let dropped = format!("{}\t{samples}", lines[first]);
    lines[first] = &dropped;
    let other = place.write("other.vcf", lines.join("\n") + "\n");
    place
        .call(["run".as_ref(), "--json".as_ref(), "--data-dir".as_ref(), "vcf-agent-data".as_ref(), other.as_os_str()])
        .expect(0);
    for (document, name, rows) in [("README.md", "readme-answers", 20), ("docs/tour.md", "tour-selected", 142)] {
        let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(document)).unwrap();
        let query = queries(&text).unwrap().into_iter().find(|query| query.name == name).unwrap();
        let inner = query.text.trim_end().trim_end_matches(';').to_owned();
        let counted = Query { text: format!("SELECT count(*) AS n FROM ({inner})"), ..query };
        assert_eq!(cells(&run(&counted, &folder).unwrap()), ["n", "int64", &rows.to_string()], "{document}: {name}");
    }
}

mod the_extractor {
    use super::*;

    const TWO: &str = "# A\n<!-- query: one -->\n```sql\nSELECT 1\n```\nwords\n```text\n│ 1 │\n```\n```sql\nnot one\n```\n\
                       <!-- query: two -->\n\n```python\na = 1\nprint(a)\n```\n\n```text\n1\n```\n";

    #[test]
    fn finds_each_query_with_its_output_and_nothing_else() {
        let found = queries(TWO).unwrap();
        let seen: Vec<_> = found.iter().map(|q| (q.name.as_str(), q.language.as_str(), q.text.as_str())).collect();
        assert_eq!(seen, [("one", "sql", "SELECT 1"), ("two", "python", "a = 1\nprint(a)")]);
        assert_eq!(found.iter().map(|q| q.shown.as_str()).collect::<Vec<_>>(), ["│ 1 │", "1"]);
    }

    #[test]
    fn refuses_a_query_without_output_or_in_another_language() {
        let no_output = TWO.replace("```text\n│ 1 │\n```\n```sql\nnot one\n```\n", "");
        assert_eq!(queries(&no_output).unwrap_err(), "one: no output follows");
        assert!(queries(&TWO.replace("```text\n1\n```", "```sql\n1\n```")).is_err());
        assert!(queries(&TWO.replace("```python", "```r")).is_err());
        assert!(queries(&TWO.replace("query: one", "query:")).is_err());
    }

    #[test]
    fn compares_cells_and_not_borders() {
        let shown = "┌──────┬───────┐\n│ rows │ chrom │\n├──────┼───────┤\n│  267 │ chr1  │\n└──────┴───────┘\n  16 rows   2 columns\n";
        assert_eq!(cells(shown), ["rows chrom", "267 chr1"]);
        assert_ne!(cells(shown), cells(&shown.replace("267", "266")));
    }

    #[test]
    fn writes_an_output_where_the_old_one_stood() {
        let found = queries(TWO).unwrap();
        let outputs =
            vec![(found[0].shown_at.clone(), "a\nb \n".to_owned()), (found[1].shown_at.clone(), "c".to_owned())];
        let text = updated(TWO, &outputs);
        let shown: Vec<String> = queries(&text).unwrap().into_iter().map(|q| q.shown).collect();
        assert_eq!(shown, ["a\nb", "c"]);
        assert_eq!(text.lines().count(), TWO.lines().count() + 1);
    }
}
