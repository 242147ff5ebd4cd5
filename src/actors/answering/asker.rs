//! Asker: one provider. Asks about a batch, and sorts what comes back: findings go to the Aggregator, what may be tried again goes
//! back to the Dispatcher, what fails for good is a dead task.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::super::engine::Engine;
use super::super::env::{Panicked, caught};
use super::super::stage::{Ctx, Link, Stage, Takes, then};
use crate::domain::answer::DeadTask;
use crate::fault::{Fault, Kind};
use crate::messages::{Ask, Found, GivenBack, Spoken, Tasks, Why};
use crate::providers::{Outcome, Provider, Task};
use crate::telemetry::{Metric, count};

/// See the module.
pub struct Asker {
    engine: Engine,
    provider: Arc<dyn Provider>,
    aggregator: Link<Found>,
    dispatcher: Link<GivenBack>,
    /// Batches that wait for one of the provider's places.
    waiting: VecDeque<Ask>,
    calls: usize,
}

impl Asker {
    /// An asker of this provider.
    pub fn new(
        engine: &Engine,
        provider: Arc<dyn Provider>,
        aggregator: Link<Found>,
        dispatcher: Link<GivenBack>,
    ) -> Self {
        Self { engine: engine.clone(), provider, aggregator, dispatcher, waiting: VecDeque::new(), calls: 0 }
    }

    fn pump(&mut self, ctx: &mut Ctx<Self>) {
        while self.calls < self.provider.concurrency() {
            let Some(ask) = self.waiting.pop_front() else { return };
            self.calls += 1;
            let (provider, tasks) = (self.provider.clone(), ask.tasks.clone());
            let work = self.engine.env.work("ask", move || caught(|| answers(&*provider, &tasks.tasks)));
            then(ctx, work, move |asker, outcomes, ctx| {
                asker.calls -= 1;
                match outcomes {
                    Ok(Ok(outcomes)) => asker.sort(ask, outcomes),
                    Ok(Err(Panicked(words))) => asker.give_back_all(ask, words),
                    // It was not the provider: the receipt is dropped, and the batch comes again.
                    Err(Panicked(words)) => tracing::warn!(cause = %words, "asking panicked"),
                }
                asker.pump(ctx);
            });
        }
    }

    /// The Dispatcher finds out over which task it panics.
    fn give_back_all(&self, ask: Ask, words: String) {
        count(Metric::WorkPanics, 1);
        tracing::warn!(provider = self.provider.kind(), cause = %words, "a provider panicked");
        let tasks = (0..ask.tasks.tasks.len()).collect();
        self.dispatcher.post(GivenBack { asking: ask.asking, tasks, why: Why::Panicked(words) });
        self.tell(ask, Vec::new());
    }

    fn sort(&self, ask: Ask, outcomes: Vec<Outcome>) {
        let kind = self.provider.kind();
        let (mut spoken, mut failed, mut untouched) = (Vec::new(), Vec::new(), Vec::new());
        let mut why = None;
        for (nth, outcome) in outcomes.into_iter().enumerate() {
            match outcome {
                Outcome::Answered(finding) | Outcome::Abstained(finding) => {
                    spoken.push(Spoken { nth, said: Ok(*finding) });
                }
                Outcome::Failed(fault) if fault.kind == Kind::Permanent => {
                    spoken.push(Spoken { nth, said: Err(dead_task(&ask.tasks, nth, kind, &fault)) });
                }
                Outcome::Failed(fault) => {
                    failed.push(nth);
                    why = Some(fault);
                }
                Outcome::Returned => untouched.push(nth),
            }
        }
        if let Some(fault) = why {
            self.dispatcher.post(GivenBack { asking: ask.asking, tasks: failed, why: Why::Fault(fault) });
        }
        if !untouched.is_empty() {
            self.dispatcher.post(GivenBack { asking: ask.asking, tasks: untouched, why: Why::Untouched });
        }
        self.tell(ask, spoken);
    }

    fn tell(&self, Ask { asking, tasks, receipt }: Ask, spoken: Vec<Spoken>) {
        self.aggregator.post(Found { asking, tasks, spoken, receipt });
    }
}

fn dead_task(tasks: &Tasks, nth: usize, provider: &str, fault: &Fault) -> DeadTask {
    let id = &tasks.tasks[nth].id;
    DeadTask {
        ordinal: id.ordinal,
        alt_index: id.alt_index,
        row: tasks.rows[nth],
        provider: provider.to_owned(),
        reason: "provider_failed".into(),
        detail: fault.to_string(),
        attempts: 1,
    }
}

/// One outcome per task. A provider of this kind computes: its future is done as soon as it is asked.
fn answers(provider: &dyn Provider, tasks: &[Task]) -> Vec<Outcome> {
    let mut outcomes = pin!(provider.analyse(tasks));
    match outcomes.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcomes) => outcomes,
        Poll::Pending => tasks.iter().map(|_| Outcome::Returned).collect(),
    }
}

impl Stage for Asker {
    const NAME: &'static str = "provider";
}

impl Takes<Ask> for Asker {
    fn take(&mut self, ask: Ask, ctx: &mut Ctx<Self>) {
        self.waiting.push_back(ask);
        self.pump(ctx);
    }
}
