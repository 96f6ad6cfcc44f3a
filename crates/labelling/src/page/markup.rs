//! The page as HTML: the same for the server and the offline file.

use maud::{DOCTYPE, Markup, PreEscaped, html};

/// The script of the page.
pub const SCRIPT: &str = include_str!("page.js");

/// The style of the page.
pub const STYLE: &str = include_str!("page.css");

/// Where the page's script and style come from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Assets<'a> {
    /// From the server, as files of their own.
    Served,
    /// From the page itself, with a policy that allows them alone, and the content as JSON.
    Inside {
        /// The content security policy.
        policy: &'a str,
        /// The content as JSON, made safe for HTML.
        content: &'a str,
    },
}

/// The page that the server gives to everybody: there is nothing of the project in it.
pub fn shell() -> String {
    page("Tailward", Assets::Served)
}

pub(super) fn page(title: &str, assets: Assets<'_>) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                @match assets {
                    Assets::Served => {
                        link rel="stylesheet" href="/page.css";
                    }
                    Assets::Inside { policy, .. } => {
                        meta http-equiv="Content-Security-Policy" content=(policy);
                        style { (PreEscaped(STYLE)) }
                    }
                }
                title { (title) }
            }
            body {
                (body())
                @match assets {
                    Assets::Served => script src="/page.js" {},
                    Assets::Inside { content, .. } => {
                        script type="application/json" id="content" { (PreEscaped(content)) }
                        script { (PreEscaped(SCRIPT)) }
                    }
                }
            }
        }
    };
    page.into_string()
}

fn body() -> Markup {
    html! {
        header {
            strong id="project" { "Tailward" }
            span id="progress" {}
            progress id="bar" max="1" value="0" aria-label="answered of this round" {}
            span id="budget" {}
            span id="rate" {}
            span id="who" {}
            span id="saved" role="status" {}
            nav {
                button type="button" data-do="grid" { "Grid " kbd { "g" } }
                button type="button" data-do="resolve" { "Resolve " span id="disputed" {} " " kbd { "r" } }
                button type="button" data-do="download" hidden { "Download answers" }
                button type="button" data-do="help" { "Keys " kbd { "?" } }
            }
        }
        p id="alarm" role="alert" hidden {}
        main {
            section id="stage" aria-live="polite" {
                figure id="frame" {}
                p id="caption" {}
                p id="why" hidden {}
                div id="tiles" hidden {}
                div id="message" hidden {}
            }
            aside id="classes" aria-label="classes" {}
        }
        footer {
            (action("skip", "Skip", "space"))
            (action("unsure", "Unsure", "u"))
            (action("invalid", "Invalid", "x"))
            (action("new", "New class", "n"))
            (action("find", "Find class", "/"))
            (action("undo", "Undo", "⌫"))
            (action("back", "Back", "←"))
            (action("forward", "Forward", "→"))
            (action("zoom", "Zoom", "z"))
            (action("why", "Why this one?", "w"))
        }
        dialog id="finder" {
            form method="dialog" {
                label for="name" id="finder-title" { "Find a class" }
                input id="name" autocomplete="off" maxlength="100" spellcheck="false";
                ul id="found" role="listbox" {}
                p id="finder-problem" role="alert" {}
            }
        }
        dialog id="help" {
            form method="dialog" {
                h2 { "Keys" }
                table {
                    @for (key, meaning) in KEYS {
                        tr { td { kbd { (key) } } td { (meaning) } }
                    }
                }
                button { "Close" }
            }
        }
    }
}

fn action(name: &str, words: &str, key: &str) -> Markup {
    html! { button type="button" data-do=(name) { (words) " " kbd { (key) } } }
}

const KEYS: [(&str, &str); 14] = [
    ("1 … 9, 0, a …", "the class with that key, and on to the next image"),
    ("space", "skip: the image gets no label"),
    ("u", "unsure: it cannot be told"),
    ("x", "invalid: it should not be in the pool"),
    ("n", "a class that is not there yet"),
    ("/", "find a class by its name"),
    ("⌫ or ctrl z", "take the last answer back; again for the one before"),
    ("← →", "look at what was answered; a class key there corrects it"),
    ("z", "pixel by pixel, or the whole image"),
    ("w", "why this image was chosen; never in the audit"),
    ("g", "a grid of images that are taken for one class"),
    ("r", "settle where answers differ, and labels that may be wrong"),
    ("esc", "back to single images"),
    ("enter", "answer a grid; keep a label; ask for more"),
];
