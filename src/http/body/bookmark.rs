//! Where one reader is: [`Bookmark`].

/// Where one reader is.
pub(super) struct Bookmark {
    /// Its own number, for its waker.
    pub(super) reader: u64,
    /// The number of its next frame.
    pub(super) next: u64,
    /// The bytes that it has read.
    pub(super) read: u64,
    pub(super) phase: Phase,
}

/// How far it has got.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Phase {
    Reading,
    /// It came when the start was gone, and is yet to be told.
    Late,
    Ended,
    Failed,
}

impl Bookmark {
    /// At the start.
    pub(super) fn new(reader: u64, phase: Phase) -> Self {
        Self {
            reader,
            next: 0,
            read: 0,
            phase,
        }
    }

    /// It has read a frame of so many bytes.
    pub(super) fn pass(&mut self, bytes: u64) {
        self.next += 1;
        self.read = self.read.saturating_add(bytes);
    }
}
