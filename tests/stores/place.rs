//! Where a store lives, and how it is looked at from outside of it.

use std::path::Path;
use std::sync::Arc;

use vcf_agent::stores::Store;

/// See the module.
pub struct Place {
    /// Opens the store as the next process does: what it said was durable is there, nothing else need be.
    pub open: Box<dyn Fn() -> Arc<dyn Store> + Send + Sync>,
    /// Rows that a reader sees who knows nothing of the ledger, over all jobs.
    pub visible_rows: Box<dyn Fn() -> u64 + Send + Sync>,
    /// Whether a text lies anywhere in the store, seen or unseen.
    pub holds_text: Box<dyn Fn(&str) -> bool + Send + Sync>,
}

impl Place {
    /// A store in a folder of its own; the text is looked for in the bytes of all files.
    pub fn folder(open: fn(&Path) -> Arc<dyn Store>, visible_rows: fn(&Path) -> u64) -> Self {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let (looked_at, searched) = (folder.clone(), folder.clone());
        Self {
            open: Box::new(move || open(folder.path())),
            visible_rows: Box::new(move || visible_rows(looked_at.path())),
            holds_text: Box::new(move |text| {
                files(searched.path()).iter().any(|(name, bytes)| {
                    name.contains(text) || bytes.windows(text.len()).any(|window| window == text.as_bytes())
                })
            }),
        }
    }
}

/// Every file below a folder, hidden ones too: its path from there, and its bytes.
pub fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap().map(Result::unwrap) {
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            } else {
                let name = entry.path().strip_prefix(folder).unwrap().to_string_lossy().into_owned();
                found.push((name, std::fs::read(entry.path()).unwrap()));
            }
        }
    }
    found.sort();
    found
}
