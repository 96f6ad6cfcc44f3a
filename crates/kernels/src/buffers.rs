//! Memory that is used again: working copies live as long as one call, and a fresh one would cost page faults and
//! zero-filling each time.

use std::ops::{Deref, DerefMut};
use std::sync::Mutex;

/// Buffers that nobody uses now.
static FREE: Mutex<Vec<Vec<f32>>> = Mutex::new(Vec::new());

/// More than are in use at once in one call.
const KEPT: usize = 16;

/// Floats from one address that whole vectors can be read from, 64 bytes, to the next.
const ALIGNMENT: usize = 16;

/// A working copy of a number of floats, from an address that is a multiple of 64. Its content is whatever was there before.
#[derive(Debug)]
pub(crate) struct Buffer {
    memory: Vec<f32>,
    start: usize,
    len: usize,
}

impl Buffer {
    pub(crate) fn take(len: usize) -> Self {
        let wanted = len + ALIGNMENT;
        let found = {
            let mut free = lock();
            // The smallest that is large enough; else the largest, which then grows.
            let fitting = (0..free.len()).filter(|&index| free[index].len() >= wanted);
            let chosen = fitting
                .min_by_key(|&index| free[index].len())
                .or_else(|| (0..free.len()).max_by_key(|&index| free[index].len()));
            chosen.map(|index| free.swap_remove(index))
        };
        let mut memory = found.unwrap_or_default();
        if memory.len() < wanted {
            // A fresh one is zeroed by the system; growing would copy what nobody reads.
            memory = vec![0.0; wanted];
        }
        let start = memory.as_ptr().align_offset(64);
        // `align_offset` may give up; what is read from here is then slower and no less right.
        let start = if start < ALIGNMENT { start } else { 0 };
        Self { memory, start, len }
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

impl Drop for Buffer {
    fn drop(&mut self) {
        let mut free = lock();
        if free.len() < KEPT {
            free.push(std::mem::take(&mut self.memory));
        }
    }
}

fn lock() -> std::sync::MutexGuard<'static, Vec<Vec<f32>>> {
    // Whoever panicked while holding the list left it whole: a push or a removal.
    FREE.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
