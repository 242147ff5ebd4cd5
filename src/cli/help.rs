//! `help [TOPIC…]`: pages on what no single command explains, from `docs/help/`, and the help of each command.

use clap::{Args, CommandFactory};

use super::failure::{Failure, USAGE};
use super::render::{table, text};
use super::{Cli, print};
use crate::config::nearest_of;

/// Every page: its name and its text, whose first line is its title.
pub const TOPICS: &[(&str, &str)] = &[
    ("annotate", include_str!("../../docs/help/annotate.md")),
    ("dead-letters", include_str!("../../docs/help/dead-letters.md")),
    ("exit-codes", include_str!("../../docs/help/exit-codes.md")),
    ("expressions", include_str!("../../docs/help/expressions.md")),
    ("jobs", include_str!("../../docs/help/jobs.md")),
    ("receipts", include_str!("../../docs/help/receipts.md")),
    ("rules", include_str!("../../docs/help/rules.md")),
    ("storage", include_str!("../../docs/help/storage.md")),
    ("triage", include_str!("../../docs/help/triage.md")),
];

/// Arguments of `help`.
#[derive(Debug, Args)]
pub struct HelpArgs {
    /// A topic, or a command (`dlq replay`); without one they are listed
    #[arg(value_name = "TOPIC")]
    topic: Vec<String>,
}

/// Prints a page, or the list of them. Where a page has the name of a command, the page is meant: the command has --help.
///
/// # Errors
/// If there is no such topic or command.
pub fn run(args: &HelpArgs) -> Result<u8, Failure> {
    let mut cli = Cli::command();
    cli.build();
    if args.topic.is_empty() {
        print(&format!("{}\n{}", cli.render_long_help(), listing()))?;
        return Ok(0);
    }
    let name = args.topic.join(" ");
    if let Some((_, page)) = TOPICS.iter().find(|(topic, _)| *topic == name.to_ascii_lowercase()) {
        print(page)?;
        return Ok(0);
    }
    let mut command = &mut cli;
    for word in &args.topic {
        let Some(found) = command.find_subcommand_mut(word) else { return Err(unknown(&name)) };
        command = found;
    }
    print(&command.render_long_help().to_string())?;
    Ok(0)
}

fn title(page: &str) -> &str {
    page.lines().next().unwrap_or_default().trim_start_matches("# ")
}

fn listing() -> String {
    let rows = TOPICS.iter().map(|(topic, page)| vec![format!("  {topic}"), title(page).to_owned()]);
    format!("Topics (`vcf-agent help TOPIC`):\n{}", table(&rows.collect::<Vec<_>>(), &[]))
}

fn unknown(name: &str) -> Failure {
    let cli = Cli::command();
    let commands = cli.get_subcommands().filter(|command| !command.is_hide_set()).map(|command| command.get_name());
    let nearest = nearest_of(name, TOPICS.iter().map(|(topic, _)| *topic).chain(commands));
    let meant = nearest.map(|nearest| format!("did you mean `vcf-agent help {nearest}`? ")).unwrap_or_default();
    Failure::new(USAGE, format!("there is no help on {}", text(name)))
        .hint(format!("{meant}`vcf-agent help` lists all topics and commands"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::path::Path;

    #[test]
    fn every_page_of_the_folder_is_a_topic_with_a_title_and_fits_a_terminal() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/help");
        let files: BTreeSet<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
            .collect();
        assert_eq!(files, TOPICS.iter().map(|(topic, _)| (*topic).to_owned()).collect());
        for (topic, page) in TOPICS {
            assert!(page.starts_with("# ") && page.ends_with('\n'), "{topic}");
            assert!(page.lines().count() <= 45, "{topic} is no short page");
            assert!(page.lines().all(|line| line.chars().count() <= 110), "{topic}");
        }
    }

    #[test]
    fn a_clause_or_code_that_a_page_lists_is_one_that_there_is() {
        let page = |name: &str| TOPICS.iter().find(|(topic, _)| *topic == name).unwrap().1;
        let first_words = |page: &str| -> Vec<String> {
            let rows = page.lines().filter(|line| line.starts_with("    ") && line.contains("  "));
            rows.filter_map(|line| line.split_whitespace().next().map(str::to_owned)).collect()
        };
        let clauses = first_words(page("triage"));
        for clause in crate::domain::selection::CLAUSES.iter().filter(|clause| clause.name != "expression_undecided") {
            assert!(clauses.contains(&clause.name.to_owned()), "{}", clause.name);
        }
        let codes: Vec<String> =
            first_words(page("exit-codes")).into_iter().filter(|w| w.parse::<u8>().is_ok()).collect();
        let told =
            super::super::EXIT_CODES.lines().filter_map(|line| line.strip_prefix("  ")?.split_whitespace().next());
        assert_eq!(codes, told.collect::<Vec<_>>());
        let order = super::super::EXIT_CODES.lines().last().unwrap();
        assert!(page("exit-codes").contains(&format!("\n{order}\n")), "{order}");
        let contract = include_str!("../../docs/exit-codes.md");
        let order = order.trim_start_matches("Of several files: the first that applies of ");
        assert!(contract.contains(&format!(" it is the first that applies of {order}\n")), "{order}");
    }
}
