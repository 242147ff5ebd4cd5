//! How far a partition has been read, and how far that may be committed: the contiguous prefix of what is resolved, per partition and
//! per incarnation of its log. A committed offset never passes a message whose effect is not durable.
//!
//! A log that lost its end reuses the offsets. It is another **incarnation** then, found out by comparing the last message that was
//! consumed with what lies there now ([`same_log`]); a verdict about a former incarnation changes nothing.

use std::collections::BTreeMap;

use super::{Mutant, mutant};

/// A message as it was read: its place and what it said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Consumed {
    /// Its offset.
    pub offset: u64,
    /// Digest of its bytes.
    pub digest: u128,
}

/// A message that was taken, to be named when its fate is known. Not to be kept beyond the life of its [`Prefix`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Token {
    incarnation: u64,
    offset: u64,
}

impl Token {
    /// The offset of the message.
    pub fn offset(self) -> u64 {
        self.offset
    }
}

/// What to do with a message that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Take {
    /// Handle it; say later what became of it.
    New(Token),
    /// It is being handled or is resolved: it was only read again.
    Known,
}

/// What may be committed, and kept to compare the log with at the next start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Committable {
    /// The next offset to read: everything before it is resolved.
    pub next: u64,
    /// The last message before it.
    pub last: Consumed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    InFlight,
    Done,
    Lost,
}

/// See the module.
#[derive(Debug, Clone, Default)]
pub struct Prefix {
    incarnation: u64,
    /// Resolved, and everything before it too.
    settled: Option<Committable>,
    /// Taken and not settled, by offset.
    open: BTreeMap<u64, (u128, Fate)>,
    /// The next offset to read; `None` is the earliest that there is.
    position: Option<u64>,
    last_read: Option<Consumed>,
}

impl Prefix {
    /// Goes on after what was committed; `None` begins with the earliest message. Compare the log first ([`same_log`]).
    pub fn resume(committed: Option<Committable>) -> Self {
        Self {
            settled: committed,
            position: committed.map(|committed| committed.next),
            last_read: committed.map(|committed| committed.last),
            ..Self::default()
        }
    }

    /// A message was read. Messages are read in the order of their offsets, which may have gaps.
    pub fn taken(&mut self, message: Consumed) -> Take {
        let Consumed { offset, digest } = message;
        self.position = Some(offset.saturating_add(1));
        if self.last_read.is_none_or(|last| last.offset < offset) {
            self.last_read = Some(message);
        }
        if self.settled.is_some_and(|settled| offset < settled.next) {
            return Take::Known;
        }
        match self.open.get_mut(&offset) {
            Some((_, Fate::InFlight | Fate::Done)) => Take::Known,
            Some((_, fate)) => {
                *fate = Fate::InFlight;
                Take::New(self.token(offset))
            }
            None => {
                self.open.insert(offset, (digest, Fate::InFlight));
                Take::New(self.token(offset))
            }
        }
    }

    fn token(&self, offset: u64) -> Token {
        Token { incarnation: self.incarnation, offset }
    }

    /// The effect of a message is durable, or it has none.
    pub fn done(&mut self, token: Token) {
        if token.incarnation != self.incarnation {
            return;
        }
        if let Some((_, fate)) = self.open.get_mut(&token.offset) {
            *fate = Fate::Done;
        }
        let past = |open: &BTreeMap<u64, (u128, Fate)>| open.values().any(|(_, fate)| *fate == Fate::Done);
        while let Some(first) = self.open.first_entry() {
            let offset = *first.key();
            let (digest, fate) = *first.get();
            if fate != Fate::Done && !(mutant(Mutant::CommitPastUnresolved) && past(&self.open)) {
                break;
            }
            self.open.remove(&offset);
            self.settled = Some(Committable { next: offset.saturating_add(1), last: Consumed { offset, digest } });
        }
    }

    /// A message was lost on the way: its receipt was dropped. Reading goes back to it, unless it is further back already; what comes
    /// after it and is known stays known.
    pub fn lost(&mut self, token: Token) {
        if token.incarnation != self.incarnation {
            return;
        }
        if let Some((_, fate)) = self.open.get_mut(&token.offset)
            && *fate == Fate::InFlight
        {
            *fate = Fate::Lost;
            self.position = self.position.map(|position| position.min(token.offset));
        }
    }

    /// The log is not the one that was read: it lost its end, or is another one of the same name. Everything about it is forgotten, and
    /// reading begins with the earliest message. What was committed at the broker is void: commit `0` there, before anything else.
    pub fn truncated(&mut self) {
        *self = Self { incarnation: self.incarnation + 1, ..Self::default() };
    }

    /// As [`Prefix::truncated`], but reading goes on with `next`: for a queue, whose missing tasks are issued again.
    pub fn truncated_to(&mut self, next: u64) {
        self.truncated();
        self.position = Some(next);
    }

    /// The next offset to read; `None` is the earliest.
    pub fn position(&self) -> Option<u64> {
        self.position
    }

    /// The last message that was read, to compare the log with on every new connection.
    pub fn last_read(&self) -> Option<Consumed> {
        self.last_read
    }

    /// What may be committed; `None` until something of this incarnation is resolved.
    pub fn committable(&self) -> Option<Committable> {
        self.settled
    }

    /// Messages that are remembered: those not resolved, and those resolved behind one that is not. Stop polling when they are too many.
    pub fn held(&self) -> usize {
        self.open.len()
    }

    /// Messages that were taken and are not resolved.
    pub fn unresolved(&self) -> usize {
        self.open.values().filter(|(_, fate)| *fate != Fate::Done).count()
    }
}

/// Whether the log is the one that was read: `there` is what reading at the offset of the last consumed message brings now, `None` if
/// nothing. Anything but the same message at the same offset is another log, even if it only means that the message has expired:
/// reading too much again is absorbed, reading too little is not. If the log could not be read there is nothing to compare.
pub fn same_log(last: Option<Consumed>, there: Option<Consumed>) -> bool {
    last.is_none_or(|last| there == Some(last))
}
