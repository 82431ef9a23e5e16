//! One who cannot wait as long as all the others, who ask for the same.

use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tonic::{Request, body::Body, transport::Channel};
use tower_pool::grpc::GrpcPool;

use crate::{
    Error,
    args::Args,
    catalog::Shop,
    crowd::{check, question},
    shop::catalog_client::CatalogClient,
};

/// Says in a sentence what came of it.
pub(crate) async fn show(
    args: &Args,
    client: &CatalogClient<GrpcPool<Channel, Body>>,
    shop: &Shop,
) -> Result<String, Error> {
    let before = shop.calls();
    let begun = Instant::now();

    let deadline = args.work() / 2;
    let mut request = Request::new(question());
    request.set_timeout(deadline);
    let mut hasty = client.clone();
    let hasty = tokio::spawn(async move {
        let answer = hasty.get(request).await;
        (answer, begun.elapsed())
    });
    let mut patient = JoinSet::new();
    for _ in 0..args.clients {
        let mut client = client.clone();
        patient.spawn(async move { client.get(question()).await });
    }
    while let Some(answer) = patient.join_next().await {
        check(answer?)?;
    }
    let answered = begun.elapsed();
    let (hasty, given_up) = hasty.await?;

    let (deadline, given_up, answered) = (millis(deadline), millis(given_up), millis(answered));
    let hasty = match hasty {
        Ok(_) => format!("was answered before it gave up, after {given_up}"),
        Err(status) => format!("gave up after {given_up} ({})", status.message()),
    };
    let (others, calls) = (args.clients, shop.calls() - before);
    Ok(format!(
        "One caller with a deadline of {deadline} {hasty}. Everybody else who asked for the same \
         ({others}) had an answer after {answered}. Calls that reached the server: {calls}."
    ))
}

fn millis(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}
