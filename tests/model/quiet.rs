//! Panics are part of most programs: they are not reported while one is played.

use std::{
    cell::Cell,
    panic::{set_hook, take_hook},
    sync::Once,
};

thread_local!(static QUIET: Cell<bool> = const { Cell::new(false) });

/// Nothing may unwind out of `play`.
pub fn quietly<T>(play: impl FnOnce() -> T) -> T {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let report = take_hook();
        set_hook(Box::new(move |info| {
            if !QUIET.get() {
                report(info);
            }
        }));
    });
    QUIET.set(true);
    let played = play();
    QUIET.set(false);
    played
}
