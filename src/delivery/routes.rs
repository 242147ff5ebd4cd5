//! Which route a publication takes: an order, chosen anew for every attempt, never a mode that anybody has to agree on.
//!
//! A consumer reads all of them, always ([`Routes::to_read`]). A sender tries each at most once per attempt, and backs off then. An
//! open breaker moves a route to the end of the order; it never takes it out.

use super::breaker::{Breaker, BreakerPolicy, Flip, News};
use super::segment::Segment;
use super::{Mutant, mutant};
use crate::fault::Fault;

/// The shortest wait after an attempt that found no route.
pub const BACKOFF_MIN_MS: u64 = 100;
/// The longest.
pub const BACKOFF_MAX_MS: u64 = 5_000;

/// Routes that a node may have.
const ROUTES_MAX: usize = 32;

/// A route: its place in the configured order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RouteId(u8);

impl RouteId {
    /// As an index into the configured list.
    pub fn index(self) -> usize {
        self.0.into()
    }
}

/// The routes that a tenant's messages may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowed(u32);

impl Allowed {
    /// Every route.
    pub const ALL: Self = Self(u32::MAX);

    /// Whether this one is among them.
    pub fn contains(self, route: RouteId) -> bool {
        self.0 >> route.0 & 1 == 1
    }
}

/// Where a publication goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    /// By which route.
    pub route: RouteId,
    /// To which partition of the topic there.
    pub partition: u32,
}

/// How often something was tried on each route and brought nothing: no answer, or no receipt.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tries {
    by_route: Vec<u32>,
    waits: u32,
}

impl Tries {
    /// One more in vain on this route.
    pub fn in_vain(&mut self, route: RouteId) {
        if self.by_route.len() <= route.index() {
            self.by_route.resize(route.index() + 1, 0);
        }
        let tries = &mut self.by_route[route.index()];
        *tries = tries.saturating_add(1);
    }

    /// The caller begins to wait, as it was told.
    pub fn waits(&mut self) {
        self.waits = self.waits.saturating_add(1);
    }

    /// A publication was confirmed: the next wait is a short one again.
    pub fn confirmed(&mut self) {
        self.waits = 0;
    }

    /// Tries in vain on this route.
    pub fn on(&self, route: RouteId) -> u32 {
        self.by_route.get(route.index()).copied().unwrap_or(0)
    }
}

/// What is to be published, as far as the choice of a route goes.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// The segment: it spreads messages over the partitions.
    pub segment: Segment,
    /// Partitions of the topic; at least 1.
    pub partitions: u32,
    /// What was tried in vain before.
    pub tries: &'a Tries,
    /// The routes that the tenant's policy allows.
    pub allowed: Allowed,
    /// An answer goes back by the route that its question came by, even if its breaker is open here: whoever asked has chosen it, and
    /// knows better which routes it can read. Otherwise two nodes with divided opinions could miss each other for ever.
    pub came_by: Option<RouteId>,
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Publish there.
    Publish(Target),
    /// Every route was tried: wait so long (ms), then make a new attempt.
    Wait(u64),
}

/// One attempt: each allowed route at most once. What a breaker does meanwhile does not change it.
#[derive(Debug, Clone)]
pub struct Attempt {
    targets: std::vec::IntoIter<Target>,
    waits: u32,
}

impl Attempt {
    /// The next step. `jitter` is a random number in 0..1.
    pub fn step(&mut self, jitter: f64) -> Step {
        self.targets.next().map_or_else(|| Step::Wait(backoff_ms(self.waits, jitter)), Step::Publish)
    }
}

/// Between the shortest wait and a ceiling that doubles with each wait in a row.
fn backoff_ms(waits: u32, jitter: f64) -> u64 {
    let ceiling_ms = (BACKOFF_MIN_MS * 2).saturating_mul(1 << waits.min(32)).min(BACKOFF_MAX_MS);
    BACKOFF_MIN_MS + ((ceiling_ms - BACKOFF_MIN_MS) as f64 * jitter.clamp(0.0, 1.0)) as u64
}

struct Route {
    name: String,
    breaker: Breaker,
}

/// The routes of one node, in the configured order.
pub struct Routes {
    routes: Vec<Route>,
}

