//! web-kit
