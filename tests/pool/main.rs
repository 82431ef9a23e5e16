//! What a pool promises, one file a promise or a group of edges. The names of
//! the tests are the specification.
//!
//! Tests are deterministic: they poll by hand, wait for what must come, and
//! never sleep. See `support` for the inner service that they script.
//!
//! # Traps
//!
//! What others of the kind fell into, and the test that a pool falls by if the
//! care that is taken of it is taken away. `loom` is `tests/loom`.
//!
//! | trap | test |
//! | --- | --- |
//! | The followers of a dropped leader hang, and so does every later caller | `leader::a_leader_that_is_dropped_leaves_its_call_to_the_followers`, `abandon::a_newcomer_after_the_last_drop_gets_a_fresh_call` |
//! | A follower wakes itself until there is an answer | `transparency::a_waiting_caller_is_woken_once_by_completion_however_often_the_inner_future_is_polled` |
//! | A follower takes a permit of the inner service that it never uses | `readiness::a_follower_holds_no_permit_while_it_waits_and_none_afterwards` |
//! | The key is entered before it is guarded, and the call panics | `panics::a_panic_of_the_inner_call_itself_unwinds_in_all_and_frees_the_key` |
//! | The guard is off before `Clone` runs, and that panics | `panics::a_panic_in_clone_of_the_response_goes_to_the_caller_that_cloned_alone` |
//! | A flight that is removed by its key takes its successor with it | `limits::a_forgotten_flight_that_is_abandoned_does_not_remove_its_successor`, loom `forgetting` |
//! | A flight can be joined while a caller still holds it: an old answer | `seed::the_next_call_gets_through_before_the_followers_have_looked`, loom `joining` |
//! | The keys of cancelled flights stay | `tests/memory.rs`, and `assert_empty` at the end of most tests |
//! | A leader that is polled once and then held stops its followers | `leader::a_leader_that_is_polled_once_and_then_held_stops_nobody` |
//! | A waker is lost when the call changes hands | `transparency::a_leader_that_was_polled_with_several_wakers_is_woken_through_the_last_after_hand_over`, `no_runtime::a_wake_that_comes_while_the_call_is_polled_is_not_lost` |
//! | A panic wakes nobody, or poisons its key | `panics::a_panic_of_the_inner_future_unwinds_in_all_and_the_key_works_afterwards` |
//! | Errors become text | `errors::a_boxed_error_is_shared_with_its_whole_chain_of_sources` |
//! | Errors are not shared: the callers try again, one after another | `errors::an_error_reaches_all_its_callers_and_the_next_call_is_made_anew` |
//! | A limit of retries panics who did nothing | `verdicts::after_max_retries_in_a_row_a_caller_goes_solo`, `leader::no_number_of_callers_that_come_and_go_harms_the_one_who_is_left` |
//! | Looking up and inserting take the lock twice: two leaders | loom `two_that_call_at_the_same_time_are_in_one_flight`, `stampede::of_threads_that_call_at_the_same_moment_one_leads_and_the_others_join` |
//! | The layer holds the table: one route's answer to another | `identity::one_layer_on_two_services_never_mixes_their_answers`, and `routes_under_one_layer_never_mix` of `tests/http_sockets` |
//! | Callers in a linked list are dropped one inside the other | `stampede::the_drop_of_a_hundred_thousand_callers_takes_no_deep_stack` |

#![allow(unreachable_pub)] // of a crate that is only tests

mod abandon;
mod brittle;
#[path = "../support/counted.rs"]
mod counted;
mod errors;
mod identity;
mod inside;
mod leader;
mod limits;
mod lone;
mod no_runtime;
mod panics;
mod readiness;
mod recursion;
mod runtime_loss;
mod seed;
mod send_sync;
mod stampede;
mod stats;
mod support;
mod transparency;
mod verdicts;
mod wakers;
