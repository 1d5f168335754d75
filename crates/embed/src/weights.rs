//! The weights of a model, in the format `safetensors`.
//!
//! A matrix is either in 32-bit numbers, or in eight bits with a second tensor `….scale` that has
//! the value of a step for each of its rows. [`quantised()`] makes the second form of the first one.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};

use crate::unusable::Unusable;

/// The end of the name of a matrix' scales.
const SCALE: &str = ".scale";
/// The name of the factors of a layer's inputs.
pub(crate) const FACTORS: &str = "factors";

/// A matrix in eight bits: a row for each output (or word), and the value of a step for each row.
#[derive(Debug)]
pub(crate) struct Matrix<'a> {
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    pub(crate) steps: Cow<'a, [i8]>,
    pub(crate) scales: Vec<f32>,
}

impl Matrix<'_> {
    /// Adds a row to numbers.
    pub(crate) fn add_row(&self, row: usize, to: &mut [f32]) {
        let steps = &self.steps[row * self.columns..][..self.columns];
        for (number, step) in to.iter_mut().zip(steps) {
            *number += f32::from(*step) * self.scales[row];
        }
    }
}

/// The tensors of a file.
#[derive(Debug)]
pub(crate) struct Weights<'a> {
    tensors: SafeTensors<'a>,
    /// Stands before each name, in exports of a larger model.
    prefix: &'static str,
}

impl<'a> Weights<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Result<Self, Unusable> {
        let tensors = SafeTensors::deserialize(bytes).map_err(|error| Unusable::Weights(error.to_string()))?;
        let prefix = if tensors.names().iter().any(|name| name.starts_with("bert.")) { "bert." } else { "" };
        Ok(Self { tensors, prefix })
    }

    fn tensor(&self, name: &str) -> Result<TensorView<'a>, Unusable> {
        let found = self.tensors.tensor(&format!("{}{name}", self.prefix));
        found.map_err(|_| Unusable::Weights(format!("the tensor {name} is absent")))
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.tensor(name).is_ok()
    }

    /// A list of numbers.
    pub(crate) fn list(&self, name: &str, length: usize) -> Result<Vec<f32>, Unusable> {
        let tensor = self.tensor(name)?;
        let numbers = numbers(name, &tensor)?;
        if numbers.len() != length {
            return Err(Unusable::Weights(format!("{name} has {} numbers instead of {length}", numbers.len())));
        }
        Ok(numbers)
    }

    /// A matrix of 32-bit numbers with so many columns, row after row.
    pub(crate) fn numbers(&self, name: &str, columns: usize) -> Result<Vec<f32>, Unusable> {
        let tensor = self.tensor(name)?;
        match tensor.shape() {
            [_, found] if *found == columns => numbers(name, &tensor),
            shape => Err(Unusable::Weights(format!("{name} has the shape {shape:?}, not […, {columns}]"))),
        }
    }

    /// A matrix with so many columns.
    pub(crate) fn matrix(&self, name: &str, columns: usize) -> Result<Matrix<'a>, Unusable> {
        let tensor = self.tensor(name)?;
        let rows = match tensor.shape() {
            [rows, found] if *found == columns => *rows,
            shape => return Err(Unusable::Weights(format!("{name} has the shape {shape:?}, not […, {columns}]"))),
        };
        if tensor.dtype() == Dtype::I8 {
            let steps = signed(tensor.data());
            let scales = self.list(&format!("{name}{SCALE}"), rows)?;
            return Ok(Matrix { rows, columns, steps, scales });
        }
        let (steps, scales) = in_steps(&numbers(name, &tensor)?, columns);
        Ok(Matrix { rows, columns, steps: steps.into(), scales })
    }
}

/// Bytes as signed numbers.
fn signed(bytes: &[u8]) -> Cow<'_, [i8]> {
    bytes.iter().map(|byte| byte.cast_signed()).collect()
}

fn numbers(name: &str, tensor: &TensorView<'_>) -> Result<Vec<f32>, Unusable> {
    if tensor.dtype() != Dtype::F32 {
        return Err(Unusable::Weights(format!("{name} has numbers of the type {:?}, not F32", tensor.dtype())));
    }
    let numbers: Vec<f32> = tensor.data().as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
    match numbers.iter().all(|number| number.is_finite()) {
        true => Ok(numbers),
        false => Err(Unusable::Weights(format!("{name} has numbers that are not finite"))),
    }
}

/// Brings each row to steps of its own size.
fn in_steps(numbers: &[f32], columns: usize) -> (Vec<i8>, Vec<f32>) {
    let mut steps = Vec::with_capacity(numbers.len());
    let scale = |row: &[f32]| row.iter().fold(f32::MIN_POSITIVE, |largest, number| largest.max(number.abs())) / 127.0;
    let scales: Vec<f32> = numbers.chunks(columns).map(scale).collect();
    for (row, scale) in numbers.chunks(columns).zip(&scales) {
        steps.extend(row.iter().map(|number| (number / scale).round() as i8));
    }
    (steps, scales)
}

/// Writes weights of 32-bit numbers anew with all matrices in eight bits. Tensors that the network
/// does not read are left out. A projection has a row for each number of the result. `factors` are
/// those of the inputs of layers, by the name of each matrix that takes them.
pub(crate) fn quantised(
    bytes: &[u8],
    projection: (&[f32], usize),
    factors: &HashMap<String, Vec<f32>>,
) -> Result<Vec<u8>, Unusable> {
    let weights = Weights::new(bytes)?;
    let mut tensors: BTreeMap<String, (Dtype, Vec<usize>, Vec<u8>)> = BTreeMap::new();
    let list = |numbers: &[f32]| (Dtype::F32, vec![numbers.len()], to_bytes(numbers));
    for (name, tensor) in weights.tensors.tensors() {
        let Some(plain) = name.strip_prefix(weights.prefix).map(str::to_owned) else { continue };
        if tensor.dtype() != Dtype::F32 || !(plain.starts_with("embeddings.") || plain.starts_with("encoder.")) {
            continue;
        }
        let mut read = numbers(&plain, &tensor)?;
        let [rows, columns] = *tensor.shape() else {
            tensors.insert(plain, list(&read));
            continue;
        };
        if let Some((layer, factors)) = plain.strip_suffix(".weight").and_then(|layer| factors.get_key_value(layer)) {
            let divide = |row: &mut [f32]| row.iter_mut().zip(factors).for_each(|(number, factor)| *number /= factor);
            read.chunks_mut(columns).for_each(divide);
            tensors.insert(format!("{layer}.{FACTORS}"), list(factors));
        }
        let (steps, scales) = in_steps(&read, columns);
        let steps: Vec<u8> = steps.iter().map(|step| step.cast_unsigned()).collect();
        tensors.insert(format!("{plain}{SCALE}"), list(&scales));
        tensors.insert(plain, (Dtype::I8, vec![rows, columns], steps));
    }
    let (projection, columns) = projection;
    let shape = vec![projection.len() / columns, columns];
    tensors.insert("projection.weight".to_owned(), (Dtype::F32, shape, to_bytes(projection)));
    let unusable = |error: safetensors::SafeTensorError| Unusable::Weights(error.to_string());
    let views: Result<Vec<_>, _> = tensors
        .iter()
        .map(|(name, (dtype, shape, data))| Ok((name, TensorView::new(*dtype, shape.clone(), data)?)))
        .collect();
    safetensors::serialize(views.map_err(unusable)?, None).map_err(unusable)
}

fn to_bytes(numbers: &[f32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}
