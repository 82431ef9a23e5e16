//! Fuzzes the shared body, by the rules of `tower_pool_fuzz::body`.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tower_pool_fuzz::body::Input;

fuzz_target!(|input: Input| input.check());
