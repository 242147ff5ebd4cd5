//! The states of a job and the only arrows between them.
//!
//! `OPEN ⇄ STALLED → PUBLISHING → COMPLETE → REPLACED | DELETED` · `OPEN | STALLED → FAILED | CANCELLED → DELETED`

use std::fmt;

/// The state of a job in the sink ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum JobState {
    /// Segments may come.
    Open,
    /// No route, no disk: waiting, never failed for it.
    Stalled,
    /// The certificate holds; the rows are being made visible. Cannot be cancelled; a restart finishes it.
    Publishing,
    /// Every row visible, certificate stored.
    Complete,
    /// Ended with an error; no row was ever visible.
    Failed,
    /// Ended on request; no row was ever visible.
    Cancelled,
    /// A newer layout of the same file took its place.
    Replaced,
    /// Gone; only the tombstone is left.
    Deleted,
}

impl JobState {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Open,
        Self::Stalled,
        Self::Publishing,
        Self::Complete,
        Self::Failed,
        Self::Cancelled,
        Self::Replaced,
        Self::Deleted,
    ];

    /// Whether there is an arrow from this state to `next`.
    pub fn can_become(self, next: Self) -> bool {
        use JobState::{Cancelled, Complete, Deleted, Failed, Open, Publishing, Replaced, Stalled};
        matches!(
            (self, next),
            (Open, Stalled | Publishing | Failed | Cancelled)
                | (Stalled, Open | Publishing | Failed | Cancelled)
                | (Publishing, Complete)
                | (Complete, Replaced | Deleted)
                | (Failed | Cancelled, Deleted)
        )
    }

    /// Whether the job still has work to do.
    pub fn is_running(self) -> bool {
        matches!(self, Self::Open | Self::Stalled | Self::Publishing)
    }

    /// The name in receipts and in the ledger.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "OPEN",
            Self::Stalled => "STALLED",
            Self::Publishing => "PUBLISHING",
            Self::Complete => "COMPLETE",
            Self::Failed => "FAILED",
            Self::Cancelled => "CANCELLED",
            Self::Replaced => "REPLACED",
            Self::Deleted => "DELETED",
        }
    }

    /// The state of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

impl fmt::Display for JobState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
