//! The shared body's own files, but for the layer that puts it into responses.

#[path = "../../../src/http/body/bookmark.rs"]
mod bookmark;
#[path = "../../../src/http/body/debris.rs"]
mod debris;
#[path = "../../../src/http/body/drive.rs"]
mod drive;
#[path = "../../../src/http/body/error.rs"]
mod error;
#[path = "../../../src/http/body/queue.rs"]
mod queue;
#[path = "../../../src/http/body/reader.rs"]
mod reader;
#[path = "../../../src/http/body/shared.rs"]
mod shared;
#[path = "../../../src/http/body/state.rs"]
mod state;
#[path = "../../../src/http/body/upstream.rs"]
mod upstream;
#[path = "../../../src/http/body/waiters.rs"]
mod waiters;
#[path = "../../../src/http/body/weak.rs"]
mod weak;

pub(crate) use self::{reader::SharedBody, weak::WeakBody};
