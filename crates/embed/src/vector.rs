//! A vector in the form in which it is stored and compared: eight bits a number, and a scale.

/// A vector of length one, in eight bits a number.
#[derive(Debug, Clone, PartialEq)]
pub struct Vector {
    /// The value of one step.
    pub scale: f32,
    /// The numbers, in steps.
    pub steps: Vec<i8>,
}

impl Vector {
    /// Brings numbers to eight bits. `None` when one of them is not a number, or all are zero.
    pub fn new(numbers: &[f32]) -> Option<Self> {
        let length = numbers.iter().map(|number| number * number).sum::<f32>().sqrt();
        if !length.is_finite() || length <= f32::EPSILON {
            return None;
        }
        let largest = numbers.iter().fold(0.0_f32, |largest, number| largest.max(number.abs()));
        let steps: Vec<i8> = numbers.iter().map(|number| (number / largest * 127.0).round() as i8).collect();
        let squares = steps.iter().map(|step| i32::from(*step).pow(2)).sum::<i32>();
        Some(Self { scale: 1.0 / (squares as f32).sqrt(), steps })
    }

    /// The bytes that are stored: the scale, then the numbers.
    pub fn to_bytes(&self) -> Vec<u8> {
        let steps = self.steps.iter().map(|step| step.cast_unsigned());
        self.scale.to_le_bytes().into_iter().chain(steps).collect()
    }

    /// Reads stored bytes. `None` when they are not those of a vector with so many numbers.
    pub fn from_bytes(bytes: &[u8], dimensions: usize) -> Option<Self> {
        let (scale, steps) = bytes.split_first_chunk::<4>()?;
        let scale = f32::from_le_bytes(*scale);
        let is_sound = steps.len() == dimensions && scale.is_finite() && scale > 0.0;
        is_sound.then(|| Self { scale, steps: steps.iter().map(|step| step.cast_signed()).collect() })
    }

    /// The numbers.
    pub fn numbers(&self) -> impl Iterator<Item = f32> + '_ {
        self.steps.iter().map(|step| f32::from(*step) * self.scale)
    }

    /// The similarity to another one, from -1 to 1.
    pub fn similarity(&self, other: &Self) -> f32 {
        let products = self.steps.iter().zip(&other.steps).map(|(a, b)| i32::from(*a) * i32::from(*b));
        products.sum::<i32>() as f32 * self.scale * other.scale
    }
}
