//! The wish that it began with: call a function from anywhere; if the same call
//! is already under way, it is not made twice, and both get its result.
//!
//! ```text
//! cargo run --example boiler_room
//! ```

use std::{convert::Infallible, time::Duration};

use tower::{Layer, service_fn};
use tower_pool::PoolLayer;

/// An ordinary async function, slow and dear.
async fn announce(message: String) -> Result<String, Infallible> {
    println!("  dialling the bridge ...");
    tokio::time::sleep(Duration::from_millis(100)).await;
    Ok(format!("the bridge heard: {message}"))
}

#[tokio::main]
async fn main() -> Result<(), Infallible> {
    let announce =
        PoolLayer::new(|message: &String| Some(message.clone())).layer(service_fn(announce));

    println!("Two places call at the same time:");
    let message = "We have a problem in the boiler room!";
    let boiler_room = announce.request(message.to_owned());
    let engine_room = announce.request(message.to_owned());
    let (heard, also_heard) = tokio::join!(boiler_room, engine_room);
    println!("  boiler room: {}\n  engine room: {}", heard?, also_heard?);

    println!("That call is over, so the next one gets through:");
    println!(
        "  boiler room: {}",
        announce.request(message.to_owned()).await?
    );

    println!(
        "{} calls made, {} joined",
        announce.stats().led,
        announce.stats().joined
    );
    Ok(())
}
