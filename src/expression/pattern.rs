//! The right side of `~`: a POSIX basic regular expression with GNU's `\|`, `\+`, `\?`, as in bcftools, where `+`, `?`,
//! `|`, `(`, `)` and braces stand for themselves unless a backslash comes before them. `/i` at its end: letters of
//! either case.
//!
//! It is translated piece by piece into the syntax of the crate `regex`, which matches in linear time whatever the
//! pattern.

use regex::bytes::{Regex, RegexBuilder};

/// Escapes that mean the same on both sides.
const SHARED_ESCAPES: &str = "wWsSbB";

/// The classes that may stand in brackets.
const CLASSES: [&str; 12] =
    ["alpha", "digit", "alnum", "upper", "lower", "space", "blank", "punct", "print", "graph", "cntrl", "xdigit"];

/// Compiles the pattern; the error is a sentence for people.
pub(super) fn compile(pattern: &str) -> Result<Regex, String> {
    let (pattern, any_case) = match pattern.strip_suffix("/i") {
        Some(rest) if !rest.is_empty() && !rest.ends_with('\\') => (rest, true),
        _ => (pattern, false),
    };
    let translated = Translation::new(pattern).run()?;
    RegexBuilder::new(&translated).unicode(false).dot_matches_new_line(true).case_insensitive(any_case).build().map_err(
        |error| match error {
            regex::Error::CompiledTooBig(_) => "the pattern is too large".to_owned(),
            _ => "the pattern is not a basic regular expression".to_owned(),
        },
    )
}

struct Translation<'p> {
    rest: &'p str,
    out: String,
    /// Where the piece begins that a `*` would repeat; `None` where there is none.
    atom: Option<usize>,
    /// Where the groups that are open begin.
    groups: Vec<usize>,
}

impl<'p> Translation<'p> {
    fn new(pattern: &'p str) -> Self {
        Self { rest: pattern, out: String::new(), atom: None, groups: Vec::new() }
    }

    fn run(mut self) -> Result<String, String> {
        while let Some(c) = self.take() {
            match c {
                '\\' => self.escape()?,
                '[' => self.bracket()?,
                '*' if self.atom.is_some() => self.repeat("*"),
                '^' if self.at_branch_start() => self.out.push('^'),
                '$' if matches!(self.rest.get(..2), Some("\\)" | "\\|")) || self.rest.is_empty() => {
                    self.out.push('$');
                    self.atom = None;
                }
                '.' => self.push_atom("."),
                c => self.push_literal(c),
            }
        }
        if self.groups.is_empty() { Ok(self.out) } else { Err("the \\) for a \\( is missing".into()) }
    }

    fn take(&mut self) -> Option<char> {
        let c = self.rest.chars().next()?;
        self.rest = &self.rest[c.len_utf8()..];
        Some(c)
    }

    /// Whether a `^` here stands for the beginning of the text.
    fn at_branch_start(&self) -> bool {
        self.out.is_empty() || self.out.ends_with("(?:") || (self.out.ends_with('|') && !self.out.ends_with("\\|"))
    }

    fn push_atom(&mut self, atom: &str) {
        self.atom = Some(self.out.len());
        self.out.push_str(atom);
    }

    fn push_literal(&mut self, c: char) {
        self.push_atom(&regex::escape(c.encode_utf8(&mut [0; 4])));
    }

    /// Repeats the last piece. It is enclosed first, or a second repetition would be taken for a lazy one.
    fn repeat(&mut self, how: &str) {
        if let Some(atom) = self.atom {
            self.out.insert_str(atom, "(?:");
            self.out.push(')');
            self.out.push_str(how);
        }
    }

    fn escape(&mut self) -> Result<(), String> {
        let Some(c) = self.take() else { return Err("the pattern ends with a backslash".into()) };
        match c {
            '(' => {
                self.groups.push(self.out.len());
                self.out.push_str("(?:");
                self.atom = None;
            }
            ')' => {
                let group = self.groups.pop().ok_or("there is no \\( for a \\)")?;
                self.out.push(')');
                self.atom = Some(group);
            }
            '|' => {
                self.out.push('|');
                self.atom = None;
            }
            '{' => self.interval()?,
            '+' | '?' if self.atom.is_none() => return Err(format!("there is nothing that \\{c} could repeat")),
            '+' => self.repeat("+"),
            '?' => self.repeat("?"),
            '<' => self.out.push_str("\\b{start}"),
            '>' => self.out.push_str("\\b{end}"),
            '`' => self.out.push_str("\\A"),
            '\'' => self.out.push_str("\\z"),
            c if SHARED_ESCAPES.contains(c) => self.push_atom(&format!("\\{c}")),
            '1'..='9' => return Err(format!("the reference \\{c} to a group is not supported")),
            c if c.is_alphanumeric() => return Err(format!("\\{c} is not supported in a pattern")),
            c => self.push_literal(c),
        }
        Ok(())
    }

    /// `\{2,5\}`, of which the first two characters are read.
    fn interval(&mut self) -> Result<(), String> {
        let (counts, rest) = self.rest.split_once("\\}").ok_or("the \\} for a \\{ is missing")?;
        let is_count = |text: &str| text.len() <= 5 && text.bytes().all(|b| b.is_ascii_digit());
        let (least, most) = counts.split_once(',').unwrap_or((counts, counts));
        if !is_count(least) || !is_count(most) || counts.is_empty() || counts == "," {
            return Err("between \\{ and \\} stand one or two numbers".into());
        }
        if self.atom.is_none() {
            return Err("there is nothing that \\{ could repeat".into());
        }
        self.rest = rest;
        let least = if least.is_empty() { "0" } else { least };
        self.repeat(&if counts.contains(',') { format!("{{{least},{most}}}") } else { format!("{{{least}}}") });
        Ok(())
    }

