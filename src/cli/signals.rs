//! Interrupt → drain; a second interrupt → stop at once. Both exit 75: the same command again goes on.

use std::io;
use std::sync::mpsc;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use super::failure::AGAIN;
use crate::run::Shutdown;

/// What a first signal is answered with.
pub const DRAINING: &str = "interrupted: finishing what is under way, then exit 75; once more stops at once";

/// Watches for SIGINT and SIGTERM in a thread of its own until the process ends. `say` is called with what to tell the user;
/// while `is_idle` says that nothing has begun, there is nothing to drain and the first signal stops at once.
///
/// # Errors
/// If the handlers cannot be installed.
pub fn watch(say: impl Fn(&str) + Send + 'static, is_idle: impl Fn() -> bool + Send + 'static) -> io::Result<Shutdown> {
    let (stop, shutdown) = watch::channel(false);
    let (ready, installed) = mpsc::channel();
    let thread = std::thread::Builder::new().name("vcf-agent-signals".into());
    thread.spawn(move || {
        let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => return drop(ready.send(Err(error))),
        };
        runtime.block_on(async {
            let signals = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
            let (mut interrupt, mut terminate) = match signals {
                (Ok(interrupt), Ok(terminate)) => (interrupt, terminate),
                (Err(error), _) | (_, Err(error)) => return drop(ready.send(Err(error))),
            };
            let _ = ready.send(Ok(()));
            for nth in 0.. {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
                if nth > 0 || is_idle() {
                    say("stopped at once; nothing that is stored is lost: run the same command again");
                    std::process::exit(i32::from(AGAIN));
                }
                say(DRAINING);
                // Without a receiver the run is over already.
                let _ = stop.send(true);
            }
        });
    })?;
    installed.recv().map_err(io::Error::other)??;
    Ok(shutdown)
}
