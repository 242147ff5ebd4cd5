//! Text for terminals: numbers, escaping, and the receipt as people read it. Pure.

use serde::Serialize;

use crate::domain::receipt::Receipt;

/// `1,234,567`.
pub fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() * 4 / 3 + 1);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Whether a terminal may act on this character, or show the text in another order than it is in.
fn is_active(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Text of a file, safe on a terminal and on one line.
pub fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_active(c) { out.extend(c.escape_default()) } else { out.push(c) }
    }
    out
}

/// Bytes of a file, safe on a terminal, on one line, and without ambiguity: a backslash is doubled, a byte that is not
/// UTF-8 is `\xNN`.
pub fn raw(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            if is_active(c) || c == '\\' { out.extend(c.escape_default()) } else { out.push(c) }
        }
        chunk.invalid().iter().for_each(|byte| out.push_str(&format!("\\x{byte:02x}")));
    }
    out
}

/// At most `max` characters; what was cut is said.
pub fn cut(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

/// Lines of at most `width` characters, broken at blanks; a longer word is broken where the line ends.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut rest = text;
    while rest.chars().count() > width {
        let end = rest.char_indices().nth(width).map_or(rest.len(), |(at, _)| at);
        // A blank right behind the last character that fits is as good.
        let blank = if rest[end..].starts_with(' ') { Some(end) } else { rest[..end].rfind(' ') };
        let at = blank.filter(|&at| !rest[..at].trim().is_empty()).unwrap_or(end);
        lines.push(rest[..at].trim_end().to_owned());
        rest = rest[at..].trim_start();
    }
    lines.push(rest.to_owned());
    lines
}

/// A value as one line of JSON, line end included, safe on a terminal too.
pub fn json_line(value: &impl Serialize) -> String {
    let plain = serde_json::to_string(value).unwrap_or_else(|error| {
        serde_json::json!({ "error": { "code": 70, "message": error.to_string() } }).to_string()
    });
    let mut out = String::with_capacity(plain.len() + 1);
    for c in plain.chars() {
        // serde_json has escaped what JSON forbids; these can only stand inside of strings.
        if is_active(c) { out.push_str(&format!("\\u{:04x}", u32::from(c))) } else { out.push(c) }
    }
    out.push('\n');
    out
}

