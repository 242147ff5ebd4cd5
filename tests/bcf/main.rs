//! BCF input: what bcftools makes of the same bytes, and what a hostile or damaged file can do.
//!
//! | file | shows |
//! |---|---|
//! | `writer` | bytes of a BCF, made by hand |
//! | `reading` | a whole reading, checked against itself |
//! | `frames` | lengths, limits, cuts, containers: a file that is refused, and where |
//! | `headers` | index numbers, versions, padding |
//! | `records` | what may be wrong inside a record, and that it costs that record alone |
//! | `random` | records of every type and width, with the text that they must become |
//! | `properties` | random records, cuts at every byte, damage |
//! | `equality` | real files against the text that bcftools makes of them |

#[path = "../support/present.rs"]
mod present;

mod equality;
mod frames;
mod headers;
mod properties;
mod random;
mod reading;
mod records;
mod writer;
