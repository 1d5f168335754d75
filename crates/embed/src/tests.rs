//! The model in the binary, against vectors of its 32-bit weights (`golden.json`: ten texts, their
//! pieces, and their projected vectors, from a plain implementation of the network).

use std::sync::LazyLock;

use proptest::prelude::*;
use serde::Deserialize;

use super::*;

static MODEL: LazyLock<Model> = LazyLock::new(|| Model::built_in().expect("the model in the binary is whole"));

#[derive(Deserialize)]
struct Golden {
    text: String,
    ids: Vec<u32>,
    vector: Vec<f32>,
}

fn golden() -> Vec<Golden> {
    serde_json::from_str(include_str!("golden.json")).expect("the file is ours")
}

fn similarity(vector: &Vector, numbers: &[f32]) -> f32 {
    vector.numbers().zip(numbers).map(|(a, b)| a * b).sum()
}

#[test]
fn texts_are_taken_apart_as_the_reference_does() {
    for golden in golden() {
        assert_eq!(MODEL.ids(&golden.text), golden.ids, "{}", golden.text);
    }
}

#[test]
fn vectors_are_those_of_the_full_weights() {
    let golden = golden();
    let texts: Vec<&str> = golden.iter().map(|golden| golden.text.as_str()).collect();
    let mut sum = 0.0;
    for (golden, vector) in golden.iter().zip(MODEL.passages(&texts)) {
        let vector = vector.expect("each text has a direction");
        assert_eq!(vector.steps.len(), Model::BUILT_IN_DIMENSIONS);
        let similarity = similarity(&vector, &golden.vector);
        assert!(similarity > 0.998, "{similarity} for {}", golden.text);
        sum += similarity;
    }
    let mean = sum / golden.len() as f32;
    assert!(mean > 0.999, "{mean}");
}

#[test]
fn a_text_has_the_same_vector_alone_and_among_others() {
    let golden = golden();
    let texts: Vec<&str> = golden.iter().map(|golden| golden.text.as_str()).collect();
    for (text, together) in texts.iter().zip(MODEL.passages(&texts)) {
        let (alone, together) = (MODEL.passages(&[text]).remove(0), together);
        assert!(alone.expect("alone").similarity(&together.expect("together")) > 0.9999, "{text}");
    }
}

#[test]
fn the_name_and_the_settings_of_the_model_are_known_without_its_weights() {
    let (settings, id) = Model::built_in_settings();
    assert_eq!((MODEL.settings(), MODEL.id()), (&settings, id));
    assert_eq!(MODEL.dimensions(), Model::BUILT_IN_DIMENSIONS);
}

#[test]
fn a_folder_whose_files_do_not_fit_is_refused_by_name() {
    let folder = std::env::temp_dir().join(format!("campanile-embed-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("the folder");
    let refused = |weights: &[u8], vocabulary: &str, settings: &str| {
        for (name, bytes) in
            [("model.safetensors", weights), ("vocab.txt", vocabulary.as_bytes()), ("config.json", settings.as_bytes())]
        {
            std::fs::write(folder.join(name), bytes).expect("the file");
        }
        Model::from_folder(&folder).err().map(|why| why.to_string()).unwrap_or_default()
    };
    let settings = include_str!("../model/config.json");
    let vocabulary = include_str!("../model/vocab.txt");
    let weights = include_bytes!("../model/model.safetensors");
    assert!(refused(weights, vocabulary, "{").contains("config.json"));
    assert!(refused(weights, "a\nb", settings).contains("vocab.txt"));
    assert!(refused(b"not weights", vocabulary, settings).contains("model.safetensors"));
    assert!(refused(&weights[..9_000_000], vocabulary, settings).contains("model.safetensors"));
    let seven = settings.replace("\"num_hidden_layers\": 6", "\"num_hidden_layers\": 7");
    assert!(refused(weights, vocabulary, &seven).contains("layer.6"));
    let heads = settings.replace("\"num_attention_heads\": 12", "\"num_attention_heads\": 7");
    assert!(refused(weights, vocabulary, &heads).contains("num_attention_heads"));
    assert_eq!(refused(weights, vocabulary, settings), "");
    std::fs::remove_dir_all(&folder).expect("the folder");
}

#[test]
fn numbers_without_a_direction_are_no_vector() {
    assert_eq!(Vector::new(&[0.0; 4]), None);
    assert_eq!(Vector::new(&[f32::NAN, 1.0]), None);
    assert_eq!(Vector::new(&[f32::INFINITY, 1.0]), None);
    assert_eq!(Vector::from_bytes(&[0; 3], 0), None);
    assert_eq!(Vector::from_bytes(&[0xff; 12], 8), None);
}

proptest! {
    #[test]
    fn a_stored_vector_is_read_as_it_was(numbers in prop::collection::vec(-5.0_f32..5.0, 1..300)) {
        if let Some(vector) = Vector::new(&numbers) {
            prop_assert_eq!(Vector::from_bytes(&vector.to_bytes(), numbers.len()), Some(vector.clone()));
            let length = numbers.iter().map(|number| number * number).sum::<f32>().sqrt();
            let unit: Vec<f32> = numbers.iter().map(|number| number / length).collect();
            prop_assert!(similarity(&vector, &unit) > 0.999);
        }
    }

    #[test]
    fn any_text_has_its_pieces_within_the_bound(text in "\\PC{0,400}", most in 3_usize..64) {
        let tokenizer = Tokenizer::new(include_str!("../model/vocab.txt")).expect("a vocabulary");
        let ids = tokenizer.ids(&text, most);
        prop_assert!((2..=most).contains(&ids.len()));
        prop_assert!(ids.iter().all(|id| (*id as usize) < tokenizer.size()));
        let all = tokenizer.ids(&text, usize::MAX);
        prop_assert_eq!(all.len(), tokenizer.count(&text) + 2);
        prop_assert_eq!(&all[..ids.len() - 1], &ids[..ids.len() - 1]);
    }
}
