//! The page as one file.

use super::browser::{BACKSPACE, Browser, ENTER};
use crate::fixture::tailward;
use crate::pictures::{Desk, words};

#[test]
fn the_page_in_one_file_gives_answers_that_tell_takes() {
    let Some(browser) = Browser::open() else { return };
    let desk = Desk::new();
    assert!(desk.init("p", &[]).status.success());
    let file = desk.path("ask.html");
    let asked = tailward()
        .arg("ask")
        .arg(desk.path("p"))
        .args(["--format", "page", "--out"])
        .arg(&file)
        .output()
        .unwrap();
    assert!(asked.status.success(), "{}", words(&asked));
    let address = format!("file://{}", file.display());
    browser.goto(&address);
    for done in 1..=9 {
        browser.image();
        browser.press(char::from(b'1' + done % 3));
        browser.wait_for("progress", &format!("round 1: {done} of 12"));
    }
    browser.press(BACKSPACE);
    browser.wait_for("progress", "round 1: 8 of 12");
    // It is opened again: nothing is lost.
    browser.goto("about:blank");
    browser.goto(&address);
    browser.image();
    browser.wait_for("progress", "round 1: 8 of 12");
    browser.press('1');
    browser.wait_for("progress", "round 1: 9 of 12");
    browser.press('n');
    browser.wait("document.getElementById('finder').open");
    browser.type_text("a, \"new\" <b>");
    browser.press(ENTER);
    browser.wait_for("progress", "round 1: 10 of 12");
    browser.press(' ');
    browser.wait_for("progress", "round 1: 11 of 12");
    browser.press('u');
    browser.wait_for("message", "All images are answered.");
    browser.eval("document.querySelector('#message button.main').click()");
    let answers = browser.download();
    assert_eq!(browser.asked_for().into_iter().filter(|address| !address.starts_with("data:")).count(), 0);
    let told = desk.tell("p", &answers, &["--annotator", "cy"]);
    assert!(told.status.success(), "{}\n{answers}", words(&told));
    let said = words(&told);
    assert!(said.contains("10 labels taken") && said.contains("2 without a label"), "{said}");
    assert!(said.contains("1 classes that are new"), "{said}");
    let classes = std::fs::read_to_string(desk.path("p").join("classes.csv")).unwrap();
    assert!(classes.contains("3,\"a, \"\"new\"\" <b>\""), "{classes}");
    // The same again is no harm.
    let again = desk.tell("p", &answers, &["--annotator", "cy"]);
    assert!(again.status.success() && words(&again).contains("12 known already"), "{}", words(&again));
}
