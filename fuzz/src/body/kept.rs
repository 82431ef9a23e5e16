//! The bytes that are kept somewhere: [`Kept`].

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use bytes::Bytes;

/// Counts the bytes of the frames that are somewhere. Of a frame without bytes
/// nothing can be kept.
#[derive(Clone, Default)]
pub(super) struct Kept(Arc<AtomicU64>);

impl Kept {
    pub(super) fn bytes(&self) -> u64 {
        self.0.load(Relaxed)
    }

    pub(super) fn frame(&self, len: u8) -> Bytes {
        struct Data(Vec<u8>, Kept);
        impl AsRef<[u8]> for Data {
            fn as_ref(&self) -> &[u8] {
                &self.0
            }
        }
        impl Drop for Data {
            fn drop(&mut self) {
                self.1.0.fetch_sub(self.0.len() as u64, Relaxed);
            }
        }
        self.0.fetch_add(u64::from(len), Relaxed);
        Bytes::from_owner(Data(vec![len; usize::from(len)], self.clone()))
    }
}
