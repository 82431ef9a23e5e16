//! Fuzzes the HTTP key, by the rules of `tower_pool_fuzz::key`.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tower_pool_fuzz::key::Input;

fuzz_target!(|input: Input| input.check());
