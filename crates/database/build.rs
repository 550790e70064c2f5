//! A new migration is a new build: `sqlx::migrate!` reads the folders at compile time.

fn main() {
    // Told to cargo on standard output; there is no other way.
    #[expect(
        clippy::print_stdout,
        reason = "this is how a build script speaks to cargo"
    )]
    {
        println!("cargo::rerun-if-changed=../../migrations");
    }
}
