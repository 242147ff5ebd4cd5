//! When a breaker opens and closes, held against a naive one that looks at the whole history, and against its document.

use proptest::prelude::*;
use vcf_agent::delivery::breaker::{Breaker, BreakerPolicy, BreakerState, News, Outcome, Signal, Turn, Why};

const POLICY: BreakerPolicy = BreakerPolicy {
    failures_max: 3,
    recent_max: 8,
    recent_min: 4,
    healthy_ms: 100,
    canary_gap_ms: 30,
    dwell_min_ms: 150,
    dwell_max_ms: 700,
    flap_ms: 500,
};

const GOOD: News = News::Canary { came_back: true };
const BAD: News = News::Canary { came_back: false };

fn news() -> impl Strategy<Value = News> {
    prop_oneof![
        2 => Just(News::Published(Outcome::Ok)),
        1 => Just(News::Published(Outcome::Unknown)),
        1 => Just(News::Published(Outcome::Rejected)),
        8 => prop::bool::weighted(0.9).prop_map(|came_back| News::Canary { came_back }),
        2 => (0u32..2, prop::bool::weighted(0.7)).prop_map(|(lane, ok)| News::Polled { lane, ok }),
        1 => (0u32..2).prop_map(|partition| News::Receipt { partition }),
        1 => (0u32..2, any::<bool>())
            .prop_map(|(partition, home_is_alive)| News::Overdue { partition, home_is_alive }),
    ]
}

/// What news says, in other words than the breaker's: which signal, good or bad.
fn judged(news: News) -> Option<(String, bool)> {
    match news {
        News::Published(Outcome::Rejected) | News::Overdue { home_is_alive: false, .. } => None,
        News::Published(outcome) => Some(("publish".to_owned(), outcome == Outcome::Ok)),
        News::Canary { came_back } => Some(("canary".to_owned(), came_back)),
        News::Polled { lane, ok } => Some((format!("lane {lane}"), ok)),
        News::Receipt { partition } => Some((format!("partition {partition}"), true)),
        News::Overdue { partition, .. } => Some((format!("partition {partition}"), false)),
    }
}

/// Keeps everything it ever heard, and looks through all of it each time. Its clock never goes backwards.
#[derive(Default)]
struct Naive {
    heard: Vec<(u64, String, bool)>,
    flips: Vec<(u64, usize)>,
    doublings: u32,
}

impl Naive {
    fn is_open(&self) -> bool {
        self.flips.len() % 2 == 1
    }

    fn dwell_ms(&self) -> u64 {
        (POLICY.dwell_min_ms << self.doublings.min(20)).min(POLICY.dwell_max_ms)
    }

    /// Whether it flips.
    fn hear(&mut self, news: News, now_ms: u64) -> bool {
        let Some((signal, good)) = judged(news) else { return false };
        self.heard.push((now_ms, signal.clone(), good));
        let flips = if self.is_open() { self.is_well(&signal, good, now_ms) } else { !good && self.is_ill(&signal) };
        if let (true, false, Some((closed_ms, _))) = (flips, self.is_open(), self.flips.last()) {
            let closed_for_ms = now_ms - closed_ms;
            match closed_for_ms < POLICY.flap_ms {
                true => self.doublings += 1,
                false => self.doublings = self.doublings.saturating_sub((closed_for_ms / POLICY.flap_ms) as u32),
            }
        }
        if flips {
            self.flips.push((now_ms, self.heard.len()));
        }
        flips
    }

    fn is_ill(&self, signal: &str) -> bool {
        let from = self.flips.last().map_or(0, |(_, heard)| *heard);
        let of_signal: Vec<bool> =
            self.heard[from..].iter().filter(|(_, other, _)| other == signal).map(|(_, _, good)| *good).collect();
        let recent = &of_signal[of_signal.len().saturating_sub(8)..];
        let failures = recent.iter().filter(|good| !**good).count();
        of_signal.ends_with(&[false; 3]) || (recent.len() >= 4 && failures * 2 >= recent.len())
    }

