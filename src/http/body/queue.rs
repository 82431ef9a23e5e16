//! The frames that somebody has yet to read, and where the readers stand.

use std::{collections::VecDeque, sync::Arc};

use ::http::HeaderMap;
use bytes::Bytes;
use http_body::Frame;

use crate::http::policy::OF_ONE_CLIENT;

/// So many frames are kept at most, however small they are.
pub(super) const MAX_FRAMES: usize = 1 << 20;

/// What a frame holds, cheap to clone.
#[derive(Clone)]
pub(super) enum Piece {
    Data(Bytes),
    Trailers(Arc<HeaderMap>),
}

impl Piece {
    /// `None`, if it is of a kind that was not yet known.
    pub(super) fn new(frame: Frame<Bytes>) -> Option<Self> {
        match frame.into_data() {
            Ok(data) => Some(Self::Data(data)),
            Err(frame) => {
                let trailers = frame.into_trailers().ok()?;
                Some(Self::Trailers(Arc::new(trailers)))
            }
        }
    }

    /// A follower gets no trailers that speak of the one client that was answered.
    pub(super) fn into_frame(self, for_follower: bool) -> Frame<Bytes> {
        let trailers = match self {
            Self::Data(data) => return Frame::data(data),
            Self::Trailers(trailers) => trailers,
        };
        let mut trailers = Arc::unwrap_or_clone(trailers);
        if for_follower {
            for name in OF_ONE_CLIENT {
                trailers.remove(name);
            }
        }
        Frame::trailers(trailers)
    }

    /// How many bytes of the body it is.
    pub(super) fn len(&self) -> u64 {
        match self {
            Self::Data(data) => data.len() as u64,
            Self::Trailers(_) => 0,
        }
    }
}

struct Slot {
    piece: Piece,
    /// How many bytes of the body are before it.
    offset: u64,
    /// How many readers get this frame next.
    here: usize,
}

/// A reader's turn.
pub(super) enum Turn {
    Frame(Piece),
    /// It has read all there is so far.
    Tail,
    /// Its next frame is gone.
    Cut,
}

/// Frames by number, from the first that is still here, and the readers' places:
/// a reader stands at the frame it gets next, or at the tail, or was cut off and
/// stands nowhere.
///
/// Somebody stands at the first frame, or the start is held, or there is none.
pub(super) struct Queue {
    slots: VecDeque<Slot>,
    /// The number of the frame in front.
    first: u64,
    at_tail: usize,
    /// All who stand somewhere.
    readers: usize,
    /// The bytes of all frames so far.
    total: u64,
    /// How many of them came before the newest frame that has any.
    before_newest: u64,
    max_lag: u64,
    /// Are frames kept though nobody stands there?
    held: bool,
}

impl Queue {
    pub(super) fn new(max_lag: u64) -> Self {
        Self {
            slots: VecDeque::new(),
            first: 0,
            at_tail: 0,
            readers: 0,
            total: 0,
            before_newest: 0,
            max_lag,
            held: false,
        }
    }

    pub(super) fn readers(&self) -> usize {
        self.readers
    }

    pub(super) fn total(&self) -> u64 {
        self.total
    }

    pub(super) fn is_held(&self) -> bool {
        self.held
    }

    pub(super) fn max_lag(&self) -> u64 {
        self.max_lag
    }

    /// Holds the start, if no frame has come yet.
    pub(super) fn hold(&mut self) -> bool {
        self.held |= self.first == 0 && self.slots.is_empty();
        self.held
    }

    pub(super) fn is_tail(&self, next: u64) -> bool {
        next == self.first + self.slots.len() as u64
    }

    /// A new reader stands at the start. Not so if the start is gone.
    pub(super) fn enter(&mut self) -> bool {
        let there = self.first == 0;
        if there {
            self.readers += 1;
            *self.standing(0) += 1;
        }
        there
    }

    /// A reader that stood at `next` is gone. Returns the frames that nobody
    /// needs any more.
    pub(super) fn leave(&mut self, next: u64) -> Vec<Piece> {
        if next < self.first {
            return Vec::new(); // cut off, and counted out then
        }
        self.readers -= 1;
        *self.standing(next) -= 1;
        self.trim()
    }

    /// Gives the reader at `next` its frame, and moves it on.
    pub(super) fn read(&mut self, next: u64) -> Turn {
        if next < self.first {
            return Turn::Cut;
        }
        if self.is_tail(next) {
            return Turn::Tail;
        }
        *self.standing(next + 1) += 1;
        let index = (next - self.first) as usize;
        let slot = &mut self.slots[index];
        slot.here -= 1;
        if index > 0 || slot.here > 0 || self.held {
            return Turn::Frame(slot.piece.clone());
        }
        self.first += 1;
        let slot = self.slots.pop_front().expect("it was just there");
        self.give_back();
        Turn::Frame(slot.piece)
    }

    /// Appends a frame, and cuts off whoever is too far behind now. Returns the
    /// frames that nobody needs any more.
    pub(super) fn push(&mut self, piece: Piece) -> Vec<Piece> {
        if piece.len() > 0 {
            self.before_newest = self.total;
        }
        let offset = self.total;
        self.total = self.total.saturating_add(piece.len());
        self.slots.push_back(Slot {
            piece,
            offset,
            here: std::mem::take(&mut self.at_tail),
        });
        if self.held {
            return Vec::new();
        }
        self.cut()
    }

    /// Does not hold the start any longer.
    pub(super) fn release(&mut self) -> Vec<Piece> {
        self.held = false;
        self.cut()
    }

    /// Cuts off the readers in front, while they are too far behind.
    ///
    /// Not if all they lack is the newest frame: they had no time to read it,
    /// and it is there anyway.
    fn cut(&mut self) -> Vec<Piece> {
        let mut count = 0;
        for slot in &self.slots {
            let lags = self.total - slot.offset > self.max_lag && slot.offset < self.before_newest;
            let crowded = self.slots.len() - count > MAX_FRAMES;
            if !lags && !crowded {
                break;
            }
            self.readers -= slot.here;
            count += 1;
        }
        let mut freed = self.free(count);
        freed.append(&mut self.trim());
        freed
    }

    /// Frees the frames in front that nobody stands at.
    fn trim(&mut self) -> Vec<Piece> {
        if self.held {
            return Vec::new();
        }
        let unread = self.slots.iter().take_while(|slot| slot.here == 0);
        self.free(unread.count())
    }

    fn free(&mut self, count: usize) -> Vec<Piece> {
        if count == 0 {
            return Vec::new();
        }
        self.first += count as u64;
        let freed = self.slots.drain(..count).map(|slot| slot.piece).collect();
        self.give_back();
        freed
    }

    /// Gives memory back after a burst, at a cost spread over the frames.
    fn give_back(&mut self) {
        const ROOM_TO_KEEP: usize = 64;
        let (len, room) = (self.slots.len(), self.slots.capacity());
        if room > ROOM_TO_KEEP && len < room / 8 {
            self.slots.shrink_to(2 * len);
        }
    }

    /// The count of those who stand at frame `next`, or at the tail.
    fn standing(&mut self, next: u64) -> &mut usize {
        let index = (next - self.first) as usize;
        match self.slots.get_mut(index) {
            Some(slot) => &mut slot.here,
            None => &mut self.at_tail,
        }
    }
}
