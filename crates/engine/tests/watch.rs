//! A device's own thread that panics tells nobody. One test alone in its process, for the panics of a process are noted
//! together.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tailward_engine::Error;
use tailward_engine::failure::Work;
use tailward_engine::guard::{guarded, watch};

/// Does what a device's thread does: it panics, and what was asked of it returns as if nothing had happened.
fn quietly(words: &'static str) -> Result<u32, Error> {
    // The join's error is dropped, as cubecl does with work that nobody waits for.
    let _ = std::thread::spawn(move || panic!("{words}")).join();
    Ok(7)
}

#[test]
fn what_another_thread_says_counts() {
    watch();
    let work = Work { device: "the device".to_owned(), doing: "adding".to_owned(), afterwards: "" };
    let error = guarded(&work, || quietly("wgpu error: Out of Memory")).unwrap_err();
    assert!(matches!(error, Error::Device { .. }), "{error}");

    // The cause, not what it led to.
    let error = guarded::<u32>(&work, || {
        quietly("CUDA_ERROR_ILLEGAL_ADDRESS")?;
        panic!("called `Option::unwrap()` on a `None` value")
    });
    assert!(error.unwrap_err().to_string().contains("CUDA_ERROR_ILLEGAL_ADDRESS"));

    // A bug in another thread is one all the same.
    let payload =
        catch_unwind(AssertUnwindSafe(|| guarded(&work, || quietly("index out of bounds")))).unwrap_err();
    let words = payload.downcast_ref::<String>().unwrap();
    assert!(words.contains("a thread panicked while adding: index out of bounds"), "{words}");

    // What is over is over.
    assert_eq!(guarded(&work, || Ok(7)).unwrap(), 7);
}
