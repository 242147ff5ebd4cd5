//! The one error that plugins (stores, transports, providers) and the ledger return.
//!
//! A fault says what to do next: the decision is data in the error, never a match on its text.

use std::fmt;

/// What the caller should do about a [`Fault`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Try the same thing again soon: nothing is known to be wrong.
    Transient,
    /// Try again later and slower: the other side asked for it.
    Overloaded,
    /// The resource is gone for now (disk full, server down): stop using it, keep the work, tell people.
    Unavailable,
    /// Trying again cannot help: the input, the configuration or the code is wrong.
    Permanent,
}

/// An error of a plugin or of the ledger: what failed, on what, and what to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What to do next.
    pub kind: Kind,
    /// What failed and on what, as a sentence for people.
    pub what: String,
}

impl Fault {
    /// The same call may work if it is simply made again.
    pub fn transient(what: impl Into<String>) -> Self {
        Self { kind: Kind::Transient, what: what.into() }
    }

    /// The same call may work later, at a lower rate.
    pub fn overloaded(what: impl Into<String>) -> Self {
        Self { kind: Kind::Overloaded, what: what.into() }
    }

    /// The resource is missing until somebody does something about it.
    pub fn unavailable(what: impl Into<String>) -> Self {
        Self { kind: Kind::Unavailable, what: what.into() }
    }

    /// No repetition helps.
    pub fn permanent(what: impl Into<String>) -> Self {
        Self { kind: Kind::Permanent, what: what.into() }
    }

    /// Classifies an operating-system error met while doing `what`.
    ///
    /// A full disk or quota is [`Kind::Unavailable`]; an interrupted call is [`Kind::Transient`];
    /// everything else is [`Kind::Unavailable`], because storage that fails is not to be trusted.
    pub fn io(what: impl fmt::Display, error: &std::io::Error) -> Self {
        use std::io::ErrorKind;
        let kind = match error.kind() {
            ErrorKind::Interrupted | ErrorKind::WouldBlock | ErrorKind::TimedOut => Kind::Transient,
            _ => Kind::Unavailable,
        };
        Self { kind, what: format!("{what}: {error}") }
    }

    /// The same fault, said from one step further out.
    #[must_use]
    pub fn context(mut self, what: impl fmt::Display) -> Self {
        self.what = format!("{what}: {}", self.what);
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Fault {}
