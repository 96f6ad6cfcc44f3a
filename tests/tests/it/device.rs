//! A device that fails in the middle of a run: an error with a sentence, nothing that was written is lost, and the same
//! command ends with the same ledger and record.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use tailward_engine::Error;
use tailward_engine::failure::Cause;
use tailward_engine::run::{Setting, run};
use tailward_experiment::progress::Progress;
use tailward_experiment::record::Record;

use crate::fixture::{
    data_dir, run_inputs, smoke_definition, synthetic_manifest, tailward, timeless_ledger, timeless_record,
};

/// Runs `entropy-cb`, and panics as a device does where `fails` says so.
fn attempt(folder: &Path, fails: &dyn Fn(&Progress) -> Option<&'static str>) -> Result<Record, Error> {
    let definition = smoke_definition("entropy-cb", 0);
    let dataset = tailward_datasets::read(&synthetic_manifest(), data_dir()).unwrap();
    let inputs = run_inputs(Setting::new(&definition, dataset, data_dir()).unwrap(), folder);
    run(&definition, inputs, &mut |progress| {
        if let Some(words) = fails(&progress) {
            panic!("{words}");
        }
    })
}

#[test]
fn a_run_goes_on_after_its_device_failed_at_any_step() {
    let reference = tempfile::tempdir().unwrap();
    attempt(reference.path(), &|_| None).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let memory = "wgpu error: Out of Memory";
    let lost =
        "The device is poisoned\nCaused by:\n  CUDA_ERROR_ILLEGAL_ADDRESS\nBacktrace:\n  0: core::panic";
    type Fails = dyn Fn(&Progress) -> Option<&'static str>;
    let steps: [(&Fails, Cause, &str); 3] = [
        (
            &|it| matches!(it, Progress::Training { round: 0, epoch: 2, .. }).then_some(memory),
            Cause::OutOfMemory,
            "evaluating round 0 (batches of 20 images in training, of 500 in scoring)",
        ),
        (&|it| matches!(it, Progress::Queried(_)).then_some(lost), Cause::Lost, "query of round 0"),
        (
            &|it| matches!(it, Progress::Trained(it) if it.round == 1).then_some(memory),
            Cause::OutOfMemory,
            "round 1",
        ),
    ];
    for (fails, cause, words) in steps {
        let error = attempt(folder.path(), fails).unwrap_err();
        let Error::Device { failure, .. } = &error else { panic!("{error}") };
        assert_eq!(failure.cause, cause);
        assert_eq!(error.exit_code(), 6);
        let told = error.to_string();
        assert!(told.contains(words), "`{words}` is not in: {told}");
        assert!(!told.contains("core::panic") && !told.contains('\n'), "{told}");
    }
    attempt(folder.path(), &|_| None).unwrap();
    assert_eq!(timeless_record(folder.path()), timeless_record(reference.path()));
    assert_eq!(timeless_ledger(folder.path()), timeless_ledger(reference.path()));
}

#[test]
fn a_bug_in_a_run_is_no_failure_of_a_device() {
    let folder = tempfile::tempdir().unwrap();
    let bug = "every request is answered";
    let payload =
        catch_unwind(AssertUnwindSafe(|| attempt(folder.path(), &|_| Some(bug)).map(|_| ()))).unwrap_err();
    assert_eq!(payload.downcast_ref::<String>().map(String::as_str), Some(bug));
}

#[test]
fn a_processor_is_not_compared_with_itself() {
    let output = tailward().args(["check", "--backend", "flex"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("give cuda, wgpu, vulkan or metal"));
}
