import { hostname } from 'node:os';
import { parseCidr } from '../../control/machinery/ip-address.js';
import type { IpvsSettings, LocalDetection, ProxySettings } from '../../control/proxy/index.js';
import type { Address } from '../../host/net.js';
import { type ParsedFlags, parseFlags } from '../program/flags.js';
import { UsageError } from '../usage-error.js';
import { configurationFlags } from './config-file.js';
import { proxyFlags } from './flags.js';

/** Ways to send connections on. */
export type ProxyMode = 'nftables' | 'iptables' | 'ipvs' | 'userspace';

/** What the command line and the configuration file say together. */
export interface ProxyCommandSettings {
  readonly mode: ProxyMode;
  readonly nodeName: string;
  readonly proxy: ProxySettings;
  readonly syncPeriodMs: number;
  readonly minSyncPeriodMs: number;
  /** Null: not served. */
  readonly healthz: Address | null;
  readonly metrics: Address | null;
  /** The node's part of the pod network is kept as well. */
  readonly keepsPodNetwork: boolean;
  /** Of conversations by UDP, in mode userspace. */
  readonly udpIdleMs: number;
  readonly isRoot: boolean;
  readonly ipvs: IpvsSettings;
}

/** Flags with those of the configuration file behind them. Throws UsageError. */
export function withConfiguration(flags: ParsedFlags, text: string): ParsedFlags {
  const given = [...flags.given].flatMap((name) =>
    flags.occurrences(name).map((value) => ({ name, value })),
  );
  const behind = configurationFlags(text).filter(
    (word) => !given.some(({ name }) => word.startsWith(`--${name}=`)),
  );
  const ahead = given.map(({ name, value }) => `--${name}=${value}`);
  return parseFlags('flotilla proxy', proxyFlags, [...behind, ...ahead]);
}

/** Checks what the flags say. Throws UsageError. */
export function proxySettings(flags: ParsedFlags, isRoot: boolean): ProxyCommandSettings {
  const mode = modeOf(flags.text('proxy-mode'), isRoot);
  const prefix = mode === 'iptables' || mode === 'ipvs' ? `${mode}-` : '';
  const periodMs = (name: string) =>
    // The plain flags count in every mode; kube-proxy has one pair a mode.
    flags.durationMs(flags.given.has(prefix + name) ? prefix + name : name);
  const nodeName = (flags.text('hostname-override') || hostname()).trim().toLowerCase();
  const settings = {
    ...{ mode, nodeName },
    proxy: rulesSettings(flags, mode),
    ...{ syncPeriodMs: periodMs('sync-period'), minSyncPeriodMs: periodMs('min-sync-period') },
    healthz: addressOf('healthz-bind-address', flags, 10256),
    ...{ keepsPodNetwork: flags.isTrue('pod-network'), udpIdleMs: flags.durationMs('udp-timeout') },
    ...{ isRoot, ipvs: ipvsSettings(flags) },
    metrics: addressOf('metrics-bind-address', flags, 10249),
  };
  if (settings.keepsPodNetwork && !isRoot)
    throw new UsageError('--pod-network changes routes and rules of the kernel: run it as root');
  if (settings.udpIdleMs === 0) throw new UsageError('--udp-timeout: give more than 0');
  if (settings.syncPeriodMs === 0) throw new UsageError('--sync-period: give more than 0');
  return settings;
}

const modes: readonly ProxyMode[] = ['nftables', 'iptables', 'ipvs', 'userspace'];

/** Without a name, the one that this user can have. */
function modeOf(text: string, isRoot: boolean): ProxyMode {
  if (text === '') return isRoot ? 'nftables' : 'userspace';
  const mode = modes.find((each) => each === text);
  if (mode === undefined)
    throw new UsageError(`--proxy-mode: ${JSON.stringify(text)} is none of ${modes.join(', ')}`);
  if (!isRoot && mode !== 'userspace')
    throw new UsageError(
      `--proxy-mode=${mode} changes rules of the kernel: run it as root, or give --proxy-mode=userspace`,
    );
  return mode;
}

