//! The layers' values → [`Settings`], and what must hold between values.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use super::raw::{Layers, Origin};
use super::value::{Value, size};
use super::{ConfigError, Settings, StoreSettings};
use crate::delivery::group::GroupLimits;
use crate::delivery::restart::RestartPolicy;
use crate::domain::bed::{ChrPrefix, Regions};
use crate::domain::triage::{AlleleFrequencyClause, Missing, QualClause, Triage};
use crate::vcf::ReadLimits;

/// A BED file is not longer than this (bytes).
const BED_BYTES_MAX: u64 = 256 << 20;

/// The settings that `layers` say; what is wrong goes to `errors`, and the settings are then not to be used.
pub fn settings(layers: Layers, errors: &mut Vec<ConfigError>) -> Settings {
    not_less(&layers, "ingest.window_bytes", "ingest.segment_bytes_max", errors);
    not_less(&layers, "restart.backoff_max_ms", "restart.backoff_min_ms", errors);
    let integer = |path: &str| match layers.get(path) {
        Some(Value::Integer(n) | Value::Bytes(n)) => *n,
        _ => 0,
    };
    let size = |path: &str| usize::try_from(integer(path)).unwrap_or(usize::MAX);
    let flush_interval_ms = integer("flush_interval_ms");
    let read_flush_interval_ms = flush_interval_ms / 2;
    let threads = || std::thread::available_parallelism().map_or(1, |threads| threads.get());
    let triage = triage(&layers, errors);
    Settings {
        data_dir: path(&layers, "data_dir").unwrap_or(Path::new("")).to_owned(),
        read: ReadLimits {
            line_bytes_max: size("ingest.line_bytes_max"),
            header_bytes_max: size("ingest.header_bytes_max"),
            segment_lines_max: size("ingest.segment_lines_max"),
            segment_bytes_max: size("ingest.segment_bytes_max"),
            alts_max: size("ingest.alts_max"),
            inflated_bytes_max: integer("ingest.inflated_bytes_max"),
            inflate_threads: size("ingest.inflate_threads"),
            flush_interval_ms: read_flush_interval_ms,
        },
        window_bytes: integer("ingest.window_bytes"),
        group: GroupLimits {
            bytes_max: integer("store.group_bytes_max"),
            flush_interval_ms: flush_interval_ms - read_flush_interval_ms,
        },
        worker_threads: match size("worker_threads") {
            0 => threads(),
            threads => threads,
        },
        dead_letters_max: integer("ingest.dead_letters_max"),
        restart: RestartPolicy {
            restarts_max: integer("restart.restarts_max") as u32,
            window_ms: integer("restart.window_ms"),
            backoff_min_ms: integer("restart.backoff_min_ms"),
            backoff_max_ms: integer("restart.backoff_max_ms"),
        },
        drain_timeout_ms: integer("drain_timeout_ms"),
        store: StoreSettings {
            kind: word(&layers, "store.kind").unwrap_or_default().to_owned(),
            zstd_level: integer("store.zstd_level") as i32,
            row_group_rows_max: size("store.row_group_rows_max"),
        },
        triage,
        layers,
    }
}

/// `greater` must not be less than `less`; the error stands where somebody set one of them.
fn not_less(layers: &Layers, greater: &str, less: &str, errors: &mut Vec<ConfigError>) {
    let (Some(high), Some(low)) = (layers.get(greater), layers.get(less)) else { return };
    let (Value::Integer(h) | Value::Bytes(h), Value::Integer(l) | Value::Bytes(l)) = (high, low) else { return };
    if h < l {
        let print = |value: &Value, n: u64| if matches!(value, Value::Bytes(_)) { size(n) } else { n.to_string() };
        let message = format!("`{greater}` ({}) must not be less than `{less}` ({})", print(high, *h), print(low, *l));
        let path = if layers.origin(greater) == Some(&Origin::Default) { less } else { greater };
        errors.push(ConfigError { place: place(layers, path), message });
    }
}

