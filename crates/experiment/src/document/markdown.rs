//! A page as Markdown.

use super::{Block, Document, Overview, Table};

/// The whole file.
pub fn render(document: &Document) -> String {
    let mut text = match &document.finding {
        Some(finding) => format!("# {}\n\n{}\n", escape(finding), escape(&document.title)),
        None => format!("# {}\n", escape(&document.title)),
    };
    let banner = escape(&document.banner);
    for (index, block) in document.blocks.iter().enumerate() {
        if index == document.opening() {
            text.push_str(&format!("\n> {banner}\n"));
        }
        text.push('\n');
        text.push_str(&render_block(block));
    }
    text.push_str(&format!("\n---\n\n{banner}\n"));
    text
}

fn render_block(block: &Block) -> String {
    match block {
        Block::Heading(level, title) => format!("{} {}\n", "#".repeat(usize::from(*level)), escape(title)),
        Block::Paragraph(words) => format!("{}\n", escape(words)),
        Block::Notice(words) => format!("> **{}**\n", escape(words)),
        Block::List(points) => points.iter().map(|point| format!("- {}\n", escape(point))).collect(),
        Block::Table(table) => render_table(table),
        Block::Figure(figure) => {
            let (title, caption) = (escape(&figure.title), escape(&figure.caption));
            format!("![{title}](figures/{})\n\n*{caption}*\n", figure.file)
        }
        Block::Gallery(pictures) => {
            pictures.iter().map(|picture| format!("- {}\n", escape(&picture.caption))).collect()
        }
        Block::Overview(overview) => render_overview(overview),
        Block::Command(line) => format!("    {}\n", one_line(line)),
    }
}

/// The intervals stand in a figure: a table of Markdown can hold no drawing.
fn render_overview(overview: &Overview) -> String {
    let figure = &overview.forest;
    format!(
        "**{}**\n\n![{}](figures/{})\n\n{}",
        escape(&overview.question),
        escape(&figure.title),
        figure.file,
        render_table(&overview.table)
    )
}

/// A table of Markdown.
pub fn render_table(table: &Table) -> String {
    let line = |cells: &[String]| {
        let cells: Vec<String> = cells.iter().map(|cell| escape(cell)).collect();
        format!("| {} |\n", cells.join(" | "))
    };
    let mut text = line(&table.columns);
    for column in 0..table.columns.len() {
        text.push_str(if column < table.text_columns { "| --- " } else { "| ---: " });
    }
    text.push_str("|\n");
    for row in &table.rows {
        text.push_str(&line(row));
    }
    text.push_str(&format!("\n*{}*\n", escape(&table.caption)));
    text
}

/// Makes plain text of what Markdown or embedded HTML would read as markup.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in one_line(text).chars() {
        match character {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '!' => {
                escaped.push('\\');
                escaped.push(character);
            }
            _ => escaped.push(character),
        }
    }
    escaped
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn markup_is_text() {
        assert_eq!(escape("a|b_c\n<b>"), "a\\|b\\_c &lt;b&gt;");
    }
}
