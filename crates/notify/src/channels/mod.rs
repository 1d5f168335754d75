//! The channels that carry notifications out. The feed needs no carrier: it is where we are.

pub mod email;
