//! The documents tell the truth: the tours of the READMEs and the guides run line by line, the world of docs/worlds.md
//! loads, and every place in the code that a document names is there.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use serde_json::Value;

const QUN: &str = env!("CARGO_BIN_EXE_qun");
const MARK: &str = "=== end of block ===";
/// The address in the documents; the tests take a free port.
const DOCUMENTED: &str = "127.0.0.1:7800";
/// Guides in both languages, without the endings of their names.
const GUIDES: [&str; 6] = [
    "docs/stories",
    "docs/calls",
    "docs/sdks",
    "docs/ci",
    "docs/callbacks",
    "docs/rooms",
];

#[test]
fn the_english_tour_works() {
    run_tour("README.md");
}

#[test]
fn the_chinese_tour_works() {
    run_tour("README.zh-CN.md");
}

#[test]
fn the_guide_to_the_stories_works() {
    run_tours("docs/stories");
}

#[test]
fn the_guide_to_the_calls_works() {
    run_tours("docs/calls");
}

#[test]
fn the_guide_to_the_sdks_works() {
    run_tours("docs/sdks");
}

#[test]
fn the_guide_to_ci_works() {
    run_tours("docs/ci");
}

#[test]
fn the_guide_to_callbacks_works() {
    run_tours("docs/callbacks");
}

#[test]
fn the_guide_to_rooms_works() {
    run_tours("docs/rooms");
}

/// The library's guide is compiled, the tour is run: what stands in neither is not tried.
#[test]
fn the_table_of_calls_is_tried() {
    let compiled = document("crates/client/GUIDE.md");
    for file in languages("docs/calls") {
        let text = document(&file);
        let ours = text.lines().filter(|line| line.starts_with('|'));
        let mut tried = 0;
        for row in ours.take_while(|row| !row.contains("EasyWeChat")).skip(2) {
            let row = row.replace("\\|", "¦");
            let [_, _, rust, shell, _] = row.split('|').collect::<Vec<_>>()[..] else {
                panic!("{file}: {row}");
            };
            let quoted = |cell: &str| cell.replace('¦', "|");
            for call in quoted(rust).split('`').skip(1).step_by(2) {
                assert!(compiled.contains(call), "{file}: not compiled: {call}");
                tried += 1;
            }
            for command in quoted(shell).split('`').skip(1).step_by(2) {
                assert!(tour(&text).contains(command), "{file}: not run: {command}");
                tried += 1;
            }
        }
        assert!(tried > 40, "{file}: {tried}");
    }
}

#[test]
fn both_languages_have_the_same_commands() {
    let commands = |file: &str| {
        let text = document(file);
        (
            start_line(&text).map(str::to_owned),
            owned(blocks(tour(&text))),
        )
    };
    assert_eq!(commands("README.md"), commands("README.zh-CN.md"));
    for guide in GUIDES {
        let [english, chinese] = languages(guide).map(|file| owned(blocks(&document(&file))));
        assert_eq!(english, chinese, "{guide}");
    }
}

#[test]
fn the_example_of_worlds_loads() {
    let folder = tempfile::tempdir().unwrap();
    let document = document("docs/worlds.md");
    let blocks = blocks(&document);
    let world = blocks.iter().find(|block| block.language == "json");
    fs::write(folder.path().join("world.json"), &world.unwrap().text).unwrap();

    let check = run(&["world", "check", "world.json"], folder.path());
    let said = blocks
        .iter()
        .find(|block| block.language == "text")
        .unwrap();
    assert_eq!(check, said.text);

    let server = Server::start(
        &[
            "up",
            "--memory",
            "--listen",
            DOCUMENTED,
            "--world",
            "world.json",
        ],
        folder.path(),
    );
    assert_eq!(server.ready["corpid"], "wwexample000000001");
    assert_eq!(
        server.ready["agents"][0]["secret"],
        "example-secret-of-the-first-app"
    );
}

