//! Fuzzes the policy over HTTP, by the rules of `tower_pool_fuzz::policy`.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tower_pool_fuzz::policy::Input;

fuzz_target!(|input: Input| input.check());
