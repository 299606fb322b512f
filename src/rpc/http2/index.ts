/** The engine on our own HTTP/2 layer, server and client. */
export { createHttp2Channel, type Http2ChannelOptions } from './channel.js';
export { createHttp2Server } from './server.js';
