//! The code of the gRPC service that tests and an example share is made of its
//! `.proto`, in Rust alone: no protoc is needed.
//!
//! After a change of the `.proto`, `REGENERATE=1 cargo test --features grpc
//! --test grpc_code` writes the code anew.

use std::{env, fs, path::Path};

#[test]
fn the_code_is_what_its_proto_says() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/grpc_catalog");
    let files = protox::compile([dir.join("shop.proto")], [&dir]).expect("the .proto is valid");
    let made_in = Path::new(env!("CARGO_TARGET_TMPDIR"));
    tonic_prost_build::configure()
        .out_dir(made_in)
        .compile_fds(files)
        .expect("code can be made of it");

    let made = fs::read_to_string(made_in.join("shop.rs")).expect("it was made");
    let kept_in = dir.join("shop.rs");
    if env::var_os("REGENERATE").is_some() {
        fs::write(&kept_in, &made).expect("the code can be written");
    }
    let kept = fs::read_to_string(&kept_in).expect("the code is there");
    assert!(made == kept, "{} is out of date", kept_in.display());
}
