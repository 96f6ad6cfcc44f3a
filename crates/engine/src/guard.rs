//! Work on a device that may fail: its panics become errors, bugs stay panics.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

use crate::Error;
use crate::failure::{Failure, Work};

/// A panic that was noted.
#[derive(Clone, Debug)]
struct Noted {
    thread: ThreadId,
    words: String,
    failure: Option<Failure>,
}

/// The panics of this process that no guard has answered for. A device's own thread goes on after a panic as if nothing had
/// happened, and what it was to compute stays uncomputed: nothing that was done meanwhile can be trusted.
static NOTED: Mutex<Vec<Noted>> = Mutex::new(Vec::new());

fn noted() -> MutexGuard<'static, Vec<Noted>> {
    NOTED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes what was noted after the first `before`.
fn since(before: usize) -> Vec<Noted> {
    let mut noted = noted();
    // A guard in another thread may have taken some.
    let from = before.min(noted.len());
    noted.split_off(from)
}

/// Notes panics from now on, also those of devices' own threads, and keeps quiet about devices that fail: an error says so
/// once. Any other panic is told as always. Call it once, at the start of the process.
pub fn watch() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let words = panic.payload_as_str().unwrap_or("no words").to_owned();
        let failure = Failure::in_words(&words);
        if failure.is_none() {
            usual(panic);
        }
        noted().push(Noted { thread: thread::current().id(), words, failure });
    }));
}

/// Leaves guarded work with an error, from the middle of what has no result to say it in: a batch that is gathered while a network
/// trains. Nothing is printed.
pub(crate) fn leave(error: Error) -> ! {
    resume_unwind(Box::new(error))
}

/// Does what `work` describes on a device.
///
/// It must not be gone on with after an error: what was changed in memory may be half done.
///
/// # Errors
///
/// Those of `task`, and what it left with; [`Error::Device`] if the device failed meanwhile.
///
/// # Panics
///
/// Where `task` does, for any other reason than a device. Where another thread did while [`watch`] was on: what `task`
/// returned cannot be trusted.
pub fn guarded<T>(work: &Work, task: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    // What happened before is not of this work.
    let before = noted().len();
    let result = catch_unwind(AssertUnwindSafe(task));
    let meanwhile = since(before);
    // The first failure is the cause of what comes after it.
    if let Some(failure) = meanwhile.iter().find_map(|noted| noted.failure.clone()) {
        return Err(Error::Device { work: work.clone(), failure });
    }
    match result {
        Err(payload) => match payload.downcast::<Error>() {
            Ok(error) => Err(*error),
            Err(payload) => match words(&*payload).and_then(Failure::in_words) {
                Some(failure) => Err(Error::Device { work: work.clone(), failure }),
                None => resume_unwind(payload),
            },
        },
        Ok(result) => match meanwhile.iter().find(|noted| noted.thread != thread::current().id()) {
            None => result,
            Some(Noted { words, .. }) => panic!(
                "a thread panicked while {}: {words}; what was computed meanwhile cannot be trusted",
                work.doing
            ),
        },
    }
}

/// The words of a panic.
fn words(payload: &(dyn Any + Send)) -> Option<&str> {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&'static str>().copied())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Cause;

    fn guard<T>(task: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
        let work = Work {
            device: "the wgpu device".to_owned(),
            doing: "training round 3 with batches of 128 images".to_owned(),
            afterwards: "The same command goes on.",
        };
        guarded(&work, task)
    }

    #[test]
    fn a_device_that_fails_is_an_error_with_a_sentence() {
        let error = guard::<()>(|| panic!("wgpu error: Out of Memory\n")).unwrap_err();
        assert_eq!(error.exit_code(), 6);
        let Error::Device { failure: Failure { cause, .. }, .. } = &error else { panic!("{error}") };
        assert_eq!(*cause, Cause::OutOfMemory);
        let words = error.to_string();
        for part in [
            "the wgpu device ran out of memory",
            "round 3",
            "128 images",
            "goes on",
            "wgpu error: Out of Memory",
        ] {
            assert!(words.contains(part), "`{part}` is not in: {words}");
        }
    }

    #[test]
    fn a_bug_stays_a_panic_with_its_words() {
        let bug = catch_unwind(AssertUnwindSafe(|| guard::<()>(|| panic!("one label for each image"))));
        assert_eq!(words(&*bug.unwrap_err()), Some("one label for each image"));
    }

    #[test]
    fn what_the_work_returns_comes_back() {
        assert_eq!(guard(|| Ok(7)).unwrap(), 7);
        let error = guard::<()>(|| leave(Error::Mismatch("it".to_owned()))).unwrap_err();
        assert!(matches!(error, Error::Mismatch(_)), "{error:?}");
        let error = guard::<()>(|| Err(Error::Mismatch("it".to_owned()))).unwrap_err();
        assert_eq!(error.exit_code(), 3);
    }
}
