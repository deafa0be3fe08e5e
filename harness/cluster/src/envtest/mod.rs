//! Real control planes from plain processes.

pub mod crossplane;
