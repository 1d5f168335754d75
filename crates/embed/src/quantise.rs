//! Brings a model to eight bits, with the help of texts like those that it will see.
//!
//! A few inputs of each layer are far larger than the rest, and the steps of eight bits would be as
//! large. So each input gets a factor that moves a part of its size into the weights (the geometric
//! mean of both, as SmoothQuant has it). The factors come from the largest inputs that the texts
//! lead to.

use std::collections::HashMap;

use crate::bert::layer_name;
use crate::model::Model;
use crate::unusable::Unusable;
use crate::weights::{Weights, quantised};

/// The share of an input's size that moves into the weights.
const SHARE: f32 = 0.55;

/// Makes weights in eight bits of weights in 32 bits. `projection` has `hidden_size` numbers for
/// each number of the result.
///
/// # Errors
/// The files do not fit each other.
pub fn quantise(
    weights: &[u8],
    vocabulary: &str,
    settings: &str,
    projection: &[f32],
    texts: &[&str],
) -> Result<Vec<u8>, Unusable> {
    let model = Model::new(weights, vocabulary, settings)?;
    let read = Weights::new(weights)?;
    let mut largest: HashMap<(usize, Vec<String>), Vec<f32>> = HashMap::new();
    for text in texts {
        model.watch(text, |layer, parts, input| {
            let names = parts.iter().map(|part| layer_name(layer, part)).collect::<Vec<_>>();
            let columns = columns(parts, model.settings().hidden_size, model.settings().intermediate_size);
            let largest = largest.entry((layer, names)).or_insert_with(|| vec![f32::MIN_POSITIVE; columns]);
            for row in input.chunks(columns) {
                largest.iter_mut().zip(row).for_each(|(most, number)| *most = most.max(number.abs()));
            }
        });
    }
    let mut factors = HashMap::new();
    for ((_, names), inputs) in largest {
        let mut weights = vec![f32::MIN_POSITIVE; inputs.len()];
        for name in &names {
            let matrix = read.numbers(&format!("{name}.weight"), inputs.len())?;
            for row in matrix.chunks(inputs.len()) {
                weights.iter_mut().zip(row).for_each(|(most, number)| *most = most.max(number.abs()));
            }
        }
        let factor = |(input, weight): (&f32, &f32)| weight.powf(1.0 - SHARE) / input.max(1e-4).powf(SHARE);
        let of: Vec<f32> = inputs.iter().zip(&weights).map(factor).collect();
        factors.extend(names.into_iter().map(|name| (name, of.clone())));
    }
    quantised(weights, (projection, model.settings().hidden_size), &factors)
}

/// The inputs of a layer: only the last one takes what comes out of the intermediate one.
fn columns(parts: &[&str], hidden: usize, intermediate: usize) -> usize {
    if parts == ["output.dense"] { intermediate } else { hidden }
}
