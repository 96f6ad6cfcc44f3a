//! Memory that is used again: a fresh allocation of the size of a layer's activations costs page faults and zero-filling each
//! time, a tenth of a training step.

use std::collections::VecDeque;
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Floats from one address that whole vectors are best read from, 64 bytes, to the next.
const ALIGNMENT: usize = 16;

/// Floats that are never too many to hold: 64 MiB, a few layers of a small network's batch. Where as little as this is given back,
/// layer after layer, none finds what it left in the batch before.
const KEPT: usize = 16 << 20;

static POOL: Mutex<Pool> =
    Mutex::new(Pool { free: VecDeque::new(), free_len: 0, used: 0, peak: 0, kept: KEPT });

/// Floats from an address that is a multiple of 64. When it is dropped, its memory waits for the next buffer of about this
/// size.
pub struct Buffer {
    memory: Vec<f32>,
    start: usize,
    len: usize,
}

/// What is kept.
struct Pool {
    /// What nobody uses now, the longest unused first.
    free: VecDeque<Vec<f32>>,
    /// Floats of that.
    free_len: usize,
    /// Floats that are in use.
    used: usize,
    /// The most that were in use at once.
    peak: usize,
    /// Floats that are held, in use or not, whatever was needed at once.
    kept: usize,
}

impl Pool {
    /// Memory of exactly this length, if there is some.
    fn take(&mut self, len: usize) -> Option<Vec<f32>> {
        // The one that was freed last is nearest to the processor.
        let place = self.free.iter().rposition(|memory| memory.len() == len)?;
        let memory = self.free.remove(place)?;
        self.free_len -= len;
        Some(memory)
    }

    fn count(&mut self, len: usize) {
        self.used += len;
        self.peak = self.peak.max(self.used);
    }

    /// Gives memory back to the system where twice as much is held as was ever needed at once, and more than is always kept:
    /// layers of different sizes follow each other, and each leaves memory that the next cannot use.
    fn shrink(&mut self) -> Vec<Vec<f32>> {
        let mut gone = Vec::new();
        while self.used + self.free_len > self.kept.max(2 * self.peak) {
            let Some(memory) = self.free.pop_front() else { break };
            self.free_len -= memory.len();
            gone.push(memory);
        }
        gone
    }
}

impl Buffer {
    /// A buffer whose content is whatever was there before: who takes it writes all of it.
    pub(crate) fn take(len: usize) -> Self {
        // Lengths come in eighths of a power of two, so that those that differ a little share their memory.
        let wanted = len + ALIGNMENT;
        let wanted = wanted.next_multiple_of((wanted.next_power_of_two() / 16).max(1));
        let mut pool = lock();
        let found = pool.take(wanted);
        pool.count(wanted);
        let gone = pool.shrink();
        drop(pool);
        drop(gone);
        let memory = found.unwrap_or_else(|| vec![0.0; wanted]);
        let start = memory.as_ptr().align_offset(4 * ALIGNMENT);
        // `align_offset` may give up; what is read from here is then slower and no less right.
        let start = if start < ALIGNMENT { start } else { 0 };
        Self { memory, start, len }
    }

    /// A buffer of zeros.
    pub(crate) fn zeros(len: usize) -> Self {
        let mut buffer = Self::take(len);
        buffer.fill(0.0);
        buffer
    }
}

impl Deref for Buffer {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.memory[self.start..self.start + self.len]
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.memory[self.start..self.start + self.len]
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        bytemuck::cast_slice(self)
    }
}

impl fmt::Debug for Buffer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.iter()).finish()
    }
}

impl PartialEq for Buffer {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let memory = std::mem::take(&mut self.memory);
        let mut pool = lock();
        pool.used -= memory.len();
        pool.free_len += memory.len();
        pool.free.push_back(memory);
        let gone = pool.shrink();
        drop(pool);
        drop(gone);
    }
}

fn lock() -> MutexGuard<'static, Pool> {
    // Nothing that runs while the lock is held can panic half-way through a change.
    POOL.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_begins_where_vectors_are_best_read_from() {
        for len in [0, 1, 63, 1000, 70_001] {
            let buffer = Buffer::zeros(len);
            assert_eq!(buffer.len(), len);
            assert!(buffer.is_empty() || buffer.as_ptr().align_offset(64) == 0, "{len}");
            assert_eq!(AsRef::<[u8]>::as_ref(&buffer).len(), 4 * len);
        }
    }

    #[test]
    fn memory_is_taken_again_and_not_hoarded() {
        let mut pool = Pool { free: VecDeque::new(), free_len: 0, used: 0, peak: 0, kept: 0 };
        pool.count(100);
        pool.used -= 100;
        pool.free_len += 100;
        pool.free.push_back(vec![0.0; 100]);
        assert!(pool.shrink().is_empty(), "as much as was in use may wait");
        assert!(pool.take(90).is_none(), "another length");
        // Two more lengths: all together are more than twice what was ever in use.
        pool.count(40);
        assert!(pool.shrink().is_empty());
        pool.count(70);
        assert!(pool.shrink().is_empty());
        pool.used -= 70;
        pool.free_len += 70;
        pool.free.push_back(vec![0.0; 70]);
        assert!(pool.shrink().is_empty(), "210 of 220");
        pool.count(20);
        assert_eq!(pool.shrink().len(), 1, "the longest unused");
        assert_eq!((pool.free_len, pool.used, pool.peak), (70, 60, 110));
        pool.kept = 270;
        pool.free_len += 140;
        pool.free.push_back(vec![0.0; 140]);
        assert!(pool.shrink().is_empty(), "no more than is always kept");
        pool.kept = 269;
        assert_eq!(pool.shrink().len(), 1);
    }
}
