//! The world around a simulated engine: its input, its disk, its bad luck.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Once};
use std::time::Duration;

use tempfile::TempDir;
use vcf_agent::actors::boot::boot;
use vcf_agent::actors::engine::Engine;
use vcf_agent::actors::env::{Clock, Env};
use vcf_agent::actors::input::Tap;
use vcf_agent::actors::notifier::open_events;
use vcf_agent::actors::overseer::{File, Overseer};
use vcf_agent::actors::stage::{Expected, Link, Seat, on_this_thread, start};
use vcf_agent::config::Settings;
use vcf_agent::delivery::restart::RestartPolicy;
use vcf_agent::domain::receipt::Receipt;
use vcf_agent::fault::Fault;
use vcf_agent::ledger::{Ledger, Mode};
use vcf_agent::messages::{Broken, Drain, RunFile};
use vcf_agent::providers::Provider;
use vcf_agent::providers::rules::Rules;
use vcf_agent::triage::Triage;

use crate::memory_store::MemoryStore;

/// What may go wrong.
#[derive(Clone)]
pub struct Plan {
    /// Chance that any handler or piece of work panics.
    pub panic_chance: f64,
    /// A place that panics far more often than others.
    pub weak_place: Option<&'static str>,
    /// Panics in one life at most: who always stumbles before the end of a file never reads it to its end.
    pub panics_max: u64,
    /// Chance that a write fails for a moment.
    pub write_fault_chance: f64,
    /// Longest life of a process but the last (virtual ms).
    pub crash_within_ms: Option<u64>,
    /// Lives in which things go wrong; afterwards the world is calm.
    pub bad_lives: u64,
    /// This stage panics at every message.
    pub always_panics: Option<&'static str>,
    /// So many times the store finds that it has lost a group.
    pub losses: u64,
    /// More dead letters than this fail the job.
    pub dead_letters_max: u64,
    /// Every write says that the disk is full.
    pub disk_full: bool,
    /// The process stands still for a quarter of an hour, this long after alleles began to be asked about.
    pub stands_still_after_ms: Option<u64>,
    /// Ask for a drain after this long.
    pub drain_after_ms: Option<u64>,
    /// Restart budget.
    pub restart: RestartPolicy,
}

impl Plan {
    /// Nothing goes wrong.
    pub fn calm() -> Self {
        Self {
            panic_chance: 0.0,
            weak_place: None,
            panics_max: 0,
            write_fault_chance: 0.0,
            crash_within_ms: None,
            bad_lives: 0,
            always_panics: None,
            losses: 0,
            dead_letters_max: u64::MAX,
            disk_full: false,
            stands_still_after_ms: None,
            drain_after_ms: None,
            restart: RestartPolicy { restarts_max: 100_000, ..RestartPolicy::default() },
        }
    }

    /// Much goes wrong, differently by seed.
    pub fn hostile(seed: u64) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed ^ 0x51);
        Self {
            panic_chance: [0.0, 0.002, 0.01, 0.03][rng.usize(..4)],
            weak_place: WEAK_PLACES[rng.usize(..WEAK_PLACES.len())],
            panics_max: rng.u64(1..40),
            write_fault_chance: [0.0, 0.05, 0.3][rng.usize(..3)],
            crash_within_ms: [None, Some(200), Some(1000)][rng.usize(..3)],
            bad_lives: rng.u64(1..6),
            losses: [0, 0, 1, 4][rng.usize(..4)],
            ..Self::calm()
        }
    }
}

/// Places that are rarely reached, so that their panics are too.
const WEAK_PLACES: [Option<&str>; 8] =
    [None, None, None, Some("audit"), Some("store"), Some("settle"), Some("auditor"), Some("triage")];

/// The file, and what a plain look at it says.
pub struct Input {
    bytes: Arc<[u8]>,
    pub records: u64,
    /// (ordinal, ALT index) of every row.
    pub rows: Vec<(i64, i32)>,
    /// Ordinals of records that are none.
    pub dead: Vec<u64>,
}

impl Input {
    fn new(seed: u64) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut text = String::from("##fileformat=VCFv4.3\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n");
        let records = rng.u64(0..700);
        let (mut rows, mut dead) = (Vec::new(), Vec::new());
        for ordinal in 0..records {
            let pos = ordinal * 7 + 1;
            match rng.u32(0..40) {
                0 => {
                    dead.push(ordinal);
                    let _infallible = writeln!(text, "chr1\tx{pos}\t.\tA\tC\t.\t.\t.");
                }
                1 => {
                    rows.push((ordinal as i64, 0));
                    let _infallible = writeln!(text, "chr1\t{pos}\t.\tA\t.\t10\tPASS\tDP=3");
                }
                2..5 => {
                    rows.extend([(ordinal as i64, 1), (ordinal as i64, 2)]);
                    let _infallible = writeln!(text, "chr2\t{pos}\t.\tA\tC,<DEL>\t10\tPASS\tDP=3");
                }
                5 => {
                    rows.push((ordinal as i64, 1));
                    let _infallible = writeln!(text, "\nchr2\t0{pos}\t.\tA\tG\t1e1\tPASS\t{}", "X".repeat(400));
                }
                _ => {
                    rows.push((ordinal as i64, 1));
                    let _infallible = writeln!(text, "chr1\t{pos}\trs{ordinal}\tA\tC\t10.5\tPASS\tDP=3");
                }
            }
        }
        Self { bytes: text.into_bytes().into(), records, rows, dead }
    }
}

