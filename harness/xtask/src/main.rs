//! (Skeleton; the contents follow.)
fn main() {}
