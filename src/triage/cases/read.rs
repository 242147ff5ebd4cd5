//! A TOML text → [`Cases`]; every problem at once, each with its line.

use std::fs::File;
use std::io::{Cursor, Read};
use std::ops::Range;
use std::path::Path;

use toml_edit::{Document, Item, Table};

use super::{Case, Cases, SELECTED};
use crate::domain::rows::Rows;
use crate::domain::selection::{CLAUSES, clause_name};
use crate::triage::scan::Question;
use crate::vcf::header::Header;
use crate::vcf::parse::{ParseContext, parse_segment};
use crate::vcf::reader::{Form, RawSegment, Reader};

/// What a header without a `#CHROM` line gets.
const COLUMNS: &str = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n";

/// Something in the file that is not as it must be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// 1-based line.
    pub line: usize,
    /// What is wrong and what would be right.
    pub message: String,
}

impl Cases {
    /// Reads a file of cases; a `header_file` is found relative to `folder`.
    ///
    /// # Errors
    /// Every problem, in the order of the lines.
    pub fn read(text: &str, folder: &Path, question: &Question<'_>) -> Result<Self, Vec<Problem>> {
        let document = Document::parse(text).map_err(|error| {
            let line = line_of(text, error.span());
            vec![Problem { line, message: format!("not TOML: {}", error.message().trim_end()) }]
        })?;
        let mut reading = Reading { text, folder, question, problems: Vec::new() };
        let read = reading.cases(document.as_table());
        reading.problems.sort();
        match read {
            Some(cases) if reading.problems.is_empty() => Ok(cases),
            _ => Err(reading.problems),
        }
    }
}

/// The 1-based line at which a span begins.
fn line_of(text: &str, span: Option<Range<usize>>) -> usize {
    let start = span.map_or(0, |span| span.start).min(text.len());
    text.as_bytes()[..start].iter().filter(|&&byte| byte == b'\n').count() + 1
}

struct Reading<'t> {
    text: &'t str,
    folder: &'t Path,
    question: &'t Question<'t>,
    problems: Vec<Problem>,
}

