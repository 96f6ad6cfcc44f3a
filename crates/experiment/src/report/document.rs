//! A report before it has a format: blocks that the Markdown and the HTML are both made of, so that the two cannot
//! say different things.

use super::plots::Figure;

/// One block. All text is plain: writers escape it.
#[derive(Clone, Debug)]
pub(super) enum Block {
    /// A heading of level 2 or 3.
    Heading(u8, String),
    /// Running text.
    Paragraph(String),
    /// Text that must not be overlooked.
    Notice(String),
    /// Points.
    List(Vec<String>),
    /// A table.
    Table(Table),
    /// A figure.
    Figure(Figure),
    /// A command line.
    Command(String),
}

/// A table with its caption.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    /// What it shows: metric, scale, seeds.
    pub(super) caption: String,
    /// Headings of the columns.
    pub(super) columns: Vec<String>,
    /// How many of the first columns hold text; the others hold numbers and are set flush right.
    pub(super) text_columns: usize,
    /// Cells, row by row.
    pub(super) rows: Vec<Vec<String>>,
}

impl Table {
    /// An empty table.
    pub(super) fn new(caption: String, text_columns: usize, columns: Vec<String>) -> Self {
        Self { caption, columns, text_columns, rows: Vec::new() }
    }
}

/// A whole report.
#[derive(Clone, Debug)]
pub(super) struct Document {
    /// The title.
    pub(super) title: String,
    /// Scale, seeds, metric and command in one line: repeated at the top, at the foot and on each printed page.
    pub(super) banner: String,
    /// The content.
    pub(super) blocks: Vec<Block>,
}
