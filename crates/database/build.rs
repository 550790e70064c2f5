//! A new migration is a new build: `sqlx::migrate!` reads the folders at compile time.

fn main() {
    println!("cargo::rerun-if-changed=../../migrations");
}
