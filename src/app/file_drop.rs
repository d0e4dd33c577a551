//! Whether files can be dropped onto the window.

use wgpu::rwh::{HasDisplayHandle, RawDisplayHandle};

/// Whether the window system tells the window about dropped files. winit 0.30 does not read Wayland's drag and drop.
pub fn accepts_dropped_files(window: &impl HasDisplayHandle) -> bool {
    window.display_handle().is_ok_and(|display| is_supported(display.as_raw()))
}

fn is_supported(display: RawDisplayHandle) -> bool {
    !matches!(display, RawDisplayHandle::Wayland(_))
}

#[cfg(test)]
mod tests {
    use std::ptr::NonNull;

    use wgpu::rwh::{WaylandDisplayHandle, WindowsDisplayHandle, XlibDisplayHandle};

    use super::*;

    #[test]
    fn wayland_windows_get_no_dropped_files() {
        assert!(!is_supported(WaylandDisplayHandle::new(NonNull::dangling()).into()));
        assert!(is_supported(XlibDisplayHandle::new(None, 0).into()));
        assert!(is_supported(WindowsDisplayHandle::new().into()));
    }
}
