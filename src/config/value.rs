//! One value: read from TOML or from text, checked against its kind, printed as TOML.

use std::ffi::OsStr;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use toml_edit::Value as Toml;

use super::keys::Kind;

/// Names in one list, at most.
const NAMES_MAX: usize = 1024;

/// A checked value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Of [`Kind::Path`].
    Path(PathBuf),
    /// Of [`Kind::Word`] and [`Kind::Text`].
    Word(String),
    /// Of [`Kind::Integer`].
    Integer(u64),
    /// Of [`Kind::Bytes`].
    Bytes(u64),
    /// Of [`Kind::Number`].
    Number(f64),
    /// Of the kinds that are lists.
    Names(Vec<String>),
}

impl Kind {
    /// What is expected, as the end of "must be …".
    pub fn expected(&self) -> String {
        match self {
            Self::Path => "a path".into(),
            Self::Word(words) => words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(" or "),
            Self::Integer { min, max } => format!("an integer from {min} to {max}"),
            Self::Bytes { min, max } => {
                format!("a size from {} to {} (bytes, or text such as \"16 MiB\")", size(*min), size(*max))
            }
            Self::Number { min, max } => format!("a number from {min} to {max}"),
            Self::Filters => "a list of FILTER entries such as [\"PASS\", \".\"]".into(),
            Self::InfoKeys => "a list of INFO keys such as [\"gnomADg_AF\"]".into(),
            Self::Text(what) => (*what).into(),
            Self::Words(words) | Self::Subset(words) => {
                let words: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
                format!("a list of {}", words.join(", "))
            }
            Self::Names(what) => format!("a list of {what}"),
        }
    }

    /// Checks a TOML value; a relative path is joined to `base`.
    ///
    /// # Errors
    /// The end of a sentence that begins with the key: `must be …, not …`.
    pub fn read_toml(&self, toml: &Toml, base: &Path) -> Result<Value, String> {
        let value = match (self, toml) {
            (Self::Path, Toml::String(text)) if !text.value().is_empty() => Some(Value::Path(base.join(text.value()))),
            (Self::Word(_) | Self::Text(_), Toml::String(text)) => self.word(text.value()),
            // A word that is a number may be written as one.
            (Self::Word(_), Toml::Integer(n)) => self.word(&n.value().to_string()),
            (Self::Integer { .. } | Self::Bytes { .. }, Toml::Integer(n)) => {
                u64::try_from(*n.value()).ok().and_then(|n| self.whole(n))
            }
            (Self::Bytes { .. }, Toml::String(text)) => bytes(text.value()).and_then(|n| self.whole(n)),
            (Self::Number { .. }, Toml::Float(n)) => self.number(*n.value()),
            (Self::Number { .. }, Toml::Integer(n)) => self.number(*n.value() as f64),
            (Self::Filters | Self::InfoKeys | Self::Words(_) | Self::Subset(_) | Self::Names(_), Toml::Array(list)) => {
                let names: Option<Vec<&str>> = list.iter().map(Toml::as_str).collect();
                return self.names(&names.ok_or_else(|| self.refuse("a list with something else in it"))?);
            }
            _ => None,
        };
        value.ok_or_else(|| self.refuse(&found(toml)))
    }

    /// Checks the text of an environment variable; lists are separated by commas.
    ///
    /// # Errors
    /// As [`Kind::read_toml`].
    pub fn read_text(&self, text: &OsStr) -> Result<Value, String> {
        if matches!(self, Self::Path) {
            return Ok(Value::Path(text.into()));
        }
        let text = text.to_str().ok_or_else(|| self.refuse("text that is not UTF-8"))?.trim();
        let value = match self {
            Self::Filters | Self::InfoKeys | Self::Words(_) | Self::Subset(_) | Self::Names(_) => {
                return self.names(&text.split(',').map(str::trim).collect::<Vec<_>>());
            }
            Self::Path => None,
            Self::Word(_) | Self::Text(_) => self.word(text),
            Self::Integer { .. } => text.parse().ok().and_then(|n| self.whole(n)),
            Self::Bytes { .. } => bytes(text).and_then(|n| self.whole(n)),
            Self::Number { .. } => text.parse().ok().and_then(|n| self.number(n)),
        };
        value.ok_or_else(|| self.refuse(&quoted(text)))
    }

    fn refuse(&self, found: &str) -> String {
        format!("must be {}, not {found}", self.expected())
    }

    fn word(&self, word: &str) -> Option<Value> {
        let is_sound = match self {
            Self::Word(words) => words.contains(&word),
            _ => !word.trim().is_empty(),
        };
        is_sound.then(|| Value::Word(word.to_owned()))
    }

    fn whole(&self, n: u64) -> Option<Value> {
        match self {
            Self::Integer { min, max } => (*min..=*max).contains(&n).then_some(Value::Integer(n)),
            Self::Bytes { min, max } => (*min..=*max).contains(&n).then_some(Value::Bytes(n)),
            _ => None,
        }
    }

    fn number(&self, n: f64) -> Option<Value> {
        matches!(self, Self::Number { min, max } if (*min..=*max).contains(&n)).then_some(Value::Number(n))
    }

