//! The table of all commands: their names and shortcuts, for key handling, tooltips and the help window.

use egui::{Context, Key, KeyboardShortcut, Modifiers};

use super::icons::Icon;
use crate::app::language::translate;

/// A command that one key or one click starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EditorCommand {
    Open,
    OpenPath,
    NextPhoto,
    PreviousPhoto,
    SaveProject,
    SaveProjectAs,
    Export,
    ExportPath,
    ExportLayer,
    ExportAndNext,
    CopyPicture,
    PastePicture,
    PasteMask,
    Undo,
    Redo,
    BrushTool,
    EraserTool,
    IgnoreTool,
    RectangleTool,
    EllipseTool,
    LassoTool,
    PolygonTool,
    FrameTool,
    NextFace,
    SmallerBrush,
    LargerBrush,
    ClearMask,
    InvertMask,
    SameHole,
    GrowMask,
    ShrinkMask,
    LoadMask,
    SaveMask,
    ZoomIn,
    ZoomOut,
    ZoomToFit,
    ZoomToFace,
    ZoomToActualPixels,
    Fill,
    Stop,
    PauseOrResume,
    /// One more iteration of a search, which then pauses; on the timeline, the next one.
    NextIteration,
    ToggleDivider,
    NextMap,
    PreviousMap,
    ShowBestCandidate,
    /// Shows the candidate with this index, counted from 0. The digit keys reach the first nine.
    ShowCandidate(usize),
    MoreLikeThis,
    Mix,
    /// Opens or closes the sliders that edit the shown face.
    EditFace,
    /// Choose the next task.
    NextTask,
    PreviousIteration,
    PlayIterations,
    KeepIteration,
    /// A fill that goes on from the shown iteration.
    Branch,
    ExportSearch,
    ExportFrames,
    Explore,
    Batch,
    Training,
    HowItWorks,
    Shortcuts,
    About,
    Quit,
}

/// One row of the command table.
pub struct CommandEntry {
    pub command: EditorCommand,
    /// Heading in the help window.
    pub group: &'static str,
    pub name: &'static str,
    pub keys: &'static [KeyboardShortcut],
}

const fn key(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::NONE, key)
}

const fn shift(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::SHIFT, key)
}

const fn ctrl(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::COMMAND, key)
}

const fn ctrl_shift(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::COMMAND.plus(Modifiers::SHIFT), key)
}

const fn entry(
    command: EditorCommand,
    group: &'static str,
    name: &'static str,
    keys: &'static [KeyboardShortcut],
) -> CommandEntry {
    CommandEntry { command, group, name, keys }
}

const FILE: &str = "File";
const EDIT: &str = "Edit";
const PAINT: &str = "Paint";
const VIEW: &str = "View";
const FILL: &str = "Fill";
const HELP: &str = "Help";

