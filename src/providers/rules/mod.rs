//! The provider `rules`: ACMG/AMP criteria with ClinGen's points, from the annotations in the file alone. Deterministic and
//! offline; it is a rule engine, not a diagnosis, and says so in every finding. The rules are in `docs/rules.md`.

mod computational;
mod consequence;
mod exceptions;
mod frequency;
mod judge;
mod record;
mod settings;

pub use judge::judge;
pub use settings::{CLINVAR_STARS_WORDS, Inheritance, LossOfFunctionGenes, MissingFrequency, Settings};

use super::{Clock, Outcome, Outcomes, Provider, Task};
use crate::domain::finding::Classification;

/// The registered kind.
pub const KIND: &str = "rules";

/// Goes up whenever the same evidence could get another finding.
pub const VERSION: &str = "1";

/// The rule engine.
pub struct Rules {
    settings: Settings,
    clock: Clock,
}

impl Rules {
    /// A rule engine with these settings.
    pub fn new(settings: Settings, clock: Clock) -> Self {
        Self { settings, clock }
    }
}

impl Provider for Rules {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn version(&self) -> &str {
        VERSION
    }

    fn batch_max(&self) -> usize {
        1_024
    }

    fn concurrency(&self) -> usize {
        1
    }

    fn now_ms(&self) -> u64 {
        (self.clock)()
    }

    fn call<'a>(&'a self, tasks: &'a [&'a Task]) -> Outcomes<'a> {
        let answer = |task: &&Task| {
            let finding = Box::new(judge(&task.evidence, &self.settings));
            match finding.classification {
                Classification::Abstained => Outcome::Abstained(finding),
                _ => Outcome::Answered(finding),
            }
        };
        Box::pin(async move { tasks.iter().map(answer).collect() })
    }
}
