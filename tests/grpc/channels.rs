//! Channels of other kinds than one connection over TCP.

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
    use tokio::net::UnixListener;
    use tokio_stream::wrappers::UnixListenerStream;
    use tonic::transport::{Endpoint, Server};

    use crate::proto::catalog_server::CatalogServer;

    // Not in the target directory: the path of a socket has to be short.
    let path = std::env::temp_dir().join(format!("shop-{}.sock", std::process::id()));
    let listener = UnixListener::bind(&path).unwrap();
    let (shop, mut script) = shop();
    let server = Server::builder().add_service(CatalogServer::new(shop));
    let served = server.serve_with_incoming(UnixListenerStream::new(listener));
    let served = tokio::spawn(served);
    let endpoint = Endpoint::from_shared(format!("unix:{}", path.display())).unwrap();
    let channel = endpoint.connect().await.unwrap();
    std::fs::remove_file(path).unwrap();

    let pool = PoolLayer::grpc().method(GET).layer(channel);
    let catalog = CatalogClient::new(pool.clone());
    let sent = entered(&pool, 5, || {
        (0..5).map(|_| send(&catalog, item("tea"))).collect()
    })
    .await;
    script.get().await.sell("Darjeeling");
    assert_all_got(&all(sent).await, "Darjeeling");
    script.assert_no_more();
    served.abort();
}
