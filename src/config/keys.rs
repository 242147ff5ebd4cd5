//! The one table of keys. The checker, `config/default.toml` and `docs/configuration.md` are made from it.

use crate::domain::bed::ChrPrefix;
use crate::domain::triage::Missing;

/// What a key takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// A path; relative to the file that names it, else to the working directory.
    Path,
    /// One of these words.
    Word(&'static [&'static str]),
    /// An integer in this range.
    Integer {
        /// Least.
        min: u64,
        /// Greatest.
        max: u64,
    },
    /// Bytes in this range: an integer, or text with a unit.
    Bytes {
        /// Least.
        min: u64,
        /// Greatest.
        max: u64,
    },
    /// A number in this range.
    Number {
        /// Least.
        min: f64,
        /// Greatest.
        max: f64,
    },
    /// FILTER entries.
    Filters,
    /// Keys of INFO.
    InfoKeys,
}

/// A key of the configuration.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Key {
    /// Dotted path.
    pub path: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// Its default as TOML; `None` for a key that is not set by default.
    pub default: Option<&'static str>,
    /// For a key without default: a sensible value as TOML.
    pub example: &'static str,
    /// What it is for, and why the default is what it is.
    pub doc: &'static str,
}

/// A table of the configuration.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Section {
    /// Dotted path; empty for the keys above all tables.
    pub path: &'static str,
    /// What its keys are about.
    pub doc: &'static str,
}

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;
const TIB: u64 = 1 << 40;
const HOUR_MS: u64 = 3_600_000;

/// The tables, in the order of the file.
pub const SECTIONS: &[Section] = &[
    Section { path: "", doc: "The node." },
    Section { path: "ingest", doc: "Reading files, and the limits that keep memory bounded whatever they hold." },
    Section { path: "store", doc: "Where rows are kept." },
    Section {
        path: "restart",
        doc: "What happens when a stage dies: it begins again, but not without end. When the budget is spent the process \
              drains and exits with 70.",
    },
    Section {
        path: "triage",
        doc: "Which alleles are worth an analysis. Without this table nothing is asked for and every allele is counted \
              under `not_asked`; with it, even if it is empty, alleles that cannot be analysed are dropped and every \
              clause that is set is asked, in the order below.",
    },
    Section { path: "triage.qual", doc: "Clause `qual`." },
    Section { path: "triage.allele_frequency", doc: "Clause `allele_frequency`." },
    Section { path: "triage.regions", doc: "Clause `regions`." },
];

