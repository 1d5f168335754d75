//! Makes the weights in `model/`: those of all-MiniLM-L6-v2 in 32 bits, brought to eight bits, with
//! a projection (little-endian 32-bit numbers, 384 for each number of the result) and texts like
//! those that the model will see, one in each line.
//!
//! `cargo run --release -p campanile-embed --example make_model -- weights projection texts result`

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [weights, projection, texts, result] = arguments.as_slice() else {
        return Err("four files are needed: the weights, the projection, the texts, the result".into());
    };
    let projection: Vec<f32> =
        std::fs::read(projection)?.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
    let texts = std::fs::read_to_string(texts)?;
    let texts: Vec<&str> = texts.lines().collect();
    let (vocabulary, settings) = (include_str!("../model/vocab.txt"), include_str!("../model/config.json"));
    let made = campanile_embed::quantise(&std::fs::read(weights)?, vocabulary, settings, &projection, &texts)?;
    std::fs::write(result, made)?;
    Ok(())
}
