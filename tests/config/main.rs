//! The configuration as a user meets it: what is accepted, what every mistake is answered with, which layer wins.

mod accepted;
mod any_text;
mod identity;
mod layers;
mod mistakes;
mod show;

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use vcf_agent::config::{ConfigError, Settings};

/// A folder with files in it.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    files.iter().for_each(|(name, text)| fs::write(folder.path().join(name), text).unwrap());
    folder
}

fn variables(variables: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
    variables.iter().map(|(name, value)| (name.into(), value.into())).collect()
}

fn load(file: &Path, environment: &[(&str, &str)]) -> Result<Settings, Vec<ConfigError>> {
    Settings::load_with(Some(file), variables(environment), None)
}

/// The messages about `my.toml`, without the name of the temporary folder.
fn messages_in(files: &[(&str, &str)], environment: &[(&str, &str)]) -> Vec<String> {
    let folder = folder(files);
    let errors = load(&folder.path().join("my.toml"), environment).unwrap_err();
    let prefix = format!("{}/", folder.path().display());
    errors.iter().map(|error| error.to_string().replace(&prefix, "")).collect()
}

fn messages(toml: &str) -> Vec<String> {
    messages_in(&[("my.toml", toml)], &[])
}

fn defaults() -> Settings {
    Settings::load_with(None, [], None).unwrap()
}

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}