/// A word of a command line that a shell takes as it is.
pub fn shell_word(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=:,@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// Rows of cells as aligned columns: two blanks between them, numbers to the right, nothing after the last.
pub fn table(rows: &[Vec<String>], right: &[bool]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|c| c.chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    let mut out = String::new();
    for row in rows {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            let pad = " ".repeat(widths[column] - cell.chars().count());
            let gap = if column == 0 { "" } else { "  " };
            match right.get(column) {
                Some(true) => line.push_str(&format!("{gap}{pad}{cell}")),
                _ => line.push_str(&format!("{gap}{cell}{pad}")),
            }
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// The receipt as people read it. `next` are things to do, one a line, shown last.
pub fn receipt(receipt: &Receipt, next: &[String]) -> String {
    let mut out = format!("{}  {}\n", text(&receipt.file), receipt.state);
    for (name, value) in head(receipt) {
        out.push_str(&format!("  {name:<12} {}\n", text(&value)));
    }
    if receipt.job.is_some() {
        out.push('\n');
        table(&equations(receipt), &[false, true, false, false, true, false, false, true])
            .lines()
            .for_each(|line| out.push_str(&format!("  {line}\n")));
        out.push('\n');
        for (name, value) in tail(receipt) {
            out.push_str(&format!("  {name:<12} {}\n", text(&value)));
        }
    }
    for warning in &receipt.warnings {
        let (count, line) = (thousands(warning.count), thousands(warning.first_line));
        let message = cut(&text(&warning.message), 300);
        out.push_str(&format!(
            "  {:<12} {} × {count}, first in line {line}: {message}\n",
            "warning",
            text(&warning.code)
        ));
    }
    next.iter().for_each(|step| out.push_str(&format!("  {:<12} {}\n", "next", text(step))));
    out
}

/// What is known of the file and of its job.
fn head(receipt: &Receipt) -> Vec<(&'static str, String)> {
    let mut lines = Vec::new();
    if let Some(error) = &receipt.error {
        let line = error.line.map(|line| format!("line {}", thousands(line)));
        let offset = error.offset.map(|offset| format!("byte {}", thousands(offset)));
        let place: Vec<String> = line.into_iter().chain(offset).collect();
        let place = if place.is_empty() { String::new() } else { format!(" ({})", place.join(", ")) };
        lines.push(("error", format!("{}{place}", error.message)));
    }
    if let Some(job) = &receipt.job {
        let samples =
            if receipt.samples == 1 { "1 sample".into() } else { format!("{} samples", thousands(receipt.samples)) };
        let assembly = receipt.assembly.as_deref().unwrap_or("unknown");
        lines.push(("job", format!("{job}, revision {}", receipt.revision)));
        lines.push(("sha-256", receipt.file_digest.clone().unwrap_or_else(|| "not known".into())));
        lines.push(("read", format!("{} bytes, {samples}, assembly {assembly}", thousands(receipt.bytes))));
    }
    let started = receipt.started_at.as_deref().unwrap_or("?");
    let finished = receipt.finished_at.as_deref().unwrap_or("not finished");
    let rate = receipt.stored_per_second.map(|rate| format!(", {} rows stored per second", thousands(rate as u64)));
    lines.push(("time", format!("{started} to {finished}{}", rate.unwrap_or_default())));
    lines
}

/// `left = first + second + …`, two terms a line, and whether it is so.
fn equation(left: (&str, u64), terms: &[(&str, u64)], final_: bool) -> Vec<Vec<String>> {
    let sum = terms.iter().fold(0u64, |sum, (_, n)| sum.saturating_add(*n));
    let verdict = match (left.1 == sum, final_) {
        (true, _) => "ok".to_owned(),
        (false, true) => format!("OFF BY {}", thousands(left.1.abs_diff(sum))),
        (false, false) => "not yet".to_owned(),
    };
    let mut rows: Vec<Vec<String>> = Vec::new();
    for (i, pair) in terms.chunks(2).enumerate() {
        let mut row = match i {
            0 => vec![left.0.to_owned(), thousands(left.1), "=".into()],
            _ => vec![String::new(), String::new(), "+".into()],
        };
        for (j, (name, n)) in pair.iter().enumerate() {
            if j > 0 {
                row.push("+".into());
            }
            row.extend([(*name).to_owned(), thousands(*n)]);
        }
        row.resize(8, String::new());
        rows.push(row);
    }
    if let Some(last) = rows.last_mut() {
        last.push(verdict);
    }
    rows
}

fn equations(r: &Receipt) -> Vec<Vec<String>> {
    // Before the end of the file the parser's counts and the store's may be of different moments.
    let done = r.state == "COMPLETE";
    let dropped = r.dropped.values().fold(0u64, |sum, n| sum.saturating_add(*n));
    let rows_read = r.alleles.saturating_add(r.no_alt);
    let selected = [
        ("cached", r.cached),
        ("answered", r.answered),
        ("abstained", r.abstained),
        ("dead_tasks", r.dead_tasks),
        ("pending", r.pending),
    ];
    let mut all = equation(("records", r.records), &[("parsed", r.parsed), ("dead_records", r.dead_records)], done);
    all.extend(equation(("alleles + no_alt", rows_read), &[("stored", r.stored), ("dead_rows", r.dead_rows)], done));
    all.extend(equation(("stored", r.stored), &[("selected", r.selected), ("dropped", dropped)], done));
    all.extend(equation(("selected", r.selected), &selected, done));
    if let Some(certificate) = &r.certificate {
        all.extend(equation(("stored", r.stored), &[("certificate.rows", certificate.rows)], done));
    }
    all
}

/// Details behind the equations.
fn tail(receipt: &Receipt) -> Vec<(&'static str, String)> {
    let mut lines = vec![("alleles", format!("{}; no_alt {}", thousands(receipt.alleles), thousands(receipt.no_alt)))];
    if !receipt.dropped.is_empty() {
        let clauses: Vec<String> =
            receipt.dropped.iter().map(|(clause, n)| format!("{clause} {}", thousands(*n))).collect();
        lines.push(("dropped", clauses.join(", ")));
    }
    if receipt.replayed > 0 {
        let (replayed, edited) = (thousands(receipt.replayed), thousands(receipt.edited));
        lines.push((
            "replayed",
            format!("{replayed} dead letters are records now, {edited} of them with another text than the file's"),
        ));
    }
    if receipt.dropped_dead > 0 {
        let (dropped, dead) = (thousands(receipt.dropped_dead), thousands(receipt.dead_letters));
        lines.push((
            "dead",
            format!("{dead} dead letters = {dropped} dropped + {} open", thousands(receipt.open_dead())),
        ));
    }
    if receipt.answered + receipt.abstained + receipt.dead_tasks > 0 {
        let (answered, abstained) = (thousands(receipt.answered), thousands(receipt.abstained));
        let asked = text(&receipt.providers.join(", "));
        lines.push((
            "answers",
            format!("{answered} answered, {abstained} abstained for want of evidence; asked: {asked}"),
        ));
    }
    if receipt.dead_tasks > 0 {
        let dead = thousands(receipt.dead_tasks);
        lines.push((
            "dead tasks",
            format!("{dead} selected alleles got no answer and are not asked about again by themselves"),
        ));
    }
    if receipt.pending > 0 {
        let why = if receipt.providers.is_empty() {
            "no provider is configured"
        } else {
            "the same command again goes on with them"
        };
        lines.push(("pending", format!("{}: {why}", thousands(receipt.pending))));
    }
    lines.push((
        "certificate",
        match &receipt.certificate {
            Some(c) if c.holds && c.digest_sum == c.expected_digest_sum => {
                format!("holds: a scan of the store gives the parser's rows, digest sum {}", c.digest_sum)
            }
            Some(c) => {
                format!("DOES NOT HOLD: digest sum in the store {}, expected {}", c.digest_sum, c.expected_digest_sum)
            }
            None if receipt.state == "COMPLETE" => "MISSING: the store could not be scanned".into(),
            None => "none: it is made when the whole file is stored".into(),
        },
    ));
    lines
}

#[cfg(test)]
#[path = "render_tests.rs"]
mod tests;
