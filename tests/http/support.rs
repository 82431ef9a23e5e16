//! Callers of one pool, all under way before the origin answers any.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

use bytes::Bytes;
use http::{HeaderName, Request, Response, StatusCode, request, response};
use http_body_util::{BodyExt, Full};
use tokio::sync::Semaphore;
use tokio_test::{assert_pending, task};
use tower::{Layer, service_fn};
use tower_pool::{
    KeyExtractor, Policy,
    http::{HttpPoolLayer, Role, SharedBody},
};

pub(crate) type Body = Full<Bytes>;

/// What became of a caller.
#[derive(Debug, PartialEq)]
pub(crate) struct Got {
    pub(crate) role: Role,
    /// The number of the call whose answer it got.
    pub(crate) call: usize,
}

/// A GET of the usual form.
pub(crate) fn get(path: &str) -> request::Builder {
    Request::get(path).header("host", "localhost")
}

pub(crate) fn empty(request: request::Builder) -> Request<Body> {
    request.body(Body::default()).expect("a valid request")
}

/// A response with this field, and a body.
pub(crate) fn with(name: &str, value: &str) -> response::Builder {
    let name: HeaderName = name.parse().expect("the name of a header");
    Response::builder().header(name, value.as_bytes())
}

pub(crate) fn status(code: u16) -> response::Builder {
    Response::builder().status(StatusCode::from_u16(code).expect("a status"))
}

/// Sends all `requests` at once through `layer`, and has `answer` answer the
/// calls that are made, once nothing more would happen without it.
pub(crate) async fn ask_with<X, P>(
    layer: HttpPoolLayer<Body, X, P>,
    requests: Vec<Request<Body>>,
    answer: impl Fn() -> response::Builder + Clone + Send + Sync + 'static,
) -> Vec<Got>
where
    X: KeyExtractor<Request<Body>> + Clone + Send + Sync + 'static,
    P: Policy<Response<SharedBody>, Infallible> + Send + Sync + 'static,
{
    let calls = Arc::new(AtomicUsize::new(0));
    let gate = Arc::new(Semaphore::new(0));
    let pool = {
        let gate = Arc::clone(&gate);
        layer.layer(service_fn(move |_: Request<Body>| {
            let (answer, gate) = (answer.clone(), Arc::clone(&gate));
            let call = calls.fetch_add(1, SeqCst);
            async move {
                gate.acquire().await.expect("an open gate").forget();
                let body = Body::from(call.to_string());
                Ok::<_, Infallible>(answer().body(body).expect("a valid response"))
            }
        }))
    };
    let mut callers = Vec::new();
    for request in requests {
        let mut caller = task::spawn(pool.request(request));
        assert_pending!(caller.poll());
        callers.push(caller);
    }
    gate.add_permits(callers.len());
    let mut got = Vec::new();
    for caller in callers {
        let Ok(response) = caller.await;
        let role = *response.extensions().get::<Role>().expect("a role");
        let body = response
            .into_body()
            .collect()
            .await
            .expect("a body")
            .to_bytes();
        let call = std::str::from_utf8(&body)
            .ok()
            .and_then(|call| call.parse().ok());
        let call = call.expect("the number of a call");
        got.push(Got { role, call });
    }
    assert_eq!(pool.in_flight(), 0);
    got
}

/// Sends both requests at once, and returns whether the second was answered
/// with the response to the first.
pub(crate) async fn second_follows<
    X: KeyExtractor<Request<Body>> + Clone + Send + Sync + 'static,
>(
    layer: HttpPoolLayer<Body, X>,
    first: request::Builder,
    second: request::Builder,
) -> bool {
    let requests = vec![empty(first), empty(second)];
    follows(&ask_with(layer, requests, Response::builder).await)
}

/// The same for two equal requests with this response to them.
pub(crate) async fn is_handed_on<X: KeyExtractor<Request<Body>> + Clone + Send + Sync + 'static>(
    layer: HttpPoolLayer<Body, X>,
    answer: impl Fn() -> response::Builder + Clone + Send + Sync + 'static,
) -> bool {
    let requests = vec![empty(get("/")), empty(get("/"))];
    follows(&ask_with(layer, requests, answer).await)
}

/// Did the second of two get the response to the first? If not, both got the
/// response to their own.
pub(crate) fn follows(got: &[Got]) -> bool {
    let [first, second] = got else {
        panic!("two callers, not {got:?}");
    };
    assert_eq!(first.call, 0);
    assert_ne!(first.role, Role::Follower);
    let follows = second.role == Role::Follower;
    assert_eq!(second.call, usize::from(!follows), "{got:?}");
    follows
}
