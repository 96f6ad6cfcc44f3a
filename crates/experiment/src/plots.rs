//! Drawing, as SVG by a library; nothing here knows what a record is.
//!
//! Colours are told apart by colour-blind readers, and lines also by marker and dash, so that a grey print still tells them
//! apart.

pub(crate) mod axis;
pub(crate) mod canvas;
pub mod curves;
pub mod forest;
pub mod style;
