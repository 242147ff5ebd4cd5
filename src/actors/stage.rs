//! Every sharp edge of actix, once.
//!
//! * A panic in a handler closes an actor's mailbox for ever and tells nobody. Here it is caught, the stage is dropped, and
//!   its [`Notice`] tells whoever supervises. A supervisor builds a stage anew, from the ledger; a struct that
//!   panicked is never used again (so actix's own `Supervised`, which keeps it, is not used).
//! * Mailboxes are not bounded, whatever their capacity says. Memory is bounded by the credits of a window, and there are only
//!   three ways to send: [`Link::post`], [`Link::announce`] and [`Link::ask`]; clippy bans the rest.
//! * A busy mailbox starves timers, so handlers only keep books: work goes through [`Env::work`].
//! * Futures of a context die with it. What must finish runs through [`Env::spawn`].

use std::cell::Cell;
use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use actix::prelude::*;
use tokio::sync::oneshot;

use super::env::{Env, Panicked, caught};
use crate::telemetry::{Metric, count};

/// The context of a stage.
pub type Ctx<S> = Context<Staged<S>>;

/// The address of a stage.
pub type Seat<S> = Addr<Staged<S>>;

/// An actor of the pipeline.
pub trait Stage: Sized + Unpin + 'static {
    /// Name in logs, metrics and restart budgets.
    const NAME: &'static str;

    /// Called once, before the first message.
    fn begin(&mut self, ctx: &mut Ctx<Self>) {
        let _ = ctx;
    }
}

/// A stage that understands `M`.
pub trait Takes<M>: Stage {
    /// Handles one message: bookkeeping only, nothing that blocks.
    fn take(&mut self, message: M, ctx: &mut Ctx<Self>);
}

/// How a message travels: the wrapper leaves room for the messages of [`Staged`] itself.
pub struct Envelope<M>(M);

impl<M: 'static> Message for Envelope<M> {
    type Result = ();
}

/// Ends a stage without a death notice.
struct End;

impl Message for End {
    type Result = ();
}

/// What a supervisor hears when a stage dies.
#[derive(Debug, Clone)]
pub struct Death {
    /// Name of the stage.
    pub stage: &'static str,
    /// Which of its lives.
    pub generation: u64,
    /// The words of the panic, if it was one.
    pub cause: String,
}

/// Set once a chain of stages is being taken down on purpose: their ends are no deaths.
#[derive(Clone, Default)]
pub struct Expected(Rc<Cell<bool>>);

impl Expected {
    /// From now on ends are expected.
    pub fn set(&self) {
        self.0.set(true);
    }
}

/// Tells the supervisor when it is dropped, whatever dropped it.
pub struct Notice {
    stage: &'static str,
    generation: u64,
    expected: Expected,
    cause: Option<String>,
    tell: Box<dyn Fn(Death)>,
}

impl Drop for Notice {
    fn drop(&mut self) {
        if !self.expected.0.get() {
            let cause = self.cause.take().unwrap_or_else(|| "ended without being asked to".into());
            (self.tell)(Death { stage: self.stage, generation: self.generation, cause });
        }
    }
}

/// A stage in its actor: catches panics, gives notice.
pub struct Staged<S: Stage> {
    // Before `notice`: what the stage holds (receipts above all) is given back first, then its death is told.
    stage: Option<S>,
    env: Env,
    notice: Notice,
}

impl<S: Stage> Staged<S> {
    fn guard(&mut self, ctx: &mut Ctx<S>, body: impl FnOnce(&mut S, &mut Ctx<S>)) {
        let Some(stage) = &mut self.stage else { return };
        let env = &self.env;
        let run = caught(|| {
            env.trip(S::NAME);
            body(stage, ctx);
        });
        if let Err(Panicked(words)) = run {
            count(Metric::StagePanics, 1);
            tracing::error!(stage = S::NAME, cause = %words, "a stage panicked");
            self.notice.cause = Some(words);
            let dying = self.stage.take();
            let _second_panic = caught(move || drop(dying));
            ctx.terminate();
        }
    }
}

impl<S: Stage> Actor for Staged<S> {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(1024);
        self.guard(ctx, S::begin);
    }
}

impl<S: Takes<M>, M: 'static> Handler<Envelope<M>> for Staged<S> {
    type Result = ();

    fn handle(&mut self, message: Envelope<M>, ctx: &mut Self::Context) {
        self.guard(ctx, |stage, ctx| stage.take(message.0, ctx));
    }
}

impl<S: Stage> Handler<End> for Staged<S> {
    type Result = ();

