/** The proxy of a node: connections to services go to their endpoints. */
export { type HealthCheckPort, healthCheckAnswer } from './health-checks.js';
export { IptablesBackend } from './iptables/iptables-backend.js';
export { IpvsBackend, type IpvsSettings } from './ipvs/ipvs-backend.js';
export type { IpFamily } from './model/service-port.js';
export { NftablesBackend, nftablesProblem } from './nftables/nftables-backend.js';
export type { LocalDetection, ProxySettings } from './node-source.js';
export { Proxier, type ProxierOptions } from './proxier.js';
export type { FamilyView, ProxyBackend } from './proxy-backend.js';
export type { OpenEntry } from './userspace/open-entry.js';
export type { Entry } from './userspace/plan-entries.js';
export { TcpEntry } from './userspace/tcp-entry.js';
export { UdpEntry } from './userspace/udp-entry.js';
export {
  type EntryAddress,
  UserspaceBackend,
  type UserspaceOptions,
} from './userspace/userspace-backend.js';
