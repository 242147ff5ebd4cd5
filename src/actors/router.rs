//! Router: asks triage about every row of a segment, then passes it on.

use std::rc::Rc;
use std::sync::Arc;

use super::engine::{Engine, Job};
use super::env::Panicked;
use super::poison::{bury, poisonous, tried};
use super::stage::{Ctx, Link, Stage, Takes, then};
use crate::domain::rows::Rows;
use crate::domain::selection::Selection;
use crate::messages::{Routed, Segment};
use crate::triage::Selector;

/// See the module.
pub struct Router {
    engine: Engine,
    job: Rc<Job>,
    batcher: Link<Routed>,
}

impl Router {
    /// A router for `job`.
    pub fn new(engine: &Engine, job: &Rc<Job>, batcher: Link<Routed>) -> Self {
        Self { engine: engine.clone(), job: job.clone(), batcher }
    }
}

/// What triage says, or which records it panics on.
fn select(rule: &Selector, rows: &Rows) -> Result<Selection, (Vec<u64>, String)> {
    tried(|| rule.select(rows)).map_err(|words| {
        let found = poisonous(rows, |part| drop(rule.select(part)));
        (found, words)
    })
}

impl Stage for Router {
    const NAME: &'static str = "router";
}

impl Takes<Segment> for Router {
    fn take(&mut self, mut segment: Segment, ctx: &mut Ctx<Self>) {
        let (rule, rows) = (self.job.rule.clone(), Arc::clone(&segment.rows));
        let work = self.engine.env.work("triage", move || select(&rule, &rows));
        then(ctx, work, move |router, decided, ctx| match decided {
            Ok(Ok(selection)) => router.batcher.post(Routed { segment, selection }),
            Ok(Err((ordinals, why))) if !ordinals.is_empty() => {
                bury(&mut segment, &ordinals, &why);
                router.take(segment, ctx);
            }
            // Nobody to blame: the receipt is dropped, the segment comes again.
            Ok(Err((_, why))) | Err(Panicked(why)) => {
                tracing::warn!(job = %router.job.id, segment = segment.index, cause = %why, "triage panicked");
            }
        });
    }
}
