//! What fetching says while it is at it. Whoever fetches and whoever shows it share this one type.

use std::path::PathBuf;

/// What [`fetch`](crate::fetch()) or [`fetch_weights`](crate::fetch_weights()) is doing, for a progress bar or a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FetchProgress {
    /// A request is about to be sent, for the bytes from `from_byte` on.
    Connecting {
        /// The address.
        url: String,
        /// 0, or the size of the partial file that is resumed.
        from_byte: u64,
    },
    /// The partial file was thrown away; the download starts at its first byte.
    Restarting {
        /// Why.
        reason: String,
    },
    /// The connection broke; the download goes on where it stopped.
    Interrupted {
        /// Bytes received so far.
        received_bytes: u64,
        /// What the network said.
        reason: String,
    },
    /// Bytes have arrived.
    Downloading {
        /// Bytes received so far, resumed ones included.
        received_bytes: u64,
        /// The whole size, where it is known.
        total_bytes: Option<u64>,
    },
    /// The archive, the files or the weights are being checked.
    Verifying {
        /// The archive, the folder of the files, or the file of weights.
        path: PathBuf,
    },
    /// The archive is being unpacked.
    Unpacking {
        /// The archive.
        path: PathBuf,
    },
    /// The files are being generated.
    Generating,
}
