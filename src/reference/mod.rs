//! A reference genome: random access to an indexed FASTA file, shared by all threads, in bounded memory.
//!
//! | file | idea |
//! |---|---|
//! | `source` | bytes at an offset, of a plain file or a BGZF one |
//! | `bgzf` | where the blocks of a BGZF file are, found by their headers alone |
//! | `index` | where each contig is: from a `.fai` that fits, or by reading the file once |
//! | `cache` | blocks of bases, the least recently used dropped |
//! | [`window`] | one thread's look at the bases, without a lock for the next base |
//! | `digest` | what names a sequence (refget `SQ.`), and the file |
//!
//! The index is never written beside the file. Reference folders are shared and often read-only; another program would take a
//! half-written `.fai` for a whole one; and the pass that makes an index takes seconds. What has to be quick makes its `.fai` once
//! with `samtools faidx`.
//!
//! A contig is found by its name, or by the other spelling of a numbered chromosome (`chr1` for `1`). `chrM` is not `MT`.

mod bgzf;
mod cache;
mod digest;
mod index;
mod source;
pub mod window;

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::domain::assembly::{Evidence, other_spelling};
use cache::Cache;
use index::Contig;
use source::Source;

/// Bases in a block of the cache.
pub const BLOCK_BASES: u64 = 1 << 16;

/// Memory for blocks, unless asked for otherwise (bytes).
pub const CACHE_BYTES: usize = 16 << 20;

/// Why a reference cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReferenceErrorKind {
    /// The bytes are no sound FASTA file: exit 65.
    Input,
    /// The operating system failed to deliver them: exit 74.
    Io,
}

/// A reference that cannot be used (any further), and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReferenceError {
    /// Whose fault it is.
    pub kind: ReferenceErrorKind,
    /// What is wrong and what to do.
    pub message: String,
}

impl ReferenceError {
    fn input(message: impl Into<String>) -> Self {
        Self { kind: ReferenceErrorKind::Input, message: message.into() }
    }

    fn io(what: impl fmt::Display, error: &std::io::Error) -> Self {
        Self { kind: ReferenceErrorKind::Io, message: format!("{what}: {error}") }
    }

    /// With the file it is about.
    fn of(mut self, path: &Path) -> Self {
        self.message = format!("the reference {}: {}", path.display(), self.message);
        self
    }
}

impl fmt::Display for ReferenceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ReferenceError {}

/// An open reference. Clone nothing, share it: everything takes `&self`.
pub struct Reference {
    path: PathBuf,
    source: Source,
    contigs: Vec<Contig>,
    by_name: HashMap<Box<[u8]>, u32>,
    cache: Mutex<Cache>,
    digests: Vec<OnceLock<String>>,
    notices: Vec<String>,
}

impl Reference {
    /// Opens a FASTA file, plain or BGZF. A `.fai` beside it is used if it is not older and fits; otherwise the file is read once.
    ///
    /// # Errors
    /// If it cannot be read, is no FASTA file, is compressed in a way that allows no random access, or its lines are uneven.
    pub fn open(path: &Path) -> Result<Self, ReferenceError> {
        Self::open_with_cache(path, CACHE_BYTES)
    }

