//! What the actors get from outside: clock, chance, and a place for work that blocks. The same actors run in both worlds:
//! on threads, and, inside a simulation, inline on a paused clock.

use std::cell::RefCell;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::delivery::poison::STRIKES_MAX;

/// Wall clock that never runs backwards: read once, then carried on by the monotonic clock (which a simulation pauses).
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    base_ms: u64,
    start: Instant,
}

impl Clock {
    /// A clock that shows `now_ms` (since 1970) now.
    pub fn starting_at(now_ms: u64) -> Self {
        Self { base_ms: now_ms, start: Instant::now() }
    }

    /// Milliseconds since 1970.
    pub fn now_ms(&self) -> u64 {
        self.base_ms + self.start.elapsed().as_millis() as u64
    }
}

/// Blocking work that panicked: its message. Whoever asked for the work decides whom to blame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Panicked(pub String);

impl Panicked {
    /// The words of a caught panic.
    pub fn from_payload(payload: &(dyn std::any::Any + Send)) -> Self {
        let words = payload.downcast_ref::<&str>().map(|s| (*s).to_owned());
        let words = words.or_else(|| payload.downcast_ref::<String>().cloned());
        Self(words.unwrap_or_else(|| "panicked without words".into()))
    }
}

/// Runs `work`; a panic is an answer, not the end.
///
/// # Errors
/// The panic's words.
pub fn caught<T>(work: impl FnOnce() -> T) -> Result<T, Panicked> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|payload| Panicked::from_payload(&*payload))
}

/// A hook that a simulation uses to make a stage, or a piece of work, panic at a chosen moment.
pub type Chaos = Rc<dyn Fn(&'static str)>;

/// What the actors get from outside. Cheap to clone.
#[derive(Clone)]
pub struct Env {
    clock: Clock,
    rng: Rc<RefCell<fastrand::Rng>>,
    inline: bool,
    chaos: Option<Chaos>,
}

impl Env {
    /// The real world: work runs on the runtime's blocking threads.
    pub fn threads(clock: Clock, seed: u64) -> Self {
        Self { clock, rng: Rc::new(RefCell::new(fastrand::Rng::with_seed(seed))), inline: false, chaos: None }
    }

    /// A simulation: work runs in the caller after a random virtual delay, so that orders differ by seed and by nothing else.
    pub fn simulated(clock: Clock, seed: u64, chaos: Chaos) -> Self {
        Self { inline: true, chaos: Some(chaos), ..Self::threads(clock, seed) }
    }

    /// Milliseconds since 1970.
    pub fn now_ms(&self) -> u64 {
        self.clock.now_ms()
    }

    /// A random number in 0..1.
    pub fn chance(&self) -> f64 {
        self.rng.borrow_mut().f64()
    }

    /// A random number.
    pub fn random(&self) -> u64 {
        self.rng.borrow_mut().u64(..)
    }

    /// Where a simulation may let `place` panic; nothing in the real world.
    pub fn trip(&self, place: &'static str) {
        if let Some(chaos) = &self.chaos {
            chaos(place);
        }
    }

    /// Runs blocking work elsewhere. A panic in it comes back as [`Panicked`]: it never harms the actor that asked.
    ///
    /// # Errors
    /// If the work panicked, or the runtime ends before it began.
    pub fn work<T: Send + 'static>(
        &self,
        place: &'static str,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> impl Future<Output = Result<T, Panicked>> + 'static {
        let env = self.clone();
        async move {
            if env.inline {
                let delay_us = (env.chance() * 20_000.0) as u64;
                tokio::time::sleep(Duration::from_micros(delay_us)).await;
                return caught(|| {
                    env.trip(place);
                    work()
                });
            }
            match tokio::task::spawn_blocking(work).await {
                Ok(value) => Ok(value),
                Err(error) if error.is_panic() => Err(Panicked::from_payload(&*error.into_panic())),
                Err(_) => Err(Panicked("the runtime is shutting down".into())),
            }
        }
    }

    /// As [`Env::work`], for work that may be repeated: a panic is followed by another try, up to [`STRIKES_MAX`] in all.
    ///
    /// # Errors
    /// The last panic's words, if every try panicked.
    pub fn work_repeatedly<T: Send + 'static>(
        &self,
        place: &'static str,
        work: impl Fn() -> T + Send + Sync + 'static,
    ) -> impl Future<Output = Result<T, Panicked>> + 'static {
        let (env, work) = (self.clone(), Arc::new(work));
        async move {
            let mut strikes = 0;
            loop {
                let again = work.clone();
                let result = env.work(place, move || again()).await;
                strikes += 1;
                match result {
                    Err(Panicked(words)) if strikes < STRIKES_MAX => {
                        tracing::warn!(place, cause = %words, "trying again")
                    }
                    result => return result,
                }
            }
        }
    }

    /// As [`Env::work`], on a thread of its own that nobody waits for: for a call that may block for ever.
    ///
    /// # Errors
    /// As [`Env::work`], or if no thread can be started.
    pub fn work_detached<T: Send + 'static>(
        &self,
        place: &'static str,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> impl Future<Output = Result<T, Panicked>> + 'static {
        let env = self.clone();
        async move {
            if env.inline {
                return env.work(place, work).await;
            }
            let (sender, receiver) = tokio::sync::oneshot::channel();
            std::thread::Builder::new()
                .name(format!("vcf-agent-{place}"))
                .spawn(move || {
                    let _nobody_waits = sender.send(caught(work));
                })
                .map_err(|error| Panicked(format!("cannot start a thread: {error}")))?;
            receiver.await.unwrap_or_else(|_| Err(Panicked("the thread ended without an answer".into())))
        }
    }

    /// Runs a task on this thread that outlives the actor that starts it.
    pub fn spawn(&self, task: impl Future<Output = ()> + 'static) {
        tokio::task::spawn_local(task);
    }
}
