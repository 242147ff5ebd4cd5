//! BCF 2.1 and 2.2: the same records in binary. Each one becomes the line of text that `bcftools view` prints for it, and from
//! there on nobody knows that there was a BCF.
//!
//! | file | idea |
//! |---|---|
//! | [`header`] | magic, text, and the header without its index numbers |
//! | [`dictionary`] | index numbers → names |
//! | [`frame`] | where a record ends; at most how much text it becomes |
//! | `record` | what stands in a record, in order, checked |
//! | `typed` | vectors that say their own type and length |
//! | [`mod@print`] | a record → its line |
//! | `number` | integers and floats as text |

pub mod dictionary;
pub mod frame;
pub mod header;
mod number;
pub mod print;
mod record;
mod typed;

/// A record whose frame is sound but whose inside is not.
#[derive(Debug, PartialEq, Eq)]
pub struct BadRecord {
    /// Stable name of the cause.
    pub reason: &'static str,
    /// The cause as a sentence that names the field.
    pub detail: String,
}

fn bad<T>(reason: &'static str, detail: impl Into<String>) -> Result<T, BadRecord> {
    Err(BadRecord { reason, detail: detail.into() })
}
