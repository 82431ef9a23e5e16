//! What a flight comes to: an outcome, or a panic that unwinds in every caller.

use std::{any::Any, borrow::Cow};

use crate::sync::Mutex;

/// What a panic carries.
pub(super) type Payload = Box<dyn Any + Send>;

/// What a call comes to.
pub(super) type Ending<T> = Result<T, Payload>;

/// What all callers of a flight get.
pub(super) enum Published<T> {
    Outcome(T),
    Panic(SharedPanic),
}

impl<T> Published<T> {
    /// Gives up what was published, to the last caller.
    pub(super) fn into_ending(self) -> Ending<T> {
        match self {
            Self::Outcome(outcome) => Ok(outcome),
            Self::Panic(panic) => Err(panic.payload()),
        }
    }
}

impl<T: Clone> Published<T> {
    /// Gives a copy to one caller of several.
    pub(super) fn to_ending(&self) -> Ending<T> {
        match self {
            Self::Outcome(outcome) => Ok(outcome.clone()),
            Self::Panic(panic) => Err(panic.payload()),
        }
    }
}

/// A panic that many will see: the payload goes to one, its message to the rest.
pub(super) struct SharedPanic {
    payload: Mutex<Option<Payload>>,
    message: Cow<'static, str>,
}

impl SharedPanic {
    /// For callers who all get the message, but for the first, who gets `payload`.
    pub(super) fn new(payload: Payload) -> Self {
        Self {
            message: message(&payload),
            payload: Mutex::new(Some(payload)),
        }
    }

    /// What one caller is to unwind with. The panic was reported where it
    /// happened, so the hook is not to be called once more for each caller.
    fn payload(&self) -> Payload {
        let payload = self.payload.lock().take();
        match (payload, &self.message) {
            (Some(payload), _) => payload,
            (None, Cow::Borrowed(message)) => Box::new(*message),
            (None, Cow::Owned(message)) => Box::new(message.clone()),
        }
    }
}

/// Borrowed or owned as the payload itself was, so that whoever looks into a
/// panic finds the same type in every caller.
fn message(payload: &Payload) -> Cow<'static, str> {
    if let Some(message) = payload.downcast_ref::<&'static str>() {
        Cow::Borrowed(message)
    } else if let Some(message) = payload.downcast_ref::<String>() {
        Cow::Owned(message.clone())
    } else {
        Cow::Borrowed("the inner call panicked with a payload that is not a string")
    }
}
