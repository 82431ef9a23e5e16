//! Readers of bodies, of whom some are slow and some go in the middle.

use std::time::Duration;

use http_body_util::BodyExt;
use tokio::time::sleep;
use tower_pool::http::{SharedBody, SharedBodyError};

use super::{
    origin::{Broken, Stream, frame},
    plan::Dice,
    record::Record,
    web::MAX_LAG,
};

/// How a reader reads.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pace {
    AtOnce,
    /// Waits before each frame.
    Slow(Duration),
    /// Leaves the body unread for so long after so many frames, and drops it.
    Stops(u32, Duration),
    /// Drops it after so many frames.
    Drops(u32),
}

impl Pace {
    pub(crate) fn roll(dice: &mut Dice) -> Self {
        match dice.up_to(9) {
            0..5 => Self::AtOnce,
            5..7 => Self::Slow(dice.micros(3_000)),
            7 => Self::Stops(dice.up_to(6), dice.micros(30_000)),
            _ => Self::Drops(dice.up_to(6)),
        }
    }
}

/// Reads the body of `of`, and sees that nothing is missing.
pub(crate) async fn read(
    record: &Record,
    of: &Record,
    stream: Stream,
    mut body: SharedBody,
    pace: Pace,
) {
    for index in 0.. {
        record.sheet().frames = index;
        match pace {
            Pace::AtOnce => {}
            Pace::Slow(time) => sleep(time).await,
            Pace::Stops(at, time) if at == index => return sleep(time).await,
            Pace::Drops(at) if at == index => return,
            Pace::Stops(..) | Pace::Drops(_) => {}
        }
        let complaint = match body.frame().await {
            Some(Ok(got)) => match got.into_data() {
                Ok(data) if index < stream.frames && data == frame(of, stream, index) => continue,
                Ok(data) => format!("frame {index} is wrong: {data:?}"),
                Err(_) => "there are trailers".to_owned(),
            },
            None if index == stream.frames && !stream.breaks => return,
            None => format!("the body ended after {index} of its frames"),
            Some(Err(error)) if is_due(&error, of, stream, index) => {
                if error.is_lagged() {
                    record.books.reader_is_cut_off();
                }
                if body.frame().await.is_none() {
                    return;
                }
                "the body goes on after its error".to_owned()
            }
            Some(Err(error)) => format!("the body broke off after {index} frames: {error}"),
        };
        return record.complain(format_args!("{complaint}, {stream:?}, of {of}"));
    }
}

/// Whoever is too far behind is cut off; else a body breaks off only where the
/// origin's does.
fn is_due(error: &SharedBodyError, of: &Record, stream: Stream, index: u32) -> bool {
    match error.downcast_ref::<Broken>() {
        Some(Broken(number)) => stream.breaks && index == stream.frames && *number == of.number,
        None => error.is_lagged() && stream.bytes() > MAX_LAG,
    }
}