    /// As [`Reference::open`], with this much memory for bases (bytes; one block at least).
    ///
    /// # Errors
    /// As [`Reference::open`].
    pub fn open_with_cache(path: &Path, cache_bytes: usize) -> Result<Self, ReferenceError> {
        let source = Source::open(path).map_err(|error| error.of(path))?;
        let mut notices = Vec::new();
        let contigs = index::beside_or_made(path, &source, &mut notices).map_err(|error| error.of(path))?;
        if contigs.is_empty() {
            return Err(ReferenceError::input("it has no sequence").of(path));
        }
        let mut by_name = HashMap::with_capacity(contigs.len());
        for (nth, contig) in contigs.iter().enumerate() {
            if by_name.insert(contig.name.clone(), nth as u32).is_some() {
                let name = String::from_utf8_lossy(&contig.name);
                let message =
                    format!("it has two sequences named {name}: which one is meant cannot be told, remove one");
                return Err(ReferenceError::input(message).of(path));
            }
        }
        let digests = contigs.iter().map(|_| OnceLock::new()).collect();
        let blocks_max = (cache_bytes / BLOCK_BASES as usize).max(1);
        let cache = Mutex::new(Cache::new(blocks_max));
        Ok(Self { path: path.to_owned(), source, contigs, by_name, cache, digests, notices })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What was odd on opening, as sentences: an index that was not used.
    pub fn notices(&self) -> &[String] {
        &self.notices
    }

    /// How many sequences it has.
    pub fn len(&self) -> usize {
        self.contigs.len()
    }

    /// Whether it has none; an open reference has one at least.
    pub fn is_empty(&self) -> bool {
        self.contigs.is_empty()
    }

    /// The number of a contig by its name, or by the other spelling of a numbered chromosome.
    pub fn contig(&self, name: &[u8]) -> Option<u32> {
        self.by_name.get(name).copied().or_else(|| {
            let other = other_spelling(std::str::from_utf8(name).ok()?)?;
            self.by_name.get(other.as_bytes()).copied()
        })
    }

    /// A contig's name in the file; panics on a number that [`Reference::contig`] did not give.
    pub fn name(&self, contig: u32) -> &[u8] {
        &self.contigs[contig as usize].name
    }

    /// A contig's length (bases); panics on a number that [`Reference::contig`] did not give.
    pub fn length(&self, contig: u32) -> u64 {
        self.contigs[contig as usize].length
    }

    /// What the file's names and lengths say about its assembly.
    pub fn assembly_evidence(&self) -> Evidence {
        let mut evidence = Evidence::default();
        for contig in &self.contigs {
            evidence.contig(&String::from_utf8_lossy(&contig.name), Some(contig.length));
        }
        evidence
    }

    /// Why the reference cannot be the one of a file that declares these contigs, as a sentence; `None` if no length differs.
    /// Contigs that only one of the two has contradict nothing.
    pub fn contradiction<'c>(&self, declared: impl IntoIterator<Item = &'c (String, Option<u64>)>) -> Option<String> {
        declared.into_iter().find_map(|(name, length)| {
            let (contig, length) = (self.contig(name.as_bytes())?, (*length)?);
            let ours = self.length(contig);
            (ours != length).then(|| {
                format!(
                    "the file declares contig {name} with {length} bases, the reference {} has {ours}: it is of another assembly",
                    self.path.display()
                )
            })
        })
    }

    /// The bases `start..end` (0-based) of a contig, in capitals, appended to `bases`; what lies past the end is left out. Not
    /// cached: for long stretches.
    ///
    /// # Errors
    /// If the file cannot be read or is no longer what was indexed.
    pub fn fetch(&self, contig: u32, start: u64, end: u64, bases: &mut Vec<u8>) -> Result<(), ReferenceError> {
        let place = &self.contigs[contig as usize];
        place.read(&self.source, start, end.min(place.length), bases).map_err(|error| error.of(&self.path))
    }

    /// Block `nth` of a contig, from the cache or the file.
    fn block(&self, contig: u32, nth: u64) -> Result<Arc<[u8]>, ReferenceError> {
        let key = (contig, nth);
        if let Some(block) = self.cache.lock().unwrap_or_else(PoisonError::into_inner).get(key) {
            return Ok(block);
        }
        // Read without the lock: two threads may read the same block, none waits for a disk that it does not need.
        let mut bases = Vec::with_capacity(BLOCK_BASES as usize);
        self.fetch(contig, nth * BLOCK_BASES, (nth + 1) * BLOCK_BASES, &mut bases)?;
        let block: Arc<[u8]> = bases.into();
        self.cache.lock().unwrap_or_else(PoisonError::into_inner).put(key, block.clone());
        Ok(block)
    }

    /// How many blocks are in memory now.
    pub fn blocks_cached(&self) -> usize {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

impl fmt::Debug for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reference({}, {} contigs)", self.path.display(), self.contigs.len())
    }
}
