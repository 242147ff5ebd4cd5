//! The credits of a source, counted in bytes. No credit, no read: this alone bounds memory, mailboxes do not.

/// A source's credits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    capacity_bytes: u64,
    used_bytes: u64,
}

impl Window {
    /// A window of this capacity; at least one byte.
    pub fn new(capacity_bytes: u64) -> Self {
        Self { capacity_bytes: capacity_bytes.max(1), used_bytes: 0 }
    }

    /// Takes credit for something of this cost. Something larger than the whole window may pass, but only alone.
    pub fn take(&mut self, cost_bytes: u64) -> bool {
        let fits = self.used_bytes == 0 || self.used_bytes.saturating_add(cost_bytes) <= self.capacity_bytes;
        if fits {
            self.used_bytes += cost_bytes;
        }
        fits
    }

    /// Gives credit back. Panics if more comes back than was taken: that is a protocol error.
    pub fn give(&mut self, cost_bytes: u64) {
        self.used_bytes = self.used_bytes.checked_sub(cost_bytes).expect("credit returned twice");
    }

    /// A cost turned out to be another one. It may go beyond the capacity: then nothing more is taken until it is back under it.
    /// Panics if it was not taken: that is a protocol error.
    pub fn recost(&mut self, from_bytes: u64, to_bytes: u64) {
        self.give(from_bytes);
        self.used_bytes = self.used_bytes.saturating_add(to_bytes);
    }

    /// Credit in use (bytes).
    pub fn used_bytes(&self) -> u64 {
        self.used_bytes
    }

    /// Whether every credit is home.
    pub fn is_idle(&self) -> bool {
        self.used_bytes == 0
    }
}
