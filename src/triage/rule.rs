//! The triage that a job was accepted with: none, or the configured one as it was then.

use super::{Selector, Triage};
use crate::fault::Fault;
use crate::vcf::header::Header;

/// What decides about a job's rows.
#[derive(Debug, Clone, PartialEq)]
pub enum Rule {
    /// Nobody asked for anything: every row is dropped under `not_asked`.
    NotAsked,
    /// This.
    Triage(Box<Triage>),
}

impl Rule {
    /// The text that the ledger keeps for `configured`; empty for none.
    pub fn text(configured: Option<&Triage>) -> String {
        configured.map(Triage::canonical).unwrap_or_default()
    }

    /// The rule behind a text of [`Rule::text`].
    ///
    /// # Errors
    /// `Permanent` if this binary cannot read it.
    pub fn from_text(text: &str) -> Result<Self, Fault> {
        if text.is_empty() {
            return Ok(Self::NotAsked);
        }
        let triage = Triage::from_canonical(text);
        triage.map(|triage| Self::Triage(Box::new(triage))).ok_or_else(|| {
            Fault::permanent("the ledger holds a triage that this version cannot read: finish the job with the version that began it")
        })
    }

    /// What decides about the rows of a file of this header.
    pub fn for_file(&self, header: &Header) -> Selector {
        match self {
            Self::NotAsked => Selector::not_asked(),
            Self::Triage(triage) => Selector::new(triage, header),
        }
    }
}
