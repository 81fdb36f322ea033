//! Several nodes on one PostgreSQL: real programs behind a balancer, between sources and the simulated phone network, with
//! nodes that are killed, stopped and cut off.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../postgres/authority.rs"]
mod authority;
#[allow(dead_code, reason = "the tests of one daemon use more of it")]
#[path = "../wire/config.rs"]
mod config;
#[allow(dead_code, reason = "the tests of one daemon use more of it")]
#[path = "../wire/crowd.rs"]
mod crowd;
#[allow(dead_code, reason = "the tests of one daemon use more of it")]
#[path = "../wire/daemon.rs"]
mod daemon;
#[allow(dead_code, reason = "the tests of one daemon use it")]
#[path = "../wire/disk.rs"]
mod disk;
#[allow(dead_code, reason = "the tests of one daemon use more of it")]
#[path = "../wire/people.rs"]
mod people;
#[allow(dead_code, reason = "the tests of one daemon use more of it")]
#[path = "../wire/sender.rs"]
mod sender;
#[allow(dead_code, reason = "its own tests use more of it")]
#[path = "../postgres/server.rs"]
mod server;

mod balancer;
mod house;
mod link;

mod cut_off;
mod edits;
mod instants;
mod late;
mod mid_ring;
mod one_node;
mod outage;
mod pace;
mod saves;
mod tls;
