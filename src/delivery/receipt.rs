//! What travels back: "segment S of job J is committed". Move-only; dropped without a verdict it says "lost", so that
//! a panic, a restart or a forgotten branch anywhere on the way turns into redelivery, never into silence.

use std::fmt;

use super::{Mutant, mutant};

/// What became of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Durable in the sink (now, or already before).
    Committed,
    /// Nobody has it any more: send it again.
    Lost,
}

/// The way back: called exactly once.
pub type Back<K> = Box<dyn FnOnce(K, Verdict) + Send>;

/// A receipt that still has to be answered.
pub struct Receipt<K> {
    answer: Option<(K, Back<K>)>,
}

impl<K> Receipt<K> {
    /// A receipt for `key`; `back` hears the verdict.
    pub fn new(key: K, back: impl FnOnce(K, Verdict) + Send + 'static) -> Self {
        Self { answer: Some((key, Box::new(back))) }
    }

    /// What it is for.
    pub fn key(&self) -> &K {
        &self.answer.as_ref().expect("answered only by value").0
    }

    /// The segment is durable.
    pub fn committed(mut self) {
        self.say(Verdict::Committed);
    }

    fn say(&mut self, verdict: Verdict) {
        if let Some((key, back)) = self.answer.take() {
            back(key, verdict);
        }
    }
}

impl<K> Drop for Receipt<K> {
    fn drop(&mut self) {
        self.say(if mutant(Mutant::DropIsDelivered) { Verdict::Committed } else { Verdict::Lost });
    }
}

impl<K: fmt::Debug> fmt::Debug for Receipt<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Receipt").field(&self.answer.as_ref().map(|(key, _)| key)).finish()
    }
}
