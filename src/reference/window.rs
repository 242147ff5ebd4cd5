//! One thread's look at the bases: the block last looked at is held, so the next base costs neither a lock nor an allocation.

use std::sync::Arc;

use super::{BLOCK_BASES, Reference, ReferenceError};

/// A cursor over a [`Reference`], cheap to make; each thread has its own.
pub struct Window<'r> {
    reference: &'r Reference,
    contig: u32,
    start: u64,
    block: Option<Arc<[u8]>>,
}

impl<'r> Window<'r> {
    /// Looks at nothing yet.
    pub fn new(reference: &'r Reference) -> Self {
        Self { reference, contig: 0, start: 0, block: None }
    }

    /// What it looks at.
    pub fn reference(&self) -> &'r Reference {
        self.reference
    }

    /// The base at a 0-based position, a capital letter; `None` past the end of the contig.
    ///
    /// # Errors
    /// If the file cannot be read or is no longer what was indexed.
    #[inline]
    pub fn base(&mut self, contig: u32, at: u64) -> Result<Option<u8>, ReferenceError> {
        if self.contig == contig
            && let Some(block) = &self.block
            && let Some(base) = at.checked_sub(self.start).and_then(|i| block.get(usize::try_from(i).ok()?))
        {
            return Ok(Some(*base));
        }
        self.look(contig, at)
    }

    #[cold]
    fn look(&mut self, contig: u32, at: u64) -> Result<Option<u8>, ReferenceError> {
        if at >= self.reference.length(contig) {
            return Ok(None);
        }
        let nth = at / BLOCK_BASES;
        let block = self.reference.block(contig, nth)?;
        let base = block.get((at - nth * BLOCK_BASES) as usize).copied();
        (self.contig, self.start, self.block) = (contig, nth * BLOCK_BASES, Some(block));
        Ok(base)
    }
}
