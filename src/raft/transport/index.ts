/** How members talk to each other. */
export { decodePeerMessage, encodePeerMessage } from './codec.js';
export { type ClusterDescription, describeCluster } from './describe-cluster.js';
export { type Dial, isTlsUrl, peerAddress, peerDial } from './dial.js';
export { PeerTraffic } from './peer-traffic.js';
export { TcpTransport, type TcpTransportOptions } from './tcp-transport.js';
