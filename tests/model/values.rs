//! What passes through the pool. None of it is to be left there.

use std::{
    any::Any,
    hash::{BuildHasher, DefaultHasher, Hash, Hasher},
    sync::Arc,
};

use crate::{
    program::{Id, Payload},
    world::{Event, World},
};

/// Moved from the caller into the service, never cloned.
pub struct Request {
    pub id: Id,
    pub key: Option<u8>,
    pub world: Arc<World>,
}

impl Drop for Request {
    fn drop(&mut self) {
        self.world.note(Event::Dropped(self.id));
        self.world.drop_waker(self.id);
    }
}

/// A response, or an error.
pub struct Answer {
    pub of: Id,
    pub key: Option<u8>,
    world: Arc<World>,
}

impl Answer {
    pub fn new(of: Id, world: &Arc<World>) -> Self {
        Self {
            of,
            key: world.add_outcome(of),
            world: Arc::clone(world),
        }
    }
}

impl Clone for Answer {
    fn clone(&self) -> Self {
        self.world.note(Event::Cloned(self.of));
        Self::new(self.of, &self.world)
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.world.remove_outcome();
    }
}

/// A key that shows whether any of its kind is left.
pub struct Key(pub u8, #[expect(dead_code)] pub Arc<()>);

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl Eq for Key {}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

/// Hashes keys well, or all alike.
#[derive(Clone)]
pub struct Hashing {
    pub alike: bool,
}

pub struct KeyHasher(bool, DefaultHasher);

impl BuildHasher for Hashing {
    type Hasher = KeyHasher;
    fn build_hasher(&self) -> KeyHasher {
        KeyHasher(self.alike, DefaultHasher::new())
    }
}

impl Hasher for KeyHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.1.write(bytes);
    }
    fn finish(&self) -> u64 {
        if self.0 { 0 } else { self.1.finish() }
    }
}

/// What a call panics with that has no message.
pub struct Wreck(pub Id);

/// What a panic carried.
pub fn payload(payload: Box<dyn Any + Send>) -> Payload {
    match payload.downcast::<Wreck>() {
        Ok(wreck) => Payload::Wreck(wreck.0),
        Err(payload) => Payload::Message(match payload.downcast::<String>() {
            Ok(message) => *message,
            Err(payload) => payload
                .downcast::<&'static str>()
                .map_or_else(|_| "neither".to_owned(), |message| (*message).to_owned()),
        }),
    }
}
