export { openSession } from './command-session.js';
export { forwardPort } from './forward-port.js';
