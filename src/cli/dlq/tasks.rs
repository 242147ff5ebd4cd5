//! Dead tasks: selected alleles whose record is stored, and about which nobody could be asked. `dlq ls` lists them after the dead
//! letters; `dlq replay --tasks` makes them wait again. There is no dropping: who wants no answer leaves them, or selects less.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::act::{ReplayArgs, complete, stopped};
use super::{DETAIL_CHARS_MAX, LsArgs};
use crate::cli::failure::{Failure, USAGE};
use crate::cli::home::Home;
use crate::cli::render::{cut, json_line, shell_word, table, text, thousands};
use crate::cli::{Global, print};
use crate::domain::answer::DeadTask;
use crate::ledger::JobRow;
use crate::replay::Desk;
use crate::report::now_ms;

/// Prints a job's dead tasks, `left` at most: one by one, or by reason.
///
/// # Errors
/// If the ledger or standard output fails.
pub fn list(home: &Home, row: &JobRow, args: &LsArgs, left: usize) -> Result<(), Failure> {
    let mut tasks = home.ledger.dead_tasks(&row.job)?;
    tasks.retain(|task| args.reason.as_ref().is_none_or(|reason| *reason == task.reason));
    let total = tasks.len() as u64;
    if args.by_reason {
        let groups = groups(&tasks);
        let groups = groups.get(..left).unwrap_or(&groups);
        print(&if args.json {
            groups.iter().map(|group| json_line(&by_reason(row, group))).collect()
        } else {
            counts(groups)
        })?;
    } else {
        tasks.truncate(left);
        print(&if args.json {
            tasks.iter().map(|task| json_line(&fields(row, task))).collect()
        } else {
            lines(&tasks)
        })?;
    }
    if total > 0 && !args.json {
        let again = home.global.command(&format!("dlq replay {} --tasks", row.job));
        let explain = home.global.command(&format!("explain {} record:N", row.job));
        eprintln!(
            "{} selected alleles of job {} have no answer (dead tasks); `{again}` makes them wait again, `{explain}` tells more",
            thousands(total),
            row.job
        );
    }
    Ok(())
}

fn lines(tasks: &[DeadTask]) -> String {
    let cells = |task: &DeadTask| {
        vec![
            format!("record {}", task.ordinal),
            format!("allele {}", task.alt_index),
            "task".to_owned(),
            text(&task.provider),
            text(&task.reason),
            format!("{} attempts", task.attempts),
            cut(&text(&task.detail), DETAIL_CHARS_MAX),
        ]
    };
    table(&tasks.iter().map(cells).collect::<Vec<_>>(), &[])
}

fn fields(row: &JobRow, task: &DeadTask) -> Value {
    json!({
        "job": row.job,
        "record": task.ordinal,
        "alt_index": task.alt_index,
        "stage": "task",
        "provider": task.provider,
        "reason": task.reason,
        "detail": task.detail,
        "attempts": task.attempts,
    })
}

/// Tasks of one reason: how many, and the first.
type Group<'t> = (u64, &'t DeadTask);

fn groups(tasks: &[DeadTask]) -> Vec<Group<'_>> {
    let mut by_reason: BTreeMap<&str, Group<'_>> = BTreeMap::new();
    for task in tasks {
        by_reason.entry(&task.reason).or_insert((0, task)).0 += 1;
    }
    let mut groups: Vec<Group<'_>> = by_reason.into_values().collect();
    groups.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    groups
}

fn by_reason(row: &JobRow, (count, first): &Group<'_>) -> Value {
    json!({
        "job": row.job, "stage": "task", "reason": first.reason, "open": count, "dropped": 0,
        "first": { "record": first.ordinal, "alt_index": first.alt_index, "detail": first.detail },
    })
}

fn counts(groups: &[Group<'_>]) -> String {
    let cells = |(count, first): &Group<'_>| {
        let (record, allele) = (first.ordinal, first.alt_index);
        let detail = cut(&text(&first.detail), DETAIL_CHARS_MAX);
        vec![
            thousands(*count),
            "task".to_owned(),
            text(&first.reason),
            format!("first: record {record}, allele {allele}: {detail}"),
        ]
    };
    table(&groups.iter().map(cells).collect::<Vec<_>>(), &[true])
}

/// Makes a job's dead tasks wait again; 0 if that was done, or there is none.
///
/// # Errors
/// If there is no such job, it is not complete or was read from a pipe, or the ledger cannot be written.
pub fn revive(global: &Global, args: &ReplayArgs) -> Result<u8, Failure> {
    let home = Home::open(global)??;
    let which = &args.which;
    let row = home.find(&which.job)?;
    complete(&row)?;
    if row.is_pipe() {
        let message = format!("job {} was read from a pipe: no later run asks about its alleles", row.job);
        return Err(Failure::new(USAGE, message).hint("write the stream to a file, and run that"));
    }
    let revived = if which.dry_run {
        home.ledger.dead_tasks(&row.job)?.len() as u64
    } else {
        let desk = Desk::open(&home.settings, which.wait).map_err(|error| stopped(&home, &row, error))?;
        desk.ledger.revive_tasks(&row.job, now_ms()).wait()?
    };
    print(&if which.json {
        json_line(&json!({ "job": row.job, "dry_run": which.dry_run, "revived": revived }))
    } else {
        let verb = if which.dry_run { "would wait again" } else { "wait again" };
        format!("{} selected alleles {verb}\n", thousands(revived))
    })?;
    if !which.json && !which.dry_run && revived > 0 {
        let run = global.command(&format!("run {}", shell_word(&row.file)));
        eprintln!("`{run}` asks about them");
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(ordinal: u64, reason: &str) -> DeadTask {
        DeadTask {
            ordinal,
            alt_index: 1,
            row: 0,
            provider: "rules".into(),
            reason: reason.into(),
            detail: "\u{1b}[2J".into(),
            attempts: 5,
        }
    }

    #[test]
    fn the_most_frequent_reason_comes_first_and_text_is_escaped() {
        let tasks = [task(1, "a"), task(2, "b"), task(3, "b")];
        let groups = groups(&tasks);
        assert_eq!(groups.iter().map(|(n, first)| (*n, first.ordinal)).collect::<Vec<_>>(), [(2, 2), (1, 1)]);
        assert_eq!(lines(&tasks[..1]), "record 1  allele 1  task  rules  a  5 attempts  \\u{1b}[2J\n");
        assert!(!counts(&groups).contains('\x1b'));
    }
}
