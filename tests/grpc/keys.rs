//! Which calls are the same: by what they ask, and by the metadata they bring.

use tonic::{Request, Status, body::Body};
use tower_pool::{KeyExtractor, Policy, grpc::GrpcPoolLayer, http::SharedBody};

use crate::{
    proto::ItemRequest,
    site::pooled,
    support::{all, assert_all_got, client_with, item, item_with},
};

type Metadata = &'static [(&'static str, &'static str)];

/// Sends these at the same time, and has the server answer each call that
/// reaches it. Returns whose answer each of them got.
async fn answers<X, P, const N: usize>(
    layer: GrpcPoolLayer<Body, X, P>,
    requests: [Request<ItemRequest>; N],
) -> [usize; N]
where
    X: KeyExtractor<http::Request<Body>> + Clone + Send + Sync + 'static,
    P: Policy<http::Response<SharedBody>, Status> + Send + Sync + 'static,
{
    let mut client = client_with(layer).await;
    let mut sent = Vec::new();
    for (number, mut request) in requests.into_iter().enumerate() {
        let name = "x-request-id"; // which tells no calls apart
        let number = number.to_string().parse().unwrap();
        request.metadata_mut().insert(name, number);
        sent.push(client.get(request).await);
    }
    let stats = client.pool.stats();
    for _ in 0..stats.led + stats.solo {
        let call = client.script.get().await;
        let whose = call.metadata("x-request-id").unwrap().to_owned();
        call.sell(&whose);
    }
    let mut got = all(sent).await.into_iter();
    client.script.assert_no_more();
    [(); N].map(|()| {
        let item = got.next().unwrap().unwrap().into_inner();
        item.title.parse().unwrap()
    })
}

/// As [`answers`], of calls for the same item.
async fn answers_with<const N: usize>(
    layer: GrpcPoolLayer<Body>,
    metadata: [Metadata; N],
) -> [usize; N] {
    answers(layer, metadata.map(|metadata| item_with("tea", metadata))).await
}

#[tokio::test]
async fn calls_with_other_messages_are_not_mixed() {
    let detailed = |detail: &[u8]| {
        let mut request = item("tea");
        request.get_mut().detail = detail.to_vec();
        request
    };
    let requests = [
        item("tea"),
        item("te"),
        item(""),
        item("tea"),
        detailed(b"a"),
        detailed(b"b"),
        detailed(b"a"),
    ];
    assert_eq!(answers(pooled(), requests).await, [0, 1, 2, 0, 4, 5, 4]);
}

#[tokio::test]
async fn calls_with_other_metadata_are_not_mixed() {
    let metadata: [Metadata; 8] = [
        &[],
        &[("authorization", "Bearer anna")],
        &[("authorization", "Bearer bert")],
        &[("authorization", "Bearer anna")],
        &[("x-tenant", "north")],
        &[("x-tenant", "")],
        &[("x-tenant-id", "north")],
        &[("accept-language", "de")],
    ];
    let got = answers_with(pooled(), metadata).await;
    assert_eq!(got, [0, 1, 2, 1, 4, 5, 6, 7]);
}

#[tokio::test]
async fn the_order_of_metadata_of_different_names_does_not_matter() {
    let metadata: [Metadata; 2] = [
        &[("x-tenant", "north"), ("x-shelf", "1"), ("x-row", "2")],
        &[("x-row", "2"), ("x-tenant", "north"), ("x-shelf", "1")],
    ];
    assert_eq!(answers_with(pooled(), metadata).await, [0, 0]);
}

#[tokio::test]
async fn the_values_of_one_name_matter_in_their_order() {
    let metadata: [Metadata; 5] = [
        &[("x-shelf", "1"), ("x-shelf", "2")],
        &[("x-shelf", "2"), ("x-shelf", "1")],
        &[("x-shelf", "1")],
        &[("x-shelf", "1,2")],
        &[("x-shelf", "1"), ("traceparent", "a"), ("x-shelf", "2")],
    ];
    assert_eq!(answers_with(pooled(), metadata).await, [0, 1, 2, 3, 0]);
}

#[tokio::test]
async fn binary_metadata_is_compared_and_arrives() {
    let pictured = |picture: &[u8]| {
        let mut request = item("tea");
        let picture = picture.try_into().unwrap();
        request.metadata_mut().insert_bin("x-picture-bin", picture);
        request
    };
    let requests = [
        pictured(&[0, 255]),
        pictured(&[0, 254]),
        pictured(&[0, 255]),
    ];
    assert_eq!(answers(pooled(), requests).await, [0, 1, 0]);

    let mut client = client_with(pooled()).await;
    let sent = client.meet(2, || pictured(&[0, 255])).await;
    let call = client.script.get().await;
    let picture = call.request.metadata().get_bin("x-picture-bin").unwrap();
    assert_eq!(picture.to_bytes().unwrap(), [0, 255].as_slice());
    call.sell("Darjeeling");
    assert_all_got(&all(sent).await, "Darjeeling");
}

