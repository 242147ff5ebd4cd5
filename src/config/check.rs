//! The layers' values → [`Settings`], and what must hold between values.

use std::path::Path;

use super::keys::{KEYS, Key};
use super::raw::{Layers, Origin};
use super::value::{Value, size};
use super::{ConfigError, Settings, StoreSettings};
use crate::annotation::Frequencies;
use crate::delivery::group::GroupLimits;
use crate::delivery::restart::RestartPolicy;
use crate::providers::Options;
use crate::vcf::ReadLimits;

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
    let triage = super::triage::triage(&layers, errors);
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
        reference: path(&layers, "alleles.reference").map(Path::to_owned),
        assembly: word(&layers, "alleles.assembly").map(str::to_owned),
        frequencies: Frequencies {
            sub_fields: names(&layers, "annotations.frequency_columns").unwrap_or_default().to_vec(),
            info_keys: names(&layers, "annotations.frequency_fields").unwrap_or_default().to_vec(),
        },
        rules: rules(&layers),
        providers: names(&layers, "analysis.providers").unwrap_or_default().to_vec(),
        triage,
        layers,
    }
}

/// `[analysis.rules]`, as the provider reads its options.
fn rules(layers: &Layers) -> Options {
    let keys = KEYS.iter().filter(|key| key.section() == "analysis.rules");
    let option = |key: &Key| match layers.get(key.path)? {
        Value::Word(word) => Some((key.name().to_owned(), word.clone())),
        Value::Names(names) => Some((key.name().to_owned(), names.join(","))),
        _ => None,
    };
    keys.filter_map(option).collect()
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

pub(super) fn place(layers: &Layers, path: &str) -> String {
    layers.origin(path).map_or_else(String::new, ToString::to_string)
}

pub(super) fn path<'l>(layers: &'l Layers, path: &str) -> Option<&'l Path> {
    match layers.get(path) {
        Some(Value::Path(path)) => Some(path),
        _ => None,
    }
}

pub(super) fn word<'l>(layers: &'l Layers, path: &str) -> Option<&'l str> {
    match layers.get(path) {
        Some(Value::Word(word)) => Some(word),
        _ => None,
    }
}

pub(super) fn number(layers: &Layers, path: &str) -> Option<f64> {
    match layers.get(path) {
        Some(Value::Number(number)) => Some(*number),
        _ => None,
    }
}

pub(super) fn names<'l>(layers: &'l Layers, path: &str) -> Option<&'l [String]> {
    match layers.get(path) {
        Some(Value::Names(names)) => Some(names),
        _ => None,
    }
}
