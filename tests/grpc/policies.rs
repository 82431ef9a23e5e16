//! Who may have an answer: what a policy says, and what is never handed on.

use std::sync::{Arc, Mutex};

use http::Response;
use tonic::{Code, Status, body::Body, metadata::MetadataMap};
use tower::{BoxError, Layer, service_fn};
use tower_pool::{Verdict, http::SharedBody};

use crate::{
    by_hand::{by_hand, request, response, trailers},
    proto::Item,
    server::serve_routes,
    shop::shop,
    site::{Site, pooled},
    support::{GET, all, assert_all_got, client, entered, item, soon},
};

type Outcome<'r, 's> = Result<&'r Response<SharedBody>, &'s Status>;

fn retry_unavailable(outcome: Outcome<'_, '_>) -> Verdict {
    match outcome {
        Err(status) if status.code() == Code::Unavailable => Verdict::Retry,
        _ => Verdict::Share,
    }
}

#[tokio::test]
async fn one_caller_asks_again_for_the_others() {
    let (shop, mut script) = shop();
    let layer = pooled().policy(retry_unavailable);
    for site in Site::both_with(&shop.routes(), layer).await {
        let mut sent = site.meet(4, || item("tea")).await;
        let leader = sent.remove(0);
        script.get().await.answer(Err(Status::unavailable("busy")));
        let status = soon(leader).await.unwrap().unwrap_err();
        assert_eq!(
            (status.code(), status.message()),
            (Code::Unavailable, "busy")
        );

        script.get().await.sell("Darjeeling");
        assert_all_got(&all(sent).await, "Darjeeling");
        script.assert_no_more();
        assert_eq!(site.stats().led, 2, "{}", site.place);
    }
}

#[tokio::test]
async fn what_is_not_retried_is_shared() {
    let (shop, mut script) = shop();
    let layer = pooled().policy(retry_unavailable);
    for site in Site::both_with(&shop.routes(), layer).await {
        let sent = site.meet(3, || item("tea")).await;
        script
            .get()
            .await
            .answer(Err(Status::not_found("sold out")));
        for got in all(sent).await {
            assert_eq!(got.unwrap_err().message(), "sold out");
        }
        script.assert_no_more();
    }
}

#[tokio::test]
async fn all_callers_ask_for_themselves() {
    let (shop, mut script) = shop();
    let solo = |outcome: Outcome<'_, '_>| outcome.map_or(Verdict::Solo, |_| Verdict::Share);
    for site in Site::both_with(&shop.routes(), pooled().policy(solo)).await {
        let mut sent = site.meet(3, || item("tea")).await;
        let leader = sent.remove(0);
        script.get().await.answer(Err(Status::internal("broken")));
        assert_eq!(soon(leader).await.unwrap().unwrap_err().message(), "broken");

        let calls = [script.get().await, script.get().await]; // at the same time
        for call in calls {
            call.sell("Darjeeling");
        }
        assert_all_got(&all(sent).await, "Darjeeling");
        script.assert_no_more();
    }
}

#[tokio::test]
async fn an_answer_with_a_cookie_or_a_challenge_goes_to_nobody_else() {
    let private = |name: &'static str, value: &str| {
        let mut metadata = MetadataMap::new();
        metadata.insert(name, value.parse().unwrap());
        metadata
    };
    let answers = [
        Ok(private("set-cookie", "user=anna")),
        Err(private("set-cookie", "user=anna")),
        Err(private("www-authenticate", "Basic")),
    ];
    for answer in answers {
        let mut client = client().await;
        let mut sent = client.meet(3, || item("tea")).await;
        let leader = sent.remove(0);
        let expected = answer.as_ref().unwrap_or_else(|failed| failed).clone();
        let answer = match answer {
            Ok(metadata) => {
                let item = Item::default();
                Ok(tonic::Response::from_parts(metadata, item, <_>::default()))
            }
            Err(metadata) => Err(Status::with_metadata(Code::Internal, "", metadata)),
        };
        client.script.get().await.answer(answer);
        let got = soon(leader).await.unwrap();
        let metadata = match &got {
            Ok(response) => response.metadata(),
            Err(status) => status.metadata(),
        };
        for name in expected.keys() {
            let tonic::metadata::KeyRef::Ascii(name) = name else {
                unreachable!()
            };
            assert_eq!(metadata.get(name), expected.get(name));
        }

        for _ in 0..2 {
            client.script.get().await.sell("Darjeeling");
        }
        for got in all(sent).await {
            let response = got.unwrap();
            assert_eq!(response.get_ref().title, "Darjeeling");
            assert!(!response.metadata().contains_key("set-cookie"));
        }
        client.script.assert_no_more();
    }
}

