//! `config/default.toml` and `docs/configuration.md`, made from the table of keys and the clauses of triage.

use super::keys::{KEYS, Kind, SECTIONS, Section};
use crate::domain::selection::{CLAUSES, NOT_ANNOTATED, NOT_ASKED};

/// Width of the text in comments.
const WIDTH: usize = 110;

/// The text of `config/default.toml`.
pub fn default_toml() -> String {
    let mut text = String::from(
        "# Every key of the configuration, with its default and what it is for. This text is embedded in the program:\n\
         # a file of your own (--config FILE) holds only what differs. Lines that begin with `#` and no blank are keys\n\
         # that are not set by default. Made from src/config/keys.rs: change it there.\n",
    );
    for section in SECTIONS {
        let keys = || KEYS.iter().filter(|key| key.section() == section.path);
        let mark = if keys().all(|key| key.default.is_none()) { "#" } else { "" };
        text.push('\n');
        comment(&mut text, section.doc);
        if !section.path.is_empty() {
            text.push_str(&format!("{mark}[{}]\n", section.path));
        }
        for key in keys() {
            text.push('\n');
            comment(&mut text, key.doc);
            comment(&mut text, &format!("Allowed: {}.", key.kind.expected()));
            let mark = if key.default.is_none() { "#" } else { "" };
            text.push_str(&format!("{mark}{} = {}\n", key.name(), key.example));
        }
    }
    text
}

/// Appends `doc` as comment lines.
fn comment(text: &mut String, doc: &str) {
    let mut line = String::from("#");
    for word in doc.split(' ') {
        if line.len() + 1 + word.len() > WIDTH {
            text.push_str(&line);
            text.push('\n');
            line = String::from("#");
        }
        line.push(' ');
        line.push_str(word);
    }
    text.push_str(&line);
    text.push('\n');
}

/// The text of `docs/configuration.md`.
pub fn markdown() -> String {
    let mut text = String::from(INTRODUCTION);
    for section in SECTIONS {
        text.push_str(&chapter(section));
        if section.path == "triage" {
            text.push_str(&clauses());
        }
    }
    text.push_str("\n## An example with triage\n\n`config/triage-example.toml`:\n\n```toml\n");
    text.push_str(include_str!("../../config/triage-example.toml"));
    text.push_str("```\n");
    text
}

const INTRODUCTION: &str = "# Configuration

<!-- Made from src/config/keys.rs and src/domain/selection.rs; `UPDATE_DOCS=1 cargo test --test config` writes it again. -->

`vcf-agent` needs no configuration. What is configured is taken from, each over the one before:

1. the defaults, embedded in the program (`config/default.toml`);
2. the file named by `--config FILE`, in TOML, which holds only what differs;
3. the environment: `VCF_AGENT_`, the key in capitals, two underscores for each dot. `ingest.line_bytes_max` is
   `VCF_AGENT_INGEST__LINE_BYTES_MAX`. Lists are separated by commas. An empty variable counts as not set;
4. `--data-dir DIR` on the command line.

`vcf-agent config check` reports every mistake at once, each with file and line: unknown keys (with the nearest known
one), wrong types, values out of range, keys given twice, broken BED files. `vcf-agent config show` prints what is in
force and where each value comes from.

A relative path in a file is relative to that file; in the environment and on the command line, to the working
directory. A size is a number of bytes, or text with a unit: `B`, `kB`, `MB`, `GB`, `TB` (powers of 1000), `KiB`, `MiB`,
`GiB`, `TiB` (powers of 1024). A variable that begins with `VCF_AGENT_` and is no key is an error if it has two
underscores in a row or is a key but for a typing mistake.

What says *part of a job's identity* decides how lines become rows: the same file under another value is another job.
";

fn chapter(section: &Section) -> String {
    let title = if section.path.is_empty() { "Above all tables".to_owned() } else { format!("`[{}]`", section.path) };
    let mut text = format!("\n## {title}\n\n{}\n", section.doc);
    for key in KEYS.iter().filter(|key| key.section() == section.path) {
        let default = match key.default {
            Some(default) => format!("default `{default}`"),
            None => format!("not set by default, for example `{}`", key.example),
        };
        let takes = match key.kind {
            Kind::Word(_) => key.kind.expected().replace('"', "`"),
            _ => key.kind.expected(),
        };
        text.push_str(&format!("\n### `{}`\n\n{}\n\n", key.path, key.doc));
        text.push_str(&format!("* {takes}; {default}\n* environment: `{}`\n", key.variable()));
    }
    text
}

fn clauses() -> String {
    let mut text = String::from(
        "\n### Clauses\n\nAsked in this order. An allele that is dropped is counted in the receipt's `dropped` under the \
         first clause that drops it, so that `stored = selected + Σ dropped`.\n\n| clause | drops |\n|---|---|\n",
    );
    for clause in [NOT_ASKED, NOT_ANNOTATED].iter().chain(&CLAUSES) {
        text.push_str(&format!("| `{}` | {} |\n", clause.name, clause.doc.replace('|', "\\|")));
    }
    text
}
