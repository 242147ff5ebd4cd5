//! From TOML and lines of VCF to what becomes of each allele, through the real configuration, reader and parser.

use std::io::Cursor;

use vcf_agent::config::Settings;
use vcf_agent::domain::rows::Rows;
use vcf_agent::domain::selection::Selection;
use vcf_agent::triage::Selector;
use vcf_agent::triage::explain::Step;
use vcf_agent::triage::scan::{Question, Scan};

/// The settings that a configuration of this text gives; `files` are written beside it.
pub fn settings_with(toml: &str, files: &[(&str, &str)]) -> Settings {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("my.toml");
    std::fs::write(&path, toml).unwrap();
    files.iter().for_each(|(name, text)| std::fs::write(folder.path().join(name), text).unwrap());
    Settings::load_with(Some(&path), [], None).unwrap_or_else(|errors| panic!("{toml}: {errors:?}"))
}

pub fn settings(toml: &str) -> Settings {
    settings_with(toml, &[])
}

pub fn question(settings: &Settings) -> Question<'_> {
    Question { triage: settings.triage.as_ref(), limits: &settings.read, frequencies: &settings.frequencies }
}

/// A VCF: `##` lines, names of samples, and records whose columns are separated by blanks.
pub fn vcf(meta: &[&str], samples: &[&str], records: &[&str]) -> String {
    let mut text = String::from("##fileformat=VCFv4.3\n");
    meta.iter().for_each(|line| text += &format!("##{line}\n"));
    text += "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO";
    if !samples.is_empty() {
        text += "\tFORMAT";
        samples.iter().for_each(|name| text += &format!("\t{name}"));
    }
    text.push('\n');
    records.iter().for_each(|record| text += &(record.split_whitespace().collect::<Vec<_>>().join("\t") + "\n"));
    text
}

/// What a triage says of a file.
pub struct Answer {
    /// By allele: `selected`, or the clause that dropped it.
    pub fates: Vec<&'static str>,
    /// By allele: what each clause saw.
    pub steps: Vec<Vec<Step>>,
    /// Codes of what the file lacks.
    pub notices: Vec<String>,
}

impl Answer {
    /// What a clause saw of an allele.
    pub fn seen(&self, allele: usize, clause: &str) -> &str {
        let step = self.steps[allele].iter().find(|step| step.clause == clause);
        &step.unwrap_or_else(|| panic!("{clause} was not asked: {:?}", self.steps[allele])).seen
    }
}

/// Asks; what is explained of each allele must be what was decided.
pub fn ask(settings: &Settings, text: &str) -> Answer {
    let scan = Scan::open(Box::new(Cursor::new(text.to_owned().into_bytes())), &question(settings)).unwrap();
    let notices = scan.warnings().list().into_iter().map(|warning| warning.code).collect();
    let parts = scan.each(1, |seen: &mut Vec<(Vec<Step>, bool)>, selector, parsed| {
        assert!(parsed.dead.is_empty(), "{}", parsed.dead[0].detail);
        seen.extend(decide(selector, &parsed.rows));
    });
    let steps: Vec<Vec<Step>> = parts.unwrap().remove(0).into_iter().map(|(steps, _)| steps).collect();
    let fates = steps.iter().map(|steps| fate(steps)).collect();
    Answer { fates, steps, notices }
}

/// As [`ask`], for a configuration of this text.
pub fn fates(toml: &str, text: &str) -> Vec<&'static str> {
    ask(&settings(toml), text).fates
}

fn fate(steps: &[Step]) -> &'static str {
    steps.last().filter(|step| !step.keeps).map_or("selected", |step| step.clause)
}

/// For each row: what is explained, and whether it was selected.
fn decide(selector: &Selector, rows: &Rows) -> Vec<(Vec<Step>, bool)> {
    let selection: Selection = selector.select(rows);
    let mut counted = selection.dropped.clone();
    let mut all = Vec::new();
    let mut row = 0;
    while row < rows.len() {
        let mut record = Rows::default();
        let first = row;
        while row < rows.len() && rows.ordinal[row] == rows.ordinal[first] {
            record.push_row(rows, row);
            row += 1;
        }
        for nth in 0..record.len() {
            let steps = selector.explain(&record, nth);
            let is_selected = selection.bits.get(first + nth);
            assert_eq!(fate(&steps) == "selected", is_selected, "{steps:?}");
            if let Some(entry) = counted.iter_mut().find(|(clause, _)| *clause == fate(&steps)) {
                entry.1 -= 1;
            }
            all.push((steps, is_selected));
        }
    }
    assert!(counted.iter().all(|(_, left)| *left == 0), "explained otherwise than counted: {counted:?}");
    all
}