/// Everything that survives a process.
pub struct World {
    pub plan: Plan,
    pub input: Input,
    pub store: MemoryStore,
    pub lives: u64,
    /// Who is asked, in place of the rules.
    pub provider: Option<Arc<dyn Provider>>,
    /// Lives after which a reader saw a part of a job.
    pub half_jobs: Vec<String>,
    seed: u64,
    dir: TempDir,
    disk_full: Arc<AtomicBool>,
    write_faults: Arc<AtomicU64>,
    calm: Arc<AtomicBool>,
    panics: Rc<RefCell<BTreeMap<&'static str, u64>>>,
    trace: Rc<RefCell<Vec<(u64, &'static str)>>>,
    now_ms: u64,
}

const CHAOS: &str = "chaos: ";

/// Panics that were asked for are not shown.
fn quiet_chaos() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let words = info.payload().downcast_ref::<String>().map(String::as_str).unwrap_or_default();
            if !words.starts_with(CHAOS) {
                usual(info);
            }
        }));
    });
}

impl World {
    pub fn new(seed: u64, plan: Plan) -> Self {
        quiet_chaos();
        let disk_full = Arc::new(AtomicBool::new(plan.disk_full));
        let (write_faults, calm) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let mut rng = fastrand::Rng::with_seed(seed ^ 0xd15c);
        let (full, faults, quiet, chance) =
            (disk_full.clone(), write_faults.clone(), calm.clone(), plan.write_fault_chance);
        let store = MemoryStore::new(Box::new(move |_| {
            if full.load(Ordering::Relaxed) {
                return Some(Fault::unavailable("no space left on the imaginary disk"));
            }
            let fails = !quiet.load(Ordering::Relaxed) && rng.f64() < chance;
            fails.then(|| {
                faults.fetch_add(1, Ordering::Relaxed);
                Fault::transient("the imaginary disk hiccups")
            })
        }));
        store.disk().losses = plan.losses;
        // Memory where there is some: the ledger syncs thousands of times.
        let shared_memory = std::path::Path::new("/dev/shm");
        let dir = if shared_memory.is_dir() { tempfile::tempdir_in(shared_memory) } else { tempfile::tempdir() };
        Self {
            plan,
            input: Input::new(seed),
            store,
            lives: 0,
            provider: None,
            half_jobs: Vec::new(),
            seed,
            dir: dir.expect("a folder"),
            disk_full,
            write_faults,
            calm,
            panics: Rc::default(),
            trace: Rc::default(),
            now_ms: 1_800_000_000_000,
        }
    }

    pub fn set_disk_full(&self, full: bool) {
        self.disk_full.store(full, Ordering::Relaxed);
    }

    pub fn write_faults(&self) -> u64 {
        self.write_faults.load(Ordering::Relaxed)
    }

