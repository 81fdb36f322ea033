//! What is said on the group's own PBX: real speech in every language, and a tone in its place whenever the voice fails.
#![allow(clippy::unwrap_used)]

mod failing;
mod sound;
mod speaking;
