//! Cuts a block that is too large for one piece.

use std::ops::Range;

use crate::outline::Cut;
use crate::tokens::Tokens;

/// A place between two tokens at which a text can be cut, from bad to good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Within,
    Space,
    Sentence,
    Line,
}

/// The pieces of a block, each with its number of tokens: at most `most`. The next piece begins with
/// up to `overlap` tokens of the one before.
pub(crate) fn cut(text: &str, block: Range<usize>, at: Cut, most: usize, overlap: usize) -> Vec<(Range<usize>, usize)> {
    let tokens: Vec<Range<usize>> =
        Tokens::of(&text[block.clone()]).map(|(from, to)| block.start + from..block.start + to).collect();
    let most = most.max(2);
    let overlap = overlap.min(most / 2 - 1);
    let (mut pieces, mut first) = (Vec::new(), 0);
    while first < tokens.len() {
        let end = match first + most >= tokens.len() {
            true => tokens.len(),
            false => end(text, &tokens, (first + most / 2, first + most), at),
        };
        pieces.push((tokens[first].start..tokens[end - 1].end, end - first));
        if end == tokens.len() {
            break;
        }
        first = next(text, &tokens, (end - overlap, end), at);
    }
    pieces
}

/// The best place for the end of a piece: of equally good ones the last.
fn end(text: &str, tokens: &[Range<usize>], (from, until): (usize, usize), at: Cut) -> usize {
    (from.max(1)..=until).max_by_key(|n| (place(text, tokens, *n, at), *n)).unwrap_or(until)
}

/// The first token of the next piece.
fn next(text: &str, tokens: &[Range<usize>], (from, end): (usize, usize), at: Cut) -> usize {
    let wanted = if at == Cut::Lines { Place::Line } else { Place::Space };
    let good = (from.max(1)..end).find(|n| place(text, tokens, *n, at) >= wanted);
    // Nothing is repeated if the overlap would begin within a line of code.
    let has_good_end = place(text, tokens, end, at) >= wanted;
    good.unwrap_or(if has_good_end { end } else { from })
}

/// The place before the token `n`.
fn place(text: &str, tokens: &[Range<usize>], n: usize, at: Cut) -> Place {
    let Some(next) = tokens.get(n) else { return Place::Line };
    let last = &tokens[n - 1];
    let between = &text[last.end..next.start];
    match between {
        "" => Place::Within,
        _ if between.contains('\n') && (at == Cut::Lines || between.matches('\n').count() > 1) => Place::Line,
        _ if text[last.clone()].ends_with(['.', '!', '?', ':', ';', '。']) => Place::Sentence,
        _ => Place::Space,
    }
}
