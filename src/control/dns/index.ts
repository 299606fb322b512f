/** The cluster's name server: names of services and pods, and everybody else's by asking further. */
export type { ClusterView } from './cluster-view.js';
export { informerView } from './informer-view.js';
export { type KubeDnsService, untilKubeDns } from './kube-dns-service.js';
export type { PodNames } from './records/pod-names.js';
export { resolveName, type ZoneOptions } from './records/resolve.js';
export { NameServer, type NameServerOptions } from './server/name-server.js';
export type { Asked } from './server/query.js';
export { type ZoneAnswererOptions, zoneAnswerer } from './server/zone-answerer.js';
export { askOverNetwork } from './upstream/exchange.js';
export { CachingForwarder, type ForwarderOptions } from './upstream/forwarder.js';
