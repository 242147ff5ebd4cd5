//! What an export says about itself where its format has room for it.

use sha2::{Digest, Sha256};

use super::super::render::text;
use crate::domain::ids::FileDigest;
use crate::ledger::JobRow;

/// What nobody may overlook.
pub const NOTICE: &str = "research use only, not for diagnosis; every conclusion needs review by a person";

/// Pairs of a name and a value without control characters.
pub fn about(row: &JobRow, command: &str) -> Vec<(&'static str, String)> {
    // The layout says what made the rows, the triage what selected them.
    let configuration = format!("{}\n{}", row.layout, row.triage);
    let configuration = FileDigest(Sha256::digest(configuration.as_bytes()).into());
    vec![
        ("version", env!("CARGO_PKG_VERSION").to_owned()),
        ("command", text(command)),
        ("configuration", format!("sha256:{configuration}")),
        ("job", row.job.to_string()),
        ("revision", row.revision.to_string()),
        ("file", row.file_digest.map_or("unknown".to_owned(), |digest| format!("sha256:{digest}"))),
        ("notice", NOTICE.to_owned()),
    ]
}
