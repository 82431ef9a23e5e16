//! Channels of other kinds than one connection over TCP.

use futures::stream;
use http::Uri;
use tonic::transport::Channel;
use tower::Layer;
use tower_pool::PoolLayer;

use crate::{
    proto::catalog_client::CatalogClient,
    server::serve,
    shop::shop,
    support::{GET, all, assert_all_got, entered, item, send},
};

#[tokio::test]
async fn a_channel_that_is_balanced_over_two_servers() {
    let (shop, mut script) = shop();
    let servers = [serve(&shop).await, serve(&shop).await];
    let endpoints = servers.each_ref().map(|server| server.endpoint());
    let channel = Channel::balance_list(endpoints.into_iter());
    let pool = PoolLayer::grpc().method(GET).layer(channel);
    let catalog = CatalogClient::new(pool.clone());
    let ids: Vec<_> = (0..10).map(|id| id.to_string()).collect();
    let sent: Vec<_> = entered(&pool, 30, || {
        let ask = |id: &String| (0..3).map(|_| send(&catalog, item(id))).collect();
        ids.iter().map(ask).collect()
    })
    .await;
    for _ in 0..10 {
        let call = script.get().await;
        let id = call.request.get_ref().id.clone();
        call.sell(&id);
    }
    for (id, sent) in ids.iter().zip(sent) {
        assert_all_got(&all(sent).await, id);
    }
    script.assert_no_more();
}

#[cfg(unix)]
#[tokio::test]
async fn a_unix_socket() {
    use std::io;

    use hyper_util::rt::TokioIo;
    use tokio::net::UnixStream;
    use tonic::transport::{Endpoint, Server};
    use tower::service_fn;

    use crate::proto::catalog_server::CatalogServer;

    let (shop, mut script) = shop();
    let (of_client, of_server) = UnixStream::pair().unwrap();
    let served = Server::builder()
        .add_service(CatalogServer::new(shop))
        .serve_with_incoming(stream::iter([Ok::<_, io::Error>(of_server)]));
    let mut of_client = Some(of_client);
    let connect = service_fn(move |_: Uri| {
        let stream = of_client.take().ok_or(io::ErrorKind::NotConnected);
        async move { Ok::<_, io::Error>(TokioIo::new(stream?)) }
    });
    let endpoint = Endpoint::from_static("http://shop.invalid");
    let (served, channel) = tokio::join!(served, endpoint.connect_with_connector(connect));
    served.unwrap();

    let pool = PoolLayer::grpc().method(GET).layer(channel.unwrap());
    let catalog = CatalogClient::new(pool.clone());
    let sent = entered(&pool, 5, || {
        (0..5).map(|_| send(&catalog, item("tea"))).collect()
    })
    .await;
    script.get().await.sell("Darjeeling");
    assert_all_got(&all(sent).await, "Darjeeling");
    script.assert_no_more();
}
