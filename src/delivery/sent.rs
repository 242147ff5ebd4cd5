//! What a source has published and waits for. A confirmed publication is a hint; only a receipt ends the waiting. The window of the
//! source bounds what is held here: a segment enters with credit and leaves when the credit comes home.

use std::collections::BTreeMap;

use super::routes::{RouteId, Target, Tries};
use super::segment::Segment;

/// How long a receipt may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SentPolicy {
    /// A receipt is overdue after this long. It doubles with each publication of the segment that brought none, so that a home that
    /// is slow is not buried in copies,
    pub patience_ms: u64,
    /// up to this.
    pub patience_max_ms: u64,
}

impl Default for SentPolicy {
    fn default() -> Self {
        Self { patience_ms: 5_000, patience_max_ms: 60_000 }
    }
}

/// A partition of a topic, of one generation of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Route and partition.
    pub target: Target,
    /// Generation of the topic.
    pub generation: u32,
}

/// A publication whose receipt is overdue. Ordered by place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Late {
    /// Where it went.
    pub place: Place,
    /// What it was.
    pub segment: Segment,
    /// Which publication of it.
    pub attempt: u32,
    /// When it was confirmed (ms).
    pub at_ms: u64,
    /// What it costs to publish it again.
    pub bytes: u64,
}

/// What a receipt brings back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Returned {
    /// Credit of the segment.
    pub bytes: u64,
    /// The place that is proven to work: where the copy went that the receipt names, if that is the last one.
    pub place: Option<Place>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// To be published, for the first time or again.
    Waits,
    /// On its way to a broker, which has not answered.
    Publishing(Place),
    /// Confirmed.
    Sent(Place, u64),
}

#[derive(Debug, Clone)]
struct Entry {
    bytes: u64,
    /// Publications so far; the last one has this number.
    attempt: u32,
    /// Of these, confirmed and then in vain.
    overdue: u32,
    tries: Tries,
    stage: Stage,
}

/// See the module.
#[derive(Debug, Clone)]
pub struct Sent {
    policy: SentPolicy,
    entries: BTreeMap<Segment, Entry>,
}

impl Sent {
    /// Nothing yet.
    pub fn new(policy: SentPolicy) -> Self {
        Self { policy, entries: BTreeMap::new() }
    }

    /// A segment has credit and is to be published; false if it is held already.
    pub fn hold(&mut self, segment: Segment, bytes: u64) -> bool {
        let is_new = !self.entries.contains_key(&segment);
        if is_new {
            let entry = Entry { bytes, attempt: 0, overdue: 0, tries: Tries::default(), stage: Stage::Waits };
            self.entries.insert(segment, entry);
        }
        is_new
    }

    /// A segment that waits is published now: the number of this publication (1 is the first), which travels with it and comes back in
    /// its receipt. `None` if it does not wait: its receipt came meanwhile, or it is under way.
    pub fn publish(&mut self, segment: Segment, place: Place) -> Option<u32> {
        let entry = self.entries.get_mut(&segment).filter(|entry| entry.stage == Stage::Waits)?;
        entry.attempt = entry.attempt.saturating_add(1);
        entry.stage = Stage::Publishing(place);
        Some(entry.attempt)
    }

    /// The publication was confirmed at `now_ms`. About an earlier one, or one whose receipt came first, it changes nothing.
    pub fn confirmed(&mut self, segment: Segment, attempt: u32, now_ms: u64) {
        if let Some((entry, place)) = self.publishing(segment, attempt) {
            entry.tries.confirmed();
            entry.stage = Stage::Sent(place, now_ms);
        }
    }

    /// Nobody knows what became of the publication, or it was refused for now: the segment waits again. False if that is old news.
    pub fn in_vain(&mut self, segment: Segment, attempt: u32) -> bool {
        let Some((entry, place)) = self.publishing(segment, attempt) else {
            return false;
        };
        entry.tries.in_vain(place.target.route);
        entry.stage = Stage::Waits;
        true
    }

    fn publishing(&mut self, segment: Segment, attempt: u32) -> Option<(&mut Entry, Place)> {
        let entry = self.entries.get_mut(&segment).filter(|entry| entry.attempt == attempt)?;
        match entry.stage {
            Stage::Publishing(place) => Some((entry, place)),
            Stage::Waits | Stage::Sent(..) => None,
        }
    }

    /// An attempt found no route, and the caller waits as it was told.
    pub fn backs_off(&mut self, segment: Segment) {
        if let Some(entry) = self.entries.get_mut(&segment) {
            entry.tries.waits();
        }
    }

    /// What was tried in vain for a segment; `None` if it is not held.
    pub fn tries(&self, segment: Segment) -> Option<&Tries> {
        self.entries.get(&segment).map(|entry| &entry.tries)
    }

