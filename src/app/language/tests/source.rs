//! The string literals of the source files, so that the tests can compare them with the translations.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// A string literal in the code of the program, not of its tests.
pub struct Literal {
    /// Relative to `src`, with `/`.
    pub file: String,
    pub line: usize,
    pub value: String,
    /// The code before it on its line, or the line above.
    pub line_before: String,
    /// Names of the values that follow in the same macro, as in `t!("{a} of {b}", a = 1, b)`.
    pub argument_names: Vec<String>,
}

impl Literal {
    /// Whether it is the text of a `t!`.
    pub fn is_wrapped(&self) -> bool {
        let before = self.line_before.strip_suffix("t!(");
        before.is_some_and(|before| !before.ends_with(|last: char| last.is_alphanumeric() || last == '_'))
    }

    /// Whether it is for developers: a reason, a log message, or the name of an attribute's value.
    pub fn is_internal(&self) -> bool {
        let before = &self.line_before;
        ["(reason =", " reason =", "rename_all =", "expect(", "env!("].iter().any(|end| before.trim_end().ends_with(end))
            || before.contains("tracing::")
            // A byte string.
            || before.ends_with(" b")
            || before.ends_with("(b")
            || before.contains("ProjectDirs::from(")
    }

    /// Whether it is in a table of constants, whose texts are translated when they are drawn.
    pub fn is_in_table(&self) -> bool {
        let before = self.line_before.trim_start();
        ["name: ", "title: ", "tooltip: ", "chart_curve(", "curves: &[chart_curve("]
            .iter()
            .any(|it| before.starts_with(it))
    }
}

/// The literals of all files in this folder of `src`.
pub fn literals_under(folder: &str) -> Vec<Literal> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect_files(&root.join(folder), &mut files);
    assert!(files.len() > 20, "{} files", files.len());
    let mut literals = Vec::new();
    for path in files {
        let file = path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
        let source = std::fs::read_to_string(&path).unwrap();
        let program = source.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        literals.extend(literals_in(&file, program));
    }
    literals
}

fn collect_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            if name != "tests" {
                collect_files(&path, files);
            }
        } else if path.extension() == Some(OsStr::new("rs")) && !name.starts_with("test") {
            files.push(path);
        }
    }
}

fn literals_in(file: &str, source: &str) -> Vec<Literal> {
    let mut literals = Vec::new();
    let mut at = 0;
    while let Some(rest) = source.get(at..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with("//") {
            at += rest.find('\n').unwrap_or(rest.len());
        } else if let Some((length, value)) = literal_at(rest) {
            literals.push(Literal {
                file: file.to_owned(),
                line: source[..at].matches('\n').count() + 1,
                value,
                line_before: code_before(&source[..at]),
                argument_names: argument_names(&source[at + length..]),
            });
            at += length;
        } else {
            at += character_length(rest);
        }
    }
    literals
}

/// Length and value of a string literal at the start of `rest`. Byte strings count, raw strings too.
fn literal_at(rest: &str) -> Option<(usize, String)> {
    if let Some(raw) = rest.strip_prefix("r#\"") {
        let end = raw.find("\"#")?;
        return Some((end + 5, raw[..end].to_owned()));
    }
    let inside = rest.strip_prefix('"')?;
    let (mut value, mut characters) = (String::new(), inside.char_indices().peekable());
    while let Some((index, character)) = characters.next() {
        match character {
            '"' => return Some((index + 2, value)),
            '\\' => match characters.next()?.1 {
                'n' => value.push('\n'),
                // A line break with the indentation after it.
                '\n' => while characters.next_if(|(_, next)| next.is_whitespace()).is_some() {},
                other => value.push(other),
            },
            _ => value.push(character),
        }
    }
    None
}

/// Length of what is no string literal at the start of `rest`: a character literal such as `'"'`, or one character.
fn character_length(rest: &str) -> usize {
    let mut characters = rest.chars();
    let first = characters.next().map_or(1, char::len_utf8);
    let is_escaped = rest.starts_with("'\\");
    let length = if is_escaped { 4 } else { first + characters.next().map_or(0, char::len_utf8) + 1 };
    let is_character = rest.starts_with('\'') && rest.get(..length).is_some_and(|literal| literal.ends_with('\''));
    if is_character { length } else { first }
}

/// The code before a literal on its line; if it is the first on its line, the line above.
fn code_before(source: &str) -> String {
    let (above, line) = source.rsplit_once('\n').unwrap_or(("", source));
    let line = if line.trim().is_empty() { above.lines().last().unwrap_or_default() } else { line };
    line.to_owned()
}

/// The names of the arguments after the text: `, a = 1, b)` gives `a` and `b`.
fn argument_names(rest: &str) -> Vec<String> {
    let (mut depth, mut names, mut current) = (0, Vec::new(), String::new());
    for character in rest.chars() {
        match character {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' if depth == 0 => break,
            ')' | ']' | '}' => depth -= 1,
            ',' if depth == 0 => names.push(std::mem::take(&mut current)),
            _ => {}
        }
        if depth == 0 && character != ',' {
            current.push(character);
        }
    }
    names.push(current);
    let name = |argument: &String| argument.split('=').next().unwrap_or_default().trim().to_owned();
    names.iter().map(name).filter(|name| !name.is_empty()).collect()
}
