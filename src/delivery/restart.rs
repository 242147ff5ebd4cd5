//! The restart budget of a stage: backoff with jitter, and when to give up.

use std::collections::VecDeque;

/// How a stage may restart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RestartPolicy {
    /// Restarts allowed inside the window.
    pub restarts_max: u32,
    /// Length of the window; restarts older than it are forgiven.
    pub window_ms: u64,
    /// Wait before the first restart; doubles with each restart in the window.
    pub backoff_min_ms: u64,
    /// Longest wait.
    pub backoff_max_ms: u64,
}

impl Default for RestartPolicy {
    fn default() -> Self {
        Self { restarts_max: 5, window_ms: 60_000, backoff_min_ms: 50, backoff_max_ms: 5_000 }
    }
}

/// The restarts of one stage.
#[derive(Debug, Clone)]
pub struct RestartBudget {
    policy: RestartPolicy,
    recent_ms: VecDeque<u64>,
}

impl RestartBudget {
    /// A full budget.
    pub fn new(policy: RestartPolicy) -> Self {
        Self { policy, recent_ms: VecDeque::new() }
    }

    /// The stage died at `now_ms`. Returns how long to wait before it lives again, or `None` when the budget is
    /// spent. `jitter` is a random number in 0..1: the wait is between half and all of the backoff.
    pub fn died(&mut self, now_ms: u64, jitter: f64) -> Option<u64> {
        while self.recent_ms.front().is_some_and(|&then| now_ms.saturating_sub(then) > self.policy.window_ms) {
            self.recent_ms.pop_front();
        }
        if self.recent_ms.len() >= self.policy.restarts_max as usize {
            return None;
        }
        let doublings = (self.recent_ms.len() as u32).min(32);
        let backoff = self.policy.backoff_min_ms.saturating_mul(1 << doublings).min(self.policy.backoff_max_ms);
        self.recent_ms.push_back(now_ms);
        Some(backoff / 2 + (backoff as f64 / 2.0 * jitter.clamp(0.0, 1.0)) as u64)
    }
}
