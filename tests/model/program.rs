//! A program: a pool as it is set up, and what is done to it step by step.
//! Printed, it is a script that can be read.

use std::fmt;

use tower_pool::OnAbandon;

/// By number, in the order in which they called. The request that a caller
/// brings, and the inner call that is made of it, have the same number.
pub type Id = usize;

/// Inside which runtime something is done, if inside any.
pub type Place = Option<usize>;

#[derive(Clone, Debug)]
pub struct Setup {
    pub runtimes: usize,
    pub keys: u8,
    pub max_callers: Option<usize>,
    /// In hours.
    pub max_age: Option<u64>,
    pub max_retries: u32,
    pub on_abandon: OnAbandon,
    /// All keys have the same hash.
    pub same_hash: bool,
    /// The inner service is not ready for a call until it is made so.
    pub gated: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    Ok,
    Err,
    /// A panic with a message.
    Burst,
    /// A panic with something else.
    Wreck,
}

/// What the policy does when it is asked about a call's outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judge {
    Share,
    Retry,
    Solo,
    Panic,
}

#[derive(Clone, Copy, Debug)]
pub enum Action {
    Call {
        key: Option<u8>,
        place: Place,
    },
    Poll {
        caller: Id,
        place: Place,
        /// With another waker than the last time.
        anew: bool,
    },
    Drop {
        caller: Id,
        place: Place,
    },
    /// The inner call will end so when it is next polled, and is woken.
    End {
        call: Id,
        ending: Ending,
        judge: Judge,
    },
    /// The inner service becomes ready for this call.
    Ready(Id),
    /// The inner call is woken for nothing.
    Wake(Id),
    /// The inner call will wake itself when it is next polled in vain.
    Yield(Id),
    /// Whoever is woken next calls at once, with its own key.
    CallBack,
    /// The tasks of a runtime run until they wait.
    Tick(usize),
    /// Another runtime, with the next number.
    StartUp,
    ShutDown(usize),
    Forget(u8),
    /// The clocks are put forward by so many hours.
    Advance(u64),
}

/// What a poll came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Got {
    Pending,
    /// The outcome of this call, an error or not.
    Outcome {
        of: Id,
        key: Option<u8>,
        ok: bool,
    },
    Panic(Payload),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payload {
    Message(String),
    /// What [`Ending::Wreck`] panics with, as it is.
    Wreck(Id),
}

impl Action {
    /// The same where this caller never was.
    pub fn without(self, gone: Id) -> Option<Self> {
        let renamed = |id: Id| (id != gone).then(|| id - usize::from(id > gone));
        let mut action = self;
        if let Self::Poll { caller: id, .. }
        | Self::Drop { caller: id, .. }
        | Self::End { call: id, .. }
        | Self::Ready(id)
        | Self::Wake(id)
        | Self::Yield(id) = &mut action
        {
            *id = renamed(*id)?;
        }
        Some(action)
    }
}

impl Ending {
    pub fn is_panic(self) -> bool {
        matches!(self, Self::Burst | Self::Wreck)
    }
}

impl fmt::Display for Setup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} runtimes, {:?}", self.runtimes, self.on_abandon)?;
        write!(f, ", max_retries {}", self.max_retries)?;
        if let Some(max_callers) = self.max_callers {
            write!(f, ", max_callers {max_callers}")?;
        }
        if let Some(max_age) = self.max_age {
            write!(f, ", max_age {max_age} h")?;
        }
        if self.same_hash {
            write!(f, ", one hash for all keys")?;
        }
        if self.gated {
            write!(f, ", not ready")?;
        }
        Ok(())
    }
}

struct At(Place);

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(runtime) => write!(f, "in r{runtime}"),
            None => f.write_str("outside"),
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Call { key, place } => match key {
                Some(key) => write!(f, "call key {key}, {}", At(place)),
                None => write!(f, "call without a key, {}", At(place)),
            },
            Self::Poll {
                caller,
                place,
                anew,
            } => {
                let waker = if anew { ", with a new waker" } else { "" };
                write!(f, "poll #{caller}, {}{waker}", At(place))
            }
            Self::Drop { caller, place } => write!(f, "drop #{caller}, {}", At(place)),
            Self::End {
                call,
                ending,
                judge,
            } => write!(f, "end call #{call}: {ending:?}, {judge:?}"),
            Self::Ready(call) => write!(f, "make ready for call #{call}"),
            Self::Wake(call) => write!(f, "wake call #{call}"),
            Self::Yield(call) => write!(f, "let call #{call} yield"),
            Self::CallBack => f.write_str("let the next that is woken call"),
            Self::Tick(runtime) => write!(f, "run r{runtime}"),
            Self::StartUp => f.write_str("start a runtime"),
            Self::ShutDown(runtime) => write!(f, "shut down r{runtime}"),
            Self::Forget(key) => write!(f, "forget key {key}"),
            Self::Advance(hours) => write!(f, "advance {hours} h"),
        }
    }
}
