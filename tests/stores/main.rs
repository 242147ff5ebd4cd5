//! What every store must do, and what the Parquet store does besides.
//!
//! A new store runs the whole suite with one line below: `conformance!(name, || Place::folder(open, visible_rows))`, where `open`
//! opens the store in a folder and `visible_rows` counts what readers of that folder see. A store that lives elsewhere makes its own
//! [`Place`], as the one in memory does here.
//!
//! | file | idea |
//! |---|---|
//! | `suite` | the rules, one function each |
//! | `partly` | the rules of reading some columns, some records |
//! | `replays` | the rules of dead letters that are added to a published job |
//! | `place` | where a store lives, and how it is looked at from outside |
//! | `rows` | rows of every kind |
//! | `parquet` | the files of the Parquet store |

#[path = "../support/memory_store.rs"]
mod memory_store;
mod parquet;
mod partly;
mod place;
mod replays;
mod rows;
mod suite;

use std::sync::Arc;

use memory_store::MemoryStore;
use place::Place;

/// Makes one test of each rule of the suite.
macro_rules! conformance {
    ($store:ident, $place:expr) => {
        mod $store {
            use super::*;
            conformance!(@rules $place,
                rows_come_back_as_they_went_in
                some_columns_are_those_of_all
                some_records_are_those_of_all
                batches_never_split_a_record
                a_group_written_again_takes_the_place_of_the_first
                scan_counts_what_is_there_twice
                recover_removes_the_unknown_and_names_the_lost
                staged_rows_are_for_no_reader
                publishing_is_all_at_once_and_may_be_repeated
                a_job_without_rows_is_published_empty
                merging_orders_and_loses_nothing
                merging_may_be_repeated_after_a_crash_at_any_step
                discard_and_delete_leave_nothing
                jobs_do_not_touch_each_other
                groups_are_written_in_parallel
                a_trial_writes_nothing
                what_each_says_ends_the_reading
                records_are_found_by_place_by_id_and_by_number
                a_replay_is_for_no_reader_before_it_is_published
                replayed_rows_are_read_at_their_place
                rows_that_a_replay_repeats_are_counted
                publishing_a_replay_may_be_repeated_and_says_what_is_not_there
                replays_that_were_not_published_are_removed
            );
        }
    };
    (@rules $place:expr, $($rule:ident)*) => { $(#[test] fn $rule() { rules::$rule($place); })* };
}

/// The rules by name.
mod rules {
    pub use super::replays::*;
    pub use super::suite::*;
}

conformance!(parquet_store, || Place::folder(parquet::open, parquet::visible_rows));
conformance!(store_in_memory, in_memory);

fn in_memory() -> Place {
    let store = MemoryStore::new(Box::new(|_| None));
    let (looked_at, searched) = (store.clone(), store.clone());
    Place {
        open: Box::new(move || Arc::new(store.clone())),
        visible_rows: Box::new(move || {
            looked_at.disk().published.values().flat_map(|groups| groups.values()).map(|rows| rows.len() as u64).sum()
        }),
        holds_text: Box::new(move |text| {
            let disk = searched.disk();
            let groups = disk.staged.values().chain(disk.published.values()).flat_map(|groups| groups.values());
            let mut all = groups.chain(disk.replays.values());
            all.any(|rows| rows::holds_text(rows, text))
        }),
    }
}