    /// Takes what is overdue, by place: each of them waits again, and is listed once. While the home is not known to be alive
    /// nothing is: what it has not read it will read, and copies would only add to that. `home_since_ms` is when it was found
    /// alive ([`Pulse::alive_since_ms`]); it gets the full patience from then.
    pub fn overdue(&mut self, now_ms: u64, home_since_ms: Option<u64>) -> Vec<Late> {
        let Some(home_since_ms) = home_since_ms else {
            return Vec::new();
        };
        let mut late = Vec::new();
        for (&segment, entry) in &mut self.entries {
            let Stage::Sent(place, at_ms) = &mut entry.stage else {
                continue;
            };
            // A clock that was set back: the waiting begins anew.
            *at_ms = (*at_ms).min(now_ms);
            let (place, at_ms) = (*place, *at_ms);
            let patience_ms = patience_ms(&self.policy, entry.overdue);
            if now_ms.saturating_sub(at_ms.max(home_since_ms)) > patience_ms {
                entry.stage = Stage::Waits;
                entry.overdue = entry.overdue.saturating_add(1);
                entry.tries.in_vain(place.target.route);
                late.push(Late { place, segment, attempt: entry.attempt, at_ms, bytes: entry.bytes });
            }
        }
        late.sort_unstable();
        late
    }

    /// The home has another id: whatever it had confirmed it may not have. Everything that was sent waits again.
    pub fn home_changed(&mut self) {
        for entry in self.entries.values_mut() {
            if let Stage::Sent(..) = entry.stage {
                entry.stage = Stage::Waits;
            }
        }
    }

    /// A receipt came, for this publication of the segment; `None` if the segment is not held: it came before.
    pub fn receipt(&mut self, segment: Segment, attempt: u32) -> Option<Returned> {
        let entry = self.entries.remove(&segment)?;
        let place = match entry.stage {
            Stage::Publishing(place) | Stage::Sent(place, _) if entry.attempt == attempt => Some(place),
            _ => None,
        };
        Some(Returned { bytes: entry.bytes, place })
    }

    /// The job ended otherwise: nothing of it is waited for. The bytes of credit that come home.
    pub fn clear(&mut self) -> u64 {
        let bytes = self.bytes();
        self.entries.clear();
        bytes
    }

    /// Segments that are to be published, ascending.
    pub fn waiting(&self) -> impl Iterator<Item = Segment> + '_ {
        self.entries.iter().filter(|(_, entry)| entry.stage == Stage::Waits).map(|(&segment, _)| segment)
    }

    /// Segments that were confirmed and have no receipt, with their publication and its place; ascending.
    pub fn sent(&self) -> impl Iterator<Item = (Segment, u32, Place)> + '_ {
        self.entries.iter().filter_map(|(&segment, entry)| match entry.stage {
            Stage::Sent(place, _) => Some((segment, entry.attempt, place)),
            _ => None,
        })
    }

    /// Segments held.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether none is held.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Bytes held: what the window gave.
    pub fn bytes(&self) -> u64 {
        self.entries.values().map(|entry| entry.bytes).sum()
    }

    /// Segments that were confirmed on a route and have no receipt.
    pub fn sent_on(&self, route: RouteId) -> usize {
        self.sent().filter(|(_, _, place)| place.target.route == route).count()
    }
}

fn patience_ms(policy: &SentPolicy, overdue: u32) -> u64 {
    let factor = 1u64.checked_shl(overdue).unwrap_or(u64::MAX);
    policy.patience_ms.saturating_mul(factor).min(policy.patience_max_ms.max(policy.patience_ms))
}

/// Whether the home is known to be alive: something that it wrote was read lately, whatever it was, by whatever route.
#[derive(Debug, Clone, Copy)]
pub struct Pulse {
    silence_max_ms: u64,
    beats: Option<(u64, u64)>,
}

impl Pulse {
    /// Nothing heard yet. Silence longer than this means that nothing is known.
    pub fn new(silence_max_ms: u64) -> Self {
        Self { silence_max_ms, beats: None }
    }

    /// Something of the home was read.
    pub fn heard(&mut self, now_ms: u64) {
        let since_ms = self.alive_since_ms(now_ms).unwrap_or(now_ms);
        self.beats = Some((since_ms, now_ms));
    }

    /// Since when it is known to be alive without a gap, if it is.
    pub fn alive_since_ms(&self, now_ms: u64) -> Option<u64> {
        let (since_ms, last_ms) = self.beats?;
        (now_ms.saturating_sub(last_ms) <= self.silence_max_ms).then_some(since_ms.min(now_ms))
    }
}
