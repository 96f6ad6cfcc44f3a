//! A budget of memory that several threads share.

use std::sync::{Condvar, Mutex, PoisonError};

/// So many bytes that may be in use at a time.
#[derive(Debug)]
pub(super) struct Memory {
    free: Mutex<u64>,
    given_back: Condvar,
    whole: u64,
}

impl Memory {
    pub(super) fn new(bytes: u64) -> Self {
        Self { free: Mutex::new(bytes), given_back: Condvar::new(), whole: bytes }
    }

    /// Runs something that needs so many bytes as soon as they are free. What needs more than there is waits until it is
    /// alone.
    pub(super) fn with<T>(&self, bytes: u64, run: impl FnOnce() -> T) -> T {
        let held = Held { memory: self, bytes: bytes.min(self.whole) };
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        while *free < held.bytes {
            free = self.given_back.wait(free).unwrap_or_else(PoisonError::into_inner);
        }
        *free -= held.bytes;
        drop(free);
        let _held = held;
        run()
    }
}

/// Gives the bytes back however it ends.
struct Held<'a> {
    memory: &'a Memory,
    bytes: u64,
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        *self.memory.free.lock().unwrap_or_else(PoisonError::into_inner) += self.bytes;
        self.memory.given_back.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[test]
    fn no_more_is_in_use_than_there_is() {
        let memory = Memory::new(10);
        let (now, most) = (AtomicU64::new(0), AtomicU64::new(0));
        std::thread::scope(|scope| {
            for need in [3, 4, 5, 20, 3, 4, 5, 6] {
                let (memory, now, most) = (&memory, &now, &most);
                scope.spawn(move || {
                    for _ in 0..50 {
                        memory.with(need, || {
                            let counted = need.min(10);
                            most.fetch_max(
                                now.fetch_add(counted, Ordering::SeqCst) + counted,
                                Ordering::SeqCst,
                            );
                            now.fetch_sub(counted, Ordering::SeqCst);
                        });
                    }
                });
            }
        });
        assert!(most.load(Ordering::SeqCst) <= 10);
        assert_eq!(*memory.free.lock().unwrap(), 10);
    }

    #[test]
    fn what_panics_gives_its_bytes_back() {
        let memory = Memory::new(4);
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            memory.with(4, || panic!("on purpose"))
        }));
        assert!(panicked.is_err());
        assert_eq!(memory.with(4, || 7), 7);
    }
}
