//! A page as one HTML file that needs nothing else.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{Block, Document, Drawn, Figure, Overview, Table, interval};
use crate::format;

/// The sheet is light in dark mode too: figures are drawn on white.
const STYLE: &str = "\
:root{color-scheme:light}\
*{box-sizing:border-box}\
body{margin:0 auto;padding:1rem;max-width:64rem;background:#fff;color:#222;\
font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,'Liberation Sans',sans-serif;overflow-wrap:break-word}\
h1{font-size:1.6rem;line-height:1.25;margin:.5rem 0}\
h2{font-size:1.3rem;margin:2.2rem 0 .6rem;border-bottom:1px solid #ddd;padding-bottom:.2rem}\
h3{font-size:1.1rem;margin:1.6rem 0 .5rem}\
.banner{font-size:.9rem;color:#444;background:#f4f4f4;border-left:4px solid #0072b2;padding:.5rem .8rem;margin:.8rem 0}\
.notice{background:#fff6e5;border-left:4px solid #d55e00;padding:.5rem .8rem;font-weight:600}\
li{margin:.4rem 0}\
.scroll{overflow-x:auto;-webkit-overflow-scrolling:touch}\
figure{margin:1.2rem 0}\
figure svg{display:block;width:100%;min-width:34rem;max-width:45rem;height:auto}\
figcaption{font-size:.88rem;color:#444;text-align:left}\
figcaption{margin-bottom:.4rem}\
table{border-collapse:collapse;font-size:.88rem;font-variant-numeric:tabular-nums}\
th,td{padding:.25rem .7rem .25rem 0;border-bottom:1px solid #e2e2e2;text-align:right;vertical-align:top;\
white-space:nowrap}\
th{border-bottom:2px solid #999;vertical-align:bottom;white-space:normal}\
.text{text-align:left}\
.gallery{display:grid;gap:.8rem;grid-template-columns:repeat(auto-fill,minmax(8rem,1fr))}\
.gallery figure{margin:0}.gallery img{width:100%;height:8rem;object-fit:contain;background:#eee;display:block}\
pre{background:#f4f4f4;padding:.6rem .8rem;overflow-x:auto;font-size:.88rem}\
footer{margin-top:2.5rem}\
.kicker{font-size:.95rem;color:#555;margin:.2rem 0 0}\
.kicker~h1{font-size:1.4rem;margin:.2rem 0 .3rem}\
.question{color:#333;margin:0 0 .6rem}\
.overview figure{margin:.4rem 0}\
.overview .plot svg{min-width:20rem;max-width:34rem;margin:0 auto}\
.overview table{margin:0 auto;font-size:.85rem}\
.overview td{vertical-align:middle}.overview th,.overview td{padding-right:.6rem}\
.overview td.drawn{text-align:left}\
.overview th.drawn{text-align:left;padding-left:0;white-space:nowrap}\
.overview figcaption{margin:.5rem 0 0}\
.overview .table svg.interval{display:inline-block;width:7.2rem;min-width:0;height:1.3rem;vertical-align:middle;margin-right:.4rem}\
.overview .table svg.scale{display:block;width:7.2rem;min-width:0;height:1rem;font-weight:400}\
.better{color:#0072b2}.worse{color:#b84a00}.undecided{color:#666}td.better,td.worse{font-weight:600}\
details{border-bottom:1px solid #ddd}\
summary{cursor:pointer;padding:.5rem 0}summary h2{display:inline;border:0;font-size:1.1rem;margin:0}\
@media(max-width:52rem){.overview table,.overview tbody{display:block}.overview thead,.overview td:empty{display:none}\
.overview tr{display:flex;flex-wrap:wrap;gap:.1rem .7rem;padding:.45rem 0;border-bottom:1px solid #e2e2e2}\
.overview td{border:0;padding:0;text-align:left}.overview td:first-child{font-weight:600}\
.overview td.none{display:none}.overview td:first-child:empty+td{flex-basis:100%}.overview td.drawn{flex-basis:11rem}.overview td[data-label]::before{content:attr(data-label) ' ';color:#666}\
.overview td.row{flex-basis:100%}}\
@media print{details::details-content{content-visibility:visible;height:auto;opacity:1}body{max-width:none;padding:0;font-size:10.5pt}h2,h3{break-after:avoid}\
figure,tr{break-inside:avoid}figure.table{break-inside:auto}figcaption{break-after:avoid;break-inside:avoid}.scroll{overflow:visible}figure svg{min-width:0;width:auto;max-width:100%;max-height:205mm}\
table{font-size:7.5pt}th,td{padding-right:.4rem;white-space:normal}pre{white-space:pre-wrap}}";