/// All commands, in the order of the help window.
pub const COMMANDS: &[CommandEntry] = &[
    entry(EditorCommand::Open, FILE, "Open photo…", &[ctrl(Key::O)]),
    entry(EditorCommand::OpenPath, FILE, "Open photo by path…", &[ctrl_shift(Key::O)]),
    entry(EditorCommand::NextPhoto, FILE, "Next photo in the folder", &[key(Key::PageDown)]),
    entry(EditorCommand::PreviousPhoto, FILE, "Previous photo in the folder", &[key(Key::PageUp)]),
    entry(EditorCommand::SaveProject, FILE, "Save project", &[ctrl(Key::S)]),
    entry(EditorCommand::SaveProjectAs, FILE, "Save project as…", &[ctrl_shift(Key::S)]),
    entry(EditorCommand::Export, FILE, "Export…", &[ctrl(Key::E)]),
    entry(EditorCommand::ExportPath, FILE, "Export to a path…", &[ctrl(Key::P)]),
    entry(EditorCommand::ExportLayer, FILE, "Export layer…", &[ctrl_shift(Key::E)]),
    entry(EditorCommand::ExportSearch, FILE, "Export the search as GIF or APNG…", &[]),
    entry(EditorCommand::ExportFrames, FILE, "Export the iterations as pictures…", &[]),
    entry(EditorCommand::ExportAndNext, FILE, "Export, then open the next photo", &[ctrl(Key::PageDown)]),
    entry(EditorCommand::Batch, FILE, "Fill many photos…", &[ctrl(Key::B)]),
    entry(EditorCommand::LoadMask, FILE, "Load mask…", &[ctrl(Key::M)]),
    entry(EditorCommand::SaveMask, FILE, "Save mask…", &[ctrl_shift(Key::M)]),
    entry(EditorCommand::Quit, FILE, "Close the window", &[ctrl(Key::Q)]),
    entry(EditorCommand::CopyPicture, EDIT, "Copy the filled photo", &[ctrl(Key::C)]),
    entry(EditorCommand::PastePicture, EDIT, "Paste a picture as a photo", &[ctrl(Key::V)]),
    entry(EditorCommand::PasteMask, EDIT, "Paste a picture as a mask", &[ctrl_shift(Key::V)]),
    entry(EditorCommand::Undo, EDIT, "Undo", &[ctrl(Key::Z)]),
    entry(EditorCommand::Redo, EDIT, "Redo", &[ctrl_shift(Key::Z), ctrl(Key::Y)]),
    entry(EditorCommand::BrushTool, PAINT, "Brush", &[key(Key::B)]),
    entry(EditorCommand::EraserTool, PAINT, "Eraser", &[key(Key::E)]),
    entry(EditorCommand::IgnoreTool, PAINT, "Ignore brush", &[key(Key::I)]),
    entry(EditorCommand::RectangleTool, PAINT, "Rectangle", &[key(Key::R)]),
    entry(EditorCommand::EllipseTool, PAINT, "Ellipse", &[key(Key::O)]),
    entry(EditorCommand::LassoTool, PAINT, "Lasso", &[key(Key::Q)]),
    entry(EditorCommand::PolygonTool, PAINT, "Polygon", &[key(Key::G)]),
    entry(EditorCommand::FrameTool, PAINT, "Face frame", &[key(Key::F)]),
    // Its key is Tab. egui moves the focus with Tab, so the editor's `raw_input_hook` handles the key.
    entry(EditorCommand::NextFace, PAINT, "Frame the next face", &[]),
    entry(EditorCommand::SmallerBrush, PAINT, "Smaller brush", &[key(Key::OpenBracket)]),
    entry(EditorCommand::LargerBrush, PAINT, "Larger brush", &[key(Key::CloseBracket)]),
    entry(EditorCommand::ClearMask, PAINT, "Clear", &[key(Key::Delete), key(Key::Backspace)]),
    entry(EditorCommand::InvertMask, PAINT, "Invert", &[ctrl(Key::I)]),
    entry(EditorCommand::SameHole, PAINT, "Same hole as on the last photo", &[key(Key::H)]),
    entry(EditorCommand::GrowMask, PAINT, "Grow", &[]),
    entry(EditorCommand::ShrinkMask, PAINT, "Shrink", &[]),
    entry(
        EditorCommand::ZoomIn,
        VIEW,
        "Zoom in",
        &[key(Key::Plus), key(Key::Equals), ctrl(Key::Plus), ctrl(Key::Equals)],
    ),
    entry(EditorCommand::ZoomOut, VIEW, "Zoom out", &[key(Key::Minus), ctrl(Key::Minus)]),
    entry(EditorCommand::ZoomToFit, VIEW, "Fit in the window", &[key(Key::Num0), ctrl(Key::Num0)]),
    entry(EditorCommand::ZoomToFace, VIEW, "Zoom to the face, and back", &[key(Key::Z)]),
    entry(EditorCommand::ZoomToActualPixels, VIEW, "Actual pixels", &[ctrl(Key::Num1)]),
    entry(EditorCommand::ToggleDivider, VIEW, "Before/after divider", &[key(Key::D)]),
    entry(EditorCommand::NextMap, VIEW, "Next map of the face", &[key(Key::U)]),
    entry(EditorCommand::PreviousMap, VIEW, "Previous map of the face", &[shift(Key::U)]),
    entry(EditorCommand::Training, VIEW, "Training…", &[ctrl(Key::T)]),
    entry(EditorCommand::Fill, FILL, "Fill", &[key(Key::Enter)]),
    entry(EditorCommand::Stop, FILL, "Stop", &[key(Key::Escape)]),
    entry(EditorCommand::PauseOrResume, FILL, "Pause or resume", &[key(Key::P)]),
    entry(EditorCommand::NextIteration, FILL, "Next iteration (pauses a search)", &[key(Key::Period)]),
    entry(EditorCommand::PreviousIteration, FILL, "Previous iteration", &[key(Key::Comma)]),
    entry(EditorCommand::PlayIterations, FILL, "Play the iterations", &[key(Key::K)]),
    entry(EditorCommand::KeepIteration, FILL, "Keep this iteration", &[key(Key::S)]),
    entry(EditorCommand::Branch, FILL, "Go on from this iteration", &[key(Key::N)]),
    entry(EditorCommand::ShowBestCandidate, FILL, "Show the best candidate", &[key(Key::A)]),
    entry(EditorCommand::MoreLikeThis, FILL, "More like this", &[key(Key::L)]),
    entry(EditorCommand::Mix, FILL, "Mix two candidates", &[key(Key::M)]),
    entry(EditorCommand::EditFace, FILL, "Edit the face", &[key(Key::J)]),
    entry(EditorCommand::NextTask, FILL, "Next task", &[key(Key::T)]),
    entry(EditorCommand::Explore, FILL, "Explore faces", &[key(Key::X)]),
    entry(EditorCommand::Shortcuts, HELP, "Keyboard shortcuts", &[key(Key::F1), key(Key::Questionmark)]),
    entry(EditorCommand::HowItWorks, HELP, "How it works", &[key(Key::F2)]),
    entry(EditorCommand::About, HELP, "About Countenance", &[]),
];

