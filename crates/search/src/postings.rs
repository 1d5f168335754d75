//! The passages that have a term, as bytes: the difference to the one before, and how often the
//! passage has the term.
//!
//! Most passages have a term once, so one bit of the difference tells that, and the number follows
//! only for the others. The numbers are written seven bits to a byte.

/// Appends a number.
pub(crate) fn push_number(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// Reads a number and moves on. `None` at the end, or for bytes that are no number.
pub(crate) fn read_number(bytes: &[u8], at: &mut usize) -> Option<u64> {
    let (mut number, mut shift) = (0, 0);
    loop {
        let byte = *bytes.get(*at)?;
        *at += 1;
        number |= u64::from(byte & 0x7F) << shift;
        if byte < 0x80 {
            return Some(number);
        }
        shift += 7;
        if shift > 56 {
            return None;
        }
    }
}

/// A list of passages that grows at its end.
#[derive(Debug, Clone, Default)]
pub(crate) struct List {
    bytes: Vec<u8>,
    /// The number of passages.
    pub(crate) passages: u32,
    /// The first passage that may be next, for the difference.
    next: u32,
    /// The last passage: it may get the term again, so it is not in the bytes yet.
    last: Option<(u32, u32)>,
}

impl List {
    /// Counts a term once more for a passage, which is the last one or a later one.
    pub(crate) fn count(&mut self, passage: u32) {
        match &mut self.last {
            Some((last, times)) if *last == passage => *times += 1,
            _ => {
                self.write_last();
                self.last = Some((passage, 1));
                self.passages += 1;
            }
        }
    }

    /// Adds a passage with its number of times. It is a later one than all before.
    pub(crate) fn push(&mut self, passage: u32, times: u32) {
        self.write_last();
        self.last = Some((passage, times));
        self.passages += 1;
    }

    fn write_last(&mut self) {
        let Some((passage, times)) = self.last.take() else { return };
        let difference = u64::from(passage - self.next) << 1;
        push_number(&mut self.bytes, difference | u64::from(times > 1));
        if times > 1 {
            push_number(&mut self.bytes, u64::from(times));
        }
        self.next = passage + 1;
    }

    /// Ends the list.
    pub(crate) fn into_bytes(mut self) -> Vec<u8> {
        self.write_last();
        self.bytes
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes.capacity() + size_of::<Self>()
    }

    pub(crate) fn iter(&self) -> Postings<'_> {
        Postings { bytes: &self.bytes, at: 0, next: 0, last: self.last }
    }

    /// Empties the list, and keeps its room.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        (self.passages, self.next, self.last) = (0, 0, None);
    }

    /// The bytes of the whole list.
    pub(crate) fn finished(&mut self) -> &[u8] {
        self.write_last();
        &self.bytes
    }
}

/// The passages of a list, in order, each with how often it has the term.
pub(crate) struct Postings<'b> {
    bytes: &'b [u8],
    at: usize,
    next: u32,
    last: Option<(u32, u32)>,
}

impl<'b> Postings<'b> {
    pub(crate) fn of(bytes: &'b [u8]) -> Self {
        Self { bytes, at: 0, next: 0, last: None }
    }
}

impl Iterator for Postings<'_> {
    type Item = (u32, u32);

    #[inline]
    fn next(&mut self) -> Option<(u32, u32)> {
        if self.at >= self.bytes.len() {
            return self.last.take();
        }
        let number = read_number(self.bytes, &mut self.at)?;
        let times = match number & 1 {
            0 => 1,
            _ => u32::try_from(read_number(self.bytes, &mut self.at)?).ok()?,
        };
        let passage = self.next.checked_add(u32::try_from(number >> 1).ok()?)?;
        self.next = passage.checked_add(1)?;
        Some((passage, times))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_list_gives_back_what_was_put_in(steps in prop::collection::vec((0..1_000_u32, 1..5_u32), 0..60)) {
            let (mut list, mut passage, mut expected) = (List::default(), 0, Vec::new());
            for (step, times) in steps {
                passage += step + 1;
                (0..times).for_each(|_| list.count(passage));
                expected.push((passage, times));
                prop_assert_eq!(&list.iter().collect::<Vec<_>>(), &expected);
            }
            prop_assert_eq!(list.passages as usize, expected.len());
            let bytes = list.into_bytes();
            prop_assert_eq!(Postings::of(&bytes).collect::<Vec<_>>(), expected);
        }

        #[test]
        fn bytes_that_are_no_list_end(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(Postings::of(&bytes).count() <= bytes.len());
        }
    }
}