    fn names(&self, names: &[&str]) -> Result<Value, String> {
        if matches!(self, Self::Subset(_)) && (names.is_empty() || names == [""]) {
            return Ok(Value::Names(Vec::new()));
        }
        if names.is_empty() || names == [""] {
            return Err(self.refuse("an empty list, which would drop everything"));
        }
        if names.len() > NAMES_MAX {
            return Err(format!("has {} entries, at most {NAMES_MAX} are allowed", names.len()));
        }
        if let Self::Words(words) | Self::Subset(words) = self
            && let Some(unknown) = names.iter().find(|name| !words.contains(name))
        {
            return Err(self.refuse(&format!("one with {}", quoted(unknown))));
        }
        let forbidden: &[char] = if *self == Self::InfoKeys { &[';', '=', ','] } else { &[';', ','] };
        for (i, name) in names.iter().enumerate() {
            if *self == Self::InfoKeys
                && let Some(key) = name.strip_prefix("INFO/")
            {
                return Err(format!(
                    "names keys of INFO without a prefix: write {} instead of {}",
                    quoted(key),
                    quoted(name)
                ));
            }
            if name.is_empty() || name.contains(forbidden) || name.contains(char::is_whitespace) {
                let entry = match self {
                    Self::InfoKeys => "an INFO key",
                    Self::Filters => "one FILTER entry",
                    _ => "a name",
                };
                return Err(format!("holds {}, which cannot be {entry}", quoted(name)));
            }
            if names[..i].contains(name) {
                return Err(format!("holds {} twice", quoted(name)));
            }
        }
        Ok(Value::Names(names.iter().map(ToString::to_string).collect()))
    }
}

impl Value {
    /// The value as TOML; a path absolute, so that the text may be kept anywhere.
    pub fn toml(&self) -> String {
        match self {
            Self::Path(path) => {
                let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
                toml_string(&path.to_string_lossy())
            }
            Self::Word(word) => toml_string(word),
            Self::Integer(n) => n.to_string(),
            Self::Bytes(n) => match size(*n) {
                text if text.contains(' ') => toml_string(&text),
                plain => plain,
            },
            Self::Number(n) => format!("{n:?}"),
            Self::Names(names) => {
                let names: Vec<String> = names.iter().map(|name| toml_string(name)).collect();
                format!("[{}]", names.join(", "))
            }
        }
    }
}

const UNITS: [(&str, u64); 9] = [
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("TB", 1_000_000_000_000),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1_000),
    ("B", 1),
];

/// Bytes of a text such as `16 MiB`, `500 kB` or `4096`.
fn bytes(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.bytes().take_while(|b| b.is_ascii_digit() || *b == b'_').count();
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.replace('_', "").parse().ok()?;
    let unit = unit.trim_start();
    let factor = if unit.is_empty() { 1 } else { UNITS.iter().find(|(name, _)| *name == unit)?.1 };
    number.checked_mul(factor)
}

/// Bytes in the largest binary unit that divides them, else as a plain number.
pub fn size(bytes: u64) -> String {
    match UNITS[..4].iter().find(|(_, factor)| bytes > 0 && bytes.is_multiple_of(*factor)) {
        Some((unit, factor)) => format!("{} {unit}", bytes / factor),
        None => bytes.to_string(),
    }
}

/// What was found instead, in a few words.
pub fn found(toml: &Toml) -> String {
    match toml {
        Toml::String(text) => quoted(text.value()),
        Toml::Integer(n) => n.value().to_string(),
        Toml::Float(n) => format!("{:?}", n.value()),
        Toml::Boolean(b) => b.value().to_string(),
        Toml::Datetime(_) => "a date".into(),
        Toml::Array(_) => "a list".into(),
        Toml::InlineTable(_) => "a table".into(),
    }
}

/// At most 40 characters of a text, in quotes.
pub fn quoted(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((cut, _)) => format!("{:?}…", &text[..cut]),
        None => format!("{text:?}"),
    }
}

/// A TOML basic string.
fn toml_string(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => {
                let _ = write!(quoted, "\\u{:04X}", c as u32);
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sizes_are_read_with_and_without_units() {
        let cases = [
            ("4096", Some(4096)),
            ("16 MiB", Some(16 << 20)),
            ("16MiB", Some(16 << 20)),
            (" 500 kB ", Some(500_000)),
            ("1_000 B", Some(1000)),
            ("16 M", None),
            ("16 mib", None),
            ("1.5 GiB", None),
            ("-1", None),
            ("", None),
            ("MiB", None),
            ("99999999999 TiB", None),
        ];
        for (text, expected) in cases {
            assert_eq!(bytes(text), expected, "{text}");
        }
    }

    #[test]
    fn sizes_are_printed_in_the_largest_unit_that_fits() {
        for (n, text) in
            [(0, "0"), (1, "1"), (1536, "1536"), (2048, "2 KiB"), (1 << 20, "1 MiB"), (200 << 30, "200 GiB")]
        {
            assert_eq!(size(n), text);
        }
    }

    proptest! {
        #[test]
        fn a_printed_size_reads_back(n in any::<u64>()) {
            prop_assert_eq!(bytes(&size(n)), Some(n));
        }

        #[test]
        fn a_printed_text_reads_back(text in any::<String>()) {
            let toml = toml_string(&text).parse::<Toml>().unwrap();
            prop_assert_eq!(toml.as_str(), Some(text.as_str()));
        }
    }
}
