//! Packs the blocks of an outline into pieces.

use std::ops::Range;

use crate::cut::cut;
use crate::outline::{Outline, Section};
use crate::{Piece, Sizes, tokens};

/// A piece while it is packed, with its section.
struct Packed {
    range: Range<usize>,
    tokens: usize,
    section: usize,
    /// The most tokens that it may have, its headings aside.
    most: usize,
}

/// The pieces of a text, in order.
pub(crate) fn pack(text: &str, outline: &Outline, title: &str, sizes: Sizes) -> Vec<Piece> {
    let mut packed: Vec<Packed> = Vec::new();
    // The section in which the last piece ends: small ones join it.
    let mut ends_in = 0;
    for (number, section) in outline.sections.iter().enumerate() {
        let most = room(&headings(section, title), sizes);
        let pieces = pieces(text, section, most, sizes);
        let is_small = pieces.len() == 1 && pieces[0].1 < sizes.least;
        if is_small
            && let Some(last) = packed.last_mut()
            && ends_in + 1 == number
            && are_neighbours(&outline.sections[last.section], section)
            && let joined = last.tokens + tokens::count(&text[last.range.end..pieces[0].0.end])
            && joined <= last.most.min(sizes.target)
        {
            (last.range.end, last.tokens, ends_in) = (pieces[0].0.end, joined, number);
            continue;
        }
        let any = !pieces.is_empty();
        let new = pieces.into_iter().map(|(range, tokens)| Packed { range, tokens, section: number, most });
        packed.extend(new);
        ends_in = if any { number } else { ends_in };
    }
    let piece = |Packed { range, tokens, section, .. }: Packed| {
        let headings = headings(&outline.sections[section], title);
        Piece { headings, range, tokens }
    };
    packed.into_iter().map(piece).collect()
}

/// The title, and the headings of a section. A first heading that is the title is not repeated.
fn headings(section: &Section, title: &str) -> Vec<String> {
    let is_title = section.path.first().is_some_and(|first| first == title);
    let path = section.path.iter().skip(usize::from(is_title)).cloned();
    std::iter::once(title.to_owned()).chain(path).collect()
}

/// The tokens that the headings leave for the text: at least half of all.
fn room(headings: &[String], sizes: Sizes) -> usize {
    let taken: usize = headings.iter().map(|heading| tokens::count(heading) + 1).sum();
    sizes.most.saturating_sub(taken).max(sizes.most / 2).max(1)
}

/// True if two sections have the same parent, or the second stands below the first.
fn are_neighbours(one: &Section, other: &Section) -> bool {
    let (Some((_, parent)), of_one) = (other.path.split_last(), one.path.split_last()) else { return false };
    one.path == parent || of_one.is_some_and(|(_, of_one)| of_one == parent)
}

/// The pieces of a section, each with its tokens.
fn pieces(text: &str, section: &Section, most: usize, sizes: Sizes) -> Vec<(Range<usize>, usize)> {
    let target = sizes.target.min(most);
    let mut pieces: Vec<(Range<usize>, usize)> = Vec::new();
    // True if the last piece takes further blocks.
    let mut is_open = false;
    for block in &section.blocks {
        let size = tokens::count(&text[block.range.clone()]);
        if size > most {
            pieces.extend(cut(text, block.range.clone(), block.cut, target, sizes.overlap));
            is_open = false;
            continue;
        }
        match pieces.last_mut() {
            Some((range, tokens)) if is_open && *tokens + size <= target => {
                range.end = block.range.end;
                *tokens += size;
            }
            // A few words at the end of a section stay with what is before them.
            Some((range, tokens)) if is_open && size < sizes.least && *tokens + size <= most => {
                range.end = block.range.end;
                *tokens += size;
            }
            _ => pieces.push((block.range.clone(), size)),
        }
        is_open = true;
    }
    pieces
}
