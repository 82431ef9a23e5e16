//! Runtimes that come and go, with callers in them.

use std::{
    cell::Cell,
    panic,
    sync::{Arc, Once, atomic::Ordering::SeqCst},
    time::Duration,
};

use tokio::runtime::{self, Runtime};

use super::{
    caller::STRANDED,
    plan::Dice,
    play::{Step, play},
    record::Record,
    world::World,
};

thread_local! {
    static MORTAL: Cell<bool> = const { Cell::new(false) };
}

/// Notes in what sort of runtime a call is polled.
pub(crate) fn note(record: &Record) {
    record.sheet().in_mortal_runtime = MORTAL.get();
}

/// Is this a thread of such a runtime?
pub(crate) fn is_here() -> bool {
    MORTAL.get()
}

/// Keeps what callers say who have lost their call from the program's output: it
/// is due, and with a stack for each it would cost more than all the rest.
pub(crate) fn silence_the_stranded() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let others = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let words = info.payload().downcast_ref::<&str>();
            if !words.is_some_and(|words| words.starts_with(STRANDED)) {
                others(info);
            }
        }));
    });
}

/// Callers that each runtime begins with; others are sent there.
const CALLERS: u32 = 40;

/// One runtime after another on this thread, until the load is over.
pub(crate) fn come_and_go(world: &Arc<World>, mut dice: Dice, task: u64) {
    MORTAL.set(true);
    while !world.stop.load(SeqCst) {
        let here = match dice.up_to(1) {
            0 => runtime::Builder::new_current_thread(),
            _ => runtime::Builder::new_multi_thread(),
        }
        .worker_threads(1 + dice.up_to(1) as usize)
        .on_thread_start(|| MORTAL.set(true))
        .enable_all()
        .build()
        .expect("a runtime is to be had");
        for caller in world.emigrants.lock().drain(..) {
            here.spawn(caller);
        }
        for _ in 0..CALLERS {
            let pool = dice.up_to(1) as usize;
            let step = Step::roll(&mut dice, task);
            let world = Arc::clone(world);
            here.spawn(async move { play(&world, &world.stormy[pool], step).await });
        }
        let life = dice.micros(20_000);
        here.block_on(async { tokio::time::sleep(life).await });
        end(here, dice.up_to(2));
        world.runtimes.fetch_add(1, SeqCst);
    }
}

fn end(runtime: Runtime, how: u32) {
    match how {
        0 => drop(runtime),
        1 => runtime.shutdown_background(),
        _ => runtime.shutdown_timeout(Duration::from_millis(1)),
    }
}
