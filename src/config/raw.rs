//! The layers of a configuration, one over the other: embedded defaults, file, environment, command line. Each value is
//! checked where it stands, so that a value is reported even if a higher layer replaces it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};

use toml_edit::{Document, Item, Key as TomlKey, TableLike};

use super::keys::{KEYS, VARIABLE_PREFIX, find, find_section};
use super::nearest::{distance, nearest};
use super::value::Value;
use super::{ConfigError, DEFAULT_TOML};

/// A configuration file is not longer than this (bytes).
const FILE_BYTES_MAX: u64 = 16 << 20;

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The embedded defaults.
    Default,
    /// A file, and the 1-based line in it.
    File(PathBuf, usize),
    /// An environment variable.
    Environment(String),
    /// A flag of the command line.
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path, line) => write!(f, "{}:{line}", path.display()),
            Self::Environment(name) => f.write_str(name),
            Self::Flag(flag) => f.write_str(flag),
        }
    }
}

/// The highest value of each key, with its origin.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Layers {
    values: BTreeMap<&'static str, (Value, Origin)>,
    tables: BTreeMap<&'static str, Origin>,
}

impl Layers {
    /// The embedded defaults alone.
    pub fn defaults(errors: &mut Vec<ConfigError>) -> Self {
        let mut layers = Self::default();
        layers.text(DEFAULT_TOML, None, errors);
        layers
    }

    /// Lays the file `path` over them.
    pub fn file(&mut self, path: &Path, errors: &mut Vec<ConfigError>) {
        match read(path) {
            Ok(text) => self.text(&text, Some(path), errors),
            Err(error) => errors.push(error),
        }
    }

    /// Lays TOML over them: the file `path`, or with `None` the defaults.
    fn text(&mut self, text: &str, path: Option<&Path>, errors: &mut Vec<ConfigError>) {
        let mut layer = Layer { layers: self, text, path, errors: Vec::new() };
        layer.parse();
        layer.errors.sort_by_key(|(line, _)| *line);
        errors.extend(layer.errors.into_iter().map(|(_, error)| error));
    }

    /// Lays the environment's variables over them. An empty variable counts as not set. A variable that is no key is an
    /// error if it has the form of one (`VCF_AGENT_…__…`) or is one but for a typing mistake; others are not ours.
    pub fn environment(
        &mut self,
        variables: impl IntoIterator<Item = (OsString, OsString)>,
        errors: &mut Vec<ConfigError>,
    ) {
        let named = |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value));
        let ours = variables.into_iter().filter_map(named).filter(|(name, _)| name.starts_with(VARIABLE_PREFIX));
        let ours: BTreeMap<String, OsString> = ours.filter(|(_, value)| !value.is_empty()).collect();
        for (name, text) in ours {
            let Some(key) = KEYS.iter().find(|key| key.variable() == name) else {
                if let Some(message) = unknown_variable(&name) {
                    errors.push(ConfigError { place: name, message });
                }
                continue;
            };
            match key.kind.read_text(&text) {
                Ok(value) => self.set(key.path, value, Origin::Environment(name)),
                Err(message) => errors.push(ConfigError { place: name, message: format!("`{}` {message}", key.path) }),
            }
        }
    }

    /// Lays the command line's data directory over them.
    pub fn data_dir(&mut self, path: &Path, errors: &mut Vec<ConfigError>) {
        const FLAG: &str = "--data-dir";
        if path.as_os_str().is_empty() {
            errors.push(ConfigError { place: FLAG.into(), message: "`data_dir` must be a path, not \"\"".into() });
        } else {
            self.set("data_dir", Value::Path(path.into()), Origin::Flag(FLAG));
        }
    }

    /// The value of a key, if it is set.
    pub fn get(&self, path: &str) -> Option<&Value> {
        self.values.get(path).map(|(value, _)| value)
    }

    /// Where the value of a key, or the first mention of a table, comes from.
    pub fn origin(&self, path: &str) -> Option<&Origin> {
        self.values.get(path).map(|(_, origin)| origin).or_else(|| self.tables.get(path))
    }

    /// Whether this table, or any key in it, is set.
    pub fn has_table(&self, path: &str) -> bool {
        self.tables.contains_key(path)
    }

    fn set(&mut self, path: &'static str, value: Value, origin: Origin) {
        self.mention(path.rsplit_once('.').map_or("", |(table, _)| table), &origin);
        self.values.insert(path, (value, origin));
    }

    /// A table counts as set as soon as it, or something in it, is named.
    fn mention(&mut self, table: &'static str, origin: &Origin) {
        self.tables.entry(table).or_insert_with(|| origin.clone());
        if let Some((outer, _)) = table.rsplit_once('.') {
            self.mention(outer, origin);
        }
    }
}

/// Reads a configuration file.
fn read(path: &Path) -> Result<String, ConfigError> {
    let place = path.display().to_string();
    let fail = |message: String| ConfigError { place: place.clone(), message };
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes))
        .map_err(|error| fail(format!("the configuration file cannot be read: {error}")))?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(fail(format!("longer than {} MiB: this is not a configuration file", FILE_BYTES_MAX >> 20)));
    }
    String::from_utf8(bytes).map_err(|error| {
        let line = line_of(error.as_bytes(), error.utf8_error().valid_up_to());
        ConfigError { place: format!("{place}:{line}"), message: "not UTF-8 text, so not TOML".into() }
    })
}

