/**
 * The engine on our own HTTP/2 layer, server and client: RFC 9113, RFC 7541 (`hpack/`) and gRPC over HTTP/2.
 *
 * From the wire up: `frame-reader` cuts what the socket read into frames, in place; `connection` hands them to
 * `header-frames`, `data-frames` and `control-frames`; `server-connection` and `client-connection` make calls of them
 * (`unary-call`, `stream-call`, and `web-call` of what is no gRPC; `client-call`), which `message-reader` gives their messages. Down again: a call writes into its
 * connection's `output` through `frame-writer`, or, when a window is closed, waits in `send-scheduler`; `flush-queue` has
 * everything that an event-loop turn brought written at once. What a peer can make us do or keep is bounded where it is done
 * or kept; `flood-guard` bounds what is neither.
 */
export { createHttp2Channel, type Http2ChannelOptions } from './channel.js';
export type { ChannelTls } from './endpoint.js';
export { createLocalChannel } from './local-channel.js';
export { createHttp2Server } from './server.js';
