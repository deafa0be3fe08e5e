//! (Skeleton; the contents follow.)
