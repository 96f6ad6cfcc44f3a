//! The page in a browser, served by `tailward label`.

use std::collections::BTreeMap;
use std::time::Instant;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::browser::{BACKSPACE, Browser, ENTER, ESCAPE, LEFT, RIGHT};
use super::serving::Serving;
use crate::fixture::tailward;
use crate::pictures::{CLASSES, Desk, words};

/// The class of each image by its number, and its key.
fn keys(desk: &Desk, project: &str) -> BTreeMap<u64, char> {
    let images = std::fs::read_to_string(desk.path(project).join("images.csv")).unwrap();
    let key = |line: &str| {
        let mut cells = line.split(',');
        let (id, path) = (cells.next().unwrap().parse().unwrap(), cells.next().unwrap());
        let class = CLASSES.iter().position(|class| *class == desk.truth[path]).unwrap();
        (id, char::from(b'1' + class as u8))
    };
    images.lines().skip(1).map(key).collect()
}

/// What stands of each image in the ledger: the last event and label.
fn standing(desk: &Desk, project: &str) -> BTreeMap<u64, (String, String)> {
    let mut standing = BTreeMap::new();
    for line in desk.ledger(project).iter().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let sample: u64 = cells[5].parse().unwrap();
        standing.insert(sample, (cells[4].to_owned(), cells[6].to_owned()));
    }
    standing
}

#[test]
fn images_are_labelled_by_keys() {
    let Some(browser) = Browser::open() else { return };
    let desk = Desk::new();
    assert!(desk.init("p", &[]).status.success());
    desk.change("p", "batch = 12", "batch = 24");
    desk.change("p", "at_least = 100", "at_least = 4");
    let keys = keys(&desk, "p");
    let serving = Serving::start(&desk.path("p"), &[], 1);
    browser.goto(&serving.links[0]);
    let first = browser.image();
    assert!(!browser.eval("location.href").as_str().unwrap().contains('#'), "the secret is in no address");

    // A key answers and moves on; fast, one after the other.
    let begun = Instant::now();
    let mut seen = Vec::new();
    for done in 1..=20 {
        let image = browser.image();
        seen.push(image);
        browser.press(keys[&image]);
        browser.wait_for("progress", &format!("round 1: {done} of 24"));
        assert_ne!(standing(&desk, "p")[&image].0, "requested", "it is on the disk");
    }
    println!("20 images in {:.1} s, with the driver", begun.elapsed().as_secs_f64());
    assert_eq!(seen[0], first);

    // Undo of any depth, each a row; the image comes back.
    for back in 1..=3 {
        browser.press(BACKSPACE);
        browser.wait_for("progress", &format!("round 1: {} of 24", 20 - back));
        assert_eq!(browser.image(), seen[20 - back]);
    }
    assert_eq!(desk.ledger("p").iter().filter(|line| line.contains(",undone,")).count(), 3);
    for (mark, event) in [(' ', "skipped"), ('u', "unsure"), ('x', "invalid")] {
        let image = browser.image();
        browser.press(mark);
        browser.wait(&format!("document.querySelector('#frame img').alt !== 'image {image}'"));
        browser.wait_until_saved();
        assert_eq!(standing(&desk, "p")[&image].0, event);
    }

    // Looking back and correcting.
    browser.press(LEFT);
    browser.wait_for("caption", "You said invalid");
    browser.press(LEFT);
    browser.press(LEFT);
    browser.wait_for("caption", "You said skipped");
    let image = browser.image();
    browser.press('2');
    browser.wait_until_saved();
    browser.wait_for("caption", "You said unsure");
    // What was corrected is the last thing that was said.
    browser.press(RIGHT);
    browser.press(RIGHT);
    browser.wait_for("caption", "You said down");
    browser.press(RIGHT);
    browser.wait("!document.getElementById('caption').innerText.includes('You said')");
    let (event, label) = standing(&desk, "p")[&image].clone();
    assert!(
        matches!(event.as_str(), "corrected" | "answered" | "audited") && label == "1",
        "{event} {label}"
    );

    // Why it was chosen, pixel by pixel, the keys.
    browser.press('w');
    browser.wait("document.getElementById('why').innerText.length > 10");
    browser.press('z');
    browser.wait("document.getElementById('frame').classList.contains('zoomed')");
    browser.press('?');
    browser.wait("document.getElementById('help').open");
    browser.press(ESCAPE);
    browser.wait("!document.getElementById('help').open");

    // A class that is not there yet; one that would become part of a page that is careless.
    let image = browser.image();
    browser.press('n');
    browser.wait("document.getElementById('finder').open");
    browser.type_text("<img onerror=alert(1)>");
    browser.press(ENTER);
    browser.wait_for("classes", "<img onerror=alert(1)>");
    browser.wait_until_saved();
    browser.wait(&format!("document.querySelector('#frame img').alt !== 'image {image}'"));
    assert_eq!(standing(&desk, "p")[&image].1, "3");
    // A class by its name.
    let image = browser.image();
    browser.press('/');
    browser.type_text("dow");
    browser.press(ENTER);
    browser.wait(&format!("document.querySelector('#frame img').alt !== 'image {image}'"));
    browser.wait_until_saved();
    assert_eq!(standing(&desk, "p")[&image].1, "1");

    // To the end of the round and into the next.
    loop {
        if browser.eval("document.getElementById('frame').hidden") == true {
            break;
        }
        let image = browser.image();
        browser.press(keys[&image]);
        browser.wait(&format!(
            "document.getElementById('frame').hidden || document.querySelector('#frame img').alt !== 'image {image}'"
        ));
        browser.wait_until_saved();
    }
    browser.wait_for("message", "Round 1 is done.");
    browser.press(ENTER);
    browser.wait_for("progress", "round 2: 0 of 24");
    browser.image();
    for address in browser.asked_for() {
        assert!(address.starts_with(&serving.base), "{address}");
    }
}

