//! What happens to a shared body, step by step.

use arbitrary::{Arbitrary, Result, Unstructured};

use super::super::list::list;

#[derive(Debug)]
pub struct Input {
    pub(super) says: Says,
    /// Does its `is_end_stream` tell of an end that is next?
    pub(super) tells_end: bool,
    /// Is it at its end before it is shared?
    pub(super) born_over: bool,
    pub(super) max_lag: u8,
    pub(super) steps: Vec<Step>,
}

/// What the upstream says of its size. It need not be true.
#[derive(Clone, Copy, Debug, Arbitrary)]
pub(super) enum Says {
    Nothing,
    /// So many bytes, less those that have come.
    Exactly(u8),
    AtLeast(u8),
    Between(u8, u8),
    /// Another length after each poll.
    Changing(u8),
    /// As much as there can be.
    Endless(u8),
}

#[derive(Debug)]
pub(super) enum Event {
    /// So many bytes.
    Data(u8),
    Trailers(u8),
    Error(u8),
    Panic,
    End,
    /// While it is polled, these happen; then it goes on with what is next.
    Inside(Vec<Step>),
}

/// One of the readers, counted round.
#[derive(Clone, Copy, Debug, Arbitrary)]
pub(super) struct Who(pub(super) u8);

#[derive(Debug)]
pub(super) enum Step {
    /// A clone of this one.
    Clone(Who),
    Drop(Who),
    /// With one of its two wakers.
    Poll(Who, usize),
    /// The upstream has something, and wakes.
    Give(Event),
    /// The same, but it does not wake.
    GiveUnheard(Event),
    /// It wakes, with nothing more to give.
    Wake,
}

impl<'a> Arbitrary<'a> for Input {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(Self {
            says: u.arbitrary()?,
            tells_end: u.arbitrary()?,
            born_over: u.ratio(1, 32)?,
            // Near the sizes of frames.
            max_lag: *u.choose(&[0, 1, 4, 7, 8, 30, 255])?,
            steps: list(u, 60)?,
        })
    }
}

impl<'a> Arbitrary<'a> for Step {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(match u.int_in_range(0..=31)? {
            0..=14 => Self::Poll(u.arbitrary()?, usize::from(u.ratio(1, 4)?)),
            15..=22 => Self::Give(event(u)?),
            23..=24 => Self::GiveUnheard(event(u)?),
            25..=27 => Self::Clone(u.arbitrary()?),
            28..=29 => Self::Drop(u.arbitrary()?),
            _ => Self::Wake,
        })
    }
}

/// Mostly one that is not the last.
fn event(u: &mut Unstructured<'_>) -> Result<Event> {
    Ok(match u.int_in_range(0..=31)? {
        0..=21 => Event::Data(u.int_in_range(0..=9)?),
        22..=23 => Event::Trailers(u.arbitrary()?),
        24..=28 => Event::Inside(list(u, 4)?),
        29 => Event::Error(u.arbitrary()?),
        30 => Event::Panic,
        _ => Event::End,
    })
}