/// The 1-based line of a byte offset.
fn line_of(text: &[u8], offset: usize) -> usize {
    text.iter().take(offset).filter(|&&b| b == b'\n').count() + 1
}

/// Why a variable that is no key is an error; `None` if it is none.
fn unknown_variable(name: &str) -> Option<String> {
    let collapsed = |name: &str| name.replace("__", "_");
    let known = || KEYS.iter().map(|key| key.variable());
    let nearest = known().min_by_key(|variable| distance(name, variable))?;
    let meant = known().find(|variable| collapsed(variable) == collapsed(name)).or_else(|| {
        let edits = distance(name, &nearest);
        (edits <= 2 || name.contains("__") && edits <= 8).then_some(nearest)
    });
    match meant {
        Some(meant) => Some(format!("unknown variable: did you mean {meant}?")),
        None if name.contains("__") => Some("unknown variable: no key of the configuration has this name".into()),
        None => None,
    }
}

/// One TOML text on its way into the layers.
struct Layer<'t> {
    layers: &'t mut Layers,
    text: &'t str,
    path: Option<&'t Path>,
    /// By line.
    errors: Vec<(usize, ConfigError)>,
}

impl Layer<'_> {
    /// Parses the text and takes every value. The parser stops at its first error; a key given twice is taken out for
    /// another try, so that one such line does not hide the rest.
    fn parse(&mut self) {
        let mut text = self.text.to_owned();
        loop {
            let error = match Document::parse(text.as_str()) {
                Ok(document) => return self.table(document.as_table(), ""),
                Err(error) => error,
            };
            let span = error.span().unwrap_or(0..0);
            let line = line_of(text.as_bytes(), span.start);
            if error.message() != "duplicate key" {
                let message = format!("not TOML: {}", error.message().trim_end());
                return self.error(line, message);
            }
            let name = text.get(span.clone()).unwrap_or_default().trim();
            let start = text[..span.start].rfind('\n').map_or(0, |at| at + 1);
            let end = text[span.start..].find('\n').map_or(text.len(), |at| span.start + at);
            if text[start..end].trim_start().starts_with('[') {
                return self.error(line, format!("the table `{name}` is given twice: put its keys into one"));
            }
            self.error(line, format!("`{name}` is given twice: keep one"));
            // Only a line that is complete in itself can be taken out.
            if Document::parse(&text[start..end]).is_err() {
                return;
            }
            // Blanks, so that every offset stays.
            text.replace_range(start..end, &" ".repeat(end - start));
        }
    }

    fn table(&mut self, table: &dyn TableLike, prefix: &str) {
        for (name, item) in table.iter() {
            let path = if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") };
            let span = table.key(name).and_then(TomlKey::span).or_else(|| item.span());
            let line = line_of(self.text.as_bytes(), span.map_or(0, |span| span.start));
            // A quoted name with a dot in it is not the path of a key.
            if name.is_empty() || name.contains('.') {
                self.error(line, unknown(&path, false));
            } else {
                self.item(item, &path, line);
            }
        }
    }

    fn item(&mut self, item: &Item, path: &str, line: usize) {
        if let Some(section) = find_section(path) {
            let Some(inner) = item.as_table_like() else {
                let hint = if item.is_array_of_tables() { "one table, not a list of tables" } else { "a table" };
                return self.error(line, format!("`{path}` must be {hint}: write `[{path}]`"));
            };
            let origin = self.origin(line);
            self.layers.mention(section.path, &origin);
            return self.table(inner, path);
        }
        let Some(key) = find(path) else {
            return self.error(line, unknown(path, item.is_table() || item.is_array_of_tables()));
        };
        let base = self.path.and_then(Path::parent).unwrap_or(Path::new(""));
        let read = match item.as_value() {
            Some(toml) => key.kind.read_toml(toml, base),
            None => Err(format!("must be {}, not a table", key.kind.expected())),
        };
        match read {
            Ok(value) => {
                let origin = self.origin(line);
                self.layers.set(key.path, value, origin);
            }
            Err(message) => self.error(line, format!("`{path}` {message}")),
        }
    }

    fn origin(&self, line: usize) -> Origin {
        self.path.map_or(Origin::Default, |path| Origin::File(path.into(), line))
    }

    fn error(&mut self, line: usize, message: String) {
        let path = self.path.unwrap_or(Path::new("default.toml"));
        self.errors.push((line, ConfigError { place: format!("{}:{line}", path.display()), message }));
    }
}

/// The message for a key, or table, that nobody knows.
fn unknown(path: &str, is_table: bool) -> String {
    let what = if is_table { "table" } else { "key" };
    let shown = path.escape_debug();
    if find(path).is_some() {
        return format!("unknown {what} \"{shown}\": write it without quotes");
    }
    if let Some(meant) = nearest(path) {
        return format!("unknown {what} `{shown}`: did you mean `{meant}`?");
    }
    let table = path.rsplit_once('.').map_or("", |(table, _)| table);
    let names: Vec<String> =
        KEYS.iter().filter(|key| key.section() == table).map(|key| format!("`{}`", key.name())).collect();
    format!("unknown {what} `{shown}`: the keys here are {}", names.join(", "))
}
