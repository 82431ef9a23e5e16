//! One body for any number of readers, each of whom gets all of it.
//!
//! # Invariants
//!
//! 1. **Nothing is missing in silence.** A reader gets every frame from the
//!    first, in order, then the end or the error that the upstream gave; or it
//!    gets an error of the sharing, once, and then nothing.
//! 2. **A frame is here while somebody needs it.** Somebody stands at the frame
//!    in front of the queue, or the start is held for newcomers, or the queue is
//!    empty. What is behind the fastest reader is bounded in bytes and in
//!    frames: whoever stands in front when it is too much is cut off.
//! 3. **One driver.** The upstream is in its place, or with the one reader that
//!    polls it, or gone. It is not polled after its end, and is dropped when it
//!    is over, before anybody can see that; or when the last reader leaves that
//!    could read on.
//! 4. **Nobody depends on another reader.** The upstream gets a waker that wakes
//!    all who wait, so whoever goes on drives it. A wake that comes while it is
//!    polled is kept until it is back in its place.
//! 5. **Whoever waits will be woken.** A reader waits only at the tail, and only
//!    while the upstream is being polled or has yet to wake. Each way on (frame,
//!    end, error, panic, wake) takes all wakers and wakes each once. A reader
//!    that was given something has no waker here.
//! 6. **No foreign code under the lock.** Polling and dropping the upstream, the
//!    guard of a held start, wakers (their clones too), frames: all with no lock
//!    held. What a transition leaves is carried out of the lock as
//!    [`Debris`](debris::Debris).
//! 7. **The start is open or gone.** Once the guard of a held start is dropped
//!    and that is published, nobody joins; a body that nobody reads never
//!    comes back.
//!
//! # How
//!
//! Frames have numbers, and a reader is the number of its next frame. Each frame
//! in the queue counts the readers that stand at it; to read is to move one
//! count by one, and the frame in front goes when its count is zero. So a step
//! costs the same with one reader or a thousand, and nothing is allocated for it.
//!
//! # Where to read it
//!
//! [`reader`] polls: it asks [`state`] under the lock, which is in [`shared`], what
//! to do, and if it is to [`drive`], it polls [`upstream`] without. [`bookmark`] is
//! how far it has read. [`queue`] has the frames and the places of the readers,
//! [`waiters`] the wakers.
//! [`weak`] is how newcomers join, and [`layer`] puts it all into responses.

mod bookmark;
mod debris;
mod drive;
mod error;
mod layer;
mod queue;
mod reader;
mod shared;
mod state;
#[cfg(test)]
mod tests;
mod upstream;
mod waiters;
mod weak;

pub(super) use self::weak::WeakBody;
pub use self::{
    error::SharedBodyError,
    layer::{ShareBody, ShareBodyFuture, ShareBodyLayer},
    reader::{DEFAULT_MAX_LAG, SharedBody},
};
