//! breach-viewer
