//! The table of all commands with their names and keyboard shortcuts. Key handling, tooltips and the help window use
//! it.

use egui::{Context, Key, KeyboardShortcut, Modifiers};

use super::icons::Icon;

/// A command that one key or one click starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verb {
    Open,
    OpenPath,
    SaveProject,
    SaveProjectAs,
    Export,
    ExportPath,
    ExportLayer,
    Undo,
    Redo,
    Brush,
    Eraser,
    Frame,
    NextFace,
    SmallerBrush,
    LargerBrush,
    Clear,
    Invert,
    LoadMask,
    SaveMask,
    ZoomIn,
    ZoomOut,
    Fit,
    ActualPixels,
    Fill,
    Stop,
    Pause,
    Step,
    Divider,
    BestCandidate,
    /// Shows the candidate with this index, counted from 0. The digit keys reach the first nine.
    Candidate(usize),
    MoreLikeThis,
    Mix,
    Explore,
    Training,
    Shortcuts,
    About,
    Quit,
}

/// One row of the command table.
pub struct Entry {
    pub verb: Verb,
    /// Heading in the help window.
    pub group: &'static str,
    pub name: &'static str,
    pub keys: &'static [KeyboardShortcut],
}

const fn key(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::NONE, key)
}

const fn command(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::COMMAND, key)
}

const fn command_shift(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::COMMAND.plus(Modifiers::SHIFT), key)
}

const fn entry(verb: Verb, group: &'static str, name: &'static str, keys: &'static [KeyboardShortcut]) -> Entry {
    Entry { verb, group, name, keys }
}

const FILE: &str = "File";
const EDIT: &str = "Edit";
const PAINT: &str = "Paint";
const VIEW: &str = "View";
const FILL: &str = "Fill";
const HELP: &str = "Help";

/// All commands, in the order of the help window.
pub const TABLE: &[Entry] = &[
    entry(Verb::Open, FILE, "Open photo…", &[command(Key::O)]),
    entry(Verb::OpenPath, FILE, "Open photo by path…", &[command_shift(Key::O)]),
    entry(Verb::SaveProject, FILE, "Save project", &[command(Key::S)]),
    entry(Verb::SaveProjectAs, FILE, "Save project as…", &[command_shift(Key::S)]),
    entry(Verb::Export, FILE, "Export…", &[command(Key::E)]),
    entry(Verb::ExportPath, FILE, "Export to a path…", &[command(Key::P)]),
    entry(Verb::ExportLayer, FILE, "Export layer…", &[command_shift(Key::E)]),
    entry(Verb::LoadMask, FILE, "Load mask…", &[command(Key::M)]),
    entry(Verb::SaveMask, FILE, "Save mask…", &[command_shift(Key::M)]),
    entry(Verb::Quit, FILE, "Close the window", &[command(Key::Q)]),
    entry(Verb::Undo, EDIT, "Undo", &[command(Key::Z)]),
    entry(Verb::Redo, EDIT, "Redo", &[command_shift(Key::Z), command(Key::Y)]),
    entry(Verb::Brush, PAINT, "Brush", &[key(Key::B)]),
    entry(Verb::Eraser, PAINT, "Eraser", &[key(Key::E)]),
    entry(Verb::Frame, PAINT, "Face frame", &[key(Key::F)]),
    // Its key is Tab, which egui uses to move the focus: see the editor's `raw_input_hook`.
    entry(Verb::NextFace, PAINT, "Frame the next face", &[]),
    entry(Verb::SmallerBrush, PAINT, "Smaller brush", &[key(Key::OpenBracket)]),
    entry(Verb::LargerBrush, PAINT, "Larger brush", &[key(Key::CloseBracket)]),
    entry(Verb::Clear, PAINT, "Clear", &[key(Key::Delete), key(Key::Backspace)]),
    entry(Verb::Invert, PAINT, "Invert", &[command(Key::I)]),
    entry(Verb::ZoomIn, VIEW, "Zoom in", &[key(Key::Plus), key(Key::Equals), command(Key::Plus), command(Key::Equals)]),
    entry(Verb::ZoomOut, VIEW, "Zoom out", &[key(Key::Minus), command(Key::Minus)]),
    entry(Verb::Fit, VIEW, "Fit in the window", &[key(Key::Num0), command(Key::Num0)]),
    entry(Verb::ActualPixels, VIEW, "Actual pixels", &[command(Key::Num1)]),
    entry(Verb::Divider, VIEW, "Before/after divider", &[key(Key::D)]),
    entry(Verb::Training, VIEW, "Training…", &[command(Key::T)]),
    entry(Verb::Fill, FILL, "Fill", &[key(Key::Enter)]),
    entry(Verb::Stop, FILL, "Stop", &[key(Key::Escape)]),
    entry(Verb::Pause, FILL, "Pause or resume", &[key(Key::P)]),
    entry(Verb::Step, FILL, "One iteration, then pause", &[key(Key::Period)]),
    entry(Verb::BestCandidate, FILL, "Show the best candidate", &[key(Key::A)]),
    entry(Verb::MoreLikeThis, FILL, "More like this", &[key(Key::L)]),
    entry(Verb::Mix, FILL, "Mix two candidates", &[key(Key::M)]),
    entry(Verb::Explore, FILL, "Explore faces", &[key(Key::X)]),
    entry(Verb::Shortcuts, HELP, "Keyboard shortcuts", &[key(Key::F1), key(Key::Questionmark)]),
    entry(Verb::About, HELP, "About Countenance", &[]),
];

