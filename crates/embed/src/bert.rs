//! The network of BERT: layers of attention between the tokens of a text, and of two dense layers
//! for each token.
//!
//! Several texts go through together: dense layers see the tokens of all of them as one list, and
//! attention sees each text alone. So nothing is padded, and short texts cost what they are long.

use rten_gemm::{GemmExecutor, GemmInputA, GemmInputB, GemmOptions};
use rten_simd::{SimdOp, SimdUnaryOp};
use rten_tensor::NdTensorView;
use rten_vecmath::{Gelu, Normalize, NormalizeOptions, Softmax, Sum, SumSquareSub};

use crate::dense::{Dense, Multiply};
use crate::settings::Settings;
use crate::unusable::Unusable;
use crate::weights::{Matrix, Weights};

const ATTENTION: &[&str] = &["attention.self.query", "attention.self.key", "attention.self.value"];
const ATTENTION_OUTPUT: &[&str] = &["attention.output.dense"];
const INTERMEDIATE: &[&str] = &["intermediate.dense"];
const OUTPUT: &[&str] = &["output.dense"];

/// The name of a part of a layer.
pub(crate) fn layer_name(layer: usize, part: &str) -> String {
    format!("encoder.layer.{layer}.{part}")
}

/// The network with its weights.
pub(crate) struct Bert {
    size: usize,
    heads: usize,
    words: Matrix<'static>,
    positions: Matrix<'static>,
    /// Added to each token: all texts are of the first kind.
    kind: Vec<f32>,
    norm: Norm,
    layers: Vec<Layer>,
}

struct Layer {
    /// Queries, keys and values.
    attention: Dense,
    attention_output: Dense,
    attention_norm: Norm,
    intermediate: Dense,
    output: Dense,
    output_norm: Norm,
}

impl Bert {
    /// Reads the weights and brings them into the order in which they are multiplied.
    pub(crate) fn read(weights: &Weights<'_>, settings: &Settings) -> Result<Self, Unusable> {
        let size = settings.hidden_size;
        let multiply = Multiply::default();
        let norm = |name: &str| Norm::read(weights, name, size, settings.layer_norm_eps);
        let mut layers = Vec::new();
        for layer in 0..settings.num_hidden_layers {
            let name = |part: &str| layer_name(layer, part);
            let dense = |parts: &[&str], inputs| {
                let names: Vec<String> = parts.iter().map(|part| name(part)).collect();
                Dense::read(weights, &multiply, &names, inputs)
            };
            layers.push(Layer {
                attention: dense(ATTENTION, size)?,
                attention_output: dense(ATTENTION_OUTPUT, size)?,
                attention_norm: norm(&name("attention.output.LayerNorm"))?,
                intermediate: dense(INTERMEDIATE, size)?,
                output: dense(OUTPUT, settings.intermediate_size)?,
                output_norm: norm(&name("output.LayerNorm"))?,
            });
        }
        let mut kind = vec![0.0; size];
        weights.matrix("embeddings.token_type_embeddings.weight", size)?.add_row(0, &mut kind);
        let owned = |matrix: Matrix<'_>| Matrix { steps: matrix.steps.into_owned().into(), ..matrix };
        Ok(Self {
            size,
            heads: settings.num_attention_heads,
            words: owned(weights.matrix("embeddings.word_embeddings.weight", size)?),
            positions: owned(weights.matrix("embeddings.position_embeddings.weight", size)?),
            kind,
            norm: norm("embeddings.LayerNorm")?,
            layers,
        })
    }

    /// The most tokens of a text.
    pub(crate) fn most_tokens(&self) -> usize {
        self.positions.rows
    }

    /// The number of pieces that have weights.
    pub(crate) fn words(&self) -> usize {
        self.words.rows
    }

