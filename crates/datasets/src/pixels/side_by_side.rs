//! Many images made at once, on all cores, into one array.

use std::num::NonZeroUsize;
use std::panic::resume_unwind;
use std::thread;

use crate::error::Result;
use crate::images::ImageShape;

/// The threads that this process may use. How many they are changes nothing but the time it takes, so that not knowing
/// is no error.
pub(crate) fn threads() -> NonZeroUsize {
    thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

/// The pixels of one image for every item, in their order: `[items, channels, height, width]`. `make` writes an image into
/// its place. The result does not depend on the number of threads.
///
/// # Errors
/// The error of the first item, in their order, that has one.
pub(crate) fn make<T: Sync>(
    threads: NonZeroUsize,
    items: &[T],
    shape: ImageShape,
    make: impl Fn(&T, &mut [u8]) -> Result<()> + Sync,
) -> Result<Vec<u8>> {
    let mut pixels = vec![0; items.len() * shape.len()];
    make_into(threads, items, shape, &mut pixels, make)?;
    Ok(pixels)
}

/// As [`make`], into memory that is there.
///
/// # Errors
/// The error of the first item, in their order, that has one.
///
/// # Panics
/// When `pixels` has not the room of as many images.
pub(crate) fn make_into<T: Sync>(
    threads: NonZeroUsize,
    items: &[T],
    shape: ImageShape,
    pixels: &mut [u8],
    make: impl Fn(&T, &mut [u8]) -> Result<()> + Sync,
) -> Result<()> {
    assert_eq!(pixels.len(), items.len() * shape.len(), "{} images of {shape:?}", items.len());
    let share = items.len().div_ceil(threads.get()).max(1);
    let make = &make;
    let outcomes: Vec<Result<()>> = thread::scope(|scope| {
        let shares = items.chunks(share).zip(pixels.chunks_mut(share * shape.len()));
        let workers: Vec<_> = shares
            .map(|(items, pixels)| {
                scope.spawn(move || {
                    let mut each = items.iter().zip(pixels.chunks_exact_mut(shape.len()));
                    each.try_for_each(|(item, into)| make(item, into))
                })
            })
            .collect();
        workers.into_iter().map(|worker| worker.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
    });
    outcomes.into_iter().collect()
}

/// Does the same on each of so many threads, which share out the work themselves.
///
/// # Errors
/// The error of the first thread that has one.
pub(crate) fn on_each(threads: NonZeroUsize, work: impl Fn() -> Result<()> + Sync) -> Result<()> {
    let outcomes: Vec<Result<()>> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.get()).map(|_| scope.spawn(&work)).collect();
        workers.into_iter().map(|worker| worker.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
    });
    outcomes.into_iter().collect()
}
