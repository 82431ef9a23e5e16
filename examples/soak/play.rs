//! What one caller of a core pool does, from asking to its answer or its drop.

use std::{future::poll_fn, pin::Pin, sync::Arc, task::Poll};

use tokio::time::{sleep, timeout};

use super::{
    caller::Caller,
    core::Core,
    plan::{Dice, Manner, Work},
    world::World,
};

/// All that is left to chance about one caller.
pub(crate) struct Step {
    task: u64,
    /// None: its request passes the pool by.
    key: Option<u32>,
    manner: Manner,
    work: Work,
    /// Of the other caller, if there is to be one.
    anothers_work: Work,
}

impl Step {
    pub(crate) fn roll(dice: &mut Dice, task: u64) -> Self {
        let (key, manner, mut work) = (dice.key(), dice.manner(), dice.work());
        let mut key = (!dice.per_mille(20)).then_some(key);
        if let Manner::LeaveACrowd = manner {
            key = Some(dice.seldom_key());
            work.dawdles = Some(dice.micros(200));
        }
        Self {
            task,
            key,
            manner,
            work,
            anothers_work: dice.work(),
        }
    }
}

/// The others who ask for the same.
const CROWD: usize = 2;

pub(crate) async fn play(world: &Arc<World>, core: &Arc<Core>, step: Step) {
    let Step {
        task, key, manner, ..
    } = step;
    if let (Manner::Forget, Some(key)) = (manner, key) {
        core.forget(key);
    }
    let mut caller = core.ask(task, key, manner, step.work);
    match manner {
        Manner::Await | Manner::Forget => caller.await,
        Manner::DropUnpolled => drop(caller),
        Manner::DropAfter(polls) => polled(&mut caller, polls).await,
        Manner::DropWhenLeading => until_it_leads(&mut caller).await,
        Manner::HoldForAnother => {
            polled(&mut caller, 1).await;
            core.ask(task, key, Manner::Await, step.anothers_work).await;
            caller.await;
        }
        Manner::LeaveACrowd => {
            for _ in 0..CROWD {
                let core = Arc::clone(core);
                tokio::spawn(async move {
                    let other = core.ask(task, key, Manner::Await, step.anothers_work);
                    other.await;
                });
            }
            polled(&mut caller, 1).await;
        }
        Manner::Hold(time, comes_back) => {
            polled(&mut caller, 1).await;
            sleep(time).await;
            if comes_back {
                caller.await;
            }
        }
        Manner::Timeout(time) => {
            let _ = timeout(time, &mut caller).await;
        }
        Manner::Emigrate => {
            polled(&mut caller, 1).await;
            world.sends_away(caller);
        }
    }
}

/// Has it polled so many times, or to its end.
async fn polled(caller: &mut Caller, mut times: u32) {
    poll_fn(|cx| {
        if Pin::new(&mut *caller).poll(cx).is_ready() {
            return Poll::Ready(());
        }
        times -= 1;
        match times {
            0 => Poll::Ready(()),
            _ => Poll::Pending,
        }
    })
    .await;
}

/// Has it polled until its own call is under way, or to its end.
async fn until_it_leads(caller: &mut Caller) {
    poll_fn(|cx| {
        let over = Pin::new(&mut *caller).poll(cx).is_ready();
        match over || caller.leads() {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    })
    .await;
}
