//! What events say of the Model Context Protocol.

use super::values::*;

/// A request or notification of the Model Context Protocol, for both sides of it. The span is called
/// `{method} {tool_name or prompt_name}`; it is of kind CLIENT for `mcp_client`, SERVER for `mcp_server`.
///
/// A tool that is called over the protocol would show twice, as the execution of the tool and as the call: a `tools/call`
/// of a client that is recorded whole (`agentotel_record_event`), did not fail, and names as its parent, by its handle, an
/// event in flight of kind tool, does not become a span. It adds what it says to the tool's event, whose context is
/// given out. Of several such calls below one tool the first does so; the others are spans, and so are calls that are
/// started and ended, that failed, or that name their parent by its context.
/// @since 0.1.0
#[repr(C)]
#[derive(Clone, Copy)]
pub struct agentotel_mcp {
    /// `sizeof(agentotel_mcp)`; `AGENTOTEL_MCP_INIT` sets it.
    pub struct_size: usize,
    /// `mcp.method.name`, such as `tools/call`; required.
    pub method: agentotel_str,
    /// `gen_ai.tool.name`, when the method is about a tool.
    pub tool_name: agentotel_str,
    /// `gen_ai.prompt.name`, when it is about a prompt.
    pub prompt_name: agentotel_str,
    /// `mcp.resource.uri`, when it is about a resource.
    pub resource_uri: agentotel_str,
    /// `mcp.session.id`
    pub session_id: agentotel_str,
    /// `mcp.protocol.version`, such as `2025-06-18`.
    pub protocol_version: agentotel_str,
    /// `jsonrpc.request.id`, as a text; absent for a notification.
    pub request_id: agentotel_str,
    /// `jsonrpc.protocol.version`; `2.0` is left out.
    pub jsonrpc_version: agentotel_str,
    /// `rpc.response.status_code`: the error code of the response, as a text. The event has failed then, with this
    /// `error.type` unless `error` names another.
    pub response_status_code: agentotel_str,
    /// `network.transport`: `pipe` (stdio), `tcp`, `quic`.
    pub network_transport: agentotel_str,
    /// `network.protocol.name`, such as `http`.
    pub network_protocol_name: agentotel_str,
    /// `network.protocol.version`
    pub network_protocol_version: agentotel_str,
    /// The other side: `server.address` for `mcp_client`, `client.address` for `mcp_server`.
    pub peer_address: agentotel_str,
    /// `server.port` or `client.port`.
    pub peer_port: agentotel_i64,
    /// 1 when the result of a tool call has `isError`: the event has failed then, with the `error.type` `tool_error`
    /// unless `error` names another.
    pub is_error: u32,
    /// Set to zero.
    pub reserved: u32,
    /// `gen_ai.tool.call.arguments`, an object (JSON, content).
    pub arguments: agentotel_str,
    /// `gen_ai.tool.call.result` (JSON, content).
    pub result: agentotel_str,
}
