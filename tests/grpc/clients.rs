//! A generated client takes a pooled channel where it takes a plain one.

use http::{Response, Uri};
use tonic::{
    Code, Request, Status,
    body::Body,
    codec::CompressionEncoding::Gzip,
    transport::{Channel, Server},
};
use tower::Layer;
use tower_pool::{
    PoolLayer, Verdict,
    grpc::{GrpcPool, GrpcPoolLayer},
    http::SharedBody,
};

use crate::{
    proto::{catalog_client::CatalogClient, catalog_server::CatalogServer},
    server::{serve, serve_by},
    shop::shop,
    support::{Client, GET, all, assert_all_got, client, entered, item, send, soon, until},
};

/// As a user has it: a client in a field, by its name.
#[derive(Clone, Debug)]
struct Shelf {
    catalog: CatalogClient<GrpcPool<Channel, Body>>,
}

impl Shelf {
    async fn title(&self, id: &str) -> Result<String, Status> {
        // A client is cheap to clone, and takes `&mut self`.
        let item = self.catalog.clone().get(item(id)).await?;
        Ok(item.into_inner().title)
    }
}

#[tokio::test]
async fn in_a_field_with_a_named_type_and_in_other_tasks() {
    let mut client = client().await;
    let catalog = client.catalog();
    let shelf = Shelf { catalog };
    let sent = entered(&client.pool, 3, || {
        let ask = |shelf: Shelf| tokio::spawn(async move { shelf.title("tea").await });
        [(); 3].map(|()| ask(shelf.clone())).into()
    })
    .await;
    client.script.get().await.sell("Darjeeling");
    for title in all(sent).await {
        assert_eq!(title.unwrap(), "Darjeeling");
    }
    client.script.assert_no_more();
}

#[test]
fn a_pooled_client_is_send_sync_and_clone() {
    fn is<T: Send + Sync + Clone + 'static>() {}
    is::<Shelf>();
    is::<GrpcPoolLayer<Body>>();
}

/// Judges as [`retry_if_unavailable`] does.
type Judge = fn(Result<&Response<SharedBody>, &Status>) -> Verdict;
/// Finds an identity.
type Identify = fn(&http::Request<Body>) -> Option<Option<u64>>;

fn retry_if_unavailable(outcome: Result<&Response<SharedBody>, &Status>) -> Verdict {
    match outcome {
        Err(status) if status.code() == Code::Unavailable => Verdict::Retry,
        _ => Verdict::Share,
    }
}

fn number(request: &http::Request<Body>) -> Option<Option<u64>> {
    Some(request.extensions().get::<u64>().copied())
}

#[tokio::test]
async fn a_policy_and_an_identity_that_are_functions_have_types_with_names() {
    struct Shelf {
        catalog: CatalogClient<GrpcPool<Channel, Body, ((), Identify), Judge>>,
    }
    let (shop, mut script) = shop();
    let server = serve(&shop).await;
    let pool = PoolLayer::grpc()
        .method(GET)
        .and(number as Identify)
        .policy(retry_if_unavailable as Judge)
        .layer(server.channel());
    let shelf = Shelf {
        catalog: CatalogClient::new(pool.clone()),
    };
    let numbered = |number: u64| {
        let mut request = item("tea");
        request.extensions_mut().insert(number);
        send(&shelf.catalog, request)
    };
    let one = numbered(1);
    let failed = script.get().await;
    let two = vec![numbered(2)];
    script.get().await.sell("two");
    assert_all_got(&all(two).await, "two");

    let again = vec![numbered(1)];
    until(|| pool.stats().joined == 1).await;
    failed.answer(Err(Status::unavailable("closed for lunch")));
    let status = soon(one).await.unwrap().unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    script.get().await.sell("one");
    assert_all_got(&all(again).await, "one");
}

