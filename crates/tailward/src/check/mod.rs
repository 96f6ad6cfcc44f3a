//! `tailward check`: whether a GPU computes what the processor computes, how fast it is, and how it fails. The report is
//! Markdown on stdout, to be pasted into an issue.

mod parity;
mod speed;

use burn::tensor::{Device, Tensor};
use clap::Args;
use tailward_engine::device::{self, Backend};
use tailward_engine::failure::{Cause, Work};
use tailward_engine::guard::guarded;
use tailward_engine::host;

use crate::{Error, output};

/// Arguments of `tailward check`.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The backend that is checked (cuda, wgpu, vulkan or metal).
    #[arg(long)]
    backend: Backend,
    /// Only say which device it is, as JSON.
    #[arg(long)]
    device: bool,
}

/// Bytes of the tensor that no device has room for: 1 TiB.
const TOO_LARGE_BYTES: usize = 1 << 40;

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let backend = arguments.backend;
    if backend.is_deterministic() {
        let reason = format!("`{backend}` is what a GPU is compared with; give cuda, wgpu, vulkan or metal");
        return Err(Error::Usage(reason).into());
    }
    let device = backend.device()?;
    let reference = Backend::Flex.device()?;
    let opened = guarded(&work(backend, "being opened"), || Ok(device::name(&device)))?;
    let name = opened.unwrap_or_else(|| "a device without a name".to_owned());
    let software = device::is_software(&name);
    if arguments.device {
        let told = serde_json::json!({ "name": name, "software": software });
        return Ok(output::write(None, format!("{told}\n").as_bytes())?);
    }
    let mut check = Check { backend, device, reference, software, failed: 0 };
    check.say(&heading(backend, &name, check.software))?;
    check.parity()?;
    check.speed()?;
    check.too_large()?;
    if check.failed > 0 {
        anyhow::bail!("{} of the checks of {name} failed; the report says which", check.failed);
    }
    Ok(())
}

fn heading(backend: Backend, name: &str, software: bool) -> String {
    let host = host::describe(backend, crate::version::REVISION);
    let kind = if software { " (a processor that stands in for a GPU: its speed says nothing)" } else { "" };
    format!(
        "## {backend}: {name}{kind}\n\n\
         Tailward {} ({}), Burn {}; {} logical processors, {}, {}.\n\n",
        host.tailward, host.revision, host.burn, host.threads, host.processor, host.system
    )
}

fn work(backend: Backend, doing: &str) -> Work {
    Work { device: backend.device_words(), doing: doing.to_owned(), afterwards: "" }
}

/// A check in progress. What has been found is printed at once: a device that fails may take the process with it.
struct Check {
    backend: Backend,
    device: Device,
    reference: Device,
    software: bool,
    failed: usize,
}

impl Check {
    fn say(&self, words: &str) -> anyhow::Result<()> {
        Ok(output::write(None, words.as_bytes())?)
    }

    /// A last column of a table, and the count of what failed.
    fn verdict(&mut self, passed: bool) -> &'static str {
        self.failed += usize::from(!passed);
        if passed { "ok" } else { "**FAILED**" }
    }

    /// Does a part on the device. A device that fails fails this part, in its own words, and the next part is tried.
    fn part<T>(&mut self, doing: &str, task: impl FnOnce(&Self) -> T) -> anyhow::Result<Option<T>> {
        match guarded(&work(self.backend, doing), || Ok(task(self))) {
            Ok(found) => Ok(Some(found)),
            Err(error) => {
                self.failed += 1;
                self.say(&format!("**FAILED**: {error}\n\n"))?;
                Ok(None)
            }
        }
    }

    /// The same numbers as the processor's, within what rounding explains.
    fn parity(&mut self) -> anyhow::Result<()> {
        let doing = "comparing a tiny residual network with the processor";
        let Some(found) = self.part(doing, |it| parity::compare(&it.reference, &it.device))? else {
            return Ok(());
        };
        let allowed = parity::allowed(self.backend);
        let mut table = "A tiny residual network on the device and on the processor (`flex`), the same weights and images:\n\n\
                         | what | largest relative difference | allowed | |\n| --- | ---: | ---: | --- |\n"
            .to_owned();
        for (what, found, allowed) in [
            ("logits", found.logits, allowed.logits),
            ("gradients, each parameter's", found.gradients, allowed.gradients),
            ("losses of ten steps of SGD", found.losses, allowed.losses),
        ] {
            // A difference that is not a number is no agreement.
            let verdict = self.verdict(found <= allowed);
            table.push_str(&format!("| {what} | {found:.1e} | {allowed:.0e} | {verdict} |\n"));
        }
        self.say(&format!("{table}\n"))
    }

    /// Images a second of training in f32, and what the device's allocator holds after it.
    fn speed(&mut self) -> anyhow::Result<()> {
        let workloads = speed::workloads(self.software);
        self.say("| training, f32 | batch | steps | images/s | memory held after it |\n| --- | ---: | ---: | ---: | ---: |\n")?;
        for workload in &workloads {
            let doing = format!("training {} with batches of {} images", workload.name, workload.batch_size);
            let Some(found) = self.part(&doing, |it| speed::measure(workload, &it.device))? else { continue };
            let memory = found.held_bytes.map_or("not told".to_owned(), |it| format!("{} MiB", it >> 20));
            let rate = found.images_per_sec;
            let (name, batch, steps) = (workload.name, workload.batch_size, workload.steps);
            self.say(&format!("| {name} | {batch} | {steps} | {rate:.1} | {memory} |\n"))?;
        }
        self.say("\n")
    }

    /// A device without room says so, and goes on with what it has room for.
    fn too_large(&mut self) -> anyhow::Result<()> {
        let elements = TOO_LARGE_BYTES / size_of::<f32>();
        let asked = guarded(&work(self.backend, "asking for a tensor of 1 TiB"), || {
            Ok(Tensor::<1>::empty([elements], &self.device).into_data().num_elements())
        });
        let (refused, told) = match asked {
            Ok(_) => (false, "the device says that it has room for it".to_owned()),
            Err(tailward_engine::Error::Device { failure, .. }) => {
                (failure.cause == Cause::OutOfMemory, format!("the device {failure}: {}", failure.words))
            }
            Err(error) => (false, error.to_string()),
        };
        let verdict = self.verdict(refused);
        self.say(&format!("A tensor of 1 TiB is refused with an error: {verdict} ({told})\n\n"))?;
        let doing = "adding three numbers after an error";
        if let Some(sum) =
            self.part(doing, |it| Tensor::<1>::ones([3], &it.device).sum().into_scalar::<f32>())?
        {
            let verdict = self.verdict((sum - 3.0).abs() < f32::EPSILON);
            self.say(&format!("The device goes on after it: {verdict}\n"))?;
        }
        Ok(())
    }
}