    /// Sends texts through. Returns the numbers of each token, text after text. `watch` sees the
    /// input of each dense layer, with the names of its matrices.
    pub(crate) fn forward(&self, texts: &[&[u32]], mut watch: impl FnMut(usize, &[&str], &[f32])) -> Vec<f32> {
        let tokens = texts.iter().map(|text| text.len()).sum::<usize>();
        let mut hidden = vec![0.0; tokens * self.size];
        let places = texts.iter().flat_map(|text| text.iter().enumerate());
        for ((place, id), token) in places.zip(hidden.chunks_mut(self.size)) {
            token.copy_from_slice(&self.kind);
            self.words.add_row(*id as usize, token);
            self.positions.add_row(place, token);
        }
        self.norm.apply(&mut hidden);
        // They belong to the thread, and cost nothing to make.
        let (multiply, attend) = (Multiply::default(), GemmExecutor::default());
        for (at, layer) in self.layers.iter().enumerate() {
            watch(at, ATTENTION, &hidden);
            let mixed = layer.attention.forward(&multiply, &hidden);
            let seen = self.attention(&attend, (&mixed, texts), layer.attention.outputs());
            watch(at, ATTENTION_OUTPUT, &seen);
            add(&mut hidden, &layer.attention_output.forward(&multiply, &seen));
            layer.attention_norm.apply(&mut hidden);
            watch(at, INTERMEDIATE, &hidden);
            let mut inner = layer.intermediate.forward(&multiply, &hidden);
            Gelu {}.map_mut(&mut inner);
            watch(at, OUTPUT, &inner);
            add(&mut hidden, &layer.output.forward(&multiply, &inner));
            layer.output_norm.apply(&mut hidden);
        }
        hidden
    }

    /// Mixes the values of the tokens of each text by the similarity of their queries and keys.
    fn attention(&self, attend: &GemmExecutor, (mixed, texts): (&[f32], &[&[u32]]), width: usize) -> Vec<f32> {
        let head_size = self.size / self.heads;
        let mut seen = vec![0.0; mixed.len() / width * self.size];
        let mut first = 0;
        for text in texts {
            let tokens = text.len();
            let mixed = &mixed[first * width..][..tokens * width];
            let seen = &mut seen[first * self.size..][..tokens * self.size];
            let mut weights = vec![0.0; tokens * tokens];
            let mut values = vec![0.0; tokens * head_size];
            for head in 0..self.heads {
                let part = |index: usize, shape: [usize; 2], strides: [usize; 2]| {
                    let data = &mixed[index * self.size + head * head_size..];
                    NdTensorView::from_slice_with_strides(shape, data, strides).expect("the shape is that of a head")
                };
                let queries = part(0, [tokens, head_size], [width, 1]);
                let keys = part(1, [head_size, tokens], [1, width]);
                let options = GemmOptions { alpha: 1.0 / (head_size as f32).sqrt(), ..GemmOptions::default() };
                product(attend, &mut weights, queries, keys, options);
                for row in weights.chunks_mut(tokens) {
                    Softmax::new_mut(row).dispatch();
                }
                let view = NdTensorView::from_data([tokens, tokens], weights.as_slice());
                product(attend, &mut values, view, part(2, [tokens, head_size], [width, 1]), GemmOptions::default());
                for (token, value) in seen.chunks_mut(self.size).zip(values.chunks(head_size)) {
                    token[head * head_size..][..head_size].copy_from_slice(value);
                }
            }
            first += tokens;
        }
        seen
    }
}

/// Brings the numbers of a token to the mean and the spread that the model learnt.
struct Norm {
    weight: Vec<f32>,
    bias: Vec<f32>,
    epsilon: f32,
}

impl Norm {
    fn read(weights: &Weights<'_>, name: &str, size: usize, epsilon: f32) -> Result<Self, Unusable> {
        Ok(Self {
            weight: weights.list(&format!("{name}.weight"), size)?,
            bias: weights.list(&format!("{name}.bias"), size)?,
            epsilon,
        })
    }

    fn apply(&self, hidden: &mut [f32]) {
        let size = self.weight.len();
        for token in hidden.chunks_mut(size) {
            let mean = Sum::new(token).dispatch() / size as f32;
            let variance = SumSquareSub::new(token, mean).dispatch() / size as f32;
            let options = NormalizeOptions {
                pre_scale_bias: mean,
                scale: 1.0 / (variance + self.epsilon).sqrt(),
                element_scale: Some(&self.weight),
                element_bias: Some(&self.bias),
                ..NormalizeOptions::default()
            };
            Normalize::new_mut(token, options).dispatch();
        }
    }
}

fn add(to: &mut [f32], numbers: &[f32]) {
    to.iter_mut().zip(numbers).for_each(|(sum, number)| *sum += number);
}

fn product(
    attend: &GemmExecutor,
    to: &mut [f32],
    a: NdTensorView<'_, f32, 2>,
    b: NdTensorView<'_, f32, 2>,
    options: GemmOptions<'_, f32, f32, f32>,
) {
    let multiplied = attend.gemm(to, GemmInputA::Unpacked(a), GemmInputB::Unpacked(b), options);
    multiplied.expect("the shapes were computed from the same lengths");
}