    fn handle(&mut self, _: End, ctx: &mut Self::Context) {
        let ending = self.stage.take();
        let _panic_at_the_end = caught(move || drop(ending));
        ctx.terminate();
    }
}

/// Starts a stage; `build` gets its own address. `tell` hears of its death, unless `expected` was set before.
pub fn start<S: Stage>(
    env: &Env,
    generation: u64,
    expected: &Expected,
    tell: impl Fn(Death) + 'static,
    build: impl FnOnce(&Seat<S>) -> S,
) -> Seat<S> {
    let (env, expected) = (env.clone(), expected.clone());
    Staged::create(move |ctx| Staged {
        stage: Some(build(&ctx.address())),
        env,
        notice: Notice { stage: S::NAME, generation, expected, cause: None, tell: Box::new(tell) },
    })
}

/// Something that can be ended; holds a stage's address without knowing its type.
pub struct Ender(Recipient<End>);

impl Ender {
    /// For this stage.
    pub fn of<S: Stage>(seat: &Seat<S>) -> Self {
        Self(seat.clone().recipient())
    }

    /// Ends it at its next message.
    #[expect(clippy::disallowed_methods, reason = "stage.rs is where sending lives")]
    pub fn end(&self) {
        self.0.do_send(End);
    }
}

/// The way to a stage on this node (route `direct`).
pub struct Link<M: Send + 'static>(Recipient<Envelope<M>>);

impl<M: Send + 'static> Clone for Link<M> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

/// An `ask` that brought no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoAnswer {
    /// The deadline passed.
    Late,
    /// The stage died, or dropped the question.
    Gone,
}

/// Where an answer goes. Dropped without one, the asker hears [`NoAnswer::Gone`].
pub type Answer<T> = oneshot::Sender<T>;

impl<M: Send + 'static> Link<M> {
    /// To this stage.
    pub fn to<S: Takes<M>>(seat: &Seat<S>) -> Self {
        Self(seat.clone().recipient())
    }

    /// Hands over data that carries a receipt, or news that somebody else repeats if it is lost. If nobody is there the
    /// message is dropped, and its receipt says so.
    #[expect(clippy::disallowed_methods, reason = "stage.rs is where sending lives")]
    pub fn post(&self, message: M) {
        self.0.do_send(Envelope(message));
    }

    /// Says something that may be missed: a full or closed mailbox drops it. Drops are counted.
    #[expect(clippy::disallowed_methods, reason = "stage.rs is where sending lives")]
    pub fn announce(&self, message: M) {
        if self.0.try_send(Envelope(message)).is_err() {
            count(Metric::AnnouncementsDropped, 1);
        }
    }

    /// Asks, and waits for the answer until the deadline.
    ///
    /// # Errors
    /// [`NoAnswer`] if there is none: whether the question had an effect is not known then.
    pub async fn ask<T>(&self, deadline: Duration, question: impl FnOnce(Answer<T>) -> M) -> Result<T, NoAnswer> {
        let (sender, receiver) = oneshot::channel();
        self.post(question(sender));
        match tokio::time::timeout(deadline, receiver).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(_)) => Err(NoAnswer::Gone),
            Err(_) => Err(NoAnswer::Late),
        }
    }
}

/// Runs `future` beside the stage's messages, then `done` like a handler. If the stage ends first, neither matters any more.
pub fn then<S: Stage, T: 'static>(
    ctx: &mut Ctx<S>,
    future: impl Future<Output = T> + 'static,
    done: impl FnOnce(&mut S, T, &mut Ctx<S>) + 'static,
) {
    let future = actix::fut::wrap_future::<_, Staged<S>>(future);
    ctx.spawn(future.map(move |value, staged: &mut Staged<S>, ctx| {
        staged.guard(ctx, |stage, ctx| done(stage, value, ctx));
    }));
}

/// Runs `done` like a handler after a while.
pub fn later<S: Stage>(ctx: &mut Ctx<S>, delay_ms: u64, done: impl FnOnce(&mut S, &mut Ctx<S>) + 'static) {
    // Asked for only once it is polled: a runtime that ends polls its stages once more, outside of itself.
    let wait = async move { tokio::time::sleep(Duration::from_millis(delay_ms)).await };
    then(ctx, wait, move |stage, (), ctx| done(stage, ctx));
}

/// Runs `body`, and the stages that it starts, on this thread. The thread's runtime is made by `runtime`.
pub fn on_this_thread<T>(runtime: impl FnOnce() -> tokio::runtime::Runtime, body: impl Future<Output = T>) -> T {
    System::with_tokio_rt(runtime).block_on(body)
}
