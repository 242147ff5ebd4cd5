//! `completions SHELL`.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::failure::Failure;
use super::{Cli, print};

/// Arguments of `completions`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  vcf-agent completions bash > ~/.local/share/bash-completion/completions/vcf-agent")]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

/// Prints the script.
///
/// # Errors
/// If standard output cannot be written to.
pub fn run(args: &CompletionsArgs) -> Result<u8, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "vcf-agent", &mut script);
    print(&String::from_utf8_lossy(&script))?;
    Ok(0)
}
