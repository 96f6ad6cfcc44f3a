//! A page before it has a format: blocks that the Markdown and the HTML are both made of, so that the two cannot say
//! different things.

pub mod html;
pub mod markdown;

/// One block. All text is plain: writers escape it.
#[derive(Clone, Debug)]
pub enum Block {
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
pub struct Table {
    /// What it shows: metric, scale, seeds.
    pub caption: String,
    /// Headings of the columns.
    pub columns: Vec<String>,
    /// How many of the first columns hold text; the others hold numbers and are set flush right.
    pub text_columns: usize,
    /// Cells, row by row.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// An empty table.
    pub fn new(caption: String, text_columns: usize, columns: Vec<String>) -> Self {
        Self { caption, columns, text_columns, rows: Vec::new() }
    }
}

/// A drawn figure.
#[derive(Clone, Debug)]
pub struct Figure {
    /// File name below `figures/`.
    pub file: String,
    /// Title, scale and seeds: what stands in for the figure where it cannot be seen.
    pub title: String,
    /// What it shows: metric, scale, seeds, marks.
    pub caption: String,
    /// The drawing.
    pub svg: String,
}

/// A whole page.
#[derive(Clone, Debug)]
pub struct Document {
    /// The title.
    pub title: String,
    /// Scale, seeds, metric and command in one line: repeated at the top, at the foot and on each printed page.
    pub banner: String,
    /// The content.
    pub blocks: Vec<Block>,
}
