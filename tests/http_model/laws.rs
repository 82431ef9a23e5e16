//! What has to be true of each case that was played.

use proptest::{prelude::*, test_runner::TestCaseError};
use tower_pool::{Verdict, http::Role};

use crate::{
    exchange::{Case, Says},
    model::{
        May::{self, Either, No, Yes},
        is_retried, may_join, may_share, same,
    },
    origin,
    play::{Got, Played},
};

type Law = Result<(), TestCaseError>;

/// Each caller has one response, whole, as it was made; the numbers add up.
pub fn everybody_is_answered(case: &Case, played: &Played) -> Law {
    let (stats, callers) = (played.stats, case.len() as u64);
    prop_assert_eq!(played.in_flight, 0);
    prop_assert_eq!(
        stats.led + stats.solo + stats.released,
        played.calls.len() as u64
    );
    prop_assert_eq!(
        stats.led - stats.retried + stats.joined + stats.solo,
        callers
    );
    prop_assert_eq!(stats.joined, stats.shared + stats.released + stats.retried);
    prop_assert_eq!(played.got.len(), case.len());
    for (id, got) in played.got.iter().enumerate() {
        let whose = got.whose();
        prop_assert!(played.calls.contains(&whose), "{} was never made", whose);
        let (asked, answer) = (&case.exchange(id).ask, &case.exchange(whose).answer);
        let Got::Response { head, body } = got else {
            prop_assert!(answer.fails);
            continue;
        };
        let follows = got.role() == Some(Role::Follower);
        prop_assert_eq!(whose != id, follows, "the role of {}", id);
        let version = if follows {
            asked.version
        } else {
            answer.version
        };
        prop_assert_eq!(head.version, version, "the version of {}", id);
        prop_assert_eq!(head.status.as_u16(), answer.status);
        prop_assert_eq!(&head.headers, &answer.headers());
        prop_assert_eq!(
            body,
            &origin::text(whose, answer.size()),
            "the body of {}",
            id
        );
    }
    let mut calls = played.calls.clone();
    calls.sort_unstable();
    calls.dedup();
    prop_assert_eq!(
        calls.len(),
        played.calls.len(),
        "somebody was called for twice"
    );
    Ok(())
}

/// Whoever got another's response may have it.
pub fn nothing_leaks(case: &Case, played: &Played) -> Law {
    let setup = &case.setup;
    for (id, got) in played.got.iter().enumerate() {
        let whose = got.whose();
        let (asked, made) = (&case.exchange(id).ask, case.exchange(whose));
        let alone = may_join(setup, asked) == No;
        if alone && got.role().is_some() {
            prop_assert_eq!(got.role(), Some(Role::Solo), "{} is not to be shared", id);
        }
        if whose == id {
            continue;
        }
        prop_assert!(!alone, "{} joined", id);
        prop_assert!(
            may_join(setup, &made.ask) != No,
            "{} was joined by {}",
            whose,
            id
        );
        prop_assert!(
            same(setup, asked, &made.ask) != No,
            "{} is not {}",
            id,
            whose
        );
        prop_assert!(
            may_share(setup, &made.answer) != No,
            "{} got what is {}'s",
            id,
            whose
        );
        let late = id == case.at_once.len();
        prop_assert!(!late || setup.until_body, "{} came too late", id);
    }
    Ok(())
}

/// Whoever asked for the same as others, and may have what they got, has it.
pub fn nothing_is_wasted(case: &Case, played: &Played) -> Law {
    let count = case.at_once.len();
    for first in 0..count {
        let Some(group) = group(case, first) else {
            continue;
        };
        let (at_once, late) = (
            group.iter().filter(|id| **id < count),
            group.last() == Some(&count),
        );
        let at_once: Vec<_> = at_once.copied().collect();
        let shared = |id: usize| may_share(&case.setup, &case.exchange(id).answer);
        let got = |id: usize| played.got[id].whose();
        match shared(first) {
            Yes => {
                for &id in &at_once {
                    prop_assert_eq!(got(id), first, "{} did not follow", id);
                }
                if late && is_joined_late(case, first) {
                    prop_assert_eq!(got(count), first, "the late one did not follow");
                }
            }
            No if is_retried(&case.setup, &case.exchange(first).answer) => {
                let rest = &at_once[1..];
                if rest.iter().all(|id| shared(*id) == Yes) {
                    let one = rest.iter().all(|id| got(*id) == got(rest[0]));
                    prop_assert!(one, "one follower's call is enough for {:?}", rest);
                }
            }
            No if late && is_remembered(case, &at_once) => {
                let role = played.got[count].role();
                let solo = role.is_none_or(|role| role == Role::Solo);
                prop_assert!(solo, "the late one waited");
            }
            No | Either => {}
        }
    }
    Ok(())
}

/// All who ask for the same as `first`, if it is the first of them and nobody
/// else might come in between.
fn group(case: &Case, first: usize) -> Option<Vec<usize>> {
    let of = |id: usize| {
        let (a, b) = (&case.exchange(first).ask, &case.exchange(id).ask);
        let joins = May::min(may_join(&case.setup, a), may_join(&case.setup, b));
        joins.min(same(&case.setup, a, b))
    };
    let clear = (0..case.len()).all(|id| of(id) != Either);
    let group: Vec<_> = (0..case.len()).filter(|id| of(*id) == Yes).collect();
    (clear && group.first() == Some(&first)).then_some(group)
}

/// Is its body long enough to be joined, and short enough to be held?
fn is_joined_late(case: &Case, first: usize) -> bool {
    let answer = &case.exchange(first).answer;
    let known = answer.says == Says::All && answer.size() > 0;
    case.setup.until_body && !answer.fails && known
}

/// Had several of them responses that are for one alone? Errors are no
/// responses, and what is retried says nothing of the next.
fn is_remembered(case: &Case, group: &[usize]) -> bool {
    let kept = group.iter().all(|id| {
        let answer = &case.exchange(*id).answer;
        let retry = case.setup.server_errors == Verdict::Retry && answer.status / 100 == 5;
        !answer.fails && !retry && may_share(&case.setup, answer) == No
    });
    case.setup.remember && group.len() > 1 && kept
}
