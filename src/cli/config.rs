//! `config check|show`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::json;

use super::failure::Failure;
use super::render::json_line;
use super::{Global, print};
use crate::config::Settings;

/// Subcommands of `config`.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Report every error of the configuration at once, each with its file and line; exit 78 if there is one
    Check(CheckArgs),
    /// Print the settings that are in force, all of them, after file, environment and options
    Show(ShowArgs),
}

/// Arguments of `config check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The file; by default the one of --config, else only defaults and environment
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// One JSON object: `ok`, and `errors` with `place` and `message`
    #[arg(long)]
    json: bool,
}

/// Arguments of `config show`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The file; by default the one of --config, else only defaults and environment
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
}

impl ConfigCommand {
    /// Whether JSON is wanted.
    pub fn json(&self) -> bool {
        matches!(self, Self::Check(CheckArgs { json: true, .. }))
    }
}

/// Runs a subcommand.
///
/// # Errors
/// All errors of the configuration, or if standard output cannot be written to.
pub fn run(global: &Global, command: &ConfigCommand) -> Result<u8, Failure> {
    let named = match command {
        ConfigCommand::Check(args) => &args.file,
        ConfigCommand::Show(args) => &args.file,
    };
    let file = named.as_ref().or(global.config.as_ref());
    let settings = Settings::load(file.map(PathBuf::as_path), global.data_dir.as_deref());
    match command {
        ConfigCommand::Show(_) => print(&settings?.show())?,
        ConfigCommand::Check(CheckArgs { json: false, .. }) => {
            settings?;
            print(&format!("ok: {}\n", file.map_or("defaults and environment".into(), |f| f.display().to_string())))?;
        }
        ConfigCommand::Check(_) => {
            let errors = settings.err().map(Failure::from);
            let list = errors.as_ref().map(|failure| json!(failure.errors)).unwrap_or_else(|| json!([]));
            print(&json_line(&json!({ "ok": errors.is_none(), "errors": list })))?;
            return Ok(errors.map_or(0, |failure| failure.code));
        }
    }
    Ok(0)
}