/// The triage, if anything of it is set.
fn triage(layers: &Layers, errors: &mut Vec<ConfigError>) -> Option<Triage> {
    if !layers.has_table("triage") {
        return None;
    }
    for key in
        ["triage.qual.min", "triage.allele_frequency.max", "triage.allele_frequency.fields", "triage.regions.file"]
    {
        let (table, name) = key.rsplit_once('.').unwrap_or_default();
        // A key that is set wrongly has its own message.
        let reported = errors.iter().any(|error| error.message.starts_with(&format!("`{key}`")));
        if layers.has_table(table) && layers.get(key).is_none() && !reported {
            let message = format!("`[{table}]` needs `{name}`: set it, or take the table out");
            errors.push(ConfigError { place: place(layers, table), message });
        }
    }
    let missing = |path: &str| word(layers, path).and_then(Missing::parse).unwrap_or_default();
    let qual = number(layers, "triage.qual.min")
        .map(|min| QualClause { min: min as f32, missing: missing("triage.qual.missing") });
    let frequency = number(layers, "triage.allele_frequency.max").zip(names(layers, "triage.allele_frequency.fields"));
    let allele_frequency = frequency.map(|(max, fields)| {
        let missing = missing("triage.allele_frequency.missing");
        AlleleFrequencyClause { max, fields: fields.to_vec(), missing }
    });
    let filter = names(layers, "triage.filter").map(<[String]>::to_vec);
    Some(Triage { filter, qual, allele_frequency, regions: regions(layers, errors).map(Arc::new) })
}

/// The intervals of the BED file, if one is named.
fn regions(layers: &Layers, errors: &mut Vec<ConfigError>) -> Option<Regions> {
    const FILE: &str = "triage.regions.file";
    let file = path(layers, FILE)?;
    let chr_prefix = word(layers, "triage.regions.chr_prefix").and_then(ChrPrefix::parse).unwrap_or_default();
    let mut bytes = Vec::new();
    let read = std::fs::File::open(file).and_then(|file| file.take(BED_BYTES_MAX + 1).read_to_end(&mut bytes));
    let problem = match read {
        Err(error) => Some(format!("cannot be read: {error}")),
        Ok(_) if bytes.len() as u64 > BED_BYTES_MAX => Some(format!("is longer than {}", size(BED_BYTES_MAX))),
        Ok(_) => None,
    };
    if let Some(problem) = problem {
        let message = format!("`{FILE}`: {} {problem}", file.display());
        errors.push(ConfigError { place: place(layers, FILE), message });
        return None;
    }
    let regions = Regions::parse(&bytes, chr_prefix);
    regions
        .map_err(|problems| {
            errors.extend(problems.into_iter().map(|problem| ConfigError {
                place: match problem.line {
                    Some(line) => format!("{}:{line}", file.display()),
                    None => file.display().to_string(),
                },
                message: problem.message,
            }));
        })
        .ok()
}

fn place(layers: &Layers, path: &str) -> String {
    layers.origin(path).map_or_else(String::new, ToString::to_string)
}

fn path<'l>(layers: &'l Layers, path: &str) -> Option<&'l Path> {
    match layers.get(path) {
        Some(Value::Path(path)) => Some(path),
        _ => None,
    }
}

fn word<'l>(layers: &'l Layers, path: &str) -> Option<&'l str> {
    match layers.get(path) {
        Some(Value::Word(word)) => Some(word),
        _ => None,
    }
}

fn number(layers: &Layers, path: &str) -> Option<f64> {
    match layers.get(path) {
        Some(Value::Number(number)) => Some(*number),
        _ => None,
    }
}

fn names<'l>(layers: &'l Layers, path: &str) -> Option<&'l [String]> {
    match layers.get(path) {
        Some(Value::Names(names)) => Some(names),
        _ => None,
    }
}
