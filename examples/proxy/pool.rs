//! The layer, or none. All else is the same.

use std::sync::Arc;

use bytes::Bytes;
use http::{Response, header::TE};
use http_body_util::BodyExt;
use tower::{BoxError, Layer, ServiceExt, util::BoxCloneService};
use tower_pool::{PoolLayer, Stats, http as pool_http};

use super::{
    args::{Args, Join},
    forward::{Body, Inner},
    origin,
};

/// Says what the pool has done so far, and how many flights could be joined.
pub(crate) type Gauge = Arc<dyn Fn() -> (Stats, usize) + Send + Sync>;

/// The origin with what the command line wants before it, and the pool's gauge
/// if there is a pool.
pub(crate) fn service(args: &Args) -> (Inner, Option<Gauge>) {
    let origin = origin::service(&args.origin, args.origin_http2);
    if args.no_pool {
        return (BoxCloneService::new(origin.map_response(boxed)), None);
    }
    let mut layer = PoolLayer::http()
        .name("proxy")
        .cache_status(args.cache_status)
        .join(match args.join {
            Some(Join::UntilBody) => pool_http::Join::UntilBody,
            Some(Join::UntilHead) | None => pool_http::Join::UntilHead,
        })
        // An origin may leave out the trailers for whoever does not take them.
        .header(TE);
    if let Some(bytes) = args.max_lag {
        layer = layer.max_lag(bytes);
    }
    let pool = layer.layer(origin);
    let gauge = {
        let pool = pool.clone();
        Arc::new(move || (pool.stats(), pool.in_flight()))
    };
    let service = BoxCloneService::new(pool.map_response(boxed));
    (service, Some(gauge))
}

fn boxed<B>(response: Response<B>) -> Response<Body>
where
    B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    response.map(|body| body.map_err(Into::into).boxed_unsync())
}
