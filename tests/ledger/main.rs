//! The real ledger, SQLite in a folder of its own: what it refuses, what it keeps, and what it says when it cannot.

mod answers;
mod groups;
mod jobs;
mod model;
mod outbox;
mod replays;
mod schema;
mod support;
mod writer;
