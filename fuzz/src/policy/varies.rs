//! What a shared response varies by is told apart by the key: whatever a name is
//! taken for, the two halves agree about it.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request};
use http_body::{Body, Frame};
use tower_pool::{KeyExtractor, http::HttpKey};

use super::{super::fields, answer::Answer};

struct NoBody;

impl Answer {
    pub(super) fn varies_by_what_is_keyed(&self, key: &HttpKey) {
        let lines = self.lines.iter().filter(|line| line.name == "vary");
        let names = lines.flat_map(|line| fields::names(line.value.as_bytes()).expect("names"));
        for name in names {
            let name: HeaderName = name.parse().expect("it is a token");
            let of = |values: &[&'static str]| {
                let mut request = Request::new(NoBody);
                for value in values {
                    request
                        .headers_mut()
                        .append(&name, HeaderValue::from_static(value));
                }
                key.extract(&request)
            };
            let keys = [
                of(&[]),
                of(&["1"]),
                of(&["2"]),
                of(&["1", "2"]),
                of(&["2", "1"]),
            ];
            for (at, key) in keys.iter().enumerate() {
                let apart = key.is_none() || !keys[..at].contains(key);
                assert!(apart, "it varies by {name}, which is not keyed");
            }
        }
    }
}

impl Body for NoBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        true
    }
}
