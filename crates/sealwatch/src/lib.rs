//! sealwatch