    /// `[^a-z[:digit:]]`, of which the `[` is read. A backslash is an ordinary character there.
    fn bracket(&mut self) -> Result<(), String> {
        let missing = || "the ] for a [ is missing".to_owned();
        let mut class = String::from("[");
        if let Some(rest) = self.rest.strip_prefix('^') {
            self.rest = rest;
            class.push('^');
        }
        let mut is_first = true;
        loop {
            let c = self.take().ok_or_else(missing)?;
            match c {
                ']' if !is_first => break,
                '[' if self.rest.starts_with(['=', '.']) => {
                    return Err("[= =] and [. .] are not supported in a pattern".into());
                }
                '[' if self.rest.starts_with(':') => {
                    let (name, rest) = self.rest[1..].split_once(":]").ok_or_else(missing)?;
                    if !CLASSES.contains(&name) {
                        return Err("[: :] holds no known class".into());
                    }
                    class.push_str(&format!("[:{name}:]"));
                    self.rest = rest;
                }
                c => {
                    push_in_class(&mut class, c)?;
                    if self.rest.starts_with('-') && !self.rest.starts_with("-]") {
                        self.take();
                        class.push('-');
                        push_in_class(&mut class, self.take().ok_or_else(missing)?)?;
                    }
                }
            }
            is_first = false;
        }
        class.push(']');
        self.push_atom(&class);
        Ok(())
    }
}

/// One character of a class; as a number, because many mean something there.
fn push_in_class(class: &mut String, c: char) -> Result<(), String> {
    if !c.is_ascii() {
        return Err("brackets may hold ASCII characters only".into());
    }
    class.push_str(&format!("\\x{:02X}", c as u32));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        compile(pattern).unwrap_or_else(|error| panic!("{pattern}: {error}")).is_match(text.as_bytes())
    }

    #[test]
    fn plain_signs_are_characters_and_escaped_ones_operators() {
        assert!(matches("a+b", "xa+by") && !matches("a+b", "aab"));
        assert!(matches("a\\+b", "aab") && !matches("a\\+b", "b"));
        assert!(matches("a|b", "a|b") && !matches("a|b", "a"));
        assert!(matches("a\\|b", "b") && matches("^\\(a\\|b\\)$", "a") && !matches("^\\(a\\|b\\)$", "ab"));
        assert!(matches("^ab\\?$", "a") && matches("(x)", "(x)") && matches("{2}", "{2}"));
        assert!(matches("^a\\{2\\}$", "aa") && !matches("^a\\{2\\}$", "a") && matches("^a\\{,2\\}$", ""));
        assert!(matches("missense_variant.*deleterious", "x|missense_variant|y|deleterious(0)"));
        assert!(matches("", "anything"));
    }

    #[test]
    fn anchors_and_stars_are_operators_only_in_their_place() {
        assert!(matches("^ab", "abc") && !matches("^ab", "cab"));
        assert!(matches("a^b$c", "a^b$c") && matches("*a", "*a") && matches("^*a", "*a") && matches("\\(*a\\)", "*a"));
        assert!(matches("\\(^a\\)\\|b$", "ab") && matches("a$\\|b", "a") && !matches("a$\\|^b", "ac"));
        assert!(matches("^a**$", "aaa") && matches("^a*\\?$", "") && matches("^\\(a\\+\\)\\?$", ""));
    }

    #[test]
    fn brackets_hold_what_posix_says() {
        assert!(matches("^[]a]*$", "]a") && matches("^[^]a]$", "b") && !matches("[^]a]", "]a"));
        assert!(matches("^[a-c-]*$", "a-c") && matches("^[[:digit:]_]*$", "1_2") && matches("[\\.]", "\\"));
        assert!(matches("[.]", ".") && !matches("[.]", "a") && matches("[&~^]", "~") && matches("^[--/]$", "."));
        assert!(matches("[a-c]/i", "B") && !matches("[a-c]", "B"));
    }

    #[test]
    fn a_final_slash_i_means_any_case() {
        assert!(matches("needle/i", "NEEDLE") && !matches("needle", "NEEDLE"));
        assert!(matches("a\\/i", "a/i") && !matches("a\\/i", "A") && matches("/i", "/i"));
    }

    #[test]
    fn words_are_ascii_words() {
        assert!(matches("\\<ab\\>", "x ab y") && !matches("\\<ab\\>", "xab y") && matches("^\\w*$", "a_1"));
    }

    #[test]
    fn what_is_not_supported_says_so() {
        for pattern in [
            "\\(a\\)\\1",
            "\\n",
            "[[=a=]]",
            "[[:nonsense:]]",
            "[\u{e9}]",
            "[b-a]",
            "\\(a",
            "a\\)",
            "[a",
            "a\\",
            "\\+",
            "a\\{x\\}",
        ] {
            assert!(!compile(pattern).unwrap_err().is_empty(), "{pattern}");
        }
        assert!(compile("\\(\\(\\(.\\{999\\}\\)\\{999\\}\\)\\{999\\}\\)").is_err());
    }
}
