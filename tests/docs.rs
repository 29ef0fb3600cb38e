//! What the documentation says is so: its configurations load, its C compiles, the names in it exist, its links lead
//! somewhere. Pages are README.md, CONTRIBUTING.md, SECURITY.md and docs/*.md.
//!
//! A fenced block of JSON is a configuration, unless its fence says `json event` (a recorded event) or `json exporter` (one
//! entry of the list `exporters`). A block of C is a whole file when it includes something, else statements of a function;
//! what these find there is said before the block, unseen by readers: `<!-- given: int fd; -->`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use agentotel::config::{Config, Environment};

struct Page {
    path: PathBuf,
    text: String,
}

struct Block {
    /// Page and line, for messages.
    place: String,
    /// What stands behind the fence: `json`, `c`, `json event`.
    info: String,
    given: String,
    text: String,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn pages() -> Vec<Page> {
    let mut paths: Vec<PathBuf> =
        ["README.md", "CONTRIBUTING.md", "SECURITY.md"].iter().map(|name| root().join(name)).collect();
    let docs = fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    paths.extend(docs.filter(|path| path.extension().is_some_and(|ending| ending == "md")));
    paths.sort();
    let read = |path: PathBuf| Page { text: fs::read_to_string(&path).unwrap(), path };
    paths.into_iter().map(read).collect()
}

fn blocks(page: &Page) -> Vec<Block> {
    let name = page.path.strip_prefix(root()).unwrap().display();
    let mut found = Vec::new();
    let mut given = String::new();
    let mut open: Option<Block> = None;
    for (number, line) in page.text.lines().enumerate() {
        match (&mut open, line.trim_start().strip_prefix("```")) {
            (Some(_), Some(_)) => found.extend(open.take()),
            (Some(block), None) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, Some(info)) => {
                let place = format!("{name}:{}", number + 1);
                let given = std::mem::take(&mut given);
                open = Some(Block { place, info: info.trim().to_owned(), given, text: String::new() });
            }
            (None, None) => {
                match line.strip_prefix("<!-- given:").and_then(|rest| rest.strip_suffix("-->")) {
                    Some(declarations) => given.extend([declarations.trim(), "\n"]),
                    None if line.is_empty() => {}
                    None => given.clear(),
                }
            }
        }
    }
    assert!(open.is_none(), "{name}: a fenced block is not closed");
    found
}

fn all_blocks(language: &str) -> Vec<Block> {
    let is = |block: &Block| block.info.split(' ').next() == Some(language);
    pages().iter().flat_map(blocks).filter(is).collect()
}

