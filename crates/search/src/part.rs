//! A part of an index: a segment, or the tail.

use std::sync::Arc;

use crate::bits::Bits;
use crate::columns::{Columns, length_of};
use crate::postings::Postings;
use crate::segment::Segment;
use crate::tail::{Passage, Tail};

/// A segment or the tail, with the passages that were removed since it was made.
pub(crate) struct Part {
    pub(crate) content: Content,
    /// The places without a passage.
    pub(crate) dead: Bits,
    /// The number of passages that are there.
    pub(crate) living: usize,
    /// The words of their bodies and of their headings.
    pub(crate) words: (u64, u64),
    /// True if passages were removed since the part was made: its lists still have them.
    has_removed: bool,
}

pub(crate) enum Content {
    Segment(Arc<Segment>),
    Tail(Box<Tail>),
}

impl Part {
    pub(crate) fn of(segment: Arc<Segment>) -> Self {
        let (dead, words) = (segment.columns.absent.clone(), segment.columns.words());
        let living = segment.columns.len() - dead.count();
        Self { content: Content::Segment(segment), dead, living, words, has_removed: false }
    }

    pub(crate) fn tail(first_no: u32) -> Self {
        let content = Content::Tail(Box::new(Tail::new(first_no)));
        Self { content, dead: Bits::default(), living: 0, words: (0, 0), has_removed: false }
    }

    /// Adds a passage to the tail.
    pub(crate) fn add(&mut self, passage: &Passage<'_>) {
        let Content::Tail(tail) = &mut self.content else { return };
        let before = tail.columns.len();
        tail.add(passage);
        let Some(place) = tail.columns.len().checked_sub(1).filter(|place| *place >= before) else { return };
        (before..place).for_each(|gone| self.dead.set(gone));
        self.living += 1;
        let (body, heading) = self.lengths(place);
        self.words = (self.words.0 + body, self.words.1 + heading);
    }

    /// Removes the passage at a place.
    pub(crate) fn remove(&mut self, place: usize) {
        if place >= self.columns().len() || self.dead.has(place) {
            return;
        }
        self.dead.set(place);
        self.has_removed = true;
        self.living -= 1;
        let (body, heading) = self.lengths(place);
        self.words = (self.words.0 - body, self.words.1 - heading);
    }

    fn lengths(&self, place: usize) -> (u64, u64) {
        let columns = self.columns();
        (u64::from(length_of(columns.body[place])), u64::from(length_of(columns.heading[place])))
    }

    /// The number of passages that have a term.
    pub(crate) fn passages_with(&self, key: &[u8]) -> u64 {
        match self.postings(key) {
            None => 0,
            Some((passages, _)) if !self.has_removed => u64::from(passages),
            Some((_, postings)) => postings.filter(|(place, _)| !self.dead.has(*place as usize)).count() as u64,
        }
    }

    /// The list of passages with a term, and their number.
    pub(crate) fn postings(&self, key: &[u8]) -> Option<(u32, Postings<'_>)> {
        match &self.content {
            Content::Segment(segment) => segment.postings(key),
            Content::Tail(tail) => tail.postings(key),
        }
    }

    pub(crate) fn with_prefix(&self, prefix: &[u8], take: &mut dyn FnMut(&[u8], u32)) {
        match &self.content {
            Content::Segment(segment) => segment.with_prefix(prefix, take),
            Content::Tail(tail) => tail.with_prefix(prefix, take),
        }
    }

    pub(crate) fn columns(&self) -> &Columns {
        match &self.content {
            Content::Segment(segment) => &segment.columns,
            Content::Tail(tail) => &tail.columns,
        }
    }

    pub(crate) fn first_no(&self) -> u32 {
        match &self.content {
            Content::Segment(segment) => segment.first_no,
            Content::Tail(tail) => tail.first_no,
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        let content = match &self.content {
            Content::Segment(segment) => segment.bytes(),
            Content::Tail(tail) => tail.bytes(),
        };
        content + self.dead.bytes()
    }
}
