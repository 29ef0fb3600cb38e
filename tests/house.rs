//! The order of the house: a room imports only from rooms below it, `unsafe` stays in its rooms, and every file says what
//! lives in it. Read from the sources themselves.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The rooms from the ground up; rooms of one floor may know each other.
const FLOORS: [&[&str]; 8] = [
    &["sys"],
    &["otlp", "config", "handle", "redaction"],
    &["diagnostics"],
    &["journal"],
    &["export"],
    &["session", "event", "live", "metrics", "sampling", "propagation"],
    &["manager", "inspection", "fuzzing"],
    &["abi"],
];

/// Where `unsafe` may be written.
const UNSAFE_ROOMS: [&str; 2] = ["abi", "sys"];

fn sources() -> Vec<PathBuf> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    found
}

/// The room that a file belongs to.
fn room(path: &Path) -> String {
    let inside = path.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap();
    inside.components().next().unwrap().as_os_str().to_string_lossy().trim_end_matches(".rs").to_owned()
}

/// Whether a file holds tests only.
fn is_test(path: &Path) -> bool {
    let inside = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap();
    let names = ["tests.rs", "scripted_server.rs"];
    inside.components().any(|part| part.as_os_str() == "tests")
        || names.iter().any(|name| inside.ends_with(name))
}

/// The part of a file that is built without tests.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let end = text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len());
    text[..end].lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// Every room that `crate::…` names in a text, one level of braces included.
fn imported(code: &str) -> Vec<String> {
    let name =
        |text: &str| -> String { text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect() };
    code.split("crate::")
        .skip(1)
        .flat_map(|rest| match rest.strip_prefix('{') {
            Some(list) => {
                list.split('}').next().unwrap_or("").split(',').map(|part| name(part.trim())).collect()
            }
            None => vec![name(rest)],
        })
        .filter(|name| !name.is_empty())
        .collect()
}

#[test]
fn a_room_imports_only_from_below() {
    let floors: HashMap<&str, usize> = FLOORS
        .iter()
        .enumerate()
        .flat_map(|(floor, rooms)| rooms.iter().map(move |room| (*room, floor)))
        .collect();
    let mut imports = 0;
    for path in sources().into_iter().filter(|path| !is_test(path)) {
        let own = room(&path);
        if own == "lib" {
            continue;
        }
        let floor =
            floors.get(own.as_str()).unwrap_or_else(|| panic!("{own} has no floor: add it to FLOORS"));
        for other in imported(&code(&path)) {
            let below = floors.get(other.as_str()).unwrap_or_else(|| panic!("{}: {other}?", path.display()));
            assert!(below <= floor, "{} imports from {other}, which lies above it", path.display());
            imports += 1;
        }
    }
    assert!(imports > 100, "only {imports} imports were found: is this test still reading them?");
}

#[test]
fn unsafe_stays_in_its_rooms() {
    let mut found = 0;
    for path in sources().into_iter().filter(|path| !is_test(path)) {
        let has_unsafe =
            code(&path).split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == "unsafe");
        found += usize::from(has_unsafe);
        assert!(
            !has_unsafe || UNSAFE_ROOMS.contains(&room(&path).as_str()),
            "{} has unsafe code",
            path.display()
        );
    }
    assert!(found > 5, "only {found} files with unsafe code were found: is this test still reading them?");
}

#[test]
fn every_file_says_what_lives_in_it() {
    for path in sources() {
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("//! "), "{} does not begin with its paragraph", path.display());
    }
}

#[test]
fn the_checkers_see_what_they_look_for() {
    assert_eq!(imported("use crate::otlp::Signal; crate::{sys, config::Level}"), ["otlp", "sys", "config"]);
    assert_eq!(room(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/abi/event.rs")), "abi");
    assert_eq!(room(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/session.rs")), "session");
}
