import type { IpFamily, Protocol } from '../model/service-port.js';

/** An address that the kernel balances, as `ipvsadm` writes it: `-t 10.96.0.10:80`. */
export type ServerKey = string;

/** Where its connections go. */
export interface VirtualServer {
  readonly scheduler: string;
  /** How long a client stays with its endpoint; 0: each connection goes anywhere. */
  readonly persistSeconds: number;
  /** Weights by address: `10.0.0.1:8080`. */
  readonly reals: ReadonlyMap<string, number>;
}

/** All of a node. */
export type VirtualServers = ReadonlyMap<ServerKey, VirtualServer>;

const protocolFlags: Readonly<Record<Protocol, string>> = {
  tcp: '-t',
  udp: '-u',
  sctp: '--sctp-service',
};

/** How an address is named. */
export function serverKey(protocol: Protocol, ip: string, port: number): ServerKey {
  return `${protocolFlags[protocol]} ${socketText(ip, port)}`;
}

/** `10.0.0.1:80` or `[fd00::1]:80`. */
export function socketText(ip: string, port: number): string {
  return ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`;
}

/**
 * What `ipvsadm --restore` reads to make one of the other. An endpoint that goes gets no new connections from then on, and stays without weight ({@link withDraining}) until its last one has ended; by UDP there is none to wait for.
 */
export function serversText(before: VirtualServers, after: VirtualServers): string {
  const lines: string[] = [];
  for (const key of before.keys()) if (!after.has(key)) lines.push(`-D ${key}`);
  for (const [key, next] of after) {
    const old = before.get(key);
    if (old === undefined) lines.push(`-A ${key} ${optionsOf(next)}`);
    else if (optionsOf(old) !== optionsOf(next)) lines.push(`-E ${key} ${optionsOf(next)}`);
    for (const [real, weight] of old?.reals ?? [])
      if (!next.reals.has(real) && weight > 0)
        lines.push(drains(key) ? `-e ${key} -r ${real} -m -w 0` : `-d ${key} -r ${real}`);
    for (const [real, weight] of next.reals) {
      const was = old?.reals.get(real);
      if (was !== weight)
        lines.push(`${was === undefined ? '-a' : '-e'} ${key} -r ${real} -m -w ${weight}`);
    }
  }
  return lines.map((line) => `${line}\n`).join('');
}

/** What the kernel has after {@link serversText}: the new servers, with those endpoints that are waited for. */
export function withDraining(before: VirtualServers, after: VirtualServers): VirtualServers {
  return new Map(
    [...after].map(([key, server]) => {
      const left = [...(before.get(key)?.reals ?? [])].filter(([real]) => !server.reals.has(real));
      if (!drains(key) || left.length === 0) return [key, server];
      const reals = new Map([...server.reals, ...left.map(([real]) => [real, 0] as const)]);
      return [key, { ...server, reals }];
    }),
  );
}

/** The servers without some of their endpoints. */
export function withoutReals(
  servers: VirtualServers,
  gone: readonly { readonly key: ServerKey; readonly real: string }[],
): VirtualServers {
  return new Map(
    [...servers].map(([key, server]) => {
      const own = new Set(gone.flatMap((each) => (each.key === key ? [each.real] : [])));
      if (own.size === 0) return [key, server];
      const reals = new Map([...server.reals].filter(([real]) => !own.has(real)));
      return [key, { ...server, reals }];
    }),
  );
}

function drains(key: ServerKey): boolean {
  return !key.startsWith(protocolFlags.udp);
}

function optionsOf({ scheduler, persistSeconds }: VirtualServer): string {
  return `-s ${scheduler}${persistSeconds === 0 ? '' : ` -p ${persistSeconds}`}`;
}

/** Reads `ipvsadm --save --numeric`; servers of the other family are left out. */
export function parseServers(text: string, family: IpFamily): VirtualServers {
  const servers = new Map<ServerKey, VirtualServer & { reals: Map<string, number> }>();
  for (const line of text.split('\n')) {
    const match = /^-(A|a) (-t|-u|--sctp-service) (\S+)(.*)$/.exec(line.trim());
    if (match === null) continue;
    const [, verb, protocol, address = '', rest = ''] = match;
    if (address.startsWith('[') !== (family === 6)) continue;
    const key = `${protocol} ${address}`;
    const option = (name: string) => new RegExp(` -${name} (\\S+)`).exec(rest)?.[1];
    if (verb === 'A') {
      const persistSeconds = Number(option('p') ?? 0);
      servers.set(key, { scheduler: option('s') ?? '', persistSeconds, reals: new Map() });
    } else {
      servers.get(key)?.reals.set(option('r') ?? '', Number(option('w') ?? 1));
    }
  }
  return servers;
}

/**
 * Reads `ipvsadm --list --numeric`: endpoints without weight that no connection uses any more, as `--restore` forgets them: `-d KEY -r
 * REAL`.
 */
export function parseDrained(
  text: string,
): readonly { readonly key: ServerKey; readonly real: string }[] {
  const found: { key: ServerKey; real: string }[] = [];
  let key = '';
  for (const line of text.split('\n')) {
    const server = /^(TCP|UDP|SCTP)\s+(\S+)/.exec(line);
    if (server !== null) {
      const protocol = (server[1] ?? '').toLowerCase() as Protocol;
      key = `${protocolFlags[protocol]} ${server[2]}`;
    }
    const real = /^\s+->\s+(\S+)\s+\S+\s+0\s+0\s+0\s*$/.exec(line)?.[1];
    if (real !== undefined && key !== '') found.push({ key, real });
  }
  return found;
}
