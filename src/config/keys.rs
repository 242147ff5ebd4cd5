//! The one table of keys. The checker, `config/default.toml` and `docs/configuration.md` are made from it.

mod analysis;

use crate::domain::bed::ChrPrefix;
use crate::triage::{Missing, Zygosity};

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
    /// Text that is not empty; the words say what it is.
    Text(&'static str),
    /// A list of these words.
    Words(&'static [&'static str]),
    /// A list of these words, which may be empty.
    Subset(&'static [&'static str]),
    /// A list of names; the words say of what, with an example.
    Names(&'static str),
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
    Section { path: "alleles", doc: "What makes two alleles of different files the same." },
    Section {
        path: "annotations",
        doc: "What is read of a file's own annotations (VEP's CSQ, SnpEff's ANN, bcftools' BCSQ, ClinVar) into typed columns.",
    },
    Section { path: "analysis", doc: "Who is asked about the alleles that triage selects." },
    Section {
        path: "analysis.rules",
        doc: "What the provider `rules` is told that no VCF file says. An answer belongs to its row: other options change nothing in \
              answers that are there.",
    },
    Section {
        path: "triage",
        doc: "Which alleles are worth an analysis. Without this table the triage by default is asked: FILTER is PASS or \
              missing, at most 1 % in any population, and an impact of HIGH or MODERATE or a classification of ClinVar \
              that matters. With it every clause that is set is asked, in the order below; alleles that cannot be \
              analysed are dropped in any case. A file that is stored already keeps its selection until a triage is \
              configured, or `use = \"default\"`: a run without this table does not bring the default back.",
    },
    Section { path: "triage.qual", doc: "Clause `qual`." },
    Section { path: "triage.genotype", doc: "Clause `genotype`: what one sample has." },
    Section { path: "triage.de_novo", doc: "Clause `de_novo`: what a child has and neither parent has." },
    Section { path: "triage.allele_frequency", doc: "Clause `allele_frequency`." },
    Section { path: "triage.effect", doc: "Clause `effect`: an allele is kept if one of the reasons holds." },
    Section { path: "triage.regions", doc: "Clause `regions`." },
    Section { path: "triage.genes", doc: "Clause `genes`: what any annotation of the record names." },
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
        "alleles.reference",
        Kind::Path,
        "\"GRCh38.fa\"",
        "A FASTA, plain or BGZF (`.fai` beside it or indexed by us), by which insertions and deletions are left-aligned into the \
         columns `allele_pos`, `allele_ref` and `allele_alt`. Without one alleles are only trimmed. A file whose contigs have other \
         lengths is refused. Part of a job's identity, by its content. `--reference FILE` on the command line sets it too.",
    ),
    unset(
        "alleles.assembly",
        Kind::Text("the name of an assembly such as \"GRCh38\""),
        "\"GRCh38\"",
        "The assembly that every file must be of: one whose header contradicts it is refused, one that does not tell is taken to \
         be of it.",
    ),
    key(
        "annotations.frequency_columns",
        Kind::Names("columns of annotations such as [\"gnomADe_AF\"]"),
        "[\"MAX_AF\", \"gnomADe_AF\", \"gnomADg_AF\", \"gnomAD_AF\", \"AF\"]",
        "Columns of CSQ that hold the frequency of the allele in a population. Part of a job's identity.",
    ),
    key(
        "annotations.frequency_fields",
        Kind::InfoKeys,
        "[\"AF_popmax\", \"AF_grpmax\", \"gnomAD_AF\", \"gnomADe_AF\", \"gnomADg_AF\", \"AF_EXAC\", \"AF_ESP\", \"AF_TGP\"]",
        "INFO keys that do. The highest of all of these is the allele's `population_frequency`. `AF` is not among them on \
         purpose: in most files it is the frequency among the file's own samples. Part of a job's identity.",
    ),
    key(
        "analysis.providers",
        Kind::Subset(crate::providers::KINDS),
        "[\"rules\"]",
        "`rules`: points for the evidence that the file's own annotations hold, offline, always the same answer. An empty list \
         leaves every selected allele `pending`.",
    ),
    analysis::RULES[0],
    analysis::RULES[1],
    analysis::RULES[2],
    analysis::RULES[3],
    unset(
        "triage.use",
        Kind::Word(&["clauses", "default", "nothing"]),
        "\"clauses\"",
        "`clauses`: those that are set here; `default`: the triage by default, as if this table were not there; `nothing`: \
         every allele is counted under `not_asked`. `clauses` if the table is there and this is not set.",
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
        "triage.expression",
        Kind::Text("an expression of bcftools such as \"QUAL>30 && INFO/DP>10\""),
        "\"QUAL>30 && INFO/DP>10\"",
        "Clause `expression`, asked last: a record is kept as `bcftools view -i` would keep it. A file whose header does not \
         declare what it names selects nothing, and its receipt says so.",
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
        "triage.genotype.sample",
        Kind::Text("a sample's name, or \"#1\" for the first"),
        "\"#1\"",
        "The sample, by name or by number: `#1` is the first one of each file. Needed if the table is there.",
    ),
    unset(
        "triage.genotype.zygosity",
        Kind::Words(&Zygosity::WORDS),
        "[\"het\", \"hom\", \"hemi\"]",
        "How the sample may have the allele. `./1` is `het`, a lone `1` is `hemi`. `het`, `hom` and `hemi` if not set.",
    ),
    unset(
        "triage.genotype.gq_min",
        Kind::Integer { min: 0, max: 10_000 },
        "20",
        "A lower GQ of the sample is dropped.",
    ),
    unset(
        "triage.genotype.dp_min",
        Kind::Integer { min: 0, max: 1_000_000 },
        "10",
        "A lower DP of the sample is dropped.",
    ),
    unset(
        "triage.genotype.missing",
        Kind::Word(&Missing::WORDS),
        "\"keep\"",
        "What to do without the GQ or DP that is asked for. `keep` if not set.",
    ),
    unset(
        "triage.de_novo.child",
        Kind::Text("a sample's name, or \"#1\" for the first"),
        "\"#1\"",
        "Has the allele. Needed if the table is there.",
    ),
    unset(
        "triage.de_novo.father",
        Kind::Text("a sample's name, or \"#1\" for the first"),
        "\"#2\"",
        "Was called, as a whole, and does not have it. Needed if the table is there.",
    ),
    unset(
        "triage.de_novo.mother",
        Kind::Text("a sample's name, or \"#1\" for the first"),
        "\"#3\"",
        "Was called, as a whole, and does not have it. Needed if the table is there.",
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
         missing. If not set, the `population_frequency` of `[annotations]` decides: in most files `AF` is the frequency \
         among the file's own samples, not in a population.",
    ),
    unset(
        "triage.allele_frequency.missing",
        Kind::Word(&Missing::WORDS),
        "\"keep\"",
        "What to do with an allele that has no frequency in any of the fields: missing is not 0, yet an allele that \
         nobody has seen is rare. `keep` if not set.",
    ),
    unset(
        "triage.effect.impact",
        Kind::Words(&["HIGH", "MODERATE", "LOW", "MODIFIER"]),
        "[\"HIGH\", \"MODERATE\"]",
        "The impact of the annotation that stands for the allele (MANE Select, else MANE Plus Clinical, else canonical, else \
         the most severe).",
    ),
    unset(
        "triage.effect.consequence",
        Kind::Names("terms of the Sequence Ontology such as [\"splice_region_variant\"]"),
        "[\"splice_region_variant\"]",
        "A term of any annotation of the allele is one of these, or a kind of one: `protein_altering_variant` keeps \
         `missense_variant` too.",
    ),
    unset(
        "triage.effect.clinvar",
        Kind::Names("classifications of ClinVar such as [\"Pathogenic\"]"),
        "[\"Pathogenic\", \"Likely_pathogenic\", \"Conflicting_classifications_of_pathogenicity\"]",
        "ClinVar's classification of the allele has one of these.",
    ),
    unset(
        "triage.effect.clinvar_stars_min",
        Kind::Integer { min: 0, max: 4 },
        "1",
        "Review stars that a classification needs, to count. 0 if not set.",
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
    unset(
        "triage.genes.names",
        Kind::Names("genes such as [\"BRCA1\", \"BRCA2\"]"),
        "[\"BRCA1\", \"BRCA2\"]",
        "Symbols or ids, as the annotations write them; case counts.",
    ),
    unset(
        "triage.genes.file",
        Kind::Path,
        "\"panel.txt\"",
        "A file with one gene per line, the first word of each; `#` begins a comment. Its names are kept with each job. Names \
         and file add up; one of them is needed if the table is there.",
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
}
