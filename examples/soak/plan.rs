//! What is left to chance: what a caller does, and what its call would do.

use std::time::Duration;

use rand::{RngExt, SeedableRng, rngs::StdRng};
use rand_distr::{Distribution, Zipf};
use tower_pool::Verdict;

/// Makes the choices of one task. The same seed and number make the same ones,
/// though not at the same moments.
pub(crate) struct Dice {
    random: StdRng,
    keys: Zipf<f64>,
    last_key: u32,
}

/// What a caller does with its future.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Manner {
    Await,
    /// Drops it before it was ever polled.
    DropUnpolled,
    /// Polls it so many times, and drops it.
    DropAfter(u32),
    /// Drops it as soon as its own call is under way.
    DropWhenLeading,
    /// Polls it once, and leaves it alone until another caller of the key, who
    /// comes later, has been answered.
    HoldForAnother,
    /// Asks for what is seldom asked for, has others ask for the same at that
    /// moment, and drops it once it was polled.
    LeaveACrowd,
    /// Polls it once and leaves it alone, and then waits for it or drops it.
    Hold(Duration, bool),
    Timeout(Duration),
    /// Polls it once, and has it polled on in another runtime.
    Emigrate,
    /// Tells the pool to forget the key, and then asks for it.
    Forget,
}

/// How the inner service does what one caller asks for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Work {
    pub(crate) readiness: Readiness,
    /// How often it is polled for nothing.
    pub(crate) yields: u8,
    /// How long it then waits.
    pub(crate) nap: Option<Duration>,
    /// How long each poll keeps a thread busy: time for others to come and go.
    pub(crate) dawdles: Option<Duration>,
    pub(crate) ending: Ending,
    pub(crate) judgement: Judgement,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Readiness {
    AtOnce,
    Later(Duration),
    Fails,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Answers,
    Fails,
    Panics,
    /// Before there is a future to be polled.
    PanicsWhenCalled,
}

/// What the policy does when it is asked about the outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Judgement {
    Says(Verdict),
    Panics,
}

impl Dice {
    pub(crate) fn new(seed: u64, task: u64, keys: u32, exponent: f64) -> Self {
        Self {
            // Neighbours would do: the generator spreads its seed.
            random: StdRng::seed_from_u64(seed.wrapping_add(task << 32)),
            keys: Zipf::new(f64::from(keys), exponent).expect("both were checked"),
            last_key: keys - 1,
        }
    }

    pub(crate) fn key(&mut self) -> u32 {
        self.keys.sample(&mut self.random) as u32 - 1
    }

    /// A key by itself, most likely.
    pub(crate) fn seldom_key(&mut self) -> u32 {
        let last = self.last_key;
        self.up_to(last)
    }

    /// Yes, so many times of a thousand.
    pub(crate) fn per_mille(&mut self, times: u32) -> bool {
        self.random.random_ratio(times, 1000)
    }

    pub(crate) fn up_to(&mut self, most: u32) -> u32 {
        self.random.random_range(0..=most)
    }

    pub(crate) fn micros(&mut self, most: u64) -> Duration {
        Duration::from_micros(self.random.random_range(0..=most))
    }

    pub(crate) fn manner(&mut self) -> Manner {
        match self.up_to(99) {
            0..40 => Manner::Await,
            40..45 => Manner::DropUnpolled,
            45..55 => Manner::DropAfter(1 + self.up_to(2)),
            55..63 => Manner::DropWhenLeading,
            63..68 => Manner::HoldForAnother,
            68..72 => Manner::LeaveACrowd,
            72..78 => Manner::Hold(self.micros(20_000), self.per_mille(500)),
            78..90 => Manner::Timeout(self.micros(10_000)),
            90..97 => Manner::Emigrate,
            _ => Manner::Forget,
        }
    }

    pub(crate) fn work(&mut self) -> Work {
        Work {
            readiness: match self.up_to(999) {
                0..850 => Readiness::AtOnce,
                850..980 => Readiness::Later(self.micros(2_000)),
                _ => Readiness::Fails,
            },
            yields: self.up_to(3) as u8,
            dawdles: self.per_mille(20).then(|| self.micros(200)),
            nap: self.per_mille(700).then(|| self.micros(20_000)),
            ending: match self.up_to(999) {
                0..900 => Ending::Answers,
                900..970 => Ending::Fails,
                970..990 => Ending::Panics,
                _ => Ending::PanicsWhenCalled,
            },
            judgement: match self.up_to(999) {
                0..800 => Judgement::Says(Verdict::Share),
                800..900 => Judgement::Says(Verdict::Solo),
                900..990 => Judgement::Says(Verdict::Retry),
                _ => Judgement::Panics,
            },
        }
    }
}
