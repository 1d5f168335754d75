use super::observed::{piece, pieces};

#[test]
fn the_pieces_of_a_text_are_all_of_it_and_end_with_words() {
    for length in [0, 1, 999, 1_000, 1_001, 1_100, 2_800, 5_000, 8_000] {
        let text: String = "größe wort ".chars().cycle().take(length).collect();
        let pieces: Vec<&str> = (0..pieces(&text)).map(|part| piece(&text, part)).collect();
        assert_eq!(pieces.concat(), text, "of {length} characters");
        let ends = pieces.iter().take(pieces.len().saturating_sub(1));
        assert!(
            ends.clone().all(|piece| piece.ends_with("größe") || piece.ends_with("wort")),
            "of {length} characters"
        );
    }
}

#[test]
fn a_text_without_spaces_is_cut_and_a_longer_one_is_not_indexed_to_its_end() {
    let text = "é".repeat(10_000);
    let lengths: Vec<usize> = (0..pieces(&text)).map(|part| piece(&text, part).chars().count()).collect();
    assert_eq!(lengths, [1_000, 1_800, 1_800, 1_800, 1_800]);
}
