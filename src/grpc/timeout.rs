//! How long a caller waits: its own `grpc-timeout`, which no other caller feels.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use ::http::HeaderMap;
use tokio::{
    runtime::Handle,
    time::{Instant, Sleep, sleep_until},
};

use super::metadata::GRPC_TIMEOUT;

/// A `grpc-timeout` that is not as gRPC has it.
#[derive(Debug)]
pub(super) struct Malformed;

/// What `grpc-timeout` says, if it is there: at most eight digits and a unit
/// (gRPC over HTTP/2, "Timeout").
pub(super) fn timeout(metadata: &HeaderMap) -> Result<Option<Duration>, Malformed> {
    let mut values = metadata.get_all(GRPC_TIMEOUT).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let Some((unit, digits)) = value.as_bytes().split_last() else {
        return Err(Malformed);
    };
    let is_number = (1..=8).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit);
    if !is_number || values.next().is_some() {
        return Err(Malformed);
    }
    let number = digits
        .iter()
        .fold(0, |number, digit| number * 10 + u64::from(digit - b'0'));
    let duration = match unit {
        b'H' => Duration::from_secs(number * 60 * 60),
        b'M' => Duration::from_secs(number * 60),
        b'S' => Duration::from_secs(number),
        b'm' => Duration::from_millis(number),
        b'u' => Duration::from_micros(number),
        b'n' => Duration::from_nanos(number),
        _ => return Err(Malformed),
    };
    Ok(Some(duration))
}

/// Goes off at its time. It takes a timer of the runtime only when somebody
/// waits for it.
#[derive(Debug)]
pub(super) struct Timer {
    /// None: never.
    at: Option<Instant>,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Timer {
    pub(super) fn after(duration: Option<Duration>) -> Self {
        Self {
            // What is too far off to be a time never comes.
            at: duration.and_then(|duration| Instant::now().checked_add(duration)),
            sleep: None,
        }
    }

    pub(super) fn is_over(&self) -> bool {
        self.at.is_some_and(|at| Instant::now() >= at)
    }

    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(at) = self.at else {
            return Poll::Pending;
        };
        if self.is_over() {
            return Poll::Ready(());
        }
        if self.sleep.is_none() && Handle::try_current().is_err() {
            return Poll::Pending; // nobody here wakes at a time
        }
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep_until(at)));
        sleep.as_mut().poll(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[&str]) -> Result<Option<Duration>, Malformed> {
        let values = values.iter().map(|value| (GRPC_TIMEOUT, value.parse()));
        let values = values.map(|(name, value)| (name, value.expect("a header's value")));
        timeout(&values.collect())
    }

    #[test]
    fn every_unit_is_known() {
        let units = [
            ("H", Duration::from_secs(3 * 3600)),
            ("M", Duration::from_secs(180)),
            ("S", Duration::from_secs(3)),
            ("m", Duration::from_millis(3)),
            ("u", Duration::from_micros(3)),
            ("n", Duration::from_nanos(3)),
        ];
        for (unit, expected) in units {
            assert_eq!(of(&[&format!("3{unit}")]).unwrap(), Some(expected));
        }
        assert_eq!(of(&[]).unwrap(), None);
        assert!(of(&["99999999H"]).unwrap().is_some());
    }

    #[test]
    fn what_is_malformed_is_no_timeout() {
        for value in [
            "",
            "S",
            "3",
            "3s",
            "+3S",
            "-3S",
            "3 S",
            "123456789S",
            "0x3S",
            "३S",
        ] {
            assert!(of(&[value]).is_err(), "{value:?}");
        }
        assert!(of(&["3S", "3S"]).is_err());
    }
}
