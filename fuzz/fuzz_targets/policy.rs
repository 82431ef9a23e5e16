#![no_main]

use libfuzzer_sys::fuzz_target;
use tower_pool_fuzz::policy::Input;

fuzz_target!(|input: Input| input.check());
