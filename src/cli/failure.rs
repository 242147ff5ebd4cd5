//! Why a command ended without doing its work: one `error:` line per problem, one `hint:`, one exit code.

use std::io::Write;

use serde::Serialize;

use super::render::{json_line, text};
use crate::config::ConfigError;
use crate::fault::{Fault, Kind};
use crate::vcf::{ReadError, ReadErrorKind};

/// A case of a triage failed.
pub const CASE_FAILED: u8 = 1;
/// The command line was wrong, or names something that is not there.
pub const USAGE: u8 = 64;
/// The input cannot be read as VCF.
pub const INPUT: u8 = 65;
/// The program itself failed.
pub const INTERNAL: u8 = 70;
/// Reading or writing failed.
pub const IO: u8 = 74;
/// Busy or interrupted: the same command again goes on.
pub const AGAIN: u8 = 75;
/// The configuration is wrong.
pub const CONFIG: u8 = 78;
/// The store does not hold what the receipt says.
pub const NO_PROOF: u8 = 4;

/// Problems that end a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// The exit code.
    pub code: u8,
    /// What is wrong, one entry per problem, at least one.
    pub errors: Vec<Problem>,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// One problem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// `file:line`, a variable or a flag, where one is to blame.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// What is wrong.
    pub message: String,
}

impl Failure {
    /// One problem with an exit code of its own.
    pub fn new(code: u8, message: impl Into<String>) -> Self {
        Self { code, errors: vec![Problem { place: None, message: message.into() }], hint: None }
    }

    /// With what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Writing to `what` failed.
    pub fn writing(what: &str, error: &std::io::Error) -> Self {
        Self::new(IO, format!("cannot write to {what}: {error}"))
    }

    /// Prints to standard error: lines for people, or one JSON object.
    pub fn print(&self, json: bool) {
        let mut lines = String::new();
        if json {
            lines.push_str(&json_line(&serde_json::json!({ "error": self })));
        } else {
            for Problem { place, message } in &self.errors {
                let place = place.as_ref().map(|place| format!("{}: ", text(place))).unwrap_or_default();
                lines.push_str(&format!("error: {place}{}\n", text(message)));
            }
            self.hint.iter().for_each(|hint| lines.push_str(&format!("hint: {}\n", text(hint))));
        }
        // Nobody is left to tell when standard error itself is gone.
        let _ = std::io::stderr().lock().write_all(lines.as_bytes());
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::new(if fault.kind == Kind::Permanent { CONFIG } else { IO }, fault.what)
    }
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        Self::new(if error.kind == ReadErrorKind::Io { IO } else { INPUT }, error.to_string())
    }
}

impl From<Vec<ConfigError>> for Failure {
    fn from(errors: Vec<ConfigError>) -> Self {
        let errors = errors.into_iter().map(|e| Problem { place: Some(e.place), message: e.message }).collect();
        Self { code: CONFIG, errors, hint: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_that_no_repetition_helps_is_a_matter_of_configuration() {
        assert_eq!(Failure::from(Fault::permanent("newer schema")).code, 78);
        assert_eq!(Failure::from(Fault::unavailable("disk full")).code, 74);
    }

    #[test]
    fn every_error_of_a_configuration_is_kept() {
        let error = |line: u32| ConfigError { place: format!("a.toml:{line}"), message: "no such key".into() };
        let failure = Failure::from(vec![error(1), error(9)]);
        assert_eq!((failure.code, failure.errors.len()), (78, 2));
        let json = serde_json::to_value(&failure).unwrap();
        assert_eq!(json["errors"][1]["place"], "a.toml:9");
    }
}