/// Further rows of the help window, `(group, name, keys)`, for held keys, mouse gestures and digits.
pub const EXTRA_HELP_ROWS: &[(&str, &str, &str)] = &[
    (PAINT, "Frame the next face", "Tab"),
    (PAINT, "Erase while painting, remove an area", "Right button"),
    (PAINT, "Shapes of ignored pixels", "Ignore brush, then a shape"),
    (PAINT, "Square, circle", "Shift while dragging"),
    (PAINT, "Close the polygon", "Double click"),
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

impl EditorCommand {
    fn entry(self) -> Option<&'static CommandEntry> {
        COMMANDS.iter().find(|entry| entry.command == self)
    }

    /// The command's name, in the language of the interface.
    pub fn name(self) -> &'static str {
        translate(self.entry().map_or("Candidate", |entry| entry.name))
    }

    /// The text of the first shortcut.
    pub fn key_text(self, context: &Context) -> Option<String> {
        self.entry()?.keys.first().map(|shortcut| shortcut_text(context, *shortcut))
    }

    /// The icon on the toolbar.
    pub fn icon(self) -> Icon {
        match self {
            Self::Export | Self::ExportPath | Self::ExportAndNext | Self::SaveMask | Self::CopyPicture => Icon::Export,
            Self::ExportLayer => Icon::Layer,
            Self::SaveProject | Self::SaveProjectAs => Icon::Save,
            Self::Undo => Icon::Undo,
            Self::Redo => Icon::Redo,
            Self::BrushTool => Icon::Brush,
            Self::EraserTool => Icon::Eraser,
            Self::IgnoreTool => Icon::Ignore,
            Self::ClearMask => Icon::Clear,
            Self::InvertMask => Icon::Invert,
            Self::RectangleTool | Self::EllipseTool | Self::LassoTool | Self::PolygonTool | Self::SameHole => {
                Icon::Shapes
            }
            Self::ZoomIn | Self::LargerBrush | Self::GrowMask => Icon::Plus,
            Self::ZoomOut | Self::SmallerBrush | Self::ShrinkMask => Icon::Minus,
            Self::PauseOrResume => Icon::Pause,
            Self::NextIteration | Self::PreviousIteration => Icon::Step,
            Self::KeepIteration => Icon::Pin,
            Self::Branch => Icon::Branch,
            Self::ExportSearch | Self::ExportFrames => Icon::Film,
            Self::Fill | Self::PlayIterations | Self::ShowCandidate(_) | Self::ShowBestCandidate => Icon::Play,
            Self::ToggleDivider => Icon::Divider,
            Self::NextMap | Self::PreviousMap => Icon::Map,
            Self::Mix => Icon::Mix,
            Self::EditFace => Icon::Sliders,
            Self::Explore | Self::NextTask | Self::Batch => Icon::FaceGallery,
            Self::Training => Icon::Chart,
            Self::MoreLikeThis => Icon::Dice,
            Self::Stop | Self::Quit => Icon::Close,
            Self::FrameTool | Self::NextFace | Self::ZoomToFit | Self::ZoomToFace | Self::ZoomToActualPixels => {
                Icon::Frame
            }
            Self::HowItWorks | Self::Shortcuts | Self::About => Icon::Help,
            Self::Open
            | Self::OpenPath
            | Self::NextPhoto
            | Self::PreviousPhoto
            | Self::LoadMask
            | Self::PastePicture
            | Self::PasteMask => Icon::Open,
        }
    }
}

