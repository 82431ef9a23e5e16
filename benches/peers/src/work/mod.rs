//! The work that is shared. Every peer gets the very same futures.
//!
//! How many calls were begun is counted where a future is first polled, in a
//! cell of the thread or of the case, so that no peer pays for a counter that
//! another can leave alone.

mod delay;
mod failing;
mod gate;
mod yields;

pub use self::{
    delay::{Dated, Delay, DelayFuture},
    failing::{Ending, Ends, EndsFuture},
    gate::{Gate, GateFuture},
    yields::{Yields, YieldsFuture},
};
