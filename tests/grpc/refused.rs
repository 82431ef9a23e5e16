//! Settings that can only be mistakes.

use tonic::body::Body;
use tower_pool::{PoolLayer, grpc::GrpcPoolLayer};

use crate::support::GET;

fn layer() -> GrpcPoolLayer<Body> {
    PoolLayer::grpc()
}

#[test]
#[should_panic(expected = "\"Get\" is not the full path of a gRPC method")]
fn a_method_needs_its_service() {
    let _ = layer().method("Get");
}

#[test]
#[should_panic(expected = "\"/Get\" is not the full path of a gRPC method")]
fn a_method_needs_more_than_a_slash() {
    let _ = layer().method("/Get");
}

#[test]
#[should_panic(expected = "\"shop.Catalog/Get\" is not the full path of a gRPC method")]
fn a_method_needs_its_first_slash() {
    let _ = layer().methods([GET, "shop.Catalog/Get"]);
}

#[test]
#[should_panic(expected = "\"/shop.Catalog/\" is not the full path of a gRPC method")]
fn a_method_needs_its_name() {
    let _ = layer().method("/shop.Catalog/");
}

#[test]
#[should_panic(expected = "\"\" is not the full path of a gRPC method")]
fn a_method_is_not_empty() {
    let _ = layer().method("");
}

#[test]
#[should_panic(expected = "\"/\" is not the path of a gRPC service")]
fn a_service_needs_its_name() {
    let _ = layer().service("/");
}

#[test]
#[should_panic(expected = "\"\" is not the path of a gRPC service")]
fn a_service_is_not_empty() {
    let _ = layer().service("");
}

#[test]
#[should_panic(expected = "\"/shop.Catalog/Get \" is not the full path of a gRPC method")]
fn a_method_has_nothing_around_its_path() {
    let _ = layer().method("/shop.Catalog/Get ");
}

#[test]
#[should_panic(expected = "\"/shop.Catalog/*\" is not the full path of a gRPC method")]
fn a_method_is_not_a_pattern() {
    let _ = layer().method("/shop.Catalog/*");
}

#[test]
#[should_panic(expected = "\"/shop.Catalog/Get\" is not the path of a gRPC service")]
fn a_service_is_not_a_method() {
    let _ = layer().service(GET);
}

#[test]
#[should_panic(expected = "host says how messages are written, or for whom")]
fn the_host_cannot_be_ignored() {
    let _ = layer().ignore_metadata("host");
}

#[test]
#[should_panic(expected = "content-type says how messages are written")]
fn the_content_type_cannot_be_ignored() {
    let _ = layer().ignore_metadata("Content-Type");
}

#[test]
#[should_panic(expected = "grpc-encoding says how messages are written")]
fn the_compression_cannot_be_ignored() {
    let _ = layer().ignore_metadata("grpc-encoding");
}

#[test]
#[should_panic(expected = "grpc-timeout is each caller's own")]
fn a_deadline_cannot_be_ignored() {
    let _ = layer().ignore_metadata("grpc-timeout");
}

#[test]
#[should_panic(expected = "grpc-timeout is each caller's own")]
fn a_deadline_cannot_be_keyed() {
    let _ = layer().key_metadata_only(["x-tenant", "grpc-timeout"]);
}

#[test]
#[should_panic(expected = "\"a click\" is not the name of metadata")]
fn a_name_that_is_none_cannot_be_ignored() {
    let _ = layer().ignore_metadata("a click");
}

#[test]
#[should_panic(expected = "\"\" is not the name of metadata")]
fn a_name_that_is_none_cannot_be_keyed() {
    let _ = layer().key_metadata_only([""]);
}
