//! Which vector instructions a kernel uses; chosen at run time.

use std::fmt;

use pulp::{Scalar128b, Simd, WithSimd};

/// A set of vector instructions.
///
/// Sums over channels and pixels run in the same order in each of them; what differs is whether a product and its addition
/// are rounded together (AVX-512 and AVX2 do) or apart ([`Plain`](Self::Plain)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lanes {
    /// Sixteen `f32` at a time (x86-64-v4).
    Avx512,
    /// Eight `f32` at a time (x86-64-v3).
    Avx2,
    /// Four `f32` at a time, written in plain Rust: any processor, with what the compiler makes of it.
    Plain,
}

impl Lanes {
    /// All there are, the widest first.
    pub const ALL: [Self; 3] = [Self::Avx512, Self::Avx2, Self::Plain];

    /// The widest that this processor has.
    pub fn detect() -> Self {
        let found = Self::ALL.into_iter().find(|lanes| lanes.is_available());
        found.unwrap_or(Self::Plain)
    }

    /// Whether this processor has them.
    pub fn is_available(self) -> bool {
        #[cfg(target_arch = "x86_64")]
        match self {
            Self::Avx512 => pulp::x86::V4::is_available(),
            Self::Avx2 => pulp::x86::V3::is_available(),
            Self::Plain => true,
        }
        #[cfg(not(target_arch = "x86_64"))]
        matches!(self, Self::Plain)
    }

    /// How many `f32` one instruction handles.
    pub(crate) fn width(self) -> usize {
        match self {
            Self::Avx512 => 16,
            Self::Avx2 => 8,
            Self::Plain => 4,
        }
    }

    /// Vectors of outputs that one tile computes at once: with the pixels of a tile they fill the registers.
    pub(crate) fn vectors(self) -> usize {
        match self {
            Self::Avx512 => 4,
            Self::Avx2 | Self::Plain => 2,
        }
    }

    /// Runs an operation with these instructions.
    ///
    /// # Panics
    ///
    /// The processor does not have them.
    pub(crate) fn dispatch<Op: WithSimd>(self, operation: Op) -> Op::Output {
        #[cfg(target_arch = "x86_64")]
        match self {
            Self::Avx512 => {
                let Some(simd) = pulp::x86::V4::try_new() else { panic!("this processor has no AVX-512") };
                return Simd::vectorize(simd, operation);
            }
            Self::Avx2 => {
                let Some(simd) = pulp::x86::V3::try_new() else { panic!("this processor has no AVX2") };
                return Simd::vectorize(simd, operation);
            }
            Self::Plain => {}
        }
        operation.with_simd(Scalar128b)
    }
}

impl fmt::Display for Lanes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Avx512 => "avx512",
            Self::Avx2 => "avx2",
            Self::Plain => "plain",
        })
    }
}
