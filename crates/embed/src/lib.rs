//! Turns a text into a vector, so that texts that mean the same are near each other. Pure: no
//! storage, no clock, no async code, no network.
//!
//! # The model
//! [`Model::built_in`] is all-MiniLM-L6-v2: 22 million weights in eight bits, in the binary. Others
//! of its kind (BERT with the usual names of tensors) are read from a folder. A [`Model`] takes a
//! [text apart](Tokenizer) into pieces of words, sends them through the [network](bert), takes the
//! mean of what comes out, and shortens it by a projection. The vector has length one, so the
//! similarity of two texts is the product of their vectors.
//!
//! # Arithmetic
//! Weights have eight bits and a scale for each output, [made](quantise()) from 32 bits once. Inputs
//! of a layer are brought to eight bits for each token. Products are exact, so a processor of another kind gives the same vector, or one
//! that differs in the last digits only.
//!
//! # Threads
//! A text is embedded on one thread. Each [`Lane`] has one, so a query does not wait behind a long
//! document.

mod bert;
mod dense;
mod lane;
mod model;
mod quantise;
mod settings;
mod tokenizer;
mod unusable;
mod vector;
mod weights;

pub use lane::Lane;
pub use model::Model;
pub use quantise::quantise;
pub use settings::{Pooling, Settings};
pub use tokenizer::Tokenizer;
pub use unusable::Unusable;
pub use vector::Vector;

#[cfg(test)]
mod tests;
