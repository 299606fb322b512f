import { type NftTable, nftTable } from '../../dataplane/nft-table.js';
import type { IpFamily } from '../model/service-port.js';
import { addressType, destinationWords, ipWord, nodePortWords } from '../nftables/words.js';
import type { Entry } from './plan-entries.js';

/** The table that sends connections to services' addresses to this process. */
export function redirectTableAt(family: IpFamily): Pick<NftTable, 'family' | 'name'> {
  return { family: ipWord(family), name: 'flotilla-userspace' };
}

/** Redirects for entries that listen on the given ports; of two that claim one address the first gets it. Only what was redirected comes in. */
export function planRedirects(
  open: Iterable<{ readonly entry: Entry; readonly port: number }>,
  family: IpFamily,
): NftTable {
  const redirects = new Map<string, string>();
  const ports = new Map<string, string>();
  for (const { entry, port } of open) {
    const { destinations, protocol, destinationPort } = entry;
    for (const ip of destinations) {
      const key = `${ip} . ${protocol} . ${destinationPort}`;
      if (!redirects.has(key)) redirects.set(key, String(port));
    }
    if (entry.port === 0) ports.set(`${protocol} . ${port}`, '');
  }
  const transport = 'meta l4proto { tcp, udp }';
  const rule = `${transport} redirect to ${destinationWords(family)} map @redirects`;
  const own = `${nodePortWords} @entry-ports`;
  const address = addressType(family);
  const hook = (type: string, name: string, priority: number) =>
    `type ${type} hook ${name} priority ${priority};`;
  return nftTable(redirectTableAt(family), [
    {
      ...{ kind: 'map', name: 'redirects', elements: redirects },
      spec: `type ${address} . inet_proto . inet_service : inet_service;`,
    },
    { kind: 'set', name: 'entry-ports', spec: 'type inet_proto . inet_service;', elements: ports },
    ...(['prerouting', 'output'] as const).map((name) => ({
      ...{ kind: 'chain' as const, name, spec: hook('nat', name, -100), rules: [rule] },
    })),
    {
      ...{ kind: 'chain', name: 'input', spec: hook('filter', 'input', 0) },
      rules: [`${own} ct status dnat accept`, `iifname != "lo" ${own} drop`],
    },
  ]);
}
