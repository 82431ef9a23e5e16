//! What a caller sees of an answer, to be compared with what another sees.

use std::error::Error;

use http::{HeaderMap, header::DATE};
use tonic::{Code, Status, metadata::MetadataMap, service::Routes};

use crate::{
    proto::Item,
    server::serve_routes,
    site::{Site, get},
    support::{Got, all, item, soon},
};

pub type Seen = Result<(Item, HeaderMap), Box<Failure>>;

type Failure = (Told, Vec<String>);

/// What a failure tells.
#[derive(Debug, PartialEq)]
pub struct Told {
    pub code: Code,
    pub message: String,
    pub details: Vec<u8>,
    pub metadata: HeaderMap,
}

pub fn seen(got: &Got) -> Seen {
    match got {
        Ok(response) => {
            let item = response.get_ref().clone();
            Ok((item, undated(response.metadata())))
        }
        Err(status) => Err(Box::new((told(status), sources(status)))),
    }
}

pub fn told(status: &Status) -> Told {
    Told {
        code: status.code(),
        message: status.message().to_owned(),
        details: status.details().to_vec(),
        metadata: undated(status.metadata()),
    }
}

/// All but the date, which goes on.
fn undated(metadata: &MetadataMap) -> HeaderMap {
    let mut metadata = metadata.clone().into_headers();
    metadata.remove(DATE);
    metadata
}

/// What has led to a failure, in words.
pub fn sources(status: &Status) -> Vec<String> {
    let mut sources = Vec::new();
    let mut next = status.source();
    while let Some(source) = next {
        sources.push(source.to_string());
        next = source.source();
    }
    sources
}

/// What a caller with a plain channel sees of an answer, and all three who share
/// it have to see as well, wherever the pool is.
pub async fn seen_by_all(routes: Routes, mut answer: impl AsyncFnMut()) -> Seen {
    let plain = serve_routes(routes.clone()).await;
    let sent = get(plain.channel(), item("tea"));
    answer().await;
    let expected = seen(&soon(sent).await.unwrap());

    for site in Site::both(&routes).await {
        let sent = site.meet(3, || item("tea")).await;
        answer().await;
        for got in all(sent).await {
            assert_eq!(seen(&got), expected, "with a pool {}", site.place);
        }
        let stats = site.stats();
        assert_eq!((stats.led, stats.joined, stats.solo), (1, 2, 0));
    }
    expected
}
