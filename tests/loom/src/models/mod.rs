//! What races in each model, and what is asserted of it.

mod aging;
mod arriving;
mod asking_inside;
mod colliding;
mod ending;
mod forgetting;
mod handing_over;
mod joining;
mod leaving;
mod losing;
mod releasing;
mod sharing;
