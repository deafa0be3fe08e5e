//! Descriptions of gRPC services.
#![cfg(feature = "grpc")]

mod schema;