#[test]
fn a_server_that_dies_between_two_presses_loses_nothing() {
    let Some(browser) = Browser::open() else { return };
    let desk = Desk::new();
    assert!(desk.init("p", &[]).status.success());
    let keys = keys(&desk, "p");
    let serving = Serving::start(&desk.path("p"), &[], 1);
    browser.goto(&serving.links[0]);
    let image = browser.image();
    browser.press(keys[&image]);
    browser.wait_until_saved();
    let second = browser.image();
    serving.kill();
    browser.press(keys[&second]);
    browser.wait_for("alarm", "Not saved");
    browser.wait_for("saved", "not saved");
    // No more than one is in doubt.
    browser.press('1');
    browser.press('1');
    assert_eq!(standing(&desk, "p").values().filter(|(event, _)| event != "requested").count(), 1);
    let _serving = Serving::start(&desk.path("p"), &[], 1);
    browser.wait_until_saved();
    browser.wait("document.getElementById('alarm').hidden");
    browser.wait_for("progress", "round 1: 2 of 12");
    let standing = standing(&desk, "p");
    assert_ne!(standing[&second].0, "requested");
    assert_eq!(standing.values().filter(|(event, _)| event != "requested").count(), 2);
    // The page is closed and opened again: it knows where it was, and what was said can be taken back.
    browser.goto(&format!("{}/", _serving.base));
    browser.image();
    browser.press(BACKSPACE);
    browser.wait_for("progress", "round 1: 1 of 12");
    assert_eq!(browser.image(), second);
}

