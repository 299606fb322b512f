import type { Clock } from '../../../base/clock.js';
import type { Logger } from '../../../base/logger.js';
import type { RunCommand } from '../../../host/command.js';
import { NftWriter } from '../../dataplane/nft-writer.js';
import { deepEqual } from '../../machinery/deep-equal.js';
import type { IpFamily, ServicePortView } from '../model/service-port.js';
import type { FamilyView, ProxyBackend } from '../proxy-backend.js';
import type { OpenEntry } from './open-entry.js';
import { type Entry, type EntryFacts, planEntries } from './plan-entries.js';
import { planRedirects, redirectTableAt } from './redirects.js';
import { TcpEntry } from './tcp-entry.js';
import { UdpEntry } from './udp-entry.js';

/** What the proxy in this process is made of. */
export interface UserspaceOptions {
  readonly family: IpFamily;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long a client and an endpoint may be silent by UDP until their conversation is over. */
  readonly udpIdleMs: number;
  /** Runs `nft`, so that services' addresses lead here. Null: they cannot be redirected. */
  readonly run: RunCommand | null;
}

/** Where this process takes connections for a service. */
export interface EntryAddress {
  readonly service: string;
  readonly protocol: 'tcp' | 'udp';
  /** What it stands for: `10.96.0.10:80`, or '' for a node port. */
  readonly destination: string;
  readonly listens: string;
}

/** Connections go through this process. It needs no root, but then services' own addresses lead nowhere: see {@link entries}. */
export class UserspaceBackend implements ProxyBackend {
  readonly #options: UserspaceOptions;
  readonly #writer: NftWriter | null;
  readonly #open = new Map<string, { entry: Entry; at: OpenEntry }>();

  /** Of ports that did not change since the last sync. */
  #planned = new Map<ServicePortView, readonly Entry[]>();
  #facts: EntryFacts | null = null;

  constructor(options: UserspaceOptions) {
    const { run, family } = options;
    this.#options = options;
    this.#writer = run === null ? null : new NftWriter({ run, at: redirectTableAt(family) });
  }

  /** What is served where, for who cannot be redirected. */
  entries(): readonly EntryAddress[] {
    return [...this.#open.values()].map(({ entry, at }) => {
      const { service, protocol, destinations, destinationPort } = entry;
      const [ip] = destinations;
      const destination = ip === undefined ? '' : socketText(ip, destinationPort);
      return { service, protocol, destination, listens: socketText(entry.hosts[0] ?? '', at.port) };
    });
  }

  async sync(
    { facts, ports }: FamilyView,
    { isPeriodic }: { readonly isPeriodic: boolean } = { isPeriodic: false },
  ): Promise<void> {
    const { family, nodePortAddresses } = facts;
    const redirects = this.#writer !== null;
    const wanted = new Map<string, Entry>();
    for (const entry of this.#plan(ports, { family, nodePortAddresses, redirects }))
      if (!wanted.has(entry.id)) wanted.set(entry.id, entry);
    await this.#closeOthers(wanted);
    for (const entry of wanted.values()) await this.#ensure(entry);
    if (this.#writer === null) return;
    if (isPeriodic) await this.#writer.check('prerouting');
    const open = [...wanted.keys()].flatMap((id) => {
      const known = this.#open.get(id);
      return known === undefined ? [] : [{ entry: known.entry, port: known.at.port }];
    });
    await this.#writer.write(planRedirects(open, family));
  }

  async cleanUp(): Promise<void> {
    await this.#closeOthers(new Map());
    await this.#writer?.remove();
  }

  #plan(ports: readonly ServicePortView[], facts: EntryFacts): readonly Entry[] {
    const isSame = deepEqual(facts, this.#facts);
    const planned = new Map<ServicePortView, readonly Entry[]>();
    for (const port of ports)
      planned.set(port, (isSame ? this.#planned.get(port) : undefined) ?? planEntries(port, facts));
    this.#planned = planned;
    this.#facts = facts;
    return [...planned.values()].flat();
  }

  /** One that listens elsewhere from now on is opened anew. */
  async #closeOthers(wanted: ReadonlyMap<string, Entry>): Promise<void> {
    for (const [id, { entry, at }] of this.#open) {
      const next = wanted.get(id);
      if (next !== undefined && isSamePlace(next, entry)) continue;
      this.#open.delete(id);
      await at.close();
    }
  }

  /** A port that somebody else has is tried again at the next sync; the other services are not to wait for it. */
  async #ensure(entry: Entry): Promise<void> {
    const { clock, udpIdleMs, logger } = this.#options;
    const known = this.#open.get(entry.id);
    if (known !== undefined) {
      if (known.entry === entry) return;
      known.at.update(entry);
      known.entry = entry;
      return;
    }
    const at = entry.protocol === 'tcp' ? new TcpEntry(clock) : new UdpEntry(clock, udpIdleMs);
    at.update(entry);
    try {
      await at.open(entry);
      this.#open.set(entry.id, { entry, at });
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      logger.error('a port of a service is not served', { entry: entry.id, problem });
    }
  }
}

function isSamePlace(a: Entry, b: Entry): boolean {
  return a.port === b.port && a.hosts.join(' ') === b.hosts.join(' ');
}

function socketText(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
