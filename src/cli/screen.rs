//! The terminal has one owner: progress, notes, log lines and receipts all pass here, so that none tears another.

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use super::render::{cut, text, thousands};
use crate::run::Progress;

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Show {
    /// A bar, where standard error is a terminal.
    Bar,
    /// A line every few seconds.
    Lines,
    /// Nothing: the reader is a script.
    Nothing,
}

/// Between two lines of progress.
const LINE_INTERVAL: Duration = Duration::from_secs(5);

/// Between two looks at the numbers, and two pictures of the bar.
const LOOK_INTERVAL: Duration = Duration::from_millis(100);

/// Characters of a file's name beside the bar.
const NAME_CHARS_MAX: usize = 24;

/// The way to the terminal; clones share it.
#[derive(Clone)]
pub struct Screen {
    bar: Option<ProgressBar>,
    show: Show,
}

impl Screen {
    /// For a command that shows progress, unless `json`.
    pub fn new(json: bool) -> Self {
        let show = match (json, io::stderr().is_terminal()) {
            (true, _) => Show::Nothing,
            (false, true) => Show::Bar,
            (false, false) => Show::Lines,
        };
        let bar =
            (show == Show::Bar).then(|| ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10)));
        Self { bar, show }
    }

    /// Runs `write` while nothing else is drawn.
    pub fn alone<T>(&self, write: impl FnOnce() -> T) -> T {
        match &self.bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    /// One line on standard error.
    pub fn note(&self, line: &str) {
        // Without standard error there is nobody to tell.
        let _ = self.alone(|| writeln!(io::stderr().lock(), "{}", text(line)));
    }

    /// Log lines of the run on standard error: warnings, or what VCF_AGENT_LOG (else RUST_LOG) asks for: `info`,
    /// `vcf_agent=debug`.
    pub fn install_log(&self) {
        let variable = if std::env::var_os("VCF_AGENT_LOG").is_some() { "VCF_AGENT_LOG" } else { "RUST_LOG" };
        let filter = EnvFilter::builder()
            .with_default_directive(tracing_subscriber::filter::LevelFilter::WARN.into())
            .with_env_var(variable)
            .from_env_lossy();
        let log =
            tracing_subscriber::fmt().log_internal_errors(false).with_env_filter(filter).with_writer(self.clone());
        // A second subscriber of one process (a test) changes nothing.
        let _ = log.with_ansi(io::stderr().is_terminal()).with_target(false).try_init();
    }

    /// Shows `progress` until the returned guard is dropped.
    ///
    /// # Errors
    /// If no thread can be started.
    pub fn follow(&self, names: Vec<String>, progress: Arc<Progress>) -> io::Result<Following> {
        let (stop, stopped) = channel::<()>();
        let screen = self.clone();
        if self.show == Show::Nothing {
            return Ok(Following { stop: None, thread: None, screen });
        }
        let thread = std::thread::Builder::new().name("vcf-agent-screen".into()).spawn(move || {
            let mut ticker = Ticker { names, file: 0, since: Instant::now(), said: Instant::now() };
            while stopped.recv_timeout(LOOK_INTERVAL) == Err(RecvTimeoutError::Timeout) {
                ticker.tick(&screen, &progress);
            }
        })?;
        Ok(Following { stop: Some(stop), thread: Some(thread), screen: self.clone() })
    }
}

/// Progress is shown as long as this lives.
pub struct Following {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
    screen: Screen,
}

impl Drop for Following {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A picture that panicked is no reason to lose the receipt.
            let _ = thread.join();
        }
        self.screen.bar.iter().for_each(ProgressBar::finish_and_clear);
    }
}

struct Ticker {
    names: Vec<String>,
    file: u64,
    since: Instant,
    /// When the last line was.
    said: Instant,
}

impl Ticker {
    fn tick(&mut self, screen: &Screen, progress: &Progress) {
        let now = Numbers::read(progress);
        if now.file == 0 {
            return;
        }
        let name = text(self.names.get(now.file as usize - 1).map_or("?", String::as_str));
        if now.file != self.file {
            self.file = now.file;
            self.since = Instant::now();
            screen.bar.iter().for_each(|bar| begin(bar, &name, now.bytes_total));
        }
        let elapsed = self.since.elapsed();
        match &screen.bar {
            Some(bar) => {
                match now.asked {
                    0 => bar.set_position(now.bytes_read),
                    asked => {
                        bar.set_length(asked);
                        bar.set_position(now.answered);
                    }
                }
                bar.set_message(now.counts(elapsed));
            }
            None if self.said.elapsed() >= LINE_INTERVAL => {
                self.said = Instant::now();
                let place = format!("{}/{} {}", now.file, self.names.len(), cut(&name, NAME_CHARS_MAX));
                screen.note(&format!("{place}: {}{}", now.counts(elapsed), now.ahead(elapsed)));
            }
            None => {}
        }
    }
}

