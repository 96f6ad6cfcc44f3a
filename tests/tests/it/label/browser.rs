//! A real browser, steered by WebDriver.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

/// How long anything on the page may take; far more than it does.
const PATIENCE: Duration = Duration::from_secs(20);

/// Keys without a character, as WebDriver writes them.
pub(super) const BACKSPACE: char = '\u{E003}';
pub(super) const ENTER: char = '\u{E007}';
pub(super) const ESCAPE: char = '\u{E00C}';
pub(super) const LEFT: char = '\u{E012}';
pub(super) const RIGHT: char = '\u{E014}';

/// A browser with one window.
pub(super) struct Browser {
    client: Client,
    runtime: Runtime,
    driver: Child,
    downloads: tempfile::TempDir,
}

impl Browser {
    /// Opens a browser. Where there is none, nothing, which is said; an error where `TAILWARD_REQUIRE_BROWSER` is 1.
    pub(super) fn open() -> Option<Self> {
        let program = |name: &str, default: &str| std::env::var(name).unwrap_or_else(|_| default.to_owned());
        let mut command = Command::new(program("CHROMEDRIVER", "chromedriver"));
        // Port 0: a free one, which it says.
        let spawned = command.arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut driver = match spawned {
            Ok(driver) => driver,
            Err(error) => {
                let is_required = std::env::var("TAILWARD_REQUIRE_BROWSER").is_ok_and(|value| value == "1");
                assert!(!is_required, "a browser is required: {error}");
                eprintln!("skipped: no browser; chromium and chromedriver are looked for in PATH ({error})");
                return None;
            }
        };
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = lines.find_map(|line| {
            let line = line.unwrap();
            let at = line.rfind("on port ")?;
            line[at + 8..].trim_end_matches('.').parse::<u16>().ok().filter(|&port| port != 0)
        });
        // Somebody has to read what it says, or it stops.
        std::thread::spawn(move || lines.for_each(drop));
        let downloads = tempfile::tempdir().unwrap();
        let mut options = json!({
            "args": ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1200,800", "--force-color-profile=srgb"],
            "prefs": {"download.default_directory": downloads.path(), "download.prompt_for_download": false},
        });
        if let Ok(binary) = std::env::var("CHROMIUM") {
            options["binary"] = json!(binary);
        }
        let capabilities = json!({"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}});
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let address = format!("http://127.0.0.1:{}", port.expect("the driver says its port"));
        let client = runtime.block_on(async {
            let mut builder = ClientBuilder::new(HttpConnector::new());
            builder.capabilities(capabilities.as_object().unwrap().clone());
            builder.connect(&address).await.unwrap()
        });
        Some(Self { client, runtime, driver, downloads })
    }

    pub(super) fn goto(&self, address: &str) {
        self.runtime.block_on(self.client.goto(address)).unwrap();
    }

    /// A key, as if it were typed.
    pub(super) fn press(&self, value: char) {
        let keys =
            KeyActions::new("keys".to_owned()).then(KeyAction::Down { value }).then(KeyAction::Up { value });
        self.runtime.block_on(self.client.perform_actions(keys)).unwrap();
    }

    pub(super) fn type_text(&self, text: &str) {
        text.chars().for_each(|sign| self.press(sign));
    }

    /// What a script in the page gives.
    pub(super) fn eval(&self, script: &str) -> Value {
        self.runtime.block_on(self.client.execute(&format!("return {script};"), Vec::new())).unwrap()
    }

    /// The text of an element, as it is shown.
    pub(super) fn text(&self, id: &str) -> String {
        self.eval(&format!("document.getElementById('{id}').innerText"))
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// Waits until a script in the page gives true.
    pub(super) fn wait(&self, script: &str) {
        let begun = Instant::now();
        while self.eval(script) != Value::Bool(true) {
            let body = || self.eval("document.body.innerText");
            assert!(begun.elapsed() < PATIENCE, "{script} does not become true; the page says: {}", body());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until an element shows some text.
    pub(super) fn wait_for(&self, id: &str, text: &str) {
        self.wait(&format!(
            "(document.getElementById('{id}').hidden ? '' : document.getElementById('{id}').innerText).includes({})",
            json!(text)
        ));
    }

    /// Waits until nothing is in doubt.
    pub(super) fn wait_until_saved(&self) {
        self.wait("document.body.dataset.pending === undefined && document.getElementById('alarm').hidden");
        assert_eq!(self.text("saved"), "saved");
    }

    /// Waits until an image is shown, and gives its number.
    pub(super) fn image(&self) -> u64 {
        let shown = "document.querySelector('#frame:not([hidden]) img')";
        self.wait(&format!("{shown} !== null && {shown}.complete && {shown}.naturalWidth > 0"));
        let alt = self.eval(&format!("{shown}.alt"));
        let number = alt.as_str().unwrap().split([' ', ',']).nth(1);
        number.unwrap().parse().unwrap()
    }

    /// Writes what is seen to a file.
    pub(super) fn screenshot(&self, path: &Path) {
        std::fs::write(path, self.runtime.block_on(self.client.screenshot()).unwrap()).unwrap();
    }

    /// The text of the only download, once it is there.
    pub(super) fn download(&self) -> String {
        let begun = Instant::now();
        loop {
            let mut entries =
                std::fs::read_dir(self.downloads.path()).unwrap().map(|entry| entry.unwrap().path());
            let done = entries.find(|path| path.extension().is_some_and(|end| end == "csv"));
            if let Some(path) = done {
                return std::fs::read_to_string(path).unwrap();
            }
            assert!(begun.elapsed() < PATIENCE, "nothing is downloaded");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The addresses that the page asked for.
    pub(super) fn asked_for(&self) -> Vec<String> {
        let names = self.eval("performance.getEntriesByType('resource').map((entry) => entry.name)");
        names.as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        self.runtime.block_on(self.client.clone().close()).ok();
        self.driver.kill().ok();
        self.driver.wait().ok();
    }
}