/// Three `Get`s by clones of a client are one call.
macro_rules! shares_one_call {
    ($pool:expr, $script:expr, $catalog:expr) => {
        let catalog = $catalog;
        let sent = entered(&$pool, 3, || {
            (0..3).map(|_| send(&catalog, item("tea"))).collect()
        })
        .await;
        $script.get().await.sell("Darjeeling");
        assert_all_got(&all(sent).await, "Darjeeling");
        $script.assert_no_more();
    };
}

#[tokio::test]
async fn by_each_of_its_constructors() {
    let Client {
        pool,
        mut script,
        server: _server,
    } = client().await;
    let as_it_is = |request: Request<()>| Ok::<_, Status>(request);
    let origin = Uri::from_static("http://shop.example");
    shares_one_call!(pool, script, CatalogClient::new(pool.clone()));
    shares_one_call!(
        pool,
        script,
        CatalogClient::with_origin(pool.clone(), origin)
    );
    shares_one_call!(
        pool,
        script,
        CatalogClient::with_interceptor(pool.clone(), as_it_is)
    );
}

#[tokio::test]
async fn clients_of_two_origins_never_mix() {
    let mut client = client().await;
    let sent = entered(&client.pool, 2, || {
        ["http://north.example", "http://south.example"].map(|origin| {
            let origin = Uri::from_static(origin);
            send(
                &CatalogClient::with_origin(client.pool.clone(), origin),
                item("tea"),
            )
        })
    })
    .await;
    for _ in 0..2 {
        client.script.get().await.sell("Darjeeling");
    }
    assert_all_got(&all(sent.into()).await, "Darjeeling");
    assert_eq!(client.pool.stats().led, 2);
}

#[tokio::test]
async fn with_compression_both_ways() {
    let (shop, mut script) = shop();
    let catalog = CatalogServer::new(shop)
        .send_compressed(Gzip)
        .accept_compressed(Gzip);
    let server = Server::builder().add_service(catalog);
    let server = serve_by(|incoming| server.serve_with_incoming(incoming)).await;
    let pool = PoolLayer::grpc().method(GET).layer(server.channel());
    let plain = CatalogClient::new(pool.clone());
    let catalog = plain.clone().send_compressed(Gzip).accept_compressed(Gzip);
    shares_one_call!(pool, script, catalog.clone());

    // Who asks without it cannot read what is compressed, and is not given it.
    let sent = entered(&pool, 2, || {
        vec![send(&catalog, item("tea")), send(&plain, item("tea"))]
    })
    .await;
    script.get().await.sell("Assam");
    script.get().await.sell("Assam");
    assert_all_got(&all(sent).await, "Assam");
}

#[tokio::test]
async fn with_a_limit_on_messages_that_is_each_clients_own() {
    let mut client = client().await;
    let strict = client.catalog().max_decoding_message_size(64);
    let sent = entered(&client.pool, 2, || {
        vec![
            send(&strict, item("tea")),
            send(&client.catalog(), item("tea")),
        ]
    })
    .await;
    let title = "a long title".repeat(100);
    client.script.get().await.sell(&title);
    let [strict, lenient] = all(sent).await.try_into().unwrap();
    assert_eq!(strict.unwrap_err().code(), Code::OutOfRange);
    assert_all_got(&[lenient], &title);
    client.script.assert_no_more();
}

#[tokio::test]
async fn a_message_that_is_too_large_to_be_sent_fails_as_it_does_without_the_pool() {
    let mut client = client().await;
    let pooled = client.catalog().max_encoding_message_size(4);
    let plain = CatalogClient::new(client.server.channel()).max_encoding_message_size(4);
    let [pooled, plain] = [send(&pooled, item("tea")), send(&plain, item("tea"))];
    let [pooled, plain] = [soon(pooled).await, soon(plain).await];
    let [pooled, plain] = [pooled, plain].map(|got| got.unwrap().unwrap_err());
    assert_eq!(pooled.code(), plain.code());
    assert_eq!(pooled.message(), plain.message());
    client.script.assert_no_more();
}
