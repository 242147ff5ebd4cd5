//! `man [DIR]`: the manual, made from the definition of the command line.

use std::path::{Path, PathBuf};

use clap::{Args, Command, CommandFactory};
use clap_mangen::Man;

use super::failure::{Failure, IO};
use super::{Cli, print};

/// Arguments of `man`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  vcf-agent man | man -l -\n  vcf-agent man ~/.local/share/man/man1")]
pub struct ManArgs {
    /// Write a page for the program and for each command into DIR, instead of one page to standard output
    #[arg(value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// Prints the page of the program, or writes all pages.
///
/// # Errors
/// If nothing can be written there.
pub fn run(args: &ManArgs) -> Result<u8, Failure> {
    let mut cli = Cli::command().disable_help_subcommand(true);
    cli.build();
    match &args.dir {
        None => print(&page(&cli)?)?,
        Some(dir) => {
            let pages = write(&cli, dir, "vcf-agent")?;
            eprintln!("{pages} pages written to {}", dir.display());
        }
    }
    Ok(0)
}

fn page(command: &Command) -> Result<String, Failure> {
    let mut page = Vec::new();
    let rendered = Man::new(command.clone()).manual("vcf-agent").render(&mut page);
    rendered.map_err(|error| Failure::writing("memory", &error))?;
    Ok(with_lines(&String::from_utf8_lossy(&page)))
}

/// The page with each line of its section EXTRA begun anew: what follows a list would be filled into its last line.
fn with_lines(page: &str) -> String {
    const EXTRA: &str = "\n.SH EXTRA\n";
    let Some((before, extra)) = page.split_once(EXTRA) else { return page.to_owned() };
    let (extra, after) = extra.find("\n.SH ").map_or((extra, ""), |at| extra.split_at(at));
    format!("{before}{EXTRA}{}{after}", extra.trim_end().replace('\n', "\n.br\n"))
}

/// `NAME.1`, and `NAME-COMMAND.1` for what is below it; returns how many.
fn write(command: &Command, dir: &Path, name: &str) -> Result<u32, Failure> {
    let path = dir.join(format!("{name}.1"));
    let failed = |error: std::io::Error| Failure::new(IO, format!("cannot write {}: {error}", path.display()));
    std::fs::write(&path, page(command)?).map_err(failed)?;
    let mut pages = 1;
    for below in command.get_subcommands().filter(|command| !command.is_hide_set()) {
        pages += write(below, dir, &format!("{name}-{}", below.get_name()))?;
    }
    Ok(pages)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_a_list_begins_a_line() {
        let page = ".SH NAME\na\nb\n.SH EXTRA\nCodes:\n  0  ok\nOf several:\n.SH VERSION\nv1\n";
        let lines = ".SH NAME\na\nb\n.SH EXTRA\nCodes:\n.br\n  0  ok\n.br\nOf several:\n.SH VERSION\nv1\n";
        assert_eq!(with_lines(page), lines);
        assert_eq!(with_lines(".SH NAME\na\n"), ".SH NAME\na\n");
    }
}