#[test]
fn what_the_documents_name_is_there() {
    let mut missing = Vec::new();
    let guides = GUIDES.into_iter().flat_map(languages);
    let single = [
        "README.md",
        "README.zh-CN.md",
        "QUIRKS.md",
        "ARCHITECTURE.md",
        "CHANGELOG.md",
        "docs/worlds.md",
        "docs/scaling.md",
    ];
    for file in single.map(str::to_owned).into_iter().chain(guides) {
        let file = file.as_str();
        let text = document(file);
        for quoted in text.split('`').skip(1).step_by(2) {
            let (path, name) = quoted.split_once("::").unwrap_or((quoted, ""));
            let place = root().join(path);
            let code = match place.is_file() {
                true => fs::read_to_string(&place).unwrap(),
                false => String::new(),
            };
            if path.starts_with("crates/") && (!place.exists() || !code.contains(name)) {
                missing.push(format!("{file}: {quoted}"));
            }
        }
        let links = text.split("](").skip(1);
        for link in links.filter_map(|rest| rest.split(')').next()) {
            let path = link.split('#').next().unwrap_or_default();
            let place = root().join(file).with_file_name(path);
            if !path.is_empty() && !path.contains("://") && !place.exists() {
                missing.push(format!("{file}: {link}"));
            }
        }
    }
    assert!(missing.is_empty(), "not there:\n{}", missing.join("\n"));
}

fn languages(guide: &str) -> [String; 2] {
    [format!("{guide}.md"), format!("{guide}.zh-CN.md")]
}

fn run_tours(guide: &str) {
    for file in languages(guide) {
        run_tour(&file);
    }
}

/// Starts the server as the document says, runs the commands of its tour in one shell, and compares what they print.
/// A document without a line that starts a server does so in its tour.
fn run_tour(file: &str) {
    let curl = Command::new("curl").arg("--version").output();
    assert!(
        curl.is_ok_and(|output| output.status.success()),
        "the tour needs curl: install the package `curl`"
    );
    let text = document(file);
    let folder = tempfile::tempdir().unwrap();
    let server = start_line(&text).map(|line| {
        let (command, ready) = line.split_once(" > ").unwrap();
        let words: Vec<&str> = command
            .split(' ')
            .skip_while(|word| *word != "up")
            .collect();
        let server = Server::start(&words, folder.path());
        fs::write(folder.path().join(ready), server.ready.to_string()).unwrap();
        server
    });
    let address = match &server {
        Some(server) => &server.address,
        None => DOCUMENTED,
    };

    let steps = steps(tour(&text));
    assert!(steps.len() > 3, "{file}: the tour was not found");
    let script: String = steps
        .iter()
        .map(|step| {
            format!(
                "{}\necho '{MARK}'\n",
                step.command.replace(DOCUMENTED, address)
            )
        })
        .collect();
    let folders = std::env::var("PATH").unwrap_or_default();
    let own = Path::new(QUN).parent().unwrap().display().to_string();
    let output = quiet(Command::new("sh"), folder.path())
        .args(["-eu", "-c", &script])
        .env("PATH", format!("{own}:{folders}"))
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&output.stdout).replace(address, DOCUMENTED);
    let mut answers = printed.split(MARK);
    for step in &steps {
        let answer = answers.next().unwrap_or_default();
        let what = format!(
            "{file}:\n{}\n--- printed:\n{answer}\n--- expected:\n{}\n--- errors:\n{}",
            step.command,
            step.expected.text,
            String::from_utf8_lossy(&output.stderr)
        );
        match step.expected.language {
            "json" => {
                let answer: Value =
                    serde_json::from_str(answer).unwrap_or_else(|_| panic!("{what}"));
                assert!(alike(&pattern(&step.expected.text), &answer), "{what}");
            }
            _ => assert!(glob(step.expected.text.trim(), answer.trim()), "{what}"),
        }
    }
    assert!(output.status.success(), "{file}: {}", output.status);
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn document(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// The line that starts the server, where one stands before the tour.
fn start_line(text: &str) -> Option<&str> {
    let before = text.split("<!-- tour -->").next().unwrap_or_default();
    let starts = |line: &&str| line.starts_with("cargo run -- up ") || line.starts_with("qun up ");
    before.lines().find(starts)
}

fn tour(text: &str) -> &str {
    let (_, rest) = text.split_once("<!-- tour -->").unwrap();
    rest.split_once("<!-- /tour -->").unwrap().0
}

/// A fenced block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Block<'a> {
    language: &'a str,
    text: String,
}

fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut blocks: Vec<Block<'_>> = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        match (line.strip_prefix("```"), inside) {
            (Some(language), false) => {
                blocks.push(Block {
                    language,
                    text: String::new(),
                });
                inside = true;
            }
            (Some(_), true) => inside = false,
            (None, true) => {
                let block = blocks.last_mut().unwrap();
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, false) => {}
        }
    }
    blocks
}

fn owned(blocks: Vec<Block<'_>>) -> Vec<(String, String)> {
    let pair = |block: Block<'_>| (block.language.to_owned(), block.text);
    blocks.into_iter().map(pair).collect()
}

/// Commands, and what they print: nothing where no block stands beneath.
struct Step<'a> {
    command: String,
    expected: Block<'a>,
}