/// What a policy was shown: failures, or none.
#[derive(Clone, Default)]
struct Shown(Arc<Mutex<Vec<Option<Failure>>>>);

type Failure = (Code, String);

impl Shown {
    fn policy(&self) -> impl Fn(Outcome<'_, '_>) -> Verdict + Send + Sync + 'static {
        let shown = self.clone();
        move |outcome| {
            let failure = outcome.err();
            let failure = failure.map(|status| (status.code(), status.message().to_owned()));
            shown.0.lock().unwrap().push(failure);
            Verdict::Share
        }
    }

    fn last(&self) -> Option<Failure> {
        self.0.lock().unwrap().last()?.clone()
    }

    fn take(&self) -> Vec<Option<Failure>> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

#[tokio::test]
async fn a_policy_sees_a_failure_if_it_is_one_at_once() {
    let shown = Shown::default();
    let (routes, mut server) = by_hand();
    let layer = pooled().policy(shown.policy());
    for site in Site::both_with(&routes, layer).await {
        let sent = site.meet(2, || item("tea")).await;
        let failed = [("grpc-status", "5"), ("grpc-message", "%E8%8C%B6")];
        server
            .respond(response(&failed).map(|()| <_>::default()))
            .await;
        all(sent).await;
        assert_eq!(shown.take(), [Some((Code::NotFound, "茶".to_owned()))]);

        let sent = site.meet(2, || item("tea")).await;
        server.answer(vec![trailers(&failed)]).await;
        all(sent).await;
        assert_eq!(shown.take(), [None], "{}: it is not known yet", site.place);
    }
}

#[tokio::test]
async fn a_policy_sees_what_http_says_as_the_status_that_a_client_sees() {
    let shown = Shown::default();
    let (routes, mut server) = by_hand();
    let pool = pooled().policy(shown.policy());
    let site = Site::in_client(routes, pool).await;
    for http in [400, 401, 403, 404, 418, 429, 500, 502, 503, 504] {
        let sent = site.meet(2, || item("tea")).await;
        let mut response = response(&[]).map(|()| <_>::default());
        *response.status_mut() = http.try_into().unwrap();
        server.respond(response).await;
        for got in all(sent).await {
            let code = got.unwrap_err().code();
            let seen = shown.last().map(|(code, _)| code);
            assert_eq!(seen, Some(code), "{http}");
        }
    }
}

/// tonic's clients panic at such details, so nobody asks with one here.
#[tokio::test]
async fn details_that_cannot_be_read_reach_all_callers_though_a_policy_looks() {
    let shown = Shown::default();
    let (routes, mut server) = by_hand();
    let origin = serve_routes(routes).await;
    let pool = pooled().policy(shown.policy()).layer(origin.channel());
    let mut sent = Vec::new();
    for _ in 0..3 {
        let request = request(GET, "application/grpc");
        let pool_of_caller = pool.clone();
        let ask = || tokio::spawn(async move { pool_of_caller.request(request).await });
        sent.push(entered(&pool, 1, ask).await);
    }
    let failed = [
        ("grpc-status", "5"),
        ("grpc-message", "sold out"),
        ("grpc-status-details-bin", "!?"),
    ];
    server
        .respond(response(&failed).map(|()| <_>::default()))
        .await;
    for response in all(sent).await {
        let response = response.unwrap();
        for (name, value) in failed {
            assert_eq!(response.headers()[name], value);
        }
    }
    let expected = (Code::NotFound, "sold out".to_owned());
    assert_eq!(shown.take(), [Some(expected)]);
}

#[tokio::test]
async fn a_policy_sees_an_error_that_tonic_does_not_know_as_unknown() {
    let shown = Shown::default();
    let layer = pooled().policy(shown.policy());
    let pool = layer.layer(service_fn(|_| async {
        tokio::task::yield_now().await; // for the other to come
        Err::<Response<Body>, BoxError>("out of tea".into())
    }));
    let ask = || pool.request(request(GET, "application/grpc"));
    let (leader, follower) = soon(async { tokio::join!(ask(), ask()) }).await;
    for failed in [leader, follower] {
        assert_eq!(failed.unwrap_err().to_string(), "out of tea");
    }
    let expected = (Code::Unknown, "out of tea".to_owned());
    assert_eq!(shown.take(), [Some(expected)]);
}