/// A shortcut as text, such as `Ctrl+Z`.
pub fn shortcut_text(context: &Context, shortcut: KeyboardShortcut) -> String {
    context.format_shortcut(&shortcut).replace("Escape", "Esc").replace("Comma", ",")
}

/// The commands whose keys were pressed; none in a text field. Digits choose among `candidate_count` candidates.
pub fn pressed_commands(context: &Context, candidate_count: usize) -> Vec<EditorCommand> {
    if context.text_edit_focused() {
        return Vec::new();
    }
    let is_widget_focused = context.memory(|memory| memory.focused().is_some());
    let is_menu_open = egui::Popup::is_any_open(context);
    context.input_mut(|input| {
        let mut commands = Vec::new();
        // egui would accept Ctrl+Shift+Z as Ctrl+Z, so shortcuts with Shift are checked first.
        for with_shift in [true, false] {
            for entry in COMMANDS {
                for shortcut in entry.keys.iter().filter(|shortcut| shortcut.modifiers.shift == with_shift) {
                    // Enter belongs to the widget with the keyboard focus, and Esc to an open menu.
                    let is_for_widget = match shortcut.logical_key {
                        Key::Enter => is_widget_focused,
                        Key::Escape => is_menu_open,
                        _ => false,
                    };
                    if !is_for_widget && input.consume_shortcut(shortcut) {
                        commands.push(entry.command);
                    }
                }
            }
        }
        for (index, digit) in DIGITS.into_iter().enumerate().take(candidate_count.max(1)) {
            if input.consume_key(Modifiers::NONE, digit) {
                let show = EditorCommand::ShowCandidate(index);
                commands.push(if candidate_count == 0 { EditorCommand::ZoomToActualPixels } else { show });
            }
        }
        commands
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_shortcut_is_used_twice() {
        let mut names = std::collections::HashMap::new();
        for entry in COMMANDS {
            for shortcut in entry.keys {
                let key = (shortcut.modifiers, shortcut.logical_key);
                if let Some(other) = names.insert(key, entry.name) {
                    panic!("{shortcut:?} is both '{other}' and '{}'", entry.name);
                }
            }
        }
    }

    #[test]
    fn every_command_is_in_the_table_once() {
        for entry in COMMANDS {
            assert_eq!(COMMANDS.iter().filter(|other| other.command == entry.command).count(), 1, "{}", entry.name);
        }
    }
}