/// The whole file.
pub fn render(document: &Document) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light";
                title { (document.title) }
                style { (PreEscaped(STYLE)) (PreEscaped(page_foot(&document.banner))) }
            }
            body {
                @if let Some(finding) = &document.finding {
                    p.kicker { (document.title) }
                    h1 { (finding) }
                } @else {
                    h1 { (document.title) }
                }
                (content(document))
                footer { p.banner { (document.banner) } }
            }
        }
    };
    page.into_string()
}

/// What is seen first, then the sections, folded where the page asks for it.
fn content(document: &Document) -> Markup {
    let (opening, sections) = document.blocks.split_at(document.opening());
    let is_heading = |block: &Block| matches!(block, Block::Heading(2, _));
    html! {
        @for block in opening { (render_block(block)) }
        p.banner { (document.banner) }
        @if document.folded {
            @for section in sections.chunk_by(|_, next| !is_heading(next)) {
                details {
                    @if let [Block::Heading(_, title), rest @ ..] = section {
                        summary { h2 { (title) } }
                        @for block in rest { (render_block(block)) }
                    }
                }
            }
        } @else {
            @for block in sections { (render_block(block)) }
        }
    }
}

fn render_block(block: &Block) -> Markup {
    html! {
        @match block {
            Block::Heading(2, title) => h2 { (title) },
            Block::Heading(_, title) => h3 { (title) },
            Block::Paragraph(words) => p { (words) },
            Block::Notice(words) => p.notice { (words) },
            Block::List(points) => ul { @for point in points { li { (point) } } },
            Block::Table(table) => (render_table(table)),
            Block::Figure(figure) => (render_figure(figure)),
            Block::Overview(overview) => (render_overview(overview)),
            Block::Gallery(pictures) => div.gallery {
                @for picture in pictures {
                    figure { img src=(picture.address) alt=(picture.caption); figcaption { (picture.caption) } }
                }
            },
            Block::Command(line) => pre { code { (line) } },
        }
    }
}

/// The question, the plot and the table, whose caption stands below: what is read first comes first.
fn render_overview(overview: &Overview) -> Markup {
    let plot = &overview.plot;
    html! {
        section.overview {
            p.question { (overview.question) }
            figure.plot {
                div.scroll role="img" aria-label=(plot.title) { (PreEscaped(scalable(&plot.svg))) }
            }
            figure.table {
                div.scroll { (table_element(&overview.table)) }
                figcaption { (overview.table.caption) }
            }
        }
    }
}

fn render_table(table: &Table) -> Markup {
    html! {
        figure.table {
            // Outside of the part that scrolls: a caption is read, not scrolled to.
            figcaption { (table.caption) }
            div.scroll { (table_element(table)) }
        }
    }
}

fn table_element(table: &Table) -> Markup {
    html! {
        table {
            thead {
                tr {
                    @for (index, name) in table.columns.iter().enumerate() {
                        th.text[is_text(table, index)].drawn[drawn_in(table, index).is_some()] scope="col" {
                            (name)
                            @if let Some(drawn) = drawn_in(table, index) { (interval::scale(drawn)) }
                        }
                    }
                }
            }
            tbody {
                @for (row, cells) in table.rows.iter().enumerate() {
                    tr {
                        @for (index, cell) in cells.iter().enumerate() {
                            (table_cell(table, (row, index), cell))
                        }
                    }
                }
            }
        }
    }
}

