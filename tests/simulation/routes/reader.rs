//! One partition that is read: what an inlet does around [`Prefix`].

use vcf_agent::delivery::prefix::{Committable, Prefix, Take, Token, same_log};

use super::log::{At, Broker, Message, PollError};

/// A partition that cannot be read so many times in a row is given up: the next generation of its topic is opened.
const UNREADABLE_MAX: u32 = 4;

/// See the module.
pub struct Reader {
    pub prefix: Prefix,
    /// The broker's life that this connection belongs to; 0 is none.
    epoch: u64,
    committed: Option<u64>,
    unreadable: u32,
}

/// What a poll brought.
pub struct Polled {
    pub messages: Vec<(Token, Message)>,
    pub known: u64,
    pub truncated: bool,
}

impl Reader {
    pub fn new(committed: Option<Committable>) -> Self {
        Self { prefix: Prefix::resume(committed), epoch: 0, committed: None, unreadable: 0 }
    }

    /// Polls; on a new connection the log is compared first. An error ends the connection.
    pub fn poll(&mut self, broker: &Broker, at: At, now_ms: u64) -> Result<Polled, PollError> {
        let polled = self.try_to_poll(broker, at, now_ms);
        match polled {
            Ok(_) => self.unreadable = 0,
            Err(PollError::Unreadable) => self.unreadable += 1,
            Err(PollError::Away) => {}
        }
        polled
    }

    /// Whether another generation is needed.
    pub fn is_given_up(&self) -> bool {
        self.unreadable >= UNREADABLE_MAX
    }

    fn try_to_poll(&mut self, broker: &Broker, at: At, now_ms: u64) -> Result<Polled, PollError> {
        let mut truncated = false;
        if self.epoch != broker.epoch {
            let connected = self.epoch != 0;
            self.epoch = 0;
            if connected {
                return Err(PollError::Away);
            }
            truncated = self.attach(broker, at, now_ms)?;
        }
        let read = broker.poll(at, self.prefix.position(), self.epoch, now_ms).inspect_err(|_| self.epoch = 0)?;
        let mut polled = Polled { messages: Vec::new(), known: 0, truncated };
        for (consumed, message) in read {
            match self.prefix.taken(consumed) {
                Take::New(token) => polled.messages.push((token, message)),
                Take::Known => polled.known += 1,
            }
        }
        Ok(polled)
    }

    fn attach(&mut self, broker: &Broker, at: At, now_ms: u64) -> Result<bool, PollError> {
        let last = self.prefix.last_read();
        let there = match last {
            Some(last) => broker.poll(at, Some(last.offset), broker.epoch, now_ms)?.first().map(|(there, _)| *there),
            None => None,
        };
        let truncated = !same_log(last, there);
        if truncated {
            self.prefix.truncated();
            self.committed = None;
        }
        self.epoch = broker.epoch;
        Ok(truncated)
    }

    /// What is to be told the broker, if it is news.
    pub fn new_commit(&mut self, broker: &Broker) -> Option<u64> {
        let next = self.prefix.committable()?.next;
        let is_news = self.epoch == broker.epoch && self.committed != Some(next);
        is_news.then(|| {
            self.committed = Some(next);
            next
        })
    }
}
