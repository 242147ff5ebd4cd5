//! Each state machine of the protocol core by itself, held against a naive model of it, or against what its documentation says.
//! How they work together is the matter of `tests/simulation`.

mod group;
mod poison;
mod proof;
mod receipt;
mod restart;
mod segment;
mod sink;
mod source;
mod states;
mod window;
