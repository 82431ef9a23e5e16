//! The shared body: `SharedBody`, and the layer that puts it into responses.

mod endings;
mod hints;
mod lag;
mod layer;
mod panics;
mod sharing;
mod stress;
mod waking;
