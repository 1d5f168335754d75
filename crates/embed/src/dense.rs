//! A layer that multiplies: eight-bit weights, inputs brought to eight bits for each token.

use rten_gemm::{GemmExecutor, GemmInputA, GemmInputB, GemmOptions, PackedBMatrix};
use rten_simd::SimdOp;
use rten_tensor::NdTensorView;
use rten_vecmath::{ExtendInit, MinMax, Normalize, NormalizeOptions, Quantize};

use crate::unusable::Unusable;
use crate::weights::{FACTORS, Weights};

/// Multiplies eight-bit matrices with the widest instructions of the processor.
pub(crate) type Multiply = GemmExecutor<u8, i8, i32>;

/// The weights of a layer, in the order in which they are multiplied.
pub(crate) struct Dense {
    inputs: usize,
    outputs: usize,
    weights: PackedBMatrix<i8>,
    /// The value of a step of each output.
    scales: Vec<f32>,
    /// The sum of the weights of each output, in steps.
    sums: Vec<f32>,
    bias: Vec<f32>,
    /// Each input is multiplied by its factor first, and the weights were divided by it: a few
    /// inputs that are far larger than the others would take the steps of all.
    factors: Option<Vec<f32>>,
}

impl Dense {
    /// Reads layers that take the same input, as one.
    pub(crate) fn read(
        read: &Weights<'_>,
        multiply: &Multiply,
        names: &[String],
        inputs: usize,
    ) -> Result<Self, Unusable> {
        let (mut steps, mut scales, mut bias) = (Vec::new(), Vec::new(), Vec::new());
        for name in names {
            let matrix = read.matrix(&format!("{name}.weight"), inputs)?;
            steps.extend_from_slice(&matrix.steps);
            scales.extend_from_slice(&matrix.scales);
            bias.extend(read.list(&format!("{name}.bias"), matrix.rows)?);
        }
        let outputs = scales.len();
        let sum = |row: &[i8]| row.iter().map(|step| i32::from(*step)).sum::<i32>() as f32;
        let sums = steps.chunks(inputs).map(sum).collect();
        let view = NdTensorView::from_slice_with_strides([inputs, outputs], &steps, [1, inputs])
            .map_err(|_| Unusable::Weights(format!("{} cannot be multiplied", names.join(", "))))?;
        let weights = multiply.prepack_b(view);
        let factors = format!("{}.{FACTORS}", names[0]);
        let factors = match read.has(&factors) {
            true => Some(read.list(&factors, inputs)?),
            false => None,
        };
        Ok(Self { inputs, outputs, weights, scales, sums, bias, factors })
    }

    /// The numbers for each token that come out.
    pub(crate) fn outputs(&self) -> usize {
        self.outputs
    }

    /// Sends the numbers of all tokens through.
    pub(crate) fn forward(&self, multiply: &Multiply, input: &[f32]) -> Vec<f32> {
        let tokens = input.len() / self.inputs;
        let steps = StepInput::new(input, self, multiply.may_saturate());
        let mut products = vec![0_i32; tokens * self.outputs];
        let view = NdTensorView::from_data([tokens, self.inputs], steps.steps.as_slice());
        let multiplied = multiply.gemm(
            &mut products,
            GemmInputA::Unpacked(view),
            GemmInputB::Packed(&self.weights),
            GemmOptions::default(),
        );
        multiplied.expect("the shapes were computed from the same lengths");
        let mut output = vec![0.0; products.len()];
        let rows = output.chunks_mut(self.outputs).zip(products.chunks(self.outputs));
        for ((row, products), (scale, zero)) in rows.zip(steps.scales.iter().zip(&steps.zeros)) {
            let zero = f32::from(*zero);
            for ((output, product), sum) in row.iter_mut().zip(products).zip(&self.sums) {
                *output = *product as f32 - zero * sum;
            }
            let options = NormalizeOptions {
                scale: *scale,
                element_scale: Some(&self.scales),
                element_bias: Some(&self.bias),
                ..NormalizeOptions::default()
            };
            Normalize::new_mut(row, options).dispatch();
        }
        output
    }
}

/// Inputs in eight bits: for each token the value of a step, and the step that is zero.
struct StepInput {
    steps: Vec<u8>,
    scales: Vec<f32>,
    zeros: Vec<u8>,
}

impl StepInput {
    /// `is_narrow`: the processor adds two products in sixteen bits, so inputs have seven bits only.
    fn new(input: &[f32], layer: &Dense, is_narrow: bool) -> Self {
        let columns = layer.inputs;
        let mut scaled = vec![0.0; columns];
        let most = if is_narrow { 127.0 } else { 255.0 };
        let mut made = Self { steps: Vec::with_capacity(input.len()), scales: Vec::new(), zeros: Vec::new() };
        for mut row in input.chunks(columns) {
            if let Some(factors) = &layer.factors {
                let products = scaled.iter_mut().zip(row.iter().zip(factors));
                products.for_each(|(scaled, (number, factor))| *scaled = number * factor);
                row = &scaled;
            }
            let (least, largest) = MinMax::new(row).dispatch();
            let (least, largest) = (least.min(0.0), largest.max(0.0));
            let scale = ((largest - least) / most).max(f32::MIN_POSITIVE);
            let zero = (-least / scale).round().clamp(0.0, most) as u8;
            made.scales.push(scale);
            made.zeros.push(zero);
            let before = made.steps.len();
            made.steps.extend_init(|free| Quantize::new(row, &mut free[..columns], 1.0 / scale, zero).dispatch());
            debug_assert_eq!(made.steps.len(), before + columns);
        }
        if is_narrow {
            made.steps.iter_mut().for_each(|step| *step = (*step).min(127));
        }
        made
    }
}