fn steps(tour: &str) -> Vec<Step<'_>> {
    let mut steps: Vec<Step<'_>> = Vec::new();
    for block in blocks(tour) {
        if block.language == "sh" {
            steps.push(Step {
                command: block.text,
                expected: Block::default(),
            });
        } else {
            steps.last_mut().unwrap().expected = block;
        }
    }
    steps
}

/// JSON in which `…` stands for whatever is volatile: a value, or a part of a text.
fn pattern(text: &str) -> Value {
    let mut quoted = String::new();
    let mut inside = false;
    for c in text.chars() {
        inside ^= c == '"';
        match c {
            '…' if !inside => quoted.push_str("\"…\""),
            c => quoted.push(c),
        }
    }
    serde_json::from_str(&quoted).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn alike(expected: &Value, answer: &Value) -> bool {
    match (expected, answer) {
        (Value::String(any), _) if any == "…" => true,
        (Value::String(expected), Value::String(answer)) => glob(expected, answer),
        (Value::Array(expected), Value::Array(answer)) => {
            expected.len() == answer.len() && expected.iter().zip(answer).all(|(e, a)| alike(e, a))
        }
        (Value::Object(expected), Value::Object(answer)) => {
            expected.len() == answer.len()
                && expected
                    .iter()
                    .all(|(key, e)| answer.get(key).is_some_and(|a| alike(e, a)))
        }
        _ => expected == answer,
    }
}

/// Whether a text is like another in which `…` stands for anything.
fn glob(expected: &str, text: &str) -> bool {
    match expected.split_once('…') {
        None => expected == text,
        Some((before, after)) => text.strip_prefix(before).is_some_and(|rest| {
            let mut starts = rest.char_indices().map(|(n, _)| n).chain([rest.len()]);
            starts.any(|n| glob(after, &rest[n..]))
        }),
    }
}

#[test]
fn the_comparison_is_strict() {
    let like = |expected: &str, answer: &str| {
        alike(&pattern(expected), &serde_json::from_str(answer).unwrap())
    };
    assert!(like(
        r#"{ "a": …, "b": "x…z" }"#,
        r#"{"a":{"c":1},"b":"xyz"}"#
    ));
    assert!(like(r#"[1, …]"#, r#"[1,"2"]"#));
    assert!(!like(r#"[1, …]"#, "[1]"));
    assert!(!like(r#"{ "a": … }"#, r#"{"a":1,"b":2}"#));
    assert!(!like(r#"{ "a": … }"#, "{}"));
    assert!(!like(r#""x…z""#, r#""xy""#));
    assert!(glob("…", "") && glob("a…c…", "abbc\n") && !glob("a", "ab") && !glob("a…b", "ba"));
}

/// A program without the caller's settings.
fn quiet(mut program: Command, folder: &Path) -> Command {
    let ours = std::env::vars_os().map(|(name, _)| name);
    for name in ours.filter(|name| name.to_string_lossy().starts_with("QUN_")) {
        program.env_remove(name);
    }
    program.env_remove("RUST_LOG").env("HOME", folder);
    program
        .env_remove("XDG_CONFIG_HOME")
        .env_remove("XDG_DATA_HOME");
    program.current_dir(folder);
    program
}

fn run(words: &[&str], folder: &Path) -> String {
    let output = quiet(Command::new(QUN), folder)
        .args(words)
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

/// A server that ends with the test.
struct Server {
    child: Child,
    ready: Value,
    address: String,
}

impl Server {
    fn start(words: &[&str], folder: &Path) -> Server {
        let mut words: Vec<String> = words
            .iter()
            .map(|word| word.replace(DOCUMENTED, "127.0.0.1:0"))
            .collect();
        assert!(words.iter().any(|word| word == "127.0.0.1:0"), "{words:?}");
        if !words.iter().any(|word| word == "--json") {
            words.push("--json".into());
        }
        let mut child = quiet(Command::new(QUN), folder)
            .args(&words)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        stdout.read_line(&mut line).unwrap();
        let mut stderr = child.stderr.take().unwrap();
        let Ok(ready) = serde_json::from_str::<Value>(&line) else {
            let _ = child.kill();
            let mut errors = String::new();
            let _ = stderr.read_to_string(&mut errors);
            let _ = child.wait();
            panic!("{words:?}: {line}{errors}");
        };
        // Its log must not fill the pipe.
        std::thread::spawn(move || std::io::copy(&mut stderr, &mut std::io::sink()));
        let address = ready["url"].as_str().unwrap().replace("http://", "");
        Server {
            child,
            ready,
            address,
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
