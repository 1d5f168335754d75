//! The newest passages, in memory. When there are enough, they become a segment.

use std::collections::HashMap;

use crate::columns::Columns;
use crate::postings::{List, Postings};
use crate::segment;
use crate::term_field::TermField;
use crate::terms::{Splitter, folded};

/// A passage to be indexed.
#[derive(Debug, Clone)]
pub struct Passage<'t> {
    /// Its number.
    pub no: u32,
    /// The title, and the headings above the text.
    pub heading: &'t str,
    /// The text.
    pub body: &'t str,
    /// Compared as a whole, without case: `source:github`, `type:pull_request`.
    pub tags: &'t [String],
    /// The time of the event, in microseconds since 1970.
    pub occurred_at: i64,
    /// 0 to 100.
    pub significance: u8,
}

/// The newest passages.
pub struct Tail {
    pub(crate) first_no: u32,
    pub(crate) columns: Columns,
    lists: HashMap<Box<[u8]>, List, foldhash::fast::RandomState>,
    splitter: Splitter,
    /// The bytes of the terms and lists, roughly.
    size: usize,
}

impl Tail {
    /// An empty tail. Its first passage has this number, or a higher one.
    pub fn new(first_no: u32) -> Self {
        let (columns, lists) = (Columns::default(), HashMap::default());
        Self { first_no, columns, lists, splitter: Splitter::default(), size: 0 }
    }

    /// The number behind the last passage.
    pub fn next_no(&self) -> u32 {
        self.first_no + self.columns.len() as u32
    }

    /// Adds a passage. Its number must be higher than all before; others are left out.
    pub fn add(&mut self, passage: &Passage<'_>) {
        if passage.no < self.next_no() {
            return;
        }
        let place = (passage.no - self.first_no) as usize;
        self.columns.fill(place);
        let body = self.text(TermField::Body, passage.body, place as u32);
        let heading = self.text(TermField::Heading, passage.heading, place as u32);
        let mut key = Vec::new();
        for tag in passage.tags {
            TermField::Tag.write_key(&folded(tag), &mut key);
            self.size += count(&mut self.lists, &key, place as u32);
        }
        self.columns.push((body, heading), passage.significance.min(100), passage.occurred_at);
    }

    /// Lets the tail end before this number, if it ends earlier: the passages between are gone.
    pub fn fill(&mut self, next_no: u32) {
        if next_no > self.next_no() {
            self.columns.fill((next_no - self.first_no) as usize);
        }
    }

    /// Adds a text's terms. Returns the number of its words.
    fn text(&mut self, field: TermField, text: &str, place: u32) -> u32 {
        let (lists, size) = (&mut self.lists, &mut self.size);
        let mut key = Vec::new();
        self.splitter.split(text, &mut |term| {
            field.write_key(term.text, &mut key);
            *size += count(lists, &key, place);
        })
    }

    pub(crate) fn postings(&self, key: &[u8]) -> Option<(u32, Postings<'_>)> {
        self.lists.get(key).map(|list| (list.passages, list.iter()))
    }

    /// Gives each key that begins with `prefix` to `take`, with the number of its passages.
    pub(crate) fn with_prefix(&self, prefix: &[u8], take: &mut dyn FnMut(&[u8], u32)) {
        self.lists.iter().filter(|(key, _)| key.starts_with(prefix)).for_each(|(key, list)| take(key, list.passages));
    }

    pub(crate) fn bytes(&self) -> usize {
        self.size + self.columns.bytes()
    }

    /// All passages as the bytes of a segment.
    pub fn into_segment(self) -> Vec<u8> {
        let mut lists: Vec<(Box<[u8]>, List)> = self.lists.into_iter().collect();
        lists.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        let mut writer = segment::Writer::default();
        for (key, list) in lists {
            let passages = list.passages;
            writer.push(&key, passages, &list.into_bytes());
        }
        writer.finish(self.first_no, &self.columns)
    }
}

/// Counts a term for a passage. Returns the bytes that it took, roughly.
fn count(lists: &mut HashMap<Box<[u8]>, List, foldhash::fast::RandomState>, key: &[u8], place: u32) -> usize {
    if let Some(list) = lists.get_mut(key) {
        list.count(place);
        return 2;
    }
    let mut list = List::default();
    list.count(place);
    let size = key.len() + size_of::<(Box<[u8]>, List)>() * 2 + list.bytes();
    lists.insert(key.into(), list);
    size
}
