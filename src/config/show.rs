//! The effective configuration as TOML, with the origin of each value.

use super::keys::{KEYS, SECTIONS};
use super::raw::{Layers, Origin};

/// Every value that is set, by table, and what is not asked for as comments.
pub fn toml(layers: &Layers) -> String {
    let mut text = String::from("# The effective configuration, and where each value comes from.\n");
    if !layers.has_table("triage") {
        text.push_str("# No [triage] is configured: the triage by default is asked.\n");
    }
    for section in SECTIONS {
        if !layers.has_table(section.path) {
            continue;
        }
        text.push('\n');
        if !section.path.is_empty() {
            text.push_str(&format!("[{}]\n", section.path));
        }
        for key in KEYS.iter().filter(|key| key.section() == section.path) {
            match (layers.get(key.path), layers.origin(key.path)) {
                (Some(value), Some(origin)) => {
                    text.push_str(&format!("{} = {}  # {}\n", key.name(), value.toml(), comment(origin)));
                }
                _ => text.push_str(&format!("# {} is not set\n", key.name())),
            }
        }
    }
    text
}

fn comment(origin: &Origin) -> String {
    let comment = match origin {
        Origin::Environment(name) => format!("environment: {name}"),
        Origin::Flag(flag) => format!("command line: {flag}"),
        other => other.to_string(),
    };
    // A file's name may hold anything; a comment ends with its line.
    comment.replace(char::is_control, "?")
}
