//! A codec for messages as bytes, since their types are known only at run time.

use bytes::{Buf as _, BufMut as _};
use tonic::Status;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};

/// A codec that passes the bytes of messages through.
#[derive(Clone, Debug)]
pub(crate) struct ByteCodec;

impl Codec for ByteCodec {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = ByteCodec;
    type Decoder = ByteCodec;

    fn encoder(&mut self) -> ByteCodec {
        ByteCodec
    }

    fn decoder(&mut self) -> ByteCodec {
        ByteCodec
    }
}

impl Encoder for ByteCodec {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        to.put_slice(&item);
        Ok(())
    }
}

impl Decoder for ByteCodec {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        let mut item = vec![0; from.remaining()];
        from.copy_to_slice(&mut item);
        Ok(Some(item))
    }
}