/// The keys, by table, in the order of the file.
pub const KEYS: &[Key] = &[
    key(
        "data_dir",
        Kind::Path,
        "\"./vcf-agent-data\"",
        "The folder of the ledger and the rows. One process at a time writes to it. The default is below the working \
         directory, so that a first try leaves everything in one place.",
    ),
    key(
        "worker_threads",
        Kind::Integer { min: 0, max: 1024 },
        "0",
        "Threads for parsing and encoding; 0 means one per core.",
    ),
    key(
        "flush_interval_ms",
        Kind::Integer { min: 2, max: HOUR_MS },
        "1000",
        "How long a line that arrives on a pipe may wait before its row is on its way to the disk, in milliseconds. Half \
         of it is the reader's (a segment closes this long after its first line), half the writer's (a group closes this \
         long after its first segment; so it does when a file is read); the write itself comes on top. Shorter means \
         smaller groups and more fsyncs.",
    ),
    key(
        "drain_timeout_ms",
        Kind::Integer { min: 0, max: 24 * HOUR_MS },
        "30000",
        "After an interrupt: how long work in flight may take to become durable before the process exits anyway, in \
         milliseconds. What was not finished is read again by the same command.",
    ),
    key(
        "ingest.window_bytes",
        Kind::Bytes { min: 64 * KIB, max: TIB },
        "\"128 MiB\"",
        "Memory that one file's unfinished work may hold: no credit, no read. Something larger than the whole window may \
         pass, alone. Not less than `segment_bytes_max`.",
    ),
    key(
        "ingest.line_bytes_max",
        Kind::Bytes { min: KIB, max: GIB },
        "\"16 MiB\"",
        "A longer line becomes a dead letter; a BCF with a longer record is refused. Part of a job's identity.",
    ),
    key(
        "ingest.header_bytes_max",
        Kind::Bytes { min: KIB, max: GIB },
        "\"64 MiB\"",
        "A file with a longer header is refused.",
    ),
    key(
        "ingest.segment_lines_max",
        Kind::Integer { min: 1, max: 65_536 },
        "4096",
        "A segment, the unit of work, ends after this many lines. Part of a job's identity.",
    ),
    // A short record can expand 90-fold when its REF is repeated per ALT: 16 MiB keeps a column below 2 GiB.
    key(
        "ingest.segment_bytes_max",
        Kind::Bytes { min: KIB, max: 16 * MIB },
        "\"1 MiB\"",
        "A segment also ends before it grows beyond this much text (of a BCF: the most that its records can become); it \
         holds one line at least. Part of a job's identity.",
    ),
    key(
        "ingest.alts_max",
        Kind::Integer { min: 1, max: 65_536 },
        "1024",
        "A record with more ALT entries becomes a dead letter. Part of a job's identity.",
    ),
    key(
        "ingest.inflated_bytes_max",
        Kind::Bytes { min: MIB, max: 1024 * TIB },
        "\"200 GiB\"",
        "A file that inflates to more than this is refused: a bomb, or not one genome.",
    ),
    key("ingest.inflate_threads", Kind::Integer { min: 1, max: 64 }, "2", "Threads that inflate BGZF blocks."),
    key(
        "ingest.dead_letters_max",
        Kind::Integer { min: 0, max: 10_000_000 },
        "100000",
        "A job with more dead letters than this fails: such a file is broken as a whole.",
    ),
    key(
        "store.kind",
        Kind::Word(&["parquet"]),
        "\"parquet\"",
        "The kind of store. `parquet`: a folder of Parquet files per job, readable with DuckDB, pandas and polars.",
    ),
    key(
        "store.group_bytes_max",
        Kind::Bytes { min: KIB, max: GIB },
        "\"32 MiB\"",
        "Rows that are committed together, as one file and one ledger transaction; a group also closes at 16 segments \
         and after `flush_interval_ms`.",
    ),
    key(
        "store.zstd_level",
        Kind::Integer { min: 1, max: 19 },
        "1",
        "zstd level of the columns: higher levels take more time and less space.",
    ),
    key("store.row_group_rows_max", Kind::Integer { min: 1, max: MIB }, "131072", "Rows per Parquet row group."),
    key(
        "restart.restarts_max",
        Kind::Integer { min: 0, max: 1000 },
        "5",
        "Restarts of one stage that are allowed inside the window.",
    ),
    key(
        "restart.window_ms",
        Kind::Integer { min: 1000, max: 24 * HOUR_MS },
        "60000",
        "Length of the window in milliseconds; older restarts are forgiven.",
    ),
    key(
        "restart.backoff_min_ms",
        Kind::Integer { min: 1, max: HOUR_MS },
        "50",
        "Wait before the first restart, in milliseconds; it doubles with each restart inside the window.",
    ),
    key(
        "restart.backoff_max_ms",
        Kind::Integer { min: 1, max: HOUR_MS },
        "5000",
        "Longest wait, in milliseconds. Not less than `backoff_min_ms`.",
    ),
    unset(
        "triage.filter",
        Kind::Filters,
        "[\"PASS\", \".\"]",
        "FILTER entries that an allele may have; `.` stands for a record without filters. Every entry of a record must \
         be in the list: a named filter that is tolerated does not excuse another one (`bcftools view -f` keeps a record \
         as soon as one entry is listed).",
    ),
    unset(
        "triage.qual.min",
        Kind::Number { min: 0.0, max: 1e6 },
        "30.0",
        "A lower QUAL is dropped. Needed if the table is there.",
    ),
    unset(
        "triage.qual.missing",
        Kind::Word(&Missing::WORDS),
        "\"keep\"",
        "What to do without a QUAL: missing is not 0. `keep` if not set.",
    ),
    unset(
        "triage.allele_frequency.max",
        Kind::Number { min: 0.0, max: 1.0 },
        "0.01",
        "A higher frequency is dropped. Needed if the table is there.",
    ),
    unset(
        "triage.allele_frequency.fields",
        Kind::InfoKeys,
        "[\"gnomADg_AF\", \"gnomADe_AF\", \"AF_popmax\"]",
        "INFO keys, in order: the first that has a frequency (a number from 0 to 1) for the allele decides. As many \
         values as ALTs are one per allele; one value stands for all of them; any other number of values counts as \
         missing. There is no default on purpose: in most files `AF` is the frequency among the file's own samples, \
         not in a population. Needed if the table is there.",
    ),
    unset(
        "triage.allele_frequency.missing",
        Kind::Word(&Missing::WORDS),
        "\"keep\"",
        "What to do with an allele that has no frequency in any of the fields: missing is not 0, yet an allele that \
         nobody has seen is rare. `keep` if not set.",
    ),
    unset(
        "triage.regions.file",
        Kind::Path,
        "\"regions-example.bed\"",
        "A BED file: contig, start, end, counted from 0, the end left out. An allele is kept if any base of its REF lies \
         in an interval. The intervals are kept with each job, so that a job that is resumed does not change when the \
         file does. Needed if the table is there.",
    ),
    unset(
        "triage.regions.chr_prefix",
        Kind::Word(&ChrPrefix::WORDS),
        "\"ignore\"",
        "`ignore`: `chr1` and `1` are the same contig; `exact`: names are compared as they are. `chrM` and `MT` are \
         never the same. `ignore` if not set.",
    ),
];

