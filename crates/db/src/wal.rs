//! Reads SQLite's write-ahead log before SQLite does, to tell when commits in it are going to be lost.
//!
//! SQLite takes the log's frames up to the first whose checksum is wrong, and drops what follows without a word: a torn
//! last commit was never acknowledged, so that is right after a power cut. A damaged byte further in front, though, takes
//! acknowledged commits along. The two can be told apart: every commit is synced before the next one begins, so whole
//! commits behind the one that is damaged had been acknowledged.
//!
//! The format: a header of 32 bytes, then frames of 24 bytes and a page. A frame's checksum goes on from the frame before
//! it, and its salts are the header's; frames of an earlier round have others (<https://sqlite.org/fileformat2.html#walformat>).

use std::io::{BufReader, Read};
use std::path::Path;

const HEADER: usize = 32;
const FRAME: usize = 24;
/// The two magic numbers; the last bit says that checksums are big-endian.
const MAGIC: u32 = 0x377f_0682;

/// What a log has lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Damage {
    /// Its header cannot be read, so nothing in it can.
    Header,
    /// So many whole commits stand behind the damaged one.
    Frames {
        /// Commits that were acknowledged and are lost, besides the damaged one.
        commits: usize,
    },
}

/// Reads the log at `path`; nothing where there is none, or it is whole but for its last commit.
pub(crate) fn damage(path: &Path) -> std::io::Result<Option<Damage>> {
    match std::fs::File::open(path) {
        Ok(file) => read(BufReader::with_capacity(1 << 20, file)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn read(mut log: impl Read) -> std::io::Result<Option<Damage>> {
    let mut header = [0; HEADER];
    if !fill(&mut log, &mut header)? {
        return Ok(None);
    }
    let magic = number(&header, 0);
    let sums = Sums { is_big_endian: magic & 1 == 1 };
    let page = number(&header, 8) as usize;
    let sum = sums.over((0, 0), &header[..24]);
    let is_page = page.is_power_of_two() && (512..=65_536).contains(&page);
    if magic & !1 != MAGIC || !is_page || sum != stored(&header, 24) {
        return Ok(Some(Damage::Header));
    }
    let commits = commits_behind_damage(&mut log, sums, &header, page)?;
    Ok((commits > 0).then_some(Damage::Frames { commits }))
}

/// How many whole commits stand behind the one that has the first damaged frame.
fn commits_behind_damage(
    log: &mut impl Read,
    sums: Sums,
    header: &[u8; HEADER],
    page: usize,
) -> std::io::Result<usize> {
    let mut frame = vec![0; FRAME + page];
    let mut sum = stored(header, 24);
    let (mut is_damaged, mut ends) = (false, 0_usize);
    while fill(log, &mut frame)? {
        let is_of_this_round = frame[8..16] == header[16..24];
        let reached = sums.over(sums.over(sum, &frame[..8]), &frame[FRAME..]);
        let is_whole = is_of_this_round && reached == stored(&frame, 16);
        is_damaged |= !is_whole;
        // The checksum that is stored, not the one that was found: so a frame behind a damaged one can be judged by itself.
        sum = stored(&frame, 16);
        let is_commit = number(&frame, 4) != 0;
        ends += usize::from(is_damaged && is_commit && is_of_this_round);
    }
    // The first of them ends the damaged commit itself, which may have been under way.
    Ok(ends.saturating_sub(1))
}

/// Fills the buffer; `false` where the log ends before.
fn fill(log: &mut impl Read, buffer: &mut [u8]) -> std::io::Result<bool> {
    match log.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

fn number(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

fn stored(bytes: &[u8], at: usize) -> (u32, u32) {
    (number(bytes, at), number(bytes, at + 4))
}

/// The log's checksums: two running sums over pairs of words.
#[derive(Clone, Copy)]
struct Sums {
    is_big_endian: bool,
}

impl Sums {
    fn over(self, (mut first, mut second): (u32, u32), bytes: &[u8]) -> (u32, u32) {
        let word = |part: &[u8]| {
            let part = [part[0], part[1], part[2], part[3]];
            if self.is_big_endian { u32::from_be_bytes(part) } else { u32::from_le_bytes(part) }
        };
        for pair in bytes.chunks_exact(8) {
            first = first.wrapping_add(word(&pair[..4])).wrapping_add(second);
            second = second.wrapping_add(word(&pair[4..])).wrapping_add(first);
        }
        (first, second)
    }
}

#[cfg(test)]
mod tests;
