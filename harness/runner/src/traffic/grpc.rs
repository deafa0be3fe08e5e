//! Preparation of gRPC calls from documents.

use std::collections::BTreeMap;

use crosscut_expr::Scope;
use crosscut_suite::model::{Grpc, Place};
use crosscut_traffic::{GrpcCall, GrpcClient};

use crosscut_messages::{Message, grpc_origin};
use crosscut_yaml::Node;
use http::Uri;
use serde_json::{Value, json};

use super::batch::Prepared;
use super::request::{headers, text, unsendable, wrong};
use super::tls;
use crate::scope::evaluate;
use crate::stop::Stop;

/// Returns the calls of an action, each with its own `$index`. Calls to one address share their
/// connections.
///
/// # Errors
/// [`Stop`] if a template cannot be evaluated, or if its value cannot be sent.
pub(super) fn prepare(
    grpc: &Grpc,
    place: &Place,
    scope: &Scope,
) -> Result<Vec<Prepared<GrpcClient, GrpcCall>>, Stop> {
    let settings = tls::settings(grpc.common.tls.as_ref(), place, scope)?;
    let mut clients: BTreeMap<String, GrpcClient> = BTreeMap::new();
    let mut prepared = Vec::with_capacity(grpc.common.times);
    for index in 0..grpc.common.times {
        let scope = scope.clone().bind("index", json!(index));
        let origin = origin(grpc, place, &scope)?;
        let client = match clients.get(&origin.to_string()) {
            Some(client) => client.clone(),
            None => {
                let client = GrpcClient::new(&origin, &settings)
                    .map_err(|error| tls::unusable(&error, place))?;
                clients.insert(origin.to_string(), client.clone());
                client
            }
        };
        prepared.push(Prepared {
            client,
            title: format!("{} at {origin}", grpc.method.path()),
            call: call(grpc, place, &scope)?,
            request: json!({"method": grpc.method.path(), "address": origin.to_string()}),
        });
    }
    Ok(prepared)
}

fn origin(grpc: &Grpc, place: &Place, scope: &Scope) -> Result<Uri, Stop> {
    let address = text(&grpc.address, place, scope)?;
    grpc_origin(&address, grpc.common.tls.is_some())
        .map_err(|error| unsendable(&error, &grpc.address, place))
}

fn call(grpc: &Grpc, place: &Place, scope: &Scope) -> Result<GrpcCall, Stop> {
    let messages = grpc.messages.iter();
    Ok(GrpcCall {
        method: grpc.method.clone(),
        metadata: headers(grpc.metadata.as_ref(), place, scope)?,
        messages: messages
            .map(|node| message(grpc, node, place, scope))
            .collect::<Result<_, _>>()?,
        take: grpc.take,
    })
}

fn message(grpc: &Grpc, node: &Node, place: &Place, scope: &Scope) -> Result<Message, Stop> {
    let value: Value = evaluate(node, place, scope)?;
    let message = grpc.method.message(&value);
    message.map_err(|error| wrong(error.to_string(), node, place))
}
