//! Each state machine of the protocol core by itself, held against a naive model of it, or against what its documentation says.
//! How they work together is the matter of `tests/simulation`.

mod breaker;
mod group;
mod poison;
mod prefix;
mod proof;
mod receipt;
mod restart;
mod routes;
mod segment;
mod sent;
mod sink;
mod source;
mod states;
mod window;
