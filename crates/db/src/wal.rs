//! Reads SQLite's write-ahead log before SQLite does, to report commits that will be lost.
//!
//! SQLite reads the log up to the first frame with a wrong checksum, and silently drops the rest.
//! After a power cut this is right: a torn last commit was never acknowledged. But if an earlier
//! byte is damaged, acknowledged commits are dropped too. The two cases can be distinguished: every
//! commit is synced before the next one begins. So whole commits behind the damaged one were
//! acknowledged.
//!
//! The format: a header of 32 bytes, then frames of 24 bytes and a page. The checksum of a frame
//! continues the checksum of the frame before it, and its salts are those of the header. Frames of
//! an earlier round have other salts (<https://sqlite.org/fileformat2.html#walformat>).

use std::io::{BufReader, Read};
use std::path::Path;

const HEADER: usize = 32;
const FRAME: usize = 24;
/// The magic number. Its last bit is set if checksums are big-endian.
const MAGIC: u32 = 0x377f_0682;

/// The damage of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Damage {
    /// The header is damaged, so nothing in the log can be read.
    Header,
    /// Whole commits come after the damaged one.
    Frames {
        /// The acknowledged commits that are lost, besides the damaged one.
        commits: usize,
    },
}

/// Reads the log at `path`. Returns `None` if there is no log, or if at most its last commit is
/// damaged.
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

/// The number of whole commits after the one with the first damaged frame.
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
        // Use the stored checksum, not the computed one. So a frame after a damaged one can be
        // checked by itself.
        sum = stored(&frame, 16);
        let is_commit = number(&frame, 4) != 0;
        ends += usize::from(is_damaged && is_commit && is_of_this_round);
    }
    // The first of them ends the damaged commit itself, which may have been in progress.
    Ok(ends.saturating_sub(1))
}

/// Fills the buffer. Returns `false` if the log ends first.
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

/// The checksums of the log: two running sums over pairs of words.
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
