//! The field numbers of `google/protobuf/struct.proto` (protobuf 3), for reading and for writing.

/// `Struct.fields`.
pub(crate) const FIELDS: u32 = 1;
/// The key of an entry of `Struct.fields`.
pub(crate) const MAP_KEY: u32 = 1;
/// The value of an entry of `Struct.fields`.
pub(crate) const MAP_VALUE: u32 = 2;
/// `Value.null_value`.
pub(crate) const NULL: u32 = 1;
/// `Value.number_value`.
pub(crate) const NUMBER: u32 = 2;
/// `Value.string_value`.
pub(crate) const TEXT: u32 = 3;
/// `Value.bool_value`.
pub(crate) const BOOLEAN: u32 = 4;
/// `Value.struct_value`.
pub(crate) const STRUCT: u32 = 5;
/// `Value.list_value`.
pub(crate) const LIST: u32 = 6;
/// `ListValue.values`.
pub(crate) const ITEMS: u32 = 1;
