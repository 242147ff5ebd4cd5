//! Which allele a row is: its shortest and leftmost writing, by the reference if there is one, and its names for other systems.
//!
//! | file | idea |
//! |---|---|
//! | [`mod@align`] | left alignment of one allele |
//! | [`columns`] | the same for all rows of a batch: three nullable columns, and what was found |
//! | `rows` | those columns beside the rows |
//! | [`vrs`] | GA4GH VRS 2.0: fully-justified normalisation, and the digests of locations and alleles |
//!
//! What needs no reference is in [`crate::domain::allele`]; the product's own name of an allele is
//! [`crate::domain::allele_id::AlleleId`]. The rules, their sources and every limit are in `docs/alleles.md`.
//!
//! How to use it:
//!
//! 1. Once for a run: [`crate::reference::Reference::open`]; its `contradiction` with the header's contigs refuses a reference of
//!    another assembly; its `digest` goes into the layout digest.
//! 2. Once for a thread: [`columns::Identifier::new`].
//! 3. For each batch: [`columns::Identifier::identify`]. Where a column is null the row is its own identity.

pub mod align;
pub mod columns;
mod rows;
pub mod vrs;

pub use align::{Aligned, left_align};
pub use columns::{AlleleColumns, Identifier};
pub use rows::identify;
