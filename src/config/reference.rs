//! The reference: `docs/config.schema.json` and the tables of `docs/configuration.md`, both made from the
//! schema of the document and the list of variables. The test fails when the committed files are not what the
//! code says, and writes them when `AGENTOTEL_BLESS` is `1`.

use std::fmt::Write;
use std::path::PathBuf;

use serde_json::{Map, Value};

use super::{Config, Environment};

/// Where the generated part of the documentation begins; it goes on to the end.
const MARK: &str = "<!-- The rest of this file is generated from the code.";

#[test]
fn the_committed_reference_is_what_the_code_says() {
    let schema = Config::schema().to_value();
    let json = serde_json::to_string_pretty(&schema).unwrap() + "\n";
    renew_or_compare("config.schema.json", &json);

    let written = std::fs::read_to_string(path("configuration.md")).unwrap();
    let mark = written.find(MARK).expect("configuration.md has the mark of its generated part");
    let end_of_mark = mark + written[mark..].find('\n').expect("the mark is a line") + 1;
    let text = written[..end_of_mark].to_owned() + &Reference { schema: &schema }.text();
    renew_or_compare("configuration.md", &text);
}

#[test]
fn the_examples_of_the_documentation_hold() {
    let written = std::fs::read_to_string(path("configuration.md")).unwrap();
    let example = |language: &str| {
        let (_, rest) = written.split_once(&format!("```{language}\n")).unwrap();
        rest.split_once("```").unwrap().0.to_owned()
    };
    let nothing = Environment::default();
    let resolved = Config::resolve(Some(example("json").as_bytes()), &nothing).unwrap();
    assert_eq!(resolved.config.exporters.len(), 2);
    let error = Config::resolve(Some(br#"{"queue": {"overflow": "drop"}}"#), &nothing).unwrap_err();
    assert_eq!(example("text").trim_end(), error.to_string());
}

#[test]
fn every_key_of_the_reference_has_a_text() {
    let schema = Config::schema().to_value();
    let reference = Reference { schema: &schema };
    let mut keys = 0;
    let definitions = schema["$defs"].as_object().unwrap().values();
    for (key, property) in definitions.chain([&schema]).flat_map(|object| reference.properties(object)) {
        let described = reference.description(property);
        assert!(described.ends_with(['.', ')']), "{key}: {described:?}");
        keys += 1;
    }
    assert!(keys > 50, "{keys} keys");
}

fn path(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs").join(file)
}

fn renew_or_compare(file: &str, text: &str) {
    if std::env::var_os("AGENTOTEL_BLESS").is_some_and(|bless| bless == "1") {
        std::fs::write(path(file), text).unwrap();
    }
    let committed = std::fs::read_to_string(path(file)).unwrap_or_default();
    assert!(
        committed == text,
        "docs/{file} is stale; renew it: AGENTOTEL_BLESS=1 cargo test --features schema"
    );
}

struct Reference<'a> {
    schema: &'a Value,
}

impl<'a> Reference<'a> {
    fn text(&self) -> String {
        let mut text =
            "\n## Keys\n\nAll are optional, but for an exporter's `type`, a file's `path` and a host's `callback`.\n\n".to_owned();
        let (objects, plain): (Vec<_>, Vec<_>) = self
            .properties(self.schema)
            .partition(|(_, property)| self.resolve(property)["properties"].is_object());
        self.table(&mut text, "", &plain);
        for (key, property) in objects {
            self.object(&mut text, &format!("### `{key}`"), property, &format!("{key}."));
        }
        self.exporters(&mut text);
        text.push_str("\n## Environment variables\n\nAn empty variable is one that is not set.\n\n");
        text.push_str("| variable | sets |\n|---|---|\n");
        for (name, sets) in Environment::variables() {
            let withheld = if Environment::is_withheld(name) { "; *withheld*" } else { "" };
            writeln!(text, "| `{name}` | {sets}{withheld} |").unwrap();
        }
        text
    }

    fn exporters(&self, text: &mut String) {
        let entries = self.schema["properties"]["exporters"]["items"]["anyOf"].as_array().unwrap();
        let is_common = |key: &str| {
            let has = |entry: &Value| self.resolve(entry)["properties"].get(key).is_some();
            entries.iter().all(has) && key != "type"
        };
        let common = self.properties(&entries[0]).filter(|(key, _)| is_common(key));
        let (objects, plain): (Vec<_>, Vec<_>) =
            common.partition(|(_, property)| self.resolve(property)["properties"].is_object());
        text.push_str("\n### Exporters\n\nEvery exporter has these keys:\n\n");
        self.table(text, "", &plain);
        for (key, property) in objects {
            self.object(text, &format!("#### `{key}`"), property, &format!("{key}."));
        }
        for entry in entries {
            let entry = self.resolve(entry);
            let kind = entry["properties"]["type"]["enum"][0].as_str().unwrap();
            let own: Vec<_> =
                self.properties(entry).filter(|(key, _)| !is_common(key) && *key != "type").collect();
            writeln!(text, "\n#### Exporter `{kind}`\n\n{}\n", self.description(entry)).unwrap();
            self.table(text, "", &own);
        }
    }

    fn object(&self, text: &mut String, heading: &str, property: &'a Value, prefix: &str) {
        writeln!(text, "\n{heading}\n\n{}\n", self.description(property)).unwrap();
        let keys: Vec<_> = self.properties(self.resolve(property)).collect();
        self.table(text, prefix, &keys);
    }

    fn table(&self, text: &mut String, prefix: &str, keys: &[(&str, &Value)]) {
        text.push_str("| key | accepted | default | |\n|---|---|---|---|\n");
        for (key, property) in keys {
            let described = self.description(property);
            let (described, default_in_words) =
                described.split_once(" Default: ").unwrap_or((&described, ""));
            let default = match property.get("default") {
                Some(default) if !default.is_null() || default_in_words.is_empty() => {
                    format!("`{default}`")
                }
                _ => default_in_words.trim_end_matches('.').to_owned(),
            };
            let accepted = self.accepted(property);
            writeln!(text, "| `{prefix}{key}` | {accepted} | {default} | {described} |").unwrap();
        }
    }

    fn accepted(&self, property: &Value) -> String {
        let or_null = property["anyOf"]
            .as_array()
            .is_some_and(|choices| choices.iter().any(|choice| choice["type"] == "null"));
        let property = self.resolve(property);
        let nullable = property["default"].is_null() && property.get("default").is_some();
        let null = if nullable { ", `null`" } else { "" };
        if let Some(words) = property["enum"].as_array() {
            let words: Vec<_> =
                words.iter().filter(|word| !word.is_null()).map(|word| format!("`{word}`")).collect();
            return words.join(", ");
        }
        if let Some(choices) = property["anyOf"].as_array() {
            let choices: Vec<_> = choices.iter().map(|choice| self.accepted(choice)).collect();
            return choices.join(", or ");
        }
        let kind = match &property["type"] {
            Value::Array(kinds) => kinds[0].as_str().unwrap(),
            kind => kind.as_str().unwrap(),
        };
        match kind {
            "integer" | "number" => {
                format!("{} to {}{null}", property["minimum"], property["maximum"])
            }
            "array" if property["items"].get("enum").is_some() => {
                format!("list of {}", self.accepted(&property["items"]))
            }
            "array" => "list".to_owned(),
            "object" if property["properties"].is_object() => {
                let keys: Vec<_> = self.properties(property).map(|(key, _)| format!("`{key}`")).collect();
                format!("object of {}{}", keys.join(", "), if or_null { ", or null" } else { "" })
            }
            kind => kind.to_owned(),
        }
    }

    fn resolve(&self, property: &'a Value) -> &'a Value {
        // An object that may be `null`.
        let property = match property["anyOf"].as_array().map(Vec::as_slice) {
            Some([object, null]) if null["type"] == "null" => object,
            _ => property,
        };
        match property["$ref"].as_str() {
            Some(reference) => self.schema.pointer(reference.trim_start_matches('#')).unwrap(),
            None => property,
        }
    }

    fn properties(&self, object: &'a Value) -> impl Iterator<Item = (&'a str, &'a Value)> + use<'a> {
        let properties = self.resolve(object)["properties"].as_object();
        let keys = properties.into_iter().flat_map(Map::iter);
        keys.map(|(key, property)| (key.as_str(), property))
    }

    fn description(&self, property: &Value) -> String {
        let own = property["description"].as_str();
        let described = own.or_else(|| self.resolve(property)["description"].as_str());
        described.unwrap_or_default().replace('\n', " ")
    }
}