/// A bar over the bytes of a file, or a spinner where their number is not known.
fn begin(bar: &ProgressBar, name: &str, bytes_total: u64) {
    let template = match bytes_total {
        0 => "{spinner} {prefix} {wide_msg}",
        _ => "{prefix} {bar:12} {percent:>3} % ETA {eta} {wide_msg}",
    };
    // The templates are constants that a test reads; the default style would do as well.
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.set_style(style);
    bar.set_prefix(cut(name, NAME_CHARS_MAX));
    match bytes_total {
        0 => bar.unset_length(),
        total => bar.set_length(total),
    }
    bar.reset();
}

/// One reading of the counters.
#[derive(Debug, Clone, Copy)]
struct Numbers {
    file: u64,
    bytes_total: u64,
    bytes_read: u64,
    records: u64,
    stored: u64,
    asked: u64,
    answered: u64,
}

impl Numbers {
    fn read(progress: &Progress) -> Self {
        Self {
            file: progress.file.load(Ordering::Relaxed),
            bytes_total: progress.bytes_total.load(Ordering::Relaxed),
            bytes_read: progress.bytes_read.load(Ordering::Relaxed),
            records: progress.records.load(Ordering::Relaxed),
            stored: progress.stored.load(Ordering::Relaxed),
            asked: progress.asked.load(Ordering::Relaxed),
            answered: progress.answered.load(Ordering::Relaxed),
        }
    }

    /// What grows: while the file is read its records, afterwards the answers.
    fn counts(&self, elapsed: Duration) -> String {
        if self.asked > 0 {
            let (answered, asked) = (thousands(self.answered), thousands(self.asked));
            return format!("all stored; {answered} of {asked} selected alleles asked about");
        }
        let rate = self.stored as f64 / elapsed.as_secs_f64().max(0.001);
        format!("{} records, {} stored, {}/s", thousands(self.records), thousands(self.stored), thousands(rate as u64))
    }

    /// How far, and how long still, where the size is known.
    fn ahead(&self, elapsed: Duration) -> String {
        if self.asked > 0 || self.bytes_total == 0 || self.bytes_read == 0 {
            return String::new();
        }
        let part = (self.bytes_read as f64 / self.bytes_total as f64).min(1.0);
        let left = elapsed.as_secs_f64() * (1.0 - part) / part;
        format!(", {:.0} % read, about {} s left", (part * 100.0).floor(), thousands(left.ceil() as u64))
    }
}

impl<'a> MakeWriter<'a> for Screen {
    type Writer = LogLine<'a>;

    fn make_writer(&'a self) -> LogLine<'a> {
        LogLine(self)
    }
}

/// Writes one log line, the bar out of its way.
pub struct LogLine<'a>(&'a Screen);

impl Write for LogLine<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.alone(|| io::stderr().lock().write_all(line))?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_how_far_and_how_long() {
        let progress = Progress::default();
        progress.begin(2, 4_000);
        progress.bytes_read.store(1_000, Ordering::Relaxed);
        progress.records.store(12_345, Ordering::Relaxed);
        progress.stored.store(10_000, Ordering::Relaxed);
        let now = Numbers::read(&progress);
        let after = Duration::from_secs(2);
        assert_eq!(now.counts(after), "12,345 records, 10,000 stored, 5,000/s");
        assert_eq!(now.ahead(after), ", 25 % read, about 6 s left");
        progress.asked.store(1_500, Ordering::Relaxed);
        progress.answered.store(256, Ordering::Relaxed);
        let asking = Numbers::read(&progress);
        assert_eq!(asking.counts(after), "all stored; 256 of 1,500 selected alleles asked about");
        assert_eq!(asking.ahead(after), "");
        progress.begin(3, 0);
        assert_eq!(Numbers::read(&progress).ahead(after), "");
    }

    #[test]
    fn the_bars_templates_are_sound() {
        for total in [0, 10] {
            let bar = ProgressBar::hidden();
            begin(&bar, "name", total);
            assert_eq!(bar.length(), (total > 0).then_some(total));
            assert_eq!(bar.prefix(), "name");
        }
    }
}