#[tokio::test]
async fn what_tells_one_call_of_a_trace_from_another_is_ignored() {
    let metadata: [Metadata; 4] = [
        &[],
        &[("user-agent", "another/1.0")],
        &[(
            "traceparent",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        )],
        &[("x-correlation-id", "7"), ("tracestate", "a=b")],
    ];
    assert_eq!(answers_with(pooled(), metadata).await, [0; 4]);
}

#[tokio::test]
async fn metadata_can_be_ignored() {
    let metadata: [Metadata; 3] = [
        &[],
        &[("x-click-id", "1"), ("authorization", "anna")],
        &[("x-click-id", "2"), ("authorization", "bert")],
    ];
    let layer = || pooled().ignore_metadata("X-Click-Id");
    assert_eq!(answers_with(layer(), metadata).await, [0, 1, 2]);
    let layer = layer().ignore_metadata("authorization");
    assert_eq!(answers_with(layer, metadata).await, [0; 3]);
}

#[tokio::test]
async fn only_named_metadata_and_credentials_can_be_keyed() {
    let metadata: [Metadata; 7] = [
        &[("x-tenant", "north"), ("x-click-id", "1")],
        &[("x-tenant", "north"), ("x-click-id", "2")],
        &[("x-tenant", "south")],
        &[("x-tenant", "north"), ("authorization", "anna")],
        &[("x-tenant", "north"), ("x-api-key", "anna")],
        &[("x-tenant", "north"), ("cookie", "user=anna")],
        &[("accept-language", "de"), ("x-tenant", "north")],
    ];
    let layer = pooled().key_metadata_only(["x-tenant"]);
    assert_eq!(answers_with(layer, metadata).await, [0, 0, 2, 3, 4, 5, 0]);

    let credentials: [Metadata; 7] = [
        &[],
        &[("x-auth", "a")],
        &[("authentication", "a")],
        &[("macaroon", "a")],
        &[("accessjwt", "a")],
        &[("x-user-id", "a")],
        &[("x-forwarded-host", "a")],
    ];
    let layer = pooled().key_metadata_only(["x-tenant"]);
    let each_its_own = [0, 1, 2, 3, 4, 5, 6];
    assert_eq!(answers_with(layer, credentials).await, each_its_own);

    let by = |who: &[u8]| {
        let mut request = item("tea");
        let who = who.try_into().unwrap();
        request.metadata_mut().insert_bin("access-token-bin", who);
        request
    };
    let layer = pooled().key_metadata_only(["x-tenant"]);
    assert_eq!(answers(layer, [by(b"anna"), by(b"bert")]).await, [0, 1]);

    let none = pooled().key_metadata_only::<&str>([]);
    assert_eq!(answers_with(none, metadata).await, [0, 0, 0, 3, 4, 5, 0]);
}

#[tokio::test]
async fn what_is_usually_ignored_can_be_keyed() {
    let metadata: [Metadata; 2] = [&[("traceparent", "a")], &[("traceparent", "b")]];
    let layer = pooled().key_metadata_only(["traceparent"]);
    assert_eq!(answers_with(layer, metadata).await, [0, 1]);
}

#[tokio::test]
async fn a_hook_adds_to_the_key_and_lets_pass_by() {
    #[derive(Clone)]
    struct User(&'static str);
    let by = |user: Option<&'static str>| {
        let mut request = item("tea");
        if let Some(user) = user {
            request.extensions_mut().insert(User(user));
        }
        request
    };
    let layer = pooled().and(|request: &http::Request<Body>| {
        let User(name) = request.extensions().get()?;
        Some(*name)
    });
    let requests = [
        by(Some("anna")),
        by(Some("bert")),
        by(Some("anna")),
        by(None),
        by(None),
    ];
    assert_eq!(answers(layer, requests).await, [0, 1, 0, 3, 4]);
}

#[tokio::test]
async fn every_hook_counts() {
    let value = |name: &'static str| {
        move |request: &http::Request<Body>| {
            let value = request.headers().get(name)?;
            Some(value.as_bytes().to_vec())
        }
    };
    let layer = pooled()
        .key_metadata_only::<&str>([])
        .and(value("x-tenant"))
        .and(value("x-shelf"));
    let requests = [
        item_with("tea", &[("x-tenant", "north"), ("x-shelf", "1")]),
        item_with("tea", &[("x-tenant", "south"), ("x-shelf", "1")]),
        item_with("tea", &[("x-tenant", "north"), ("x-shelf", "2")]),
        item_with("tea", &[("x-tenant", "north"), ("x-shelf", "1")]),
        item_with("tea", &[("x-tenant", "north")]),
    ];
    assert_eq!(answers(layer, requests).await, [0, 1, 2, 0, 4]);
}