fn is_text(table: &Table, column: usize) -> bool {
    column < table.text_columns || table.drawn.iter().any(|drawn| drawn.verdict == column)
}

fn drawn_in(table: &Table, column: usize) -> Option<&Drawn> {
    table.drawn.iter().find(|drawn| drawn.column == column)
}

/// On a narrow screen the cells of a table with intervals stand below each other, each with the name of its column.
fn table_cell(table: &Table, (row, column): (usize, usize), cell: &str) -> Markup {
    let span = |drawn: &Drawn| drawn.spans.get(row).copied().flatten();
    let verdict = table.drawn.iter().find(|drawn| drawn.verdict == column).and_then(span);
    let drawn = drawn_in(table, column).and_then(|drawn| Some((drawn, span(drawn)?)));
    let name = table.columns.get(column).map_or("", String::as_str);
    let alone = !table.drawn.is_empty() && column >= table.text_columns && name.len() > 1;
    let named = !table.drawn.is_empty() && column > 0;
    html! {
        @if let Some((drawn, span)) = drawn {
            td.drawn title=(cell) { (interval::cell(drawn, span, cell)) }
        } @else if let Some(span) = verdict {
            td.text.(interval::class(span.tone)) { (cell) }
        } @else if cell == format::NONE && named {
            td.none.text[is_text(table, column)] { (cell) }
        } @else {
            td.text[is_text(table, column)].row[alone] data-label=[named.then_some(name)] { (cell) }
        }
    }
}

fn render_figure(figure: &Figure) -> Markup {
    html! {
        figure {
            figcaption { (figure.caption) }
            div.scroll role="img" aria-label=(figure.title) { (PreEscaped(scalable(&figure.svg))) }
        }
    }
}

/// The drawing without its size in pixels, so that it takes that of the page; its view box keeps the proportions. The
/// drawing is our own, made by a library that escapes its text.
fn scalable(svg: &str) -> String {
    match (svg.find("width="), svg.find("viewBox=")) {
        (Some(from), Some(to)) if from < to => format!("{}{}", &svg[..from], &svg[to..]),
        _ => svg.to_owned(),
    }
}

/// Repeats the banner at the foot of each printed page. Only characters that mean nothing to CSS or HTML are let
/// through.
fn page_foot(banner: &str) -> String {
    let safe: String = banner
        .chars()
        .map(|character| match character {
            '"' | '\\' | '<' | '>' | '&' => ' ',
            character if character.is_control() => ' ',
            character => character,
        })
        .collect();
    format!(
        "@page{{margin:15mm 14mm 20mm;@bottom-left{{content:\"{safe}\";font:7pt sans-serif;color:#444}}}}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_be_markup() {
        let hostile = "</style><script>alert(\"1\")</script>";
        let page = render(&Document {
            title: hostile.to_owned(),
            banner: hostile.to_owned(),
            blocks: vec![
                Block::Paragraph(hostile.to_owned()),
                Block::Table(Table {
                    caption: hostile.to_owned(),
                    columns: vec![hostile.to_owned()],
                    text_columns: 1,
                    rows: vec![vec![hostile.to_owned()]],
                    drawn: vec![],
                }),
            ],
            ..Document::default()
        });
        assert!(!page.contains("<script"));
        assert_eq!(page.matches("</style>").count(), 1);
    }

    #[test]
    fn drawings_lose_their_fixed_size() {
        let svg =
            "<svg width=\"720\" height=\"9\" viewBox=\"0 0 720 9\" xmlns=\"x\">\n<rect width=\"3\"/></svg>";
        assert!(scalable(svg).starts_with("<svg viewBox=\"0 0 720 9\""));
        assert!(scalable(svg).contains("<rect width=\"3\"/>"));
    }
}
