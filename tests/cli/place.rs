//! Starts the binary in a place of its own and reads what it said.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// What a finished process said.
#[derive(Debug)]
pub struct Said {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the product prints UTF-8");
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }
}

impl Said {
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }

    #[track_caller]
    pub fn objects(&self) -> Vec<Value> {
        self.out.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {self:#?}"))).collect()
    }

    #[track_caller]
    pub fn object(&self) -> Value {
        let mut all = self.objects();
        assert_eq!(all.len(), 1, "{self:#?}");
        all.remove(0)
    }
}

/// A working directory of its own; nothing of the caller's settings reaches the binary.
pub struct Place(pub TempDir);

impl Place {
    pub fn new() -> Self {
        Self(tempfile::Builder::new().prefix("vcf-agent-cli-").tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn data(&self) -> PathBuf {
        self.path("vcf-agent-data")
    }

    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        path
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vcf-agent"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("VCF_AGENT_") || name == "RUST_LOG" {
                command.env_remove(name);
            }
        }
        command.args(args).current_dir(self.0.path()).stdin(Stdio::null());
        command
    }

    pub fn call(&self, args: &[&str]) -> Said {
        self.command(args).output().unwrap().into()
    }
}
