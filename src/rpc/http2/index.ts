/** The engine on our own HTTP/2 layer. */
export { createHttp2Server } from './server.js';
