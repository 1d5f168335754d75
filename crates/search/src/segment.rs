//! A part of an index that does not change any more, in one piece of bytes.
//!
//! ```text
//! "CSEG" · format u16 · 0 u16 · checksum u32 of the rest
//! first passage u32 · passages u32 · blocks u32 · bytes of the dictionary u32
//! columns · for each block: its place in the dictionary u32, and in the lists u32
//! dictionary · lists
//! ```
//!
//! The dictionary has all terms in order, in blocks of sixteen. A term is written as the number of
//! bytes that it shares with the one before, and the others; then the number of its passages, and
//! the bytes of its list. All numbers are little-endian.

use crate::FORMAT;
use crate::bits::Bits;
use crate::columns::Columns;
use crate::damaged::Damaged;
use crate::postings::{List, Postings, push_number, read_number};

const MAGIC: &[u8; 4] = b"CSEG";
const HEADER: usize = 12 + 16;
/// The terms of a block: found by its first term, then one after the other.
const BLOCK: usize = 16;

/// An immutable part of an index.
pub struct Segment {
    pub(crate) first_no: u32,
    pub(crate) columns: Columns,
    /// For each block its place in the dictionary and in the lists.
    blocks: Vec<(u32, u32)>,
    /// The dictionary, then the lists.
    data: Vec<u8>,
    dictionary: usize,
}

impl Segment {
    /// Reads a segment.
    ///
    /// # Errors
    /// When the bytes are of another format, cut off, or changed.
    pub fn read(bytes: &[u8]) -> Result<Self, Damaged> {
        if bytes.len() < HEADER || &bytes[..4] != MAGIC {
            return Err(Damaged("it does not begin as one"));
        }
        let number = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"));
        if bytes[4..6] != FORMAT.to_le_bytes() {
            return Err(Damaged("it has another format"));
        }
        if crc32fast::hash(&bytes[12..]) != number(8) {
            return Err(Damaged("its checksum differs"));
        }
        let (first_no, passages) = (number(12), number(16) as usize);
        let (blocks, dictionary) = (number(20) as usize, number(24) as usize);
        let (columns, rest) = Columns::read(&bytes[HEADER..], passages)?;
        if blocks.checked_mul(8).and_then(|size| size.checked_add(dictionary)).is_none_or(|size| size > rest.len()) {
            return Err(Damaged("its dictionary is cut off"));
        }
        let (places, data) = rest.split_at(blocks * 8);
        let place = |chunk: &[u8]| u32::from_le_bytes(chunk.try_into().expect("chunks have four bytes"));
        let blocks: Vec<(u32, u32)> =
            places.chunks_exact(8).map(|pair| (place(&pair[..4]), place(&pair[4..]))).collect();
        if blocks.iter().any(|(term, list)| *term as usize >= dictionary || *list as usize > data.len() - dictionary) {
            return Err(Damaged("a block lies outside"));
        }
        Ok(Self { first_no, columns, blocks, data: data.to_vec(), dictionary })
    }

    /// The number of its first passage.
    pub fn first_no(&self) -> u32 {
        self.first_no
    }

    /// The number behind its last passage.
    pub fn next_no(&self) -> u32 {
        self.first_no.saturating_add(self.columns.len() as u32)
    }

    /// The bytes that it takes in memory.
    pub fn bytes(&self) -> usize {
        self.data.capacity() + self.blocks.capacity() * 8 + self.columns.bytes()
    }

    pub(crate) fn postings(&self, key: &[u8]) -> Option<(u32, Postings<'_>)> {
        let after = self.blocks.partition_point(|(place, _)| self.first_term(*place) <= key);
        let mut terms = self.block(after.checked_sub(1)?);
        while terms.next() {
            match terms.key.as_slice().cmp(key) {
                std::cmp::Ordering::Less => {}
                std::cmp::Ordering::Equal => return Some((terms.passages, Postings::of(terms.list))),
                std::cmp::Ordering::Greater => return None,
            }
        }
        None
    }

    /// The first term of the block at a place of the dictionary. It shares nothing.
    fn first_term(&self, place: u32) -> &[u8] {
        let mut at = place as usize;
        let dictionary = &self.data[..self.dictionary];
        let len = read_number(dictionary, &mut at).and_then(|_| read_number(dictionary, &mut at));
        len.and_then(|len| dictionary.get(at..at.checked_add(usize::try_from(len).ok()?)?)).unwrap_or_default()
    }

    /// Gives each key that begins with `prefix` to `take`, with the number of its passages.
    pub(crate) fn with_prefix(&self, prefix: &[u8], take: &mut dyn FnMut(&[u8], u32)) {
        let first = self.blocks.partition_point(|(place, _)| self.first_term(*place) < prefix).saturating_sub(1);
        for n in first..self.blocks.len() {
            let mut terms = self.block(n);
            while terms.next() {
                match terms.key.starts_with(prefix) {
                    true => take(&terms.key, terms.passages),
                    false if terms.key.as_slice() > prefix => return,
                    false => {}
                }
            }
        }
    }

