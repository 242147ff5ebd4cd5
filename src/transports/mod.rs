//! Transports: how segments travel between nodes. One file per kind; the actors around them add deadlines, retries,
//! breakers and failover. No kind is built in yet: both ends of every link are on this node (route `direct`).

use std::future::Future;
use std::pin::Pin;

use crate::fault::Fault;

/// The six streams. The same names on every transport; one set per tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stream {
    /// Parser → Router: job openings, segments, job ends.
    VcfVariants,
    /// Router → providers: batches of tasks; one suffix per provider.
    AiAnalysisRequests,
    /// Providers → Aggregator: findings, failures, returns.
    AiAnalysisResults,
    /// Aggregator → Batcher: assessments.
    DatabaseWrites,
    /// Home → every node: answers that became known or void.
    CacheEvents,
    /// Home → every notifier: events with sequence numbers.
    UserNotifications,
}

impl Stream {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::VcfVariants,
        Self::AiAnalysisRequests,
        Self::AiAnalysisResults,
        Self::DatabaseWrites,
        Self::CacheEvents,
        Self::UserNotifications,
    ];

    /// The name on every transport.
    pub fn name(self) -> &'static str {
        match self {
            Self::VcfVariants => "vcf-variants",
            Self::AiAnalysisRequests => "ai-analysis-requests",
            Self::AiAnalysisResults => "ai-analysis-results",
            Self::DatabaseWrites => "database-writes",
            Self::CacheEvents => "cache-events",
            Self::UserNotifications => "user-notifications",
        }
    }

    /// Partitions it is created with.
    pub fn partitions(self) -> u32 {
        match self {
            Self::VcfVariants => 10,
            Self::AiAnalysisRequests | Self::AiAnalysisResults => 5,
            Self::DatabaseWrites => 3,
            Self::CacheEvents => 2,
            Self::UserNotifications => 1,
        }
    }
}

/// The largest message (bytes): a segment of one line of 16 MiB, and its header. Topics and clients are made for it.
pub const MESSAGE_BYTES_MAX: usize = 17 << 20;

/// What became of a publication: three outcomes, never two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Published {
    /// The other side confirmed it. A hint, not a fact: only a receipt is.
    Ok,
    /// The other side refused it.
    Rejected(Fault),
    /// Nobody knows: the deadline passed or the connection broke. Try the next route.
    Unknown(Fault),
}

/// A message as it lies in a stream.
#[derive(Clone, PartialEq, Eq)]
pub struct Polled {
    /// Partition it was read from.
    pub partition: u32,
    /// Its place there.
    pub offset: u64,
    /// Header and body, as published.
    pub bytes: Vec<u8>,
}

// A message may carry genotypes: Debug shows its place only.
impl std::fmt::Debug for Polled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Polled(partition {}, offset {}, {} bytes)", self.partition, self.offset, self.bytes.len())
    }
}

/// What a transport's calls return.
pub type Later<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// One connection to one kind of broker.
pub trait Transport: Send + Sync + 'static {
    /// The registered kind.
    fn kind(&self) -> &'static str;

    /// Publishes to an explicit partition. Copies, never moves: the caller keeps the bytes until a receipt came back.
    fn publish<'a>(&'a self, stream: Stream, partition: u32, bytes: &'a [u8]) -> Later<'a, Published>;

    /// Up to `messages_max` messages after what was committed; empty when there is nothing new.
    fn poll(&self, stream: Stream, partition: u32, messages_max: usize) -> Later<'_, Result<Vec<Polled>, Fault>>;

    /// Everything up to and including `offset` has had its effect. An optimisation: losing it costs re-reading.
    fn commit(&self, stream: Stream, partition: u32, offset: u64) -> Later<'_, Result<(), Fault>>;

    /// Closes the connection.
    fn close(&self) -> Later<'_, ()>;
}

/// The kinds that can be configured. `direct` is not one of them: it is the absence of a transport.
pub const KINDS: &[&str] = &[];
