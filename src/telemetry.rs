//! Every metric name, once. Values go to whatever recorder the process installs; without one they cost nothing.

/// A counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Metric {
    /// Data lines read.
    Records,
    /// Rows durable in the store.
    RowsStored,
    /// Records that became dead letters.
    DeadLetters,
    /// Groups committed.
    GroupsCommitted,
    /// Segments sent more than once.
    SegmentsResent,
    /// Stages that panicked.
    StagePanics,
    /// Stages, or chains of them, built anew.
    StageRestarts,
    /// Pieces of work that panicked.
    WorkPanics,
    /// Announcements nobody had room for.
    AnnouncementsDropped,
    /// Events that the notifier wrote.
    EventsWritten,
    /// Selected alleles that were answered, or abstained about.
    AllelesAssessed,
    /// Selected alleles that get no answer.
    DeadTasks,
}

impl Metric {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Records,
        Self::RowsStored,
        Self::DeadLetters,
        Self::GroupsCommitted,
        Self::SegmentsResent,
        Self::StagePanics,
        Self::StageRestarts,
        Self::WorkPanics,
        Self::AnnouncementsDropped,
        Self::EventsWritten,
        Self::AllelesAssessed,
        Self::DeadTasks,
    ];

    /// The name that a recorder sees.
    pub fn name(self) -> &'static str {
        match self {
            Self::Records => "vcf_agent_records_total",
            Self::RowsStored => "vcf_agent_rows_stored_total",
            Self::DeadLetters => "vcf_agent_dead_letters_total",
            Self::GroupsCommitted => "vcf_agent_groups_committed_total",
            Self::SegmentsResent => "vcf_agent_segments_resent_total",
            Self::StagePanics => "vcf_agent_stage_panics_total",
            Self::StageRestarts => "vcf_agent_stage_restarts_total",
            Self::WorkPanics => "vcf_agent_work_panics_total",
            Self::AnnouncementsDropped => "vcf_agent_announcements_dropped_total",
            Self::EventsWritten => "vcf_agent_events_written_total",
            Self::AllelesAssessed => "vcf_agent_alleles_assessed_total",
            Self::DeadTasks => "vcf_agent_dead_tasks_total",
        }
    }
}

/// Adds to a counter.
pub fn count(metric: Metric, by: u64) {
    metrics::counter!(metric.name()).increment(by);
}