function rulesSettings(flags: ParsedFlags, mode: ProxyMode): ProxySettings {
  const bit = flags.number('iptables-masquerade-bit');
  if (bit > 31) throw new UsageError('--iptables-masquerade-bit: give 0 to 31');
  const balance = flags.text('nftables-balance');
  if (balance !== 'random' && balance !== 'round-robin')
    throw new UsageError(
      `--nftables-balance: ${JSON.stringify(balance)} is none of random, round-robin`,
    );
  const addresses = flags.list('nodeport-addresses');
  if (!addresses.includes('primary')) checkCidrs('nodeport-addresses', addresses);
  else if (addresses.length > 1)
    throw new UsageError('--nodeport-addresses: `primary` goes with nothing else');
  const clusterCidrs = flags.list('cluster-cidr');
  checkCidrs('cluster-cidr', clusterCidrs);
  const isPrimary = mode === 'nftables' && addresses.length === 0;
  return {
    nodePortAddresses: isPrimary ? ['primary'] : addresses,
    ...{ clusterCidrs, balance, masqueradesAll: flags.isTrue('masquerade-all') },
    localDetection: localDetectionOf(flags),
    servesLoopbackNodePorts: flags.isTrue('iptables-localhost-nodeports'),
    masqueradeBit: bit,
  };
}

const schedulers: ReadonlySet<string> = new Set([
  ...[
    'rr',
    'wrr',
    'lc',
    'wlc',
    'lblc',
    'lblcr',
    'sh',
    'mh',
    'dh',
    'sed',
    'nq',
    'fo',
    'ovf',
    'twos',
  ],
]);

function ipvsSettings(flags: ParsedFlags): IpvsSettings {
  const scheduler = flags.text('ipvs-scheduler') || 'rr';
  if (!schedulers.has(scheduler))
    throw new UsageError(
      `--ipvs-scheduler: ${JSON.stringify(scheduler)} is none of ${[...schedulers].join(', ')}`,
    );
  const excludeCidrs = flags.list('ipvs-exclude-cidrs');
  checkCidrs('ipvs-exclude-cidrs', excludeCidrs);
  const seconds = (name: string) => Math.ceil(flags.durationMs(name) / 1000);
  return {
    ...{ scheduler, excludeCidrs, strictArp: flags.isTrue('ipvs-strict-arp') },
    tcpTimeoutSeconds: seconds('ipvs-tcp-timeout'),
    tcpFinTimeoutSeconds: seconds('ipvs-tcpfin-timeout'),
    udpTimeoutSeconds: seconds('ipvs-udp-timeout'),
  };
}

function localDetectionOf(flags: ParsedFlags): LocalDetection {
  const mode = flags.text('detect-local-mode');
  switch (mode) {
    case '':
    case 'ClusterCIDR':
      return { mode: 'ClusterCIDR' };
    case 'NodeCIDR':
      return { mode };
    case 'BridgeInterface':
      return { mode, name: interfaceName('pod-bridge-interface', mode, flags) };
    case 'InterfaceNamePrefix':
      return { mode, name: interfaceName('pod-interface-name-prefix', mode, flags) };
    default:
      throw new UsageError(
        `--detect-local-mode: ${JSON.stringify(mode)} is none of ClusterCIDR, NodeCIDR, BridgeInterface, InterfaceNamePrefix`,
      );
  }
}

function interfaceName(flag: string, mode: string, flags: ParsedFlags): string {
  const name = flags.text(flag);
  if (!/^[^\s/"]{1,15}$/.test(name))
    throw new UsageError(
      `--detect-local-mode=${mode} needs --${flag}: a name of 15 characters at most`,
    );
  return name;
}

function checkCidrs(flag: string, texts: readonly string[]): void {
  const bad = texts.find((text) => parseCidr(text) === null);
  if (bad !== undefined)
    throw new UsageError(`--${flag}: ${JSON.stringify(bad)} is no CIDR; write 10.0.0.0/8`);
}

/** `0.0.0.0:10256`, `[::]:10256` or an address alone; '' and port 0 serve nothing. */
function addressOf(flag: string, flags: ParsedFlags, portDefault: number): Address | null {
  const text = flags.text(flag);
  if (text === '') return null;
  const match = /^(?:\[([0-9a-fA-F:]+)\]|([0-9.]+|localhost))(?::(\d+))?$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3] ?? portDefault);
  if (host === undefined || port > 65_535)
    throw new UsageError(
      `--${flag}: ${JSON.stringify(text)} is no address; write 0.0.0.0:${portDefault}`,
    );
  return port === 0 ? null : { host, port };
}