    pub fn panics(&self) -> BTreeMap<&'static str, u64> {
        self.panics.borrow().clone()
    }

    /// The time that the last life ended (ms since 1970).
    pub fn now_ms(&self) -> u64 {
        self.now_ms
    }

    pub fn trace(&self) -> Vec<(u64, &'static str)> {
        self.trace.borrow().clone()
    }

    pub fn dir(&self) -> &std::path::Path {
        self.dir.path()
    }

    pub fn dead_ordinals(&self) -> Vec<u64> {
        let reader = vcf_agent::ledger::LedgerReader::open(self.dir.path()).expect("a ledger");
        let job = reader.jobs().expect("jobs").pop().expect("a job").job;
        reader.dead_letters(&job, 0, usize::MAX >> 1).expect("dead letters").iter().map(|dead| dead.ordinal).collect()
    }

    /// Lives until the job is complete: bad lives first, then a calm one.
    pub fn run_until_complete(&mut self) -> Receipt {
        let mut rng = fastrand::Rng::with_seed(self.seed ^ 0x11fe);
        loop {
            let is_bad = self.lives < self.plan.bad_lives;
            let dies_after_ms = match self.plan.crash_within_ms {
                Some(max) if is_bad => rng.u64(0..max),
                _ => u64::MAX,
            };
            match self.live(dies_after_ms) {
                None => {}
                Some(Ok(receipt)) if receipt.state == "COMPLETE" && receipt.error.is_none() => return receipt,
                Some(Ok(receipt)) if is_bad => {
                    // Given up after many attempts: also an end, but one that the next run must repair.
                    assert!(receipt.error.is_some(), "seed {}: {receipt:?}", self.seed);
                }
                Some(Err(Broken::Fault(_))) if is_bad => {}
                Some(other) => panic!("seed {}: {other:?}", self.seed),
            }
            assert!(self.lives < 50, "seed {}: it never completes", self.seed);
        }
    }

    /// One life of the process; `None` if it died.
    pub fn live(&mut self, dies_after_ms: u64) -> Option<Result<Receipt, Broken>> {
        self.lives += 1;
        self.calm.store(self.lives > self.plan.bad_lives, Ordering::Relaxed);
        let runtime = || {
            let mut builder = tokio::runtime::Builder::new_current_thread();
            builder.enable_time().start_paused(true).build().expect("a runtime")
        };
        let elapsed_ms = Cell::new(0);
        let result = on_this_thread(runtime, self.life(dies_after_ms, &elapsed_ms));
        self.now_ms += elapsed_ms.get() + 1;
        for groups in self.store.disk().published.values() {
            let visible: usize = groups.values().map(|rows| rows.len()).sum();
            if visible != self.input.rows.len() {
                self.half_jobs.push(format!("life {}: {visible} rows are visible", self.lives));
            }
        }
        result
    }

    async fn life(&self, dies_after_ms: u64, elapsed_ms: &Cell<u64>) -> Option<Result<Receipt, Broken>> {
        let clock = Clock::starting_at(self.now_ms);
        let engine = self.engine(clock);
        boot(&engine.ledger, &self.store, clock.now_ms()).expect("boot");
        let events = open_events(None).expect("no events file");
        let overseer: Seat<Overseer> =
            start(&engine.env, 0, &Expected::default(), |_| {}, |me| Overseer::new(&engine, events, me));
        if let Some(after_ms) = self.plan.drain_after_ms {
            let drain: Link<Drain> = Link::to(&overseer);
            engine.env.spawn(async move {
                tokio::time::sleep(Duration::from_millis(after_ms)).await;
                drain.post(Drain);
            });
        }
        if let Some(after_ms) = self.plan.stands_still_after_ms {
            let progress = engine.progress.clone();
            engine.env.spawn(async move {
                while progress.asked.load(Ordering::Relaxed) == 0 {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                tokio::time::sleep(Duration::from_millis(after_ms)).await;
                tokio::time::advance(Duration::from_secs(900)).await;
            });
        }
        let tap = Tap::Bytes("simulated.vcf".into(), self.input.bytes.clone());
        let (answer, receipt) = tokio::sync::oneshot::channel();
        Link::to(&overseer).post(RunFile { input: File { tap, caution: Default::default() }, answer });
        let result = tokio::select! {
            biased;
            receipt = receipt => receipt.ok(),
            () = tokio::time::sleep(Duration::from_millis(dies_after_ms.min(3_600_000))) => {
                assert!(dies_after_ms != u64::MAX, "seed {}: not done within an hour", self.seed);
                None
            }
        };
        elapsed_ms.set(clock.now_ms() - self.now_ms);
        result
    }

    fn engine(&self, clock: Clock) -> Engine {
        let mut settings = Settings::load_with(None, [], None).expect("the defaults");
        settings.data_dir = self.dir.path().to_owned();
        settings.read.segment_lines_max = 8;
        settings.read.segment_bytes_max = 700;
        settings.window_bytes = 6 << 20;
        settings.group.bytes_max = 40_000;
        settings.worker_threads = 2;
        // Everything that can be asked about is.
        settings.triage = Some(Triage::default());
        settings.restart = self.plan.restart;
        settings.dead_letters_max = self.plan.dead_letters_max;
        Engine {
            env: Env::simulated(clock, self.seed ^ self.lives, self.chaos(clock)),
            ledger: Ledger::open(self.dir.path(), Mode::Inline).expect("a ledger"),
            store: Arc::new(self.store.clone()),
            providers: vec![
                self.provider
                    .clone()
                    .unwrap_or_else(|| Arc::new(Rules::new(Default::default(), Arc::new(move || clock.now_ms())))),
            ],
            reference: None,
            layout: settings.layout(None),
            settings: Arc::new(settings),
            progress: Arc::default(),
            isolation: None,
            stop: Arc::default(),
        }
    }

    fn chaos(&self, clock: Clock) -> Rc<dyn Fn(&'static str)> {
        let rng = RefCell::new(fastrand::Rng::with_seed(self.seed.wrapping_mul(31) ^ self.lives));
        let (panics, trace, calm, plan) =
            (self.panics.clone(), self.trace.clone(), self.calm.clone(), self.plan.clone());
        let left = Cell::new(plan.panics_max);
        Rc::new(move |place| {
            // A runtime that ends polls its stages once more, outside of itself and of the paused clock.
            if tokio::runtime::Handle::try_current().is_err() {
                return;
            }
            trace.borrow_mut().push((clock.now_ms(), place));
            // The supervisor of all has no supervisor: its death is the end of the process, which crashes stand for.
            let may = !calm.load(Ordering::Relaxed) && place != "overseer" && left.get() > 0;
            let chance = if plan.weak_place == Some(place) { 0.4 } else { plan.panic_chance };
            let unlucky = may && rng.borrow_mut().f64() < chance;
            if unlucky || plan.always_panics == Some(place) {
                left.set(left.get().saturating_sub(1));
                *panics.borrow_mut().entry(place).or_default() += 1;
                panic!("{CHAOS}{place}");
            }
        })
    }
}
