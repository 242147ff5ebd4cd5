//! The header: who sends what to whom, until when.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::body;
use crate::domain::ids::JobId;

/// Where a tenant's data may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Egress {
    /// Nowhere outside.
    LocalOnly,
    /// To the clouds that are on a list.
    ApprovedCloud,
    /// Anywhere.
    Any,
}

/// What a message says of itself beside its body. Kind, compression and key are the encoder's to fill in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Header {
    /// Whose it is; compared with the topic's tenant before anything else is believed.
    pub tenant: String,
    /// The random id of the home that sends it, or that it is meant for.
    pub home: Option<String>,
    /// The job that it is about.
    pub job: Option<JobId>,
    /// The segment that it is about (0-based).
    pub segment: Option<u32>,
    /// Which sending of the same thing, from 1.
    pub attempt: u32,
    /// Name of the node that sends it.
    pub sender: String,
    /// Where answers go (topic without its generation).
    pub reply_topic: Option<String>,
    /// After this nobody is to begin with it (ms since 1970).
    pub deadline_ms: Option<u64>,
    /// Where its content may go; absent: nowhere outside.
    pub egress: Option<Egress>,
    /// The one provider that may be asked.
    pub provider: Option<String>,
    /// A copy for foreign readers: roles skip it.
    pub mirror: bool,
    /// When it was made (ms since 1970).
    pub sent_at_ms: u64,
}

impl Header {
    /// Whether it has what its kind needs; `segment` is the number that the body has, if it has one.
    pub(super) fn check(&self, kind: u8, segment: Option<u32>) -> Result<(), String> {
        if body::needs_job(kind) && self.job.is_none() {
            return Err(format!("a message of kind {kind} needs the job in its header"));
        }
        if kind == body::SEGMENT && self.segment.is_none() || segment.is_some_and(|number| self.segment != Some(number))
        {
            return Err("a segment's number must be in its header".into());
        }
        Ok(())
    }
}

/// How a body is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Codec {
    /// As it is.
    None,
    /// As one zstd frame.
    Zstd,
}

/// The header as it is written.
#[derive(Serialize, Deserialize)]
pub(super) struct HeaderMap<'a> {
    pub kind: u8,
    #[serde(borrow)]
    pub tenant: Cow<'a, str>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    home: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    job: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    segment: Option<u32>,
    attempt: u32,
    #[serde(borrow)]
    sender: Cow<'a, str>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    reply_topic: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    deadline_ms: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    egress: Option<Egress>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    provider: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    mirror: bool,
    sent_at_ms: u64,
    pub codec: Codec,
    /// Of the body, uncompressed.
    pub body_bytes: u32,
}

impl<'a> HeaderMap<'a> {
    pub fn new(header: &'a Header, kind: u8, codec: Codec, body_bytes: u32) -> Result<Self, String> {
        if header.tenant.is_empty() || header.sender.is_empty() {
            return Err("its header has no tenant or no sender".into());
        }
        let text = |text: &'a Option<String>| text.as_deref().map(Cow::Borrowed);
        Ok(Self {
            kind,
            tenant: Cow::Borrowed(&header.tenant),
            home: text(&header.home),
            job: header.job.as_ref().map(|job| Cow::Borrowed(job.as_str())),
            segment: header.segment,
            attempt: header.attempt,
            sender: Cow::Borrowed(&header.sender),
            reply_topic: text(&header.reply_topic),
            deadline_ms: header.deadline_ms,
            egress: header.egress,
            provider: text(&header.provider),
            mirror: header.mirror,
            sent_at_ms: header.sent_at_ms,
            codec,
            body_bytes,
        })
    }

    pub fn header(&self) -> Result<Header, String> {
        let text = |text: &Option<Cow<'a, str>>| text.as_deref().map(str::to_owned);
        let job = match self.job.as_deref() {
            None => None,
            Some(name) => Some(JobId::parse(name).ok_or("the job in the header is no job id")?),
        };
        Ok(Header {
            tenant: self.tenant.clone().into_owned(),
            home: text(&self.home),
            job,
            segment: self.segment,
            attempt: self.attempt,
            sender: self.sender.clone().into_owned(),
            reply_topic: text(&self.reply_topic),
            deadline_ms: self.deadline_ms,
            egress: self.egress,
            provider: text(&self.provider),
            mirror: self.mirror,
            sent_at_ms: self.sent_at_ms,
        })
    }
}