#[test]
fn a_grid_answers_many_and_what_differs_is_settled() {
    let Some(browser) = Browser::open() else { return };
    let desk = Desk::new();
    assert!(desk.init("p", &["--audit", "0%"]).status.success());
    desk.change("p", "batch = 12", "batch = 24");
    let truth = keys(&desk, "p");
    // A first round by a table, so that there is a head.
    let asked = desk.ask("p");
    let answers =
        crate::pictures::paths(&asked).into_iter().map(|path| format!("{path},{}\n", desk.truth[&path]));
    let told = desk.tell("p", &format!("path,label\n{}", answers.collect::<String>()), &[]);
    assert!(told.status.success(), "{}", words(&told));

    let serving =
        Serving::start(&desk.path("p"), &["--annotator", "ada", "--annotator", "bo", "--overlap", "1"], 2);
    browser.goto(&serving.links[0]);
    browser.image();
    browser.press('g');
    browser.wait("document.querySelectorAll('.tile').length > 1");
    // What is not seen is not answered.
    browser.wait("[...document.querySelectorAll('.tile img')].every((tile) => tile.naturalWidth > 0)");
    let tiles = browser.eval("document.querySelectorAll('.tile').length").as_u64().unwrap();
    let first = browser.eval("Number(document.querySelector('.tile').dataset.sample)").as_u64().unwrap();
    // Space marks the tile that has the focus.
    browser.press(' ');
    browser.wait("document.querySelector('.tile').getAttribute('aria-pressed') === 'true'");
    browser.press(ENTER);
    browser.wait_until_saved();
    let ledger = desk.ledger("p");
    let in_grid = ledger.iter().filter(|line| line.contains(",grid,")).count() as u64;
    assert_eq!(in_grid, tiles - 1);
    assert_eq!(standing(&desk, "p")[&first].0, "requested", "what was marked is left to be looked at alone");
    browser.press(ESCAPE);
    browser.image();
    assert_eq!(browser.text("who"), "ada");

    // The other person says something else of everything.
    let other = Browser::open().unwrap();
    other.goto(&serving.links[1]);
    let image = other.image();
    other.press(if truth[&image] == '1' { '2' } else { '1' });
    other.wait_until_saved();
    assert_eq!(other.text("who"), "bo");
    drop(other);
    // Until they differ about something.
    for _ in 0..24 {
        if browser.eval("document.getElementById('frame').hidden") == true {
            break;
        }
        let image = browser.image();
        browser.press(truth[&image]);
        browser.wait(&format!(
            "document.getElementById('frame').hidden || document.querySelector('#frame img').alt !== 'image {image}'"
        ));
        browser.wait_until_saved();
    }
    browser.wait_for("disputed", "(1)");
    browser.press('r');
    browser.wait_for("caption", "Which class is it?");
    browser.wait_for("caption", "ada: ");
    let image = browser.image();
    browser.press(truth[&image]);
    browser.wait_until_saved();
    browser.wait("document.getElementById('disputed').innerText === ''");
    assert_eq!(standing(&desk, "p")[&image].0, "settled");
}

/// Pictures of the page as it is used; they are kept where `TAILWARD_SCREENSHOTS` names a folder, for the README.
#[test]
fn the_page_is_seen() {
    let Some(browser) = Browser::open() else { return };
    let desk = Desk::new();
    assert!(desk.init("shapes", &[]).status.success());
    let truth = keys(&desk, "shapes");
    let asked = desk.ask("shapes");
    let answers =
        crate::pictures::paths(&asked).into_iter().map(|path| format!("{path},{}\n", desk.truth[&path]));
    assert!(
        desk.tell("shapes", &format!("path,label\n{}", answers.collect::<String>()), &[]).status.success()
    );
    let scratch = tempfile::tempdir().unwrap();
    let folder = std::env::var_os("TAILWARD_SCREENSHOTS")
        .map_or_else(|| scratch.path().to_owned(), std::path::PathBuf::from);
    let serving = Serving::start(&desk.path("shapes"), &[], 1);
    browser.goto(&serving.links[0]);
    for _ in 0..4 {
        let image = browser.image();
        browser.press(truth[&image]);
        browser.wait_until_saved();
    }
    browser.image();
    browser.press('w');
    browser.wait("!document.getElementById('why').hidden");
    browser.screenshot(&folder.join("label.png"));
    browser.press('g');
    browser.wait("[...document.querySelectorAll('.tile img')].length > 0 && [...document.querySelectorAll('.tile img')].every((tile) => tile.complete)");
    browser.screenshot(&folder.join("grid.png"));
    serving.kill();
    // The report of the same project, at the end of its budget.
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    loop {
        let asked = desk.ask("shapes");
        if !asked.status.success() {
            break;
        }
        assert!(desk.tell("shapes", &desk.answered(&asked, &mut rng), &[]).status.success());
    }
    assert!(tailward().arg("report").arg(desk.path("shapes")).output().unwrap().status.success());
    browser.goto(&format!("file://{}", desk.path("shapes").join("report.html").display()));
    browser.wait("[...document.images].every((image) => image.complete)");
    browser.screenshot(&folder.join("report.png"));
    for name in ["label.png", "grid.png", "report.png"] {
        assert!(std::fs::metadata(folder.join(name)).unwrap().len() > 5_000);
    }
}
