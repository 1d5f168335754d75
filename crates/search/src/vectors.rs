//! The vectors of the passages of a workspace, compared with that of a query.
//!
//! All of them are compared: eight bits a number, many at a time. So nothing has to be tuned,
//! filters cost no result, and adding is an append. They stand in blocks, so that a large list
//! grows without being moved.

use rten_gemm::{GemmExecutor, GemmInputA, GemmInputB, GemmOptions, QuantParams};
use rten_tensor::NdTensorView;

use crate::bits::Bits;

/// The vectors of a block.
const BLOCK: usize = 8_192;

/// A vector of length one: whole numbers, and the value of one.
#[derive(Debug, Clone, Copy)]
pub struct VectorRef<'v> {
    /// The value of a step.
    pub scale: f32,
    /// The numbers, in steps.
    pub steps: &'v [i8],
}

/// The vectors of passages, all of one model.
#[derive(Default)]
pub struct Vectors {
    /// The model.
    model: String,
    dimensions: usize,
    blocks: Vec<Block>,
    /// The passages that have one.
    present: Bits,
}

struct Block {
    numbers: Vec<u32>,
    scales: Vec<f32>,
    steps: Vec<i8>,
}

impl Vectors {
    /// No vectors yet, of a model.
    pub fn of(model: &str) -> Self {
        Self { model: model.to_owned(), ..Self::default() }
    }

    /// The model whose vectors they are; empty if there are none.
    pub(crate) fn model(&self) -> &str {
        &self.model
    }

    /// The number of vectors.
    pub(crate) fn len(&self) -> usize {
        self.blocks.iter().map(|block| block.numbers.len()).sum()
    }

    /// Adds the vector of a passage. Another one of the same passage, or one of another length, is
    /// left out.
    pub fn add(&mut self, no: u32, vector: VectorRef<'_>) {
        if self.blocks.is_empty() {
            self.dimensions = vector.steps.len();
        }
        if vector.steps.len() != self.dimensions || self.present.has(no as usize) {
            return;
        }
        self.present.set(no as usize);
        if self.blocks.last().is_none_or(|block| block.numbers.len() == BLOCK) {
            self.blocks.push(Block { numbers: Vec::new(), scales: Vec::new(), steps: Vec::new() });
        }
        let Some(block) = self.blocks.last_mut() else { return };
        block.numbers.push(no);
        block.scales.push(vector.scale);
        block.steps.extend_from_slice(vector.steps);
    }

    /// Leaves out the vectors of other passages.
    pub(crate) fn keep(&mut self, is_kept: impl Fn(u32) -> bool) {
        let mut kept = Self::of(&self.model);
        for block in std::mem::take(&mut self.blocks) {
            let vectors = block.numbers.iter().zip(&block.scales).zip(block.steps.chunks(self.dimensions));
            for ((no, scale), steps) in vectors.filter(|((no, _), _)| is_kept(**no)) {
                kept.add(*no, VectorRef { scale: *scale, steps });
            }
        }
        *self = kept;
    }

    pub(crate) fn bytes(&self) -> usize {
        let bytes = |block: &Block| block.numbers.capacity() * 8 + block.steps.capacity();
        self.blocks.iter().map(bytes).sum::<usize>() + self.present.bytes()
    }

    /// Calls `take` with the similarity of each vector to that of a query, from -1 to 1.
    pub(crate) fn each(&self, query: VectorRef<'_>, mut take: impl FnMut(u32, f32)) {
        if query.steps.len() != self.dimensions {
            return;
        }
        let multiply: GemmExecutor<u8, i8, i32> = GemmExecutor::default();
        // Where the processor adds two products in sixteen bits, the query has seven bits.
        let (shift, zero) = if multiply.may_saturate() { (1, 64) } else { (0, 128) };
        let query_steps: Vec<u8> = query.steps.iter().map(|step| (i16::from(*step >> shift) + zero) as u8).collect();
        let query_scale = query.scale * f32::from(1_u8 << shift);
        let query_row = NdTensorView::from_data([1, self.dimensions], query_steps.as_slice());
        let zero = [zero as u8];
        let mut products = Vec::new();
        for block in &self.blocks {
            let count = block.numbers.len();
            products.resize(count, 0);
            let shape = ([self.dimensions, count], [1, self.dimensions]);
            let vectors = NdTensorView::from_slice_with_strides(shape.0, &block.steps, shape.1)
                .expect("a block has as many numbers as vectors times dimensions");
            let options = GemmOptions { a_quant: Some(QuantParams { zero_point: &zero }), ..GemmOptions::default() };
            let multiplied =
                multiply.gemm(&mut products, GemmInputA::Unpacked(query_row), GemmInputB::Unpacked(vectors), options);
            multiplied.expect("the shapes were computed from the same lengths");
            for ((no, scale), product) in block.numbers.iter().zip(&block.scales).zip(&products) {
                take(*no, *product as f32 * scale * query_scale);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn similarities_are_the_products_of_the_numbers(
            vectors in prop::collection::vec(prop::collection::vec(any::<i8>(), 32), 1..40),
            query in prop::collection::vec(-127_i8..=127, 32),
        ) {
            let mut list = Vectors::default();
            for (no, steps) in (0_u32..).zip(&vectors) {
                list.add(no * 3, VectorRef { scale: 0.5, steps });
                list.add(no * 3, VectorRef { scale: 9.0, steps });
            }
            let mut found = Vec::new();
            list.each(VectorRef { scale: 0.25, steps: &query }, |no, similarity| found.push((no, similarity)));
            prop_assert_eq!(found.len(), vectors.len());
            for ((no, similarity), (place, steps)) in found.into_iter().zip((0_u32..).zip(&vectors)) {
                let product: i32 = steps.iter().zip(&query).map(|(a, b)| i32::from(*a) * i32::from(*b)).sum();
                let most = steps.iter().map(|step| i32::from(*step).abs()).sum::<i32>();
                prop_assert_eq!(no, place * 3);
                // A query of seven bits differs by at most one step for each number.
                prop_assert!((similarity - product as f32 * 0.125).abs() <= most as f32 * 0.125 + 1e-3);
            }
        }
    }

    #[test]
    fn a_list_grows_over_blocks_and_forgets_what_is_gone() {
        let mut list = Vectors::default();
        for no in 0..20_000_u32 {
            let steps = [(no % 251) as i8, (no % 127) as i8, 1, 0];
            list.add(no, VectorRef { scale: 1.0, steps: &steps });
        }
        let count = |list: &Vectors| {
            let mut numbers = Vec::new();
            list.each(VectorRef { scale: 1.0, steps: &[0, 0, 1, 0] }, |no, similarity| {
                assert!((similarity - 1.0).abs() < 1e-6);
                numbers.push(no);
            });
            numbers
        };
        assert_eq!(count(&list), (0..20_000).collect::<Vec<_>>());
        list.keep(|no| no % 2 == 0);
        assert_eq!((list.len(), count(&list)), (10_000, (0..20_000).step_by(2).collect()));
    }
}
