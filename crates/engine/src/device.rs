//! Backends: the one file that looks at the features.

use std::fmt;
use std::str::FromStr;

use burn::tensor::Device;

use crate::Error;

/// A backend of Burn. Which of them a binary has is decided by the features it was built with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// NVIDIA GPUs.
    Cuda,
    /// GPUs through WebGPU.
    Wgpu,
    /// GPUs through Vulkan.
    Vulkan,
    /// Apple GPUs.
    Metal,
    /// CPUs: pure Rust with SIMD.
    Flex,
    /// CPUs: what the unit tests run on; slow for convolutions.
    Ndarray,
}

impl fmt::Display for Backend {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Cuda => "cuda",
            Self::Wgpu => "wgpu",
            Self::Vulkan => "vulkan",
            Self::Metal => "metal",
            Self::Flex => "flex",
            Self::Ndarray => "ndarray",
        })
    }
}

impl FromStr for Backend {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let known = Self::ALL.into_iter().find(|backend| backend.to_string() == text);
        known.ok_or_else(|| Error::UnknownBackend { wanted: text.to_owned(), known: names(&Self::ALL) })
    }
}

/// Names of backends, for a message.
fn names(backends: &[Backend]) -> String {
    backends.iter().map(Backend::to_string).collect::<Vec<_>>().join(", ")
}

impl Backend {
    /// Every backend that there can be.
    pub const ALL: [Self; 6] = [Self::Cuda, Self::Wgpu, Self::Vulkan, Self::Metal, Self::Flex, Self::Ndarray];

    /// The backends of this binary, the preferred one first.
    pub fn compiled() -> Vec<Self> {
        let mut compiled = Vec::new();
        if cfg!(feature = "cuda") {
            compiled.push(Self::Cuda);
        }
        if cfg!(feature = "metal") {
            compiled.push(Self::Metal);
        }
        if cfg!(feature = "vulkan") {
            compiled.push(Self::Vulkan);
        }
        if cfg!(feature = "wgpu-plain") {
            compiled.push(Self::Wgpu);
        }
        if cfg!(feature = "flex") {
            compiled.push(Self::Flex);
        }
        if cfg!(feature = "ndarray") {
            compiled.push(Self::Ndarray);
        }
        compiled
    }

    /// The first backend of this binary.
    ///
    /// # Errors
    ///
    /// The binary was built without any.
    pub fn preferred() -> Result<Self, Error> {
        let none = || Error::Backend { wanted: "flex".to_owned(), compiled: "none".to_owned() };
        Self::compiled().first().copied().ok_or_else(none)
    }

    /// What a sentence calls a device of this backend.
    pub fn device_words(self) -> String {
        match self {
            Self::Flex | Self::Ndarray => format!("the processor (`{self}`)"),
            Self::Cuda | Self::Wgpu | Self::Vulkan | Self::Metal => format!("the {self} device"),
        }
    }

    /// Whether a run on this backend repeats bit for bit.
    pub fn is_deterministic(self) -> bool {
        matches!(self, Self::Flex | Self::Ndarray)
    }

    /// The backend's default device, without automatic differentiation.
    ///
    /// # Errors
    ///
    /// The binary was built without this backend.
    pub fn device(self) -> Result<Device, Error> {
        match self {
            #[cfg(feature = "cuda")]
            Self::Cuda => Ok(Device::cuda(burn::tensor::DeviceIndex::Default)),
            #[cfg(feature = "wgpu-plain")]
            Self::Wgpu => Ok(Device::wgpu(burn::tensor::DeviceKind::DefaultDevice)),
            #[cfg(feature = "vulkan")]
            Self::Vulkan => Ok(Device::vulkan(burn::tensor::DeviceKind::DefaultDevice)),
            #[cfg(feature = "metal")]
            Self::Metal => Ok(Device::metal(burn::tensor::DeviceKind::DefaultDevice)),
            #[cfg(feature = "flex")]
            Self::Flex => Ok(Device::flex()),
            #[cfg(feature = "ndarray")]
            Self::Ndarray => Ok(ndarray_device()),
            #[cfg(not(all(
                feature = "cuda",
                feature = "wgpu-plain",
                feature = "vulkan",
                feature = "metal",
                feature = "flex",
                feature = "ndarray"
            )))]
            wanted => Err(Error::Backend { wanted: wanted.to_string(), compiled: names(&Self::compiled()) }),
        }
    }
}

/// What a device calls itself, where its backend tells. Opens the device.
#[cfg(any(feature = "cuda", feature = "wgpu-plain", feature = "vulkan", feature = "metal"))]
pub fn name(device: &Device) -> Option<String> {
    device.identity().map(|identity| identity.name)
}

/// What a device calls itself: processors do not.
#[cfg(not(any(feature = "cuda", feature = "wgpu-plain", feature = "vulkan", feature = "metal")))]
pub fn name(_device: &Device) -> Option<String> {
    None
}

/// Whether a device of this name is a processor that stands in for a GPU: its answers count, its speed does not.
pub fn is_software(name: &str) -> bool {
    let name = name.to_lowercase();
    ["swiftshader", "llvmpipe", "lavapipe", "softpipe", "basic render"].iter().any(|it| name.contains(it))
}

#[cfg(feature = "ndarray")]
#[expect(deprecated, reason = "Burn 0.22 is the last release with this backend; the pin is in Cargo.toml")]
fn ndarray_device() -> Device {
    Device::ndarray()
}