    fn is_well(&self, signal: &str, good: bool, now_ms: u64) -> bool {
        // Back over canaries without a gap, until anything bad.
        let mut since_ms = now_ms;
        for (at_ms, signal, good) in self.heard.iter().rev() {
            if !good {
                break;
            }
            if signal == "canary" {
                if since_ms - at_ms > POLICY.canary_gap_ms {
                    break;
                }
                since_ms = *at_ms;
            }
        }
        let opened_ms = self.flips.last().map_or(0, |(at_ms, _)| *at_ms);
        signal == "canary" && good && now_ms - since_ms >= POLICY.healthy_ms && now_ms - opened_ms >= self.dwell_ms()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn it_flips_when_one_that_remembers_everything_would(
        steps in prop::collection::vec((0u64..25, news()), 0..200),
    ) {
        let (mut breaker, mut naive, mut now_ms) = (Breaker::new(POLICY), Naive::default(), 1_000);
        for (later_ms, news) in steps {
            now_ms += later_ms;
            let flip = breaker.hear(news, now_ms);
            prop_assert_eq!(flip.is_some(), naive.hear(news, now_ms), "{:?} at {}", news, now_ms);
            prop_assert_eq!(breaker.is_open(), naive.is_open());
            prop_assert_eq!(breaker.flips(), naive.flips.len() as u64);
            prop_assert_eq!(breaker.dwell_ms(), naive.dwell_ms());
            if let Some(flip) = flip {
                prop_assert_eq!(flip.at_ms, now_ms);
                prop_assert_eq!(flip.turn == Turn::Opened, breaker.is_open());
            }
            if let BreakerState::Open { since_ms } = breaker.state() {
                prop_assert_eq!(Some(since_ms), naive.flips.last().map(|(at_ms, _)| *at_ms));
            }
        }
    }

    #[test]
    fn any_clock_and_any_policy_is_borne(
        numbers in prop::collection::vec(prop_oneof![Just(0), Just(u64::MAX), any::<u64>(), 0u64..50], 8),
        steps in prop::collection::vec((prop_oneof![Just(0), Just(u64::MAX), any::<u64>(), 0u64..50], news()), 0..100),
    ) {
        let mut breaker = Breaker::new(BreakerPolicy {
            failures_max: numbers[0] as u32,
            recent_max: (numbers[1] as u32).min(1_000),
            recent_min: numbers[2] as u32,
            healthy_ms: numbers[3],
            canary_gap_ms: numbers[4],
            dwell_min_ms: numbers[5],
            dwell_max_ms: numbers[6],
            flap_ms: numbers[7],
        });
        let mut opened = 0;
        for (now_ms, news) in steps {
            match breaker.hear(news, now_ms).map(|flip| flip.turn) {
                Some(Turn::Opened) => opened += 1,
                Some(Turn::Closed) => opened -= 1,
                None => {}
            }
            prop_assert_eq!(opened, i32::from(breaker.is_open()), "it opens and closes in turn");
        }
    }

    #[test]
    fn one_signal_never_hides_another(
        noise in prop::collection::vec(0usize..4, 0..40),
        failing in 0usize..4,
    ) {
        let signals = |which: usize, ok: bool| match which {
            0 => News::Published(if ok { Outcome::Ok } else { Outcome::Unknown }),
            1 => News::Canary { came_back: ok },
            2 => News::Polled { lane: 0, ok },
            _ if ok => News::Receipt { partition: 0 },
            _ => News::Overdue { partition: 0, home_is_alive: true },
        };
        let mut breaker = Breaker::new(POLICY);
        for nth in 0..3 {
            for &which in noise.iter().filter(|which| **which != failing) {
                prop_assert_eq!(breaker.hear(signals(which, true), nth), None);
            }
            let flip = breaker.hear(signals(failing, false), nth);
            prop_assert_eq!(flip.is_some(), nth == 2);
        }
    }
}

fn fail_thrice(breaker: &mut Breaker, at_ms: u64) {
    for _ in 0..3 {
        breaker.hear(BAD, at_ms);
    }
}

fn opened(policy: BreakerPolicy, at_ms: u64) -> Breaker {
    let mut breaker = Breaker::new(policy);
    fail_thrice(&mut breaker, at_ms);
    assert!(breaker.is_open());
    breaker
}

/// Canaries every second, all well; when it closes.
fn closes_at_ms(breaker: &mut Breaker, from_ms: u64) -> u64 {
    (0..10_000).map(|nth| from_ms + nth * 1_000).find(|now_ms| breaker.hear(GOOD, *now_ms).is_some()).unwrap()
}

#[test]
fn it_opens_at_the_third_failure_and_closes_after_thirty_seconds_of_health() {
    let mut breaker = Breaker::new(BreakerPolicy::default());
    assert_eq!(breaker.hear(BAD, 10), None);
    assert_eq!(breaker.hear(BAD, 20), None);
    let flip = breaker.hear(BAD, 30).unwrap();
    assert_eq!((flip.turn, flip.why), (Turn::Opened, Why::InARow { signal: Signal::Canary, failures: 3 }));
    assert_eq!(flip.why.to_string(), "3 canaries that did not come back, one after the other");
    assert_eq!(breaker.state(), BreakerState::Open { since_ms: 30 });
    assert_eq!(closes_at_ms(&mut breaker, 1_000), 31_000);
}

#[test]
fn every_other_failure_opens_it_at_the_sixth_outcome() {
    let mut breaker = Breaker::new(BreakerPolicy::default());
    let outcomes = [true, false, true, false, true, false];
    let flips: Vec<_> =
        outcomes.map(|came_back| breaker.hear(News::Canary { came_back }, 0)).into_iter().flatten().collect();
    assert_eq!(flips.len(), 1);
    assert_eq!(flips[0].why, Why::Half { signal: Signal::Canary, failures: 3, seen: 6 });
    assert!(breaker.is_open());
}

#[test]
fn each_flap_doubles_the_dwell_up_to_a_limit_and_calm_takes_it_back() {
    let policy = BreakerPolicy::default();
    let mut breaker = opened(policy, 0);
    let mut now_ms = closes_at_ms(&mut breaker, 0);
    let mut dwells = Vec::new();
    for _ in 0..6 {
        let opened_ms = now_ms + 1_000;
        fail_thrice(&mut breaker, opened_ms);
        now_ms = closes_at_ms(&mut breaker, opened_ms);
        dwells.push((now_ms - opened_ms) / 1_000);
    }
    assert_eq!(dwells, [60, 120, 240, 480, 600, 600]);
    // Six doublings were noted; after the calm of two flap times four are left.
    let calm_ms = now_ms + 2 * policy.flap_ms;
    fail_thrice(&mut breaker, calm_ms);
    assert_eq!(breaker.dwell_ms(), 480_000);
}

#[test]
fn a_gap_between_canaries_or_any_other_failure_begins_health_anew() {
    for disturbance in [None, Some(News::Polled { lane: 1, ok: false }), Some(News::Published(Outcome::Unknown))] {
        let mut breaker = opened(BreakerPolicy::default(), 0);
        for second in 0..29 {
            assert_eq!(breaker.hear(GOOD, second * 1_000), None);
        }
        let from_ms = match disturbance {
            None => 35_000,
            Some(news) => {
                breaker.hear(news, 28_500);
                29_000
            }
        };
        assert_eq!(closes_at_ms(&mut breaker, from_ms), from_ms + 30_000, "{disturbance:?}");
    }
}

#[test]
fn nothing_but_canaries_closes_it() {
    let mut breaker = opened(POLICY, 0);
    for now_ms in (0..100_000).step_by(10) {
        for news in [News::Published(Outcome::Ok), News::Polled { lane: 0, ok: true }, News::Receipt { partition: 0 }] {
            assert_eq!(breaker.hear(news, now_ms), None);
        }
    }
    assert!(breaker.is_open());
}

#[test]
fn neither_a_silent_home_nor_a_refusal_counts() {
    let mut breaker = Breaker::new(POLICY);
    for now_ms in 0..100 {
        assert_eq!(breaker.hear(News::Overdue { partition: 0, home_is_alive: false }, now_ms), None);
        assert_eq!(breaker.hear(News::Published(Outcome::Rejected), now_ms), None);
    }
}

#[test]
fn a_clock_that_is_set_back_does_not_keep_a_route_shut() {
    let mut breaker = opened(POLICY, 1_000_000);
    let closed = (0..20).map(|nth| nth * 10).find(|now_ms| breaker.hear(GOOD, *now_ms).is_some());
    assert_eq!(closed, Some(150), "the dwell, not a quarter of an hour");
}

#[test]
fn the_document_has_the_numbers_of_the_default_policy() {
    let document = include_str!("../../docs/failover.md");
    let policy = BreakerPolicy::default();
    let numbers = [
        ("failures_max", u64::from(policy.failures_max)),
        ("recent_max", policy.recent_max.into()),
        ("recent_min", policy.recent_min.into()),
        ("healthy_ms", policy.healthy_ms),
        ("canary_gap_ms", policy.canary_gap_ms),
        ("dwell_min_ms", policy.dwell_min_ms),
        ("dwell_max_ms", policy.dwell_max_ms),
        ("flap_ms", policy.flap_ms),
    ];
    let sent = vcf_agent::delivery::sent::SentPolicy::default();
    let numbers = numbers.into_iter().chain([
        ("patience_ms", sent.patience_ms),
        ("patience_max_ms", sent.patience_max_ms),
        ("BACKOFF_MIN_MS", vcf_agent::delivery::routes::BACKOFF_MIN_MS),
        ("BACKOFF_MAX_MS", vcf_agent::delivery::routes::BACKOFF_MAX_MS),
    ]);
    let mut found = 0;
    for (name, number) in numbers {
        let row = format!("| `{name}` | {} |", with_commas(number));
        assert!(document.contains(&row), "docs/failover.md has no row that begins with {row}");
        found += 1;
    }
    let rows = document.lines().filter(|line| line.starts_with("| `")).count();
    assert_eq!(rows, found, "docs/failover.md explains a number that no policy has");
}

fn with_commas(number: u64) -> String {
    let digits = number.to_string();
    let places = digits.char_indices().map(|(at, digit)| match (digits.len() - at) % 3 {
        0 if at > 0 => format!(",{digit}"),
        _ => digit.to_string(),
    });
    places.collect()
}
