//! The soak of the examples: what is wrong with its arguments it says in words,
//! and a short run of it finds nothing wrong with the pools.

// Not all of a program is of use in a test of it.
#[allow(dead_code)]
#[path = "../../examples/soak/main.rs"]
mod example;

#[path = "../support/command_line.rs"]
mod command_line;

mod arguments;
mod short;