impl Reading<'_> {
    fn problem(&mut self, line: usize, message: impl Into<String>) {
        self.problems.push(Problem { line, message: message.into() });
    }

    fn line(&self, span: Option<Range<usize>>) -> usize {
        line_of(self.text, span)
    }

    /// Keys that nobody knows are mistakes: silence would hide an expectation that is never looked at.
    fn known(&mut self, table: &Table, keys: &[&str]) {
        for (name, item) in table.iter().filter(|(name, _)| !keys.contains(name)) {
            let line = self.line(table.key(name).and_then(|key| key.span()).or_else(|| item.span()));
            let known = keys.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
            self.problem(line, format!("unknown key `{}`: the keys here are {known}", name.escape_debug()));
        }
    }

    fn cases(&mut self, table: &Table) -> Option<Cases> {
        self.known(table, &["header", "header_file", "case"]);
        let header = self.header(table);
        let tables = match table.get("case").map(|item| (item, item.as_array_of_tables())) {
            Some((_, Some(tables))) => tables,
            Some((item, None)) => {
                let line = self.line(item.span());
                self.problem(line, "`case` must be a list of tables: write `[[case]]` before each");
                return None;
            }
            None => {
                self.problem(1, "there is no case: write `[[case]]` with `name`, `record` and `expect`");
                return None;
            }
        };
        let header = header?;
        let (context, _, _) = self.question.of(&header);
        let cases: Vec<Option<Case>> = tables.iter().map(|table| self.case(table, &context)).collect();
        Some(Cases { header, cases: cases.into_iter().flatten().collect() })
    }

    /// Text under a key, and its line. What is there and no text is a problem.
    fn word(&mut self, table: &Table, key: &str) -> Option<(String, usize)> {
        let item = table.get(key)?;
        let line = self.line(item.span());
        let word = item.as_str().map(|word| (word.to_owned(), line));
        if word.is_none() {
            self.problem(line, format!("`{key}` must be text in quotes"));
        }
        word
    }

    /// Text or a list of texts under a key, with their lines.
    fn words(&mut self, key: &str, item: &Item) -> Option<Vec<(String, usize)>> {
        let line = self.line(item.span());
        if let Some(word) = item.as_str() {
            return Some(vec![(word.to_owned(), line)]);
        }
        let all = item.as_array().map(|list| {
            list.iter().map(|value| Some((value.as_str()?.to_owned(), self.line(value.span())))).collect::<Vec<_>>()
        });
        let words = all.and_then(|all| all.into_iter().collect::<Option<Vec<_>>>()).filter(|words| !words.is_empty());
        if words.is_none() {
            self.problem(line, format!("`{key}` must be text in quotes, or a list of such"));
        }
        words
    }

    fn header(&mut self, table: &Table) -> Option<Header> {
        let (inline, file) = (self.word(table, "header"), self.word(table, "header_file"));
        let (input, line): (Box<dyn Read + Send>, usize) = match (inline, file) {
            (Some((text, line)), None) => (Box::new(Cursor::new(whole_header(text).into_bytes())), line),
            (None, Some((name, line))) => match File::open(self.folder.join(&name)) {
                Ok(file) => (Box::new(file), line),
                Err(error) => {
                    self.problem(line, format!("`header_file`: {name} cannot be opened: {error}"));
                    return None;
                }
            },
            (Some(_), Some((_, line))) => {
                self.problem(line, "`header` and `header_file` exclude each other: take one of them out");
                return None;
            }
            (None, None) => {
                if !table.contains_key("header") && !table.contains_key("header_file") {
                    self.problem(1, "there is no `header` (text) and no `header_file` (a VCF or BCF)");
                }
                return None;
            }
        };
        match Reader::open(input, false, self.question.limits.clone()) {
            Ok(reader) => Some(reader.header().clone()),
            Err(error) => {
                self.problem(line, format!("the header cannot be read: {error}"));
                None
            }
        }
    }

    fn case(&mut self, table: &Table, context: &ParseContext) -> Option<Case> {
        self.known(table, &["name", "record", "records", "expect"]);
        let line = self.line(table.span());
        let name = self.word(table, "name");
        if !table.contains_key("name") {
            self.problem(line, "this case has no `name`");
        }
        let records = self.records(table, line, context);
        let expected = match table.get("expect") {
            Some(item) => self.words("expect", item).and_then(|words| self.expected(&words)),
            None => {
                self.problem(line, format!("this case has no `expect`: \"{SELECTED}\", or the name of a clause"));
                None
            }
        };
        let ((name, _), records, mut expected) = (name?, records?, expected?);
        let alleles: usize = records.iter().map(Rows::len).sum();
        // One word stands for all alleles.
        if expected.len() == 1 {
            expected.resize(alleles, expected[0]);
        }
        if expected.len() != alleles {
            let line = self.line(table.get("expect").and_then(Item::span));
            let message = format!("`expect` has {} entries, but the case has {alleles} alleles", expected.len());
            self.problem(line, message);
            return None;
        }
        Some(Case { name, line, records, expected })
    }

    fn expected(&mut self, words: &[(String, usize)]) -> Option<Vec<&'static str>> {
        let read = |word: &str| if word == SELECTED { Some(SELECTED) } else { clause_name(word) };
        let mut all = Vec::new();
        for (word, line) in words {
            match read(word) {
                Some(known) => all.push(known),
                None => {
                    let clauses: Vec<&str> = CLAUSES.iter().map(|clause| clause.name).collect();
                    let known = format!("\"{SELECTED}\", {}, not_annotated, not_asked", clauses.join(", "));
                    self.problem(*line, format!("`expect`: no clause is called \"{}\": {known}", word.escape_debug()));
                }
            }
        }
        (all.len() == words.len()).then_some(all)
    }

    fn records(&mut self, table: &Table, line: usize, context: &ParseContext) -> Option<Vec<Rows>> {
        let item = match (table.get("record"), table.get("records")) {
            (Some(one), None) | (None, Some(one)) => one,
            (None, None) => {
                self.problem(line, "this case has no `record` (or `records`)");
                return None;
            }
            (Some(_), Some(_)) => {
                self.problem(line, "`record` and `records` exclude each other: take one of them out");
                return None;
            }
        };
        let texts = self.words("record", item)?;
        let records: Vec<Option<Rows>> =
            texts.iter().enumerate().map(|(nth, (text, line))| self.record(text, *line, nth, context)).collect();
        records.into_iter().collect()
    }

    fn record(&mut self, text: &str, line: usize, nth: usize, context: &ParseContext) -> Option<Rows> {
        let text = text.trim_matches(['\n', '\r']);
        // Blanks are easier to type; a record with tabs is taken as it is.
        let columns: Vec<&str> =
            if text.contains('\t') { text.split('\t').collect() } else { text.split_whitespace().collect() };
        let mut parsed = parse_segment(context, &segment(&columns.join("\t"), line, nth), &|_| false);
        match parsed.dead.pop() {
            Some(dead) => {
                self.problem(line, format!("no sound record: {} ({})", dead.detail, dead.reason));
                None
            }
            None if parsed.counts.records != 1 || text.contains('\n') => {
                self.problem(line, "this is not one record: more of them belong into a list, `records`");
                None
            }
            None => Some(parsed.rows),
        }
    }
}

/// Line ends and the `#CHROM` line may be left out, and its columns separated by blanks.
fn whole_header(text: String) -> String {
    let (mut whole, mut has_columns) = (String::new(), false);
    for line in text.lines().map(str::trim_end).filter(|line| !line.is_empty()) {
        if line.starts_with("#CHROM") {
            has_columns = true;
            whole += &line.split_whitespace().collect::<Vec<_>>().join("\t");
        } else {
            whole += line;
        }
        whole.push('\n');
    }
    if !has_columns {
        whole += COLUMNS;
    }
    whole
}

fn segment(record: &str, line: usize, nth: usize) -> RawSegment {
    RawSegment {
        index: 0,
        first_ordinal: nth as u64,
        records: 1,
        first_line: line as u64,
        offset: 0,
        text: format!("{record}\n").into_bytes(),
        form: Form::Text,
        oversize_bytes: None,
    }
}
