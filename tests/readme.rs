//! What the README shows is what the checkout has.

#[test]
fn the_quickstart_in_the_readme_is_the_example() {
    let readme = include_str!("../README.md");
    let example = include_str!("../examples/c/quickstart.c");
    let shown = readme.split("```c\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    assert_eq!(shown, example);
    assert!(example.lines().count() < 60);
}
