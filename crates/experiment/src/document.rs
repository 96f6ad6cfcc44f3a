//! A page before it has a format: blocks that the Markdown and the HTML are both made of, so that the two cannot say
//! different things.

pub mod html;
mod interval;
pub mod markdown;

use crate::plots::forest::Span;

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
    /// Images side by side.
    Gallery(Vec<Picture>),
    /// A command line.
    Command(String),
    /// What came out, at a glance.
    Overview(Box<Overview>),
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
    /// Columns of differences, whose intervals are drawn where a page can draw them.
    pub drawn: Vec<Drawn>,
}

/// A column of differences.
#[derive(Clone, Debug)]
pub struct Drawn {
    /// The column.
    pub column: usize,
    /// The column that says in words what the intervals say.
    pub verdict: usize,
    /// Decimals of the numbers.
    pub decimals: usize,
    /// One for each row; none where there is nothing to compare.
    pub spans: Vec<Option<Span>>,
}

/// What came out, to be taken in at a glance: the question, one plot, one table.
#[derive(Clone, Debug)]
pub struct Overview {
    /// What is asked, in one sentence.
    pub question: String,
    /// The plot, beside a table that has the intervals drawn in it.
    pub plot: Figure,
    /// The intervals as a plot of their own, where the table cannot have them.
    pub forest: Figure,
    /// What came out, row by row.
    pub table: Table,
}

impl Table {
    /// An empty table.
    pub fn new(caption: String, text_columns: usize, columns: Vec<String>) -> Self {
        Self { caption, columns, text_columns, rows: Vec::new(), drawn: Vec::new() }
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

/// An image with a line of text.
#[derive(Clone, Debug)]
pub struct Picture {
    /// Its address: a file's, or a `data:` address that holds it.
    pub address: String,
    /// What stands below it.
    pub caption: String,
}

/// A whole page.
#[derive(Clone, Debug, Default)]
pub struct Document {
    /// What it is about.
    pub title: String,
    /// What was found, where there is something: it stands above the title.
    pub finding: Option<String>,
    /// Scale, seeds, metric and command in one line: repeated at the top, at the foot and on each printed page.
    pub banner: String,
    /// Whether sections are folded where a page can fold them.
    pub folded: bool,
    /// The content.
    pub blocks: Vec<Block>,
}

impl Document {
    /// The drawings that pages without drawings of their own refer to, in the order in which they are seen.
    pub fn figures(&self) -> impl Iterator<Item = &Figure> {
        self.blocks.iter().filter_map(|block| match block {
            Block::Figure(figure) => Some(figure),
            Block::Overview(overview) => Some(&overview.forest),
            _ => None,
        })
    }

    /// Where the first section begins: what comes before it is seen first.
    fn opening(&self) -> usize {
        let is_heading = |block: &Block| matches!(block, Block::Heading(2, _));
        self.blocks.iter().position(is_heading).unwrap_or(self.blocks.len())
    }
}
