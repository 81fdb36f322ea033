//! The routes, asked as sources, carriers and programs ask them. The engine does not run here: nothing is rung.
#![allow(clippy::unwrap_used)]

mod api;
mod callbacks;
mod house;
mod leads;
mod operating;
mod pages;
mod serving;