const fn key(path: &'static str, kind: Kind, default: &'static str, doc: &'static str) -> Key {
    Key { path, kind, default: Some(default), example: default, doc }
}

const fn unset(path: &'static str, kind: Kind, example: &'static str, doc: &'static str) -> Key {
    Key { path, kind, default: None, example, doc }
}

impl Key {
    /// The path of its table.
    pub fn section(&self) -> &'static str {
        self.path.rsplit_once('.').map_or("", |(section, _)| section)
    }

    /// Its name inside its table.
    pub fn name(&self) -> &'static str {
        self.path.rsplit_once('.').map_or(self.path, |(_, name)| name)
    }

    /// The environment variable that sets it: `VCF_AGENT_`, the path in capitals, `__` for each dot.
    pub fn variable(&self) -> String {
        format!("{VARIABLE_PREFIX}{}", self.path.to_ascii_uppercase().replace('.', "__"))
    }
}

/// How every environment variable of the configuration begins.
pub const VARIABLE_PREFIX: &str = "VCF_AGENT_";

/// The key of this path.
pub fn find(path: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.path == path)
}

/// The table of this path.
pub fn find_section(path: &str) -> Option<&'static Section> {
    SECTIONS.iter().find(|section| section.path == path)
}

/// The known key, or table, that was probably meant by `path`.
pub fn nearest(path: &str) -> Option<&'static str> {
    let known = || KEYS.iter().map(|key| key.path).chain(SECTIONS.iter().map(|s| s.path).filter(|s| !s.is_empty()));
    let name = |path: &str| path.rsplit('.').next().unwrap_or_default().to_owned();
    if let Some(elsewhere) = known().find(|candidate| name(candidate) == name(path)) {
        return Some(elsewhere);
    }
    let nearest = known().min_by_key(|candidate| distance(path, candidate))?;
    (distance(path, nearest) <= (path.len() / 3).max(2)).then_some(nearest)
}

/// Edits (insert, remove, replace, swap neighbours) between two short texts.
pub fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(64).collect(), b.chars().take(64).collect());
    let mut before = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replaced.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(before[j - 2] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_has_its_table_and_stands_with_it() {
        let order: Vec<_> = KEYS.iter().map(|key| key.section()).collect();
        let mut grouped = order.clone();
        grouped.dedup();
        let tables: Vec<_> = SECTIONS.iter().map(|section| section.path).collect();
        assert_eq!(grouped, tables);
    }

    #[test]
    fn distances() {
        for (a, b, edits) in [("", "abc", 3), ("abc", "abc", 0), ("abc", "acb", 1), ("line", "lines", 1), ("x", "y", 1)]
        {
            assert_eq!(distance(a, b), edits, "{a} {b}");
            assert_eq!(distance(b, a), edits, "{b} {a}");
        }
    }

    #[test]
    fn the_nearest_key_is_named_if_one_is_near() {
        assert_eq!(nearest("ingest.line_byte_max"), Some("ingest.line_bytes_max"));
        assert_eq!(nearest("alts_max"), Some("ingest.alts_max"));
        assert_eq!(nearest("ingset"), Some("ingest"));
        assert_eq!(nearest("triage.min"), Some("triage.qual.min"));
        assert_eq!(nearest("colour"), None);
    }
}
