//! entry-app
