//! The rules for vectors that a provider has made. Pure.

use super::MOST_DIMENSIONS;
use crate::error::ModelError;

/// A vector that is shorter has no direction.
const SHORTEST: f32 = 1e-6;

/// Checks vectors, and cuts those that have more numbers than were `asked` for. `known` is the number that
/// vectors of this model have had so far. Returns the number that they have.
pub(super) fn sound(
    mut vectors: Vec<Vec<f32>>,
    (asked, known): (Option<usize>, Option<usize>),
) -> Result<(Vec<Vec<f32>>, usize), ModelError> {
    let unusable = |why: String| Err(ModelError::Unusable(why));
    let given = vectors.first().map_or(0, Vec::len);
    if vectors.iter().any(|vector| vector.len() != given) {
        return unusable("its vectors have different numbers of dimensions".to_owned());
    }
    let dimensions = match asked {
        Some(asked) if given < asked => {
            return unusable(format!("its vectors have {given} dimensions, and {asked} are set"));
        }
        Some(asked) => asked,
        None => given,
    };
    if dimensions == 0 {
        return unusable("its vectors have no dimensions".to_owned());
    }
    if dimensions > MOST_DIMENSIONS {
        return unusable(format!(
            "its vectors have {dimensions} dimensions, more than {MOST_DIMENSIONS}: set embeddings_dimensions, \
            if vectors of this model can be cut"
        ));
    }
    if let Some(known) = known.filter(|known| *known != dimensions) {
        return unusable(format!("its vectors have {dimensions} dimensions, and had {known} before"));
    }
    for vector in &mut vectors {
        if vector.iter().any(|number| !number.is_finite()) {
            return unusable("a vector has a number that is not finite".to_owned());
        }
        vector.truncate(dimensions);
        let squares: f32 = vector.iter().map(|number| number * number).sum();
        if !squares.is_finite() || squares.sqrt() < SHORTEST {
            return unusable("a vector has no length".to_owned());
        }
    }
    Ok((vectors, dimensions))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(vectors: Vec<Vec<f32>>, asked: Option<usize>, known: Option<usize>) -> String {
        sound(vectors, (asked, known)).unwrap_err().to_string()
    }

    #[test]
    fn vectors_are_cut_only_if_their_number_is_set() {
        let long = vec![vec![0.5; 2_048]];
        assert!(refusal(long.clone(), None, None).contains("embeddings_dimensions"));
        let (cut, dimensions) = sound(long, (Some(256), None)).unwrap();
        assert_eq!((cut[0].len(), dimensions), (256, 256));
        assert!(refusal(vec![vec![1.0; 128]], Some(256), None).contains("256 are set"));
        assert!(refusal(vec![vec![1.0; 128]], None, Some(256)).contains("had 256 before"));
    }

    #[test]
    fn a_vector_without_a_direction_is_refused() {
        assert!(refusal(vec![vec![1.0, f32::NAN]], None, None).contains("not finite"));
        assert!(refusal(vec![vec![1.0, f32::INFINITY]], None, None).contains("not finite"));
        assert!(refusal(vec![vec![0.0, 0.0]], None, None).contains("no length"));
        assert!(refusal(vec![vec![1e30, 1e30]], None, None).contains("no length"));
        assert!(refusal(vec![vec![1.0], vec![1.0, 2.0]], None, None).contains("different"));
        assert!(refusal(vec![Vec::new()], None, None).contains("no dimensions"));
        assert!(refusal(vec![vec![0.0, 0.0, 1.0]], Some(2), None).contains("no length"), "after the cut");
    }
}