/// The text of a page outside of fenced blocks.
fn prose(page: &Page) -> String {
    let mut inside = false;
    let mut kept = String::new();
    for line in page.text.lines() {
        if line.trim_start().starts_with("```") {
            inside = !inside;
        } else if !inside {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept
}

fn validator(schema: &str) -> jsonschema::Validator {
    let schema = serde_json::from_str(&fs::read_to_string(root().join(schema)).unwrap()).unwrap();
    jsonschema::draft202012::new(&schema).unwrap()
}

#[test]
fn every_configuration_loads() {
    let schema = validator("docs/config.schema.json");
    let event_schema = validator("docs/event.schema.json");
    let nothing = || Environment::from_pairs::<&str, &str>([], false);
    let (mut configurations, mut events) = (0, 0);
    for block in all_blocks("json") {
        let value: serde_json::Value = serde_json::from_str(&block.text)
            .unwrap_or_else(|error| panic!("{}: no JSON: {error}", block.place));
        match block.info.as_str() {
            "json" => {
                // What a program would be told of its own keys' file is not of interest here: there is none.
                let mut document = value.clone();
                if let Some(content) = document.get_mut("content").and_then(|content| content.as_object_mut())
                {
                    content.remove("hash_key_file");
                }
                let resolved = Config::resolve(Some(document.to_string().as_bytes()), &nothing())
                    .unwrap_or_else(|error| panic!("{}: {error}", block.place));
                assert!(resolved.warnings.is_empty(), "{}: {:?}", block.place, resolved.warnings);
                if let Err(error) = schema.validate(&value) {
                    panic!("{}: docs/config.schema.json: {}: {error}", block.place, error.instance_path());
                }
                configurations += 1;
            }
            "json exporter" => {
                Config::resolve_exporter(block.text.as_bytes(), &nothing(), &[])
                    .unwrap_or_else(|error| panic!("{}: {error}", block.place));
                configurations += 1;
            }
            "json event" => {
                if let Err(error) = event_schema.validate(&value) {
                    panic!("{}: docs/event.schema.json: {}: {error}", block.place, error.instance_path());
                }
                events += 1;
            }
            other => panic!("{}: `{other}`: what is this JSON?", block.place),
        }
    }
    assert!(configurations > 20 && events > 0, "only {configurations} configurations and {events} events");
}

/// A block of C as a file: functions and includes as they stand, everything else in a function.
fn as_file(block: &Block) -> String {
    if block.text.contains("#include") {
        return block.text.clone();
    }
    let (mut outside, mut inside) = (String::new(), String::new());
    let mut in_function = false;
    for line in block.text.lines() {
        in_function |= line.starts_with("static ");
        let to = if in_function { &mut outside } else { &mut inside };
        to.push_str(line);
        to.push('\n');
        in_function &= line != "}";
    }
    format!(
        "#include <agentotel.h>\n#include <stdio.h>\n#include <stdlib.h>\n{}\n{outside}\nvoid statements(void);\n\
         void statements(void) {{\n{inside}}}\n",
        block.given
    )
}

#[test]
fn every_block_of_c_compiles() {
    if Command::new("cc").arg("--version").output().is_err() {
        assert!(std::env::var_os("CI").is_none(), "there is no C compiler");
        println!("SKIP: C in the documentation — apt-get install gcc");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let found = all_blocks("c");
    assert!(found.len() > 10, "only {} blocks of C", found.len());
    for (number, block) in found.iter().enumerate() {
        let source = folder.path().join(format!("{number}.c"));
        fs::write(&source, as_file(block)).unwrap();
        let outcome = Command::new("cc")
            .args(["-std=c11", "-D_GNU_SOURCE", "-Wall", "-Werror", "-Wno-unused", "-fsyntax-only"])
            .arg("-I")
            .arg(root().join("include"))
            .arg(&source)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&outcome.stderr);
        assert!(outcome.status.success(), "{}:\n{said}", block.place);
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}

/// All files below some folders and files of the repository, as far as they are text; without this one.
fn sources(places: &[&str]) -> String {
    fn walk(path: &Path, into: &mut String) {
        if path.is_dir() {
            let entries = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
            entries.for_each(|entry| walk(&entry, into));
        } else if path.file_name() != Some("docs.rs".as_ref())
            && path.extension() != Some("md".as_ref())
            && let Ok(text) = fs::read_to_string(path)
        {
            into.push_str(&text);
            into.push('\n');
        }
    }
    let mut found = String::new();
    places.iter().for_each(|place| walk(&root().join(place), &mut found));
    found
}

/// Whether a name is known; one that ends with `_` stands for all that begin so.
fn is_known(name: &str, known: &BTreeSet<&str>) -> bool {
    if name.ends_with('_') {
        known.iter().any(|other| other.len() > name.len() && other.starts_with(name))
    } else {
        known.contains(name)
    }
}

/// Variables that the pages name since the library does not read them.
const NOT_READ: [&str; 3] =
    ["OTEL_BSP_MAX_QUEUE_SIZE", "OTEL_BSP_EXPORT_TIMEOUT", "OTEL_BLRP_SCHEDULE_DELAY"];

#[test]
fn every_name_exists() {
    let interface = sources(&["include", "bindings"]);
    let functions: BTreeSet<&str> = words(&interface).filter(|word| word.starts_with("agentotel_")).collect();
    let rest = sources(&["include", "src", "tests", "tools", "bindings", "Makefile"]);
    let constants: BTreeSet<&str> = words(&rest).filter(|word| word.starts_with("AGENTOTEL_")).collect();
    let variables: BTreeSet<&str> = Environment::variables().map(|(name, _)| name).collect();
    for name in NOT_READ {
        assert!(
            !variables.contains(name),
            "{name} is read by now: take it from the list, and from the pages"
        );
    }
    let mut found = 0;
    for page in pages() {
        let place = page.path.strip_prefix(root()).unwrap().display();
        for word in words(&page.text) {
            let known = if word.starts_with("agentotel_") {
                is_known(word, &functions)
            } else if word.starts_with("AGENTOTEL_") {
                is_known(word, &constants)
            } else if word.starts_with("OTEL_") {
                is_known(word, &variables) || NOT_READ.contains(&word)
            } else {
                continue;
            };
            assert!(known, "{place}: there is no {word}");
            found += 1;
        }
    }
    assert!(found > 500, "only {found} names were found: is this test still reading them?");
}

/// `agentotel.…` in lower case, as attributes and names of records are.
fn own_attributes(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("agentotel.") {
        if text[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || "_-./".contains(c)) {
            continue;
        }
        let end = text[at..].find(|c: char| !c.is_ascii_lowercase() && !"._".contains(c));
        let name = &text[at..end.map_or(text.len(), |end| at + end)];
        if !["agentotel.h", "agentotel.hpp", "agentotel.pc", "agentotel"]
            .contains(&name.trim_end_matches('.'))
        {
            found.push(name);
        }
    }
    found
}

#[test]
fn every_attribute_exists() {
    let library = sources(&["src", "tests/golden"]);
    let known: BTreeSet<&str> = own_attributes(&library).into_iter().collect();
    let mut found = 0;
    for page in pages() {
        let text = prose(&page);
        for name in own_attributes(&text).iter().map(|name| name.trim_end_matches('.')) {
            let exists = known.iter().any(|other| {
                other.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            });
            assert!(exists, "{}: there is no attribute {name}", page.path.display());
            found += 1;
        }
    }
    assert!(found > 20, "only {found} attributes were found: is this test still reading them?");
}

/// The objects of a configuration, whose keys the pages name as `queue.max_bytes`.
const SECTIONS: [&str; 16] = [
    "batch",
    "content",
    "costs",
    "diagnostics",
    "inject",
    "limits",
    "live",
    "logs",
    "metrics",
    "queue",
    "redact",
    "retry",
    "rotate",
    "storage",
    "tail_sampling",
    "tls",
];

#[test]
fn every_key_exists() {
    let reference = fs::read_to_string(root().join("docs/configuration.md")).unwrap();
    let schema = fs::read_to_string(root().join("docs/config.schema.json")).unwrap();
    let mut found = 0;
    for page in pages() {
        let text = prose(&page);
        for name in text.split('`').skip(1).step_by(2) {
            let Some((section, key)) = name.split_once('.') else { continue };
            let is_key = key.chars().all(|c| c.is_ascii_lowercase() || c == '_');
            if !SECTIONS.contains(&section) || !is_key {
                continue;
            }
            let exists = reference.contains(&format!("`{name}`"))
                || ["content", "rotate", "tls"].contains(&section)
                    && schema.contains(&format!("\"{key}\": {{"));
            assert!(exists, "{}: there is no key {name}", page.path.display());
            found += 1;
        }
    }
    assert!(found > 50, "only {found} keys were found: is this test still reading them?");
}

/// What a heading is linked by.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().to_lowercase();
    let kept = kept.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

fn links(text: &str) -> Vec<&str> {
    text.split("](").skip(1).filter_map(|rest| rest.split(')').next()).collect()
}

#[test]
fn every_link_leads_somewhere() {
    let mut found = 0;
    for page in pages() {
        for link in links(&prose(&page)) {
            if link.starts_with("https://") {
                continue;
            }
            let place = format!("{}: {link}", page.path.display());
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            let target =
                if file.is_empty() { page.path.clone() } else { page.path.parent().unwrap().join(file) };
            assert!(target.exists(), "{place}: no such file");
            if !heading.is_empty() {
                let text = fs::read_to_string(&target).unwrap();
                let headings = text.lines().filter_map(|line| line.strip_prefix('#'));
                let mut anchors = headings.map(|line| anchor(line.trim_start_matches('#')));
                assert!(anchors.any(|anchor| anchor == heading), "{place}: no such heading");
            }
            found += 1;
        }
    }
    assert!(found > 40, "only {found} links were found: is this test still reading them?");
}

#[test]
fn the_index_has_every_page() {
    let index = fs::read_to_string(root().join("docs/README.md")).unwrap();
    let linked = links(&index);
    for page in pages().iter().filter(|page| page.path.parent() == Some(&root().join("docs"))) {
        let name = page.path.file_name().unwrap().to_str().unwrap();
        assert!(name == "README.md" || linked.contains(&name), "docs/README.md does not link to {name}");
    }
}

#[test]
fn the_readers_see_what_they_look_for() {
    let text = "a\n<!-- given: int x; -->\n\n```c\nx = 1;\n```\n`agentotel.event.id` and libagentotel.so\n"
        .to_owned();
    let page = Page { path: root().join("page.md"), text };
    let found = blocks(&page);
    assert_eq!((found.len(), found[0].info.as_str(), found[0].given.trim()), (1, "c", "int x;"));
    assert!(as_file(&found[0]).contains("int x;") && found[0].place.ends_with(":4"));
    assert_eq!(own_attributes(&page.text), ["agentotel.event.id"]);
    assert_eq!(anchor(" What survives: `kill -9`"), "what-survives-kill--9");
    assert!(
        is_known("agentotel_a_", &["agentotel_a_b"].into())
            && !is_known("agentotel_a", &["agentotel_ab"].into())
    );
}
