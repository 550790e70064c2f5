//! anchoring
