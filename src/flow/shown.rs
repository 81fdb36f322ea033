//! How a flow looks from outside.
