//! The pure protocol core: synchronous state machines with the clock and randomness passed in.
//!
//! No I/O, no threads, no actix. Actors drive these; the simulation in `tests/simulation` proves them.
//!
//! | file | decides |
//! |---|---|
//! | [`segment`] | segment numbers, blocks of 16, sets of segments |
//! | [`window`] | whether a source may read more: credits in bytes |
//! | [`receipt`] | what a receipt says, and that a dropped one says "lost" |
//! | [`source`] | which segments to send, skip or send again; when a source is done |
//! | [`sink`] | whether a segment is new, joined or already done; when a job may be certified |
//! | [`group`] | which segments are committed together, and when |
//! | [`job`] | the states of a job and the arrows between them |
//! | [`certificate`] | whether what the store holds is what the file says |
//! | [`poison`] | how often to try, and which record to blame |
//! | [`restart`] | how soon a stage restarts, and when to give up |
//! | [`breaker`] | whether new segments should start on a route (docs/failover.md) |
//! | [`routes`] | which route and partition comes next, and when to back off |
//! | [`sent`] | what was published and waits for its receipt, and what to publish again |
//! | [`prefix`] | how far a partition was read, how far that may be committed, and whether its log is still the same |

pub mod breaker;
pub mod certificate;
pub mod group;
pub mod job;
pub mod poison;
pub mod prefix;
pub mod receipt;
pub mod restart;
pub mod routes;
pub mod segment;
pub mod sent;
pub mod sink;
pub mod source;
pub mod window;

/// Wrong turns with a name. The simulation switches them on, one at a time, and must catch each; without the feature
/// `mutants` the check is the constant `false`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutant {
    /// A receipt that is dropped counts as delivered.
    DropIsDelivered,
    /// A segment handed over counts as done.
    AckIsDone,
    /// The same segment twice in one group is not noticed.
    NoInBatchDedup,
    /// The ledger is written although the store's file was never synced.
    SkipOneFsync,
    /// A job is certified by its counts alone.
    CertifyByCount,
    /// A consumer reads the preferred route only.
    ReadOnlyThePrimary,
    /// An offset is committed although a message before it is not resolved.
    CommitPastUnresolved,
    /// What brought nothing on a route is tried on this route again, and nowhere else.
    RetryTheSameRouteOnly,
}

/// Whether `mutant` is switched on in this thread.
#[cfg(not(feature = "mutants"))]
#[inline(always)]
pub fn mutant(_: Mutant) -> bool {
    false
}

#[cfg(feature = "mutants")]
pub use switch::{mutant, with_mutant};

#[cfg(feature = "mutants")]
mod switch {
    use super::Mutant;
    use std::cell::Cell;

    thread_local!(static ACTIVE: Cell<Option<Mutant>> = const { Cell::new(None) });

    /// Whether `mutant` is switched on in this thread.
    pub fn mutant(mutant: Mutant) -> bool {
        ACTIVE.get() == Some(mutant)
    }

    /// Runs `body` with one mutant switched on in this thread.
    pub fn with_mutant<T>(mutant: Option<Mutant>, body: impl FnOnce() -> T) -> T {
        struct Restore(Option<Mutant>);
        impl Drop for Restore {
            fn drop(&mut self) {
                ACTIVE.set(self.0);
            }
        }
        let _restore = Restore(ACTIVE.replace(mutant));
        body()
    }
}