    fn block(&self, n: usize) -> Terms<'_> {
        let (from, lists) = self.blocks[n];
        let until = self.blocks.get(n + 1).map_or(self.dictionary, |(place, _)| *place as usize);
        let dictionary = self.data[..self.dictionary].get(from as usize..until).unwrap_or_default();
        let lists = &self.data[self.dictionary + lists as usize..];
        Terms { dictionary, lists, at: 0, list_at: 0, key: Vec::new(), passages: 0, list: &[] }
    }

    /// All terms in order.
    fn terms(&self) -> Terms<'_> {
        let (dictionary, lists) = self.data.split_at(self.dictionary);
        Terms { dictionary, lists, at: 0, list_at: 0, key: Vec::new(), passages: 0, list: &[] }
    }

    /// One segment of several, which follow each other, without the passages that are gone.
    pub(crate) fn merged(parts: &[(&Segment, &Bits)]) -> Vec<u8> {
        let first_no = parts.first().map_or(0, |(segment, _)| segment.first_no);
        let mut columns = Columns::default();
        for (segment, dead) in parts {
            columns.fill((segment.first_no - first_no) as usize);
            for place in 0..segment.columns.len() {
                match dead.has(place) {
                    true => columns.fill(columns.len() + 1),
                    false => columns.copy(&segment.columns, place),
                }
            }
        }
        let mut cursors: Vec<_> = parts.iter().map(|(segment, dead)| (*segment, *dead, segment.terms())).collect();
        cursors.retain_mut(|(_, _, terms)| terms.next());
        let (mut writer, mut list) = (Writer::default(), List::default());
        while let Some(key) = cursors.iter().map(|(_, _, terms)| &terms.key).min().cloned() {
            list.clear();
            cursors.retain_mut(|(segment, dead, terms)| {
                if terms.key != key {
                    return true;
                }
                let offset = segment.first_no - first_no;
                for (place, times) in Postings::of(terms.list).filter(|(place, _)| !dead.has(*place as usize)) {
                    list.push(offset + place, times);
                }
                terms.next()
            });
            if list.passages > 0 {
                let passages = list.passages;
                writer.push(&key, passages, list.finished());
            }
        }
        writer.finish(first_no, &columns)
    }
}

/// Goes through the terms of a dictionary.
struct Terms<'s> {
    dictionary: &'s [u8],
    lists: &'s [u8],
    at: usize,
    list_at: usize,
    key: Vec<u8>,
    passages: u32,
    list: &'s [u8],
}

impl Terms<'_> {
    /// Goes to the next term. False at the end, or where the dictionary is no dictionary.
    fn next(&mut self) -> bool {
        self.step().is_some()
    }

    fn step(&mut self) -> Option<()> {
        let mut number = || read_number(self.dictionary, &mut self.at).and_then(|number| usize::try_from(number).ok());
        let (shared, rest) = (number()?, number()?);
        let written = self.dictionary.get(self.at..self.at.checked_add(rest)?)?;
        self.key.truncate(shared);
        self.key.extend(written);
        self.at += rest;
        let mut number = || read_number(self.dictionary, &mut self.at).and_then(|number| usize::try_from(number).ok());
        let (passages, bytes) = (number()?, number()?);
        self.passages = u32::try_from(passages).ok()?;
        let until = self.list_at.checked_add(bytes)?;
        self.list = self.lists.get(self.list_at..until)?;
        self.list_at = until;
        Some(())
    }
}

/// Writes a segment, term by term in order.
#[derive(Default)]
pub(crate) struct Writer {
    dictionary: Vec<u8>,
    lists: Vec<u8>,
    blocks: Vec<(u32, u32)>,
    terms: usize,
    before: Vec<u8>,
}

impl Writer {
    pub(crate) fn push(&mut self, key: &[u8], passages: u32, list: &[u8]) {
        let shared = match self.terms.is_multiple_of(BLOCK) {
            true => {
                self.blocks.push((self.dictionary.len() as u32, self.lists.len() as u32));
                0
            }
            false => self.before.iter().zip(key).take_while(|(one, other)| one == other).count(),
        };
        self.terms += 1;
        push_number(&mut self.dictionary, shared as u64);
        push_number(&mut self.dictionary, (key.len() - shared) as u64);
        self.dictionary.extend(&key[shared..]);
        push_number(&mut self.dictionary, u64::from(passages));
        push_number(&mut self.dictionary, list.len() as u64);
        self.lists.extend(list);
        self.before.clear();
        self.before.extend(key);
    }

    pub(crate) fn finish(self, first_no: u32, columns: &Columns) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER + self.dictionary.len() + self.lists.len() + columns.len() * 12);
        bytes.extend(MAGIC);
        bytes.extend(FORMAT.to_le_bytes());
        bytes.extend([0; 6]);
        for number in [first_no, columns.len() as u32, self.blocks.len() as u32, self.dictionary.len() as u32] {
            bytes.extend(number.to_le_bytes());
        }
        columns.write(&mut bytes);
        for (term, list) in &self.blocks {
            bytes.extend(term.to_le_bytes());
            bytes.extend(list.to_le_bytes());
        }
        bytes.extend(&self.dictionary);
        bytes.extend(&self.lists);
        let checksum = crc32fast::hash(&bytes[12..]);
        bytes[8..12].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }
}