impl Routes {
    /// Routes of these names, the preferred one first, every breaker closed.
    ///
    /// # Errors
    /// `Permanent` if there is none, one is there twice, or there are more than 32.
    pub fn new<'a>(names: impl IntoIterator<Item = &'a str>, policy: BreakerPolicy) -> Result<Self, Fault> {
        let mut routes: Vec<Route> = Vec::new();
        for name in names {
            if routes.iter().any(|route| route.name == name) {
                return Err(Fault::permanent(format!("the route {name} is listed twice; name each route once")));
            }
            routes.push(Route { name: name.to_owned(), breaker: Breaker::new(policy) });
        }
        match routes.len() {
            0 => Err(Fault::permanent("no route is listed; name at least one, for example direct")),
            1..=ROUTES_MAX => Ok(Self { routes }),
            many => Err(Fault::permanent(format!("{many} routes are listed; at most {ROUTES_MAX} are possible"))),
        }
    }

    /// The routes of these names.
    ///
    /// # Errors
    /// `Permanent` if there is no route of a name.
    pub fn allow<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> Result<Allowed, Fault> {
        names.into_iter().try_fold(Allowed(0), |allowed, name| match self.find(name) {
            Some(route) => Ok(Allowed(allowed.0 | 1 << route.0)),
            None => {
                let known: Vec<&str> = self.routes.iter().map(|route| route.name.as_str()).collect();
                Err(Fault::permanent(format!("there is no route {name}; this node has {}", known.join(", "))))
            }
        })
    }

    /// The route of this name.
    pub fn find(&self, name: &str) -> Option<RouteId> {
        self.ids().find(|route| self.name(*route) == name)
    }

    /// The name of a route; empty if it is not one of these.
    pub fn name(&self, route: RouteId) -> &str {
        self.routes.get(route.index()).map_or("", |route| &route.name)
    }

    /// All of them, the preferred one first.
    pub fn ids(&self) -> impl Iterator<Item = RouteId> + use<> {
        (0..self.routes.len()).map(|index| RouteId(index as u8))
    }

    /// The routes that a consumer reads: all of them, always, whatever their breakers say. Senders elsewhere may see it otherwise.
    pub fn to_read(&self) -> impl Iterator<Item = RouteId> + use<> {
        let routes = if mutant(Mutant::ReadOnlyThePrimary) { 1 } else { usize::MAX };
        self.ids().take(routes)
    }

    /// The breaker of a route.
    pub fn breaker(&self, route: RouteId) -> Option<&Breaker> {
        self.routes.get(route.index()).map(|route| &route.breaker)
    }

    /// Something became known of a route; says if its breaker flips. Nothing else changes.
    pub fn hear(&mut self, route: RouteId, news: News, now_ms: u64) -> Option<Flip> {
        self.routes.get_mut(route.index())?.breaker.hear(news, now_ms)
    }

    /// The order in which to try the allowed routes.
    ///
    /// What was tried in vain comes first in the judgement: two partitions of a route, then the next route. Between routes that are
    /// equal in that, an answer takes the way that its question came; then those with a closed breaker come first, then the configured
    /// order decides. So nothing is tried again where it brought nothing before every partition of that route has been tried.
    pub fn attempt(&self, wanted: Wanted<'_>) -> Attempt {
        let partitions = wanted.partitions.max(1);
        let rank = |route: &RouteId| {
            let turns = wanted.tries.on(*route) / partitions.min(2);
            let is_open = self.breaker(*route).is_some_and(Breaker::is_open);
            (turns, Some(*route) != wanted.came_by, is_open, *route)
        };
        let mut order: Vec<RouteId> = self.ids().filter(|route| wanted.allowed.contains(*route)).collect();
        if mutant(Mutant::RetryTheSameRouteOnly) {
            order.truncate(1);
        }
        order.sort_by_key(rank);
        let targets: Vec<Target> = order
            .into_iter()
            .map(|route| {
                let nth = u64::from(wanted.segment) + u64::from(wanted.tries.on(route));
                Target { route, partition: (nth % u64::from(partitions)) as u32 }
            })
            .collect();
        Attempt { targets: targets.into_iter(), waits: wanted.tries.waits }
    }
}
