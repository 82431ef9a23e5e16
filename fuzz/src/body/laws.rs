//! What has to be true after each step.

use std::sync::{Arc, atomic::Ordering::Relaxed};

use http_body::Body;

use super::{
    Play,
    stage::{End, Fate, Reader, Stage},
};

impl Play {
    pub(super) fn look(&self) {
        let stage = self.stage();
        stage.the_upstream_is_there_while_it_is_of_use();
        stage.no_more_is_kept_than_may_be();
        for reader in &stage.readers {
            stage.hints_are_exact(reader);
            reader.it_is_woken_for_a_reason_and_once();
        }
        for bell in &stage.left {
            assert_eq!(
                Arc::strong_count(bell),
                1,
                "a waker of one who left is kept"
            );
        }
    }
}

impl Stage {
    fn the_upstream_is_there_while_it_is_of_use(&self) {
        let of_use = self.end.is_none() && self.readers.iter().any(Reader::stands);
        assert_eq!(!self.dropped, of_use, "is it there, is it of use?");
    }

    fn no_more_is_kept_than_may_be(&self) {
        let kept = self.kept.bytes();
        assert_eq!(kept, self.bytes_from(self.first()), "bytes that are kept");
        assert!(kept <= self.may_keep(), "{kept} bytes are kept");
    }

    fn hints_are_exact(&self, reader: &Reader) {
        let Some(body) = &reader.body else {
            return; // it is being polled
        };
        let here = self.bytes_from(reader.next);
        let (hint, at_end) = (body.size_hint(), body.is_end_stream());
        let has_all = reader.next == self.frames.len();
        let due = match reader.fate {
            Fate::Reading => has_all && self.end == Some(End::Clean),
            Fate::Lost => false,
            Fate::ToldLost | Fate::Over => true,
        };
        assert_eq!(
            at_end, due,
            "is_end_stream of one that has read {}",
            reader.next
        );
        let failed = reader.fate == Fate::ToldLost
            || reader.fate == Fate::Over && self.end != Some(End::Clean);
        if failed {
            assert_eq!(hint.exact(), Some(0));
            return;
        }
        let (lower, upper) = self.said;
        assert_eq!(hint.lower(), lower.saturating_add(here));
        let upper = upper.and_then(|upper| upper.checked_add(here));
        if self.says_length || at_end {
            assert_eq!(hint.upper(), upper);
        } else {
            // Nobody may take it for one of known length.
            assert_eq!(hint.exact(), None, "{lower} bytes, and {here} are here");
            assert!(hint.upper().is_none() || hint.upper() == upper);
        }
    }
}

impl Reader {
    fn it_is_woken_for_a_reason_and_once(&self) {
        for (hand, bell) in self.bells.iter().enumerate() {
            let (rung, due) = (bell.rung.load(Relaxed), bell.due.load(Relaxed));
            assert_eq!(rung, due, "wakes, and reasons for one");
            // The one that polls the upstream may have left its own.
            if self.body.is_some() {
                let kept = 1 + usize::from(self.waits == Some(hand));
                assert_eq!(Arc::strong_count(bell), kept, "a waker of nobody is kept");
            }
        }
    }
}