/// Further rows of the help window `(group, name, keys)`: held keys, mouse gestures and digits, which the table cannot
/// hold.
pub const ALSO: &[(&str, &str, &str)] = &[
    (PAINT, "Frame the next face", "Tab"),
    (PAINT, "Erase while painting", "Right button"),
    (PAINT, "Straight line from the last point", "Shift+click"),
    (PAINT, "Brush size", "Ctrl+wheel"),
    (VIEW, "Show the photo before the fill", "Hold \\"),
    (VIEW, "Zoom", "Wheel, pinch"),
    (VIEW, "Move the photo", "Space+drag, middle button"),
    (VIEW, "Actual pixels, while there are no candidates", "1"),
    (FILL, "Choose a candidate", "1 to 9"),
    (FILL, "Mix the shown candidate with another", "Shift+click on it"),
];

/// The key that shows the photo without the fill while it is held.
pub const BEFORE_KEY: Key = Key::Backslash;

const DIGITS: [Key; 9] =
    [Key::Num1, Key::Num2, Key::Num3, Key::Num4, Key::Num5, Key::Num6, Key::Num7, Key::Num8, Key::Num9];

impl Verb {
    fn entry(self) -> Option<&'static Entry> {
        TABLE.iter().find(|entry| entry.verb == self)
    }

    /// The command's name.
    pub fn name(self) -> &'static str {
        self.entry().map_or("Candidate", |entry| entry.name)
    }

    /// The text of the first shortcut.
    pub fn key_text(self, context: &Context) -> Option<String> {
        let shortcut = self.entry()?.keys.first()?;
        Some(text_of(context, *shortcut))
    }

    /// The icon on the toolbar.
    pub fn icon(self) -> Icon {
        match self {
            Self::Export | Self::ExportPath | Self::SaveMask => Icon::Export,
            Self::ExportLayer => Icon::Layer,
            Self::SaveProject | Self::SaveProjectAs => Icon::Save,
            Self::Undo => Icon::Undo,
            Self::Redo => Icon::Redo,
            Self::Brush => Icon::Brush,
            Self::Eraser => Icon::Eraser,
            Self::Clear => Icon::Clear,
            Self::Invert => Icon::Invert,
            Self::ZoomIn | Self::LargerBrush => Icon::Plus,
            Self::ZoomOut | Self::SmallerBrush => Icon::Minus,
            Self::Pause => Icon::Pause,
            Self::Step => Icon::Step,
            Self::Fill | Self::Candidate(_) | Self::BestCandidate => Icon::Play,
            Self::Divider => Icon::Divider,
            Self::Mix => Icon::Mix,
            Self::Explore => Icon::Faces,
            Self::Training => Icon::Chart,
            Self::MoreLikeThis => Icon::Dice,
            Self::Stop | Self::Quit => Icon::Close,
            Self::Frame | Self::NextFace | Self::Fit | Self::ActualPixels => Icon::Frame,
            Self::Shortcuts | Self::About => Icon::Help,
            Self::Open | Self::OpenPath | Self::LoadMask => Icon::Open,
        }
    }
}

/// A shortcut as text, such as `Ctrl+Z`.
pub fn text_of(context: &Context, shortcut: KeyboardShortcut) -> String {
    context.format_shortcut(&shortcut).replace("Escape", "Esc")
}

/// The commands whose keys were pressed; none while a text field has the focus. `candidates` is the number of
/// candidates that digits can choose.
pub fn pressed(context: &Context, candidates: usize) -> Vec<Verb> {
    if context.text_edit_focused() {
        return Vec::new();
    }
    let something_focused = context.memory(|memory| memory.focused().is_some());
    context.input_mut(|input| {
        let mut verbs = Vec::new();
        // egui would accept Ctrl+Shift+Z as Ctrl+Z, so shortcuts with Shift are checked first.
        for with_shift in [true, false] {
            for entry in TABLE {
                for shortcut in entry.keys.iter().filter(|shortcut| shortcut.modifiers.shift == with_shift) {
                    // If a widget has the keyboard focus, Enter belongs to it.
                    let is_taken = something_focused && shortcut.logical_key == Key::Enter;
                    if !is_taken && input.consume_shortcut(shortcut) {
                        verbs.push(entry.verb);
                    }
                }
            }
        }
        for (index, digit) in DIGITS.into_iter().enumerate() {
            if (index < candidates || index == 0) && input.consume_key(Modifiers::NONE, digit) {
                verbs.push(if candidates == 0 { Verb::ActualPixels } else { Verb::Candidate(index) });
            }
        }
        verbs
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_shortcut_is_used_twice() {
        let mut seen = std::collections::HashMap::new();
        for entry in TABLE {
            for shortcut in entry.keys {
                let key = (shortcut.modifiers, shortcut.logical_key);
                if let Some(other) = seen.insert(key, entry.name) {
                    panic!("{shortcut:?} is both '{other}' and '{}'", entry.name);
                }
            }
        }
    }

    #[test]
    fn every_command_is_in_the_table_once() {
        for entry in TABLE {
            assert_eq!(TABLE.iter().filter(|other| other.verb == entry.verb).count(), 1, "{}", entry.name);
        }
    }
}
