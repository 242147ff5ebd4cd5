//! The reader over small made files: each trap that is known to cost other readers a record, a file or their memory, with what
//! has to come of it; and, over arbitrary files, what has to hold whatever is in them.
//!
//! Where a table says what comes of a line: `row CHROM:POS REF>ALT` is a row, `dead REASON` a dead letter, `warn CODE` a warning.
//! Every reading, in every test, is checked against the text it was made of (`fixture::account`).

mod columns;
mod container;
mod damage;
mod fixture;
mod header;
mod limits;
mod line_ends;
mod live;
mod order;
mod pack;
mod properties;
mod samples;
