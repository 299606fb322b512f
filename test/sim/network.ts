import { concatBytes } from '../../src/base/bytes.js';
import { formatId, type MemberId } from '../../src/base/ids.js';
import type { Prng } from '../../src/base/prng.js';
import type { PeerHandler, PeerMessage, PeerTransport } from '../../src/raft/node/contracts.js';
import { decodePeerMessage, encodePeerMessage } from '../../src/raft/transport/codec.js';
import type { MachineTime } from './clock.js';
import type { Scheduler } from './scheduler.js';
import type { Trace } from './trace.js';

/** How the network behaves between members. */
export interface NetworkKnobs {
  /** Every message takes at least this long. */
  readonly delayMsMin: number;
  /** Mean of what comes on top, exponentially distributed. */
  readonly delayMsMean: number;
  readonly lossChance: number;
  readonly duplicateChance: number;
  /** Messages of one link overtake each other, as over several connections; else they queue as in one. */
  readonly reorders: boolean;
  /** Chance that a lost or blocked message is reported to its sender. */
  readonly reportChance: number;
  /** Chance that a byte of a snapshot chunk's payload arrives wrong. */
  readonly corruptChance: number;
}

/** A process on the network. */
interface Endpoint {
  readonly machine: MachineTime;
  readonly handler: PeerHandler;
  readonly isAlive: () => boolean;
}

/** What a process calls when it sends; the harness counts and checks there. */
type SendHook = (message: PeerMessage) => void;

/** The members' network: queues with delay between every two of them, and faults. Addresses are member ids. */
export class SimNetwork {
  readonly #scheduler: Scheduler;
  readonly #prng: Prng;
  readonly #trace: Trace;
  #knobs: NetworkKnobs;
  readonly #endpoints = new Map<MemberId, Endpoint>();
  /** Names of directed links, "from>to": made once, as they are looked up for every message. */
  readonly #links = new Map<MemberId, Map<MemberId, string>>();
  /** Links that carry nothing. */
  readonly #blocked = new Set<string>();
  /** Directed links that hold everything back until a time. */
  readonly #cloggedUntil = new Map<string, number>();
  /** When the last message queued on a link arrives. */
  readonly #lastArrival = new Map<string, number>();
  /** Who has reached each process: it answers them, though its membership may not have them yet. */
  readonly #callers = new Map<MemberId, Set<MemberId>>();
  #sent = 0;

  constructor(options: { scheduler: Scheduler; prng: Prng; trace: Trace; knobs: NetworkKnobs }) {
    this.#scheduler = options.scheduler;
    this.#prng = options.prng;
    this.#trace = options.trace;
    this.#knobs = options.knobs;
  }

  /** Messages handed to the network. */
  get sentCount(): number {
    return this.#sent;
  }

  setKnobs(knobs: Partial<NetworkKnobs>): void {
    this.#knobs = { ...this.#knobs, ...knobs };
  }

  /** Puts a process at a member's address; the one before it there is gone. */
  attach(id: MemberId, endpoint: Endpoint): void {
    this.#endpoints.set(id, endpoint);
  }

  /** The process at the address is gone: connections break, and whoever talked to it may notice. */
  detach(id: MemberId, options: { readonly noticeChance: number }): void {
    this.#endpoints.delete(id);
    this.#callers.delete(id);
    for (const [other, endpoint] of this.#endpoints) {
      if (this.#isBlocked(id, other) || !this.#prng.chance(options.noticeChance)) continue;
      this.#notify(endpoint, this.#delay(), 'gone', (handler) => handler.onGone(id));
    }
  }

  /** A member believes that another's process is gone though it is not. */
  mislead(believer: MemberId, gone: MemberId): void {
    const endpoint = this.#endpoints.get(believer);
    if (endpoint !== undefined)
      this.#notify(endpoint, 0, 'gone', (handler) => handler.onGone(gone));
  }

  /** Nothing goes from one to the other until {@link heal}. */
  block(from: MemberId, to: MemberId): void {
    this.#blocked.add(this.#linkOf(from, to));
  }

  /** All links carry again. */
  heal(): void {
    this.#blocked.clear();
    this.#cloggedUntil.clear();
  }

  /** What goes from one to the other waits until `forMs` have passed. */
  clog(from: MemberId, to: MemberId, forMs: number): void {
    this.#cloggedUntil.set(this.#linkOf(from, to), this.#scheduler.now + forMs);
  }

  /** The transport of one process. `onSend` sees what it sends, also what gets lost. */
  transport(from: MemberId, isAlive: () => boolean, onSend: SendHook): PeerTransport {
    let peers: ReadonlyMap<MemberId, readonly string[]> = new Map();
    return {
      send: (to, message) => {
        if (!isAlive()) return;
        onSend(message);
        if (!isAlive()) return;
        if (peers.has(to) || this.#callers.get(from)?.has(to)) this.#send(from, to, message);
      },
      flush: () => {},
      setPeers: (next) => {
        peers = new Map(next);
      },
      close: () => Promise.resolve(),
    };
  }

  #send(from: MemberId, to: MemberId, message: PeerMessage): void {
    this.#sent++;
    const bytes = concatBytes(encodePeerMessage(message));
    const label = message.kind === 'raft' ? message.message.kind : message.kind;
    const isLost = this.#isBlocked(from, to) || this.#prng.chance(this.#knobs.lossChance);
    if (isLost || !this.#endpoints.has(to)) {
      this.#trace.note(
        this.#endpoints.get(from)?.machine.owner ?? 'world',
        'loses',
        () => `${label} to ${formatId(to)}`,
      );
      this.#maybeReport(from, to);
      return;
    }
    const copies = this.#prng.chance(this.#knobs.duplicateChance) ? 2 : 1;
    for (let i = 0; i < copies; i++) this.#deliver(from, to, bytes, label);
  }

  #deliver(from: MemberId, to: MemberId, bytes: Uint8Array, label: string): void {
    const link = this.#linkOf(from, to);
    let arrival = Math.max(this.#scheduler.now + this.#delay(), this.#cloggedUntil.get(link) ?? 0);
    if (!this.#knobs.reorders) {
      arrival = Math.max(arrival, this.#lastArrival.get(link) ?? 0);
      this.#lastArrival.set(link, arrival);
    }
    const endpoint = this.#endpoints.get(to);
    if (endpoint === undefined) return;
    endpoint.machine.plan(arrival - this.#scheduler.now, label, () => {
      if (!endpoint.isAlive() || this.#isBlocked(from, to)) return;
      const message = decodePeerMessage(bytes);
      this.#noteCaller(to, from);
      this.#trace.note(
        endpoint.machine.owner,
        'gets',
        () => `${describe(message)} from ${formatId(from)}`,
      );
      endpoint.handler.onMessage(from, this.#maybeCorrupt(message));
    });
  }

  #noteCaller(id: MemberId, caller: MemberId): void {
    const callers = this.#callers.get(id);
    if (callers === undefined) this.#callers.set(id, new Set([caller]));
    else callers.add(caller);
  }

  #maybeReport(from: MemberId, to: MemberId): void {
    const endpoint = this.#endpoints.get(from);
    if (endpoint === undefined || !this.#prng.chance(this.#knobs.reportChance)) return;
    this.#notify(endpoint, this.#delay(), 'unreachable', (handler) => handler.onUnreachable(to));
  }

  #notify(
    endpoint: Endpoint,
    delayMs: number,
    label: string,
    call: (handler: PeerHandler) => void,
  ): void {
    endpoint.machine.plan(delayMs, label, () => {
      if (endpoint.isAlive()) call(endpoint.handler);
    });
  }

  #maybeCorrupt(message: PeerMessage): PeerMessage {
    if (message.kind !== 'snapshot-chunk' || message.bytes.length === 0) return message;
    if (!this.#prng.chance(this.#knobs.corruptChance)) return message;
    const bytes = message.bytes.slice();
    const at = this.#prng.int(0, bytes.length);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << this.#prng.int(0, 8));
    return { ...message, bytes };
  }

  #linkOf(from: MemberId, to: MemberId): string {
    let links = this.#links.get(from);
    if (links === undefined) {
      links = new Map();
      this.#links.set(from, links);
    }
    let link = links.get(to);
    if (link === undefined) {
      link = `${formatId(from)}>${formatId(to)}`;
      links.set(to, link);
    }
    return link;
  }

  #isBlocked(from: MemberId, to: MemberId): boolean {
    return this.#blocked.has(this.#linkOf(from, to));
  }

  #delay(): number {
    const { delayMsMin, delayMsMean } = this.#knobs;
    return delayMsMin - Math.log(1 - this.#prng.float()) * delayMsMean;
  }
}

/** One line about a message. */
export function describe(message: PeerMessage): string {
  if (message.kind !== 'raft') {
    if (message.kind === 'snapshot-chunk') {
      return `snapshot-chunk ${message.index} [${message.offset}, +${message.bytes.length}) of ${message.totalBytes}`;
    }
    if (message.kind === 'forward') {
      return `forward of ${message.proposals.length} from ${message.firstSequence} in term ${message.term}`;
    }
    return message.kind;
  }
  const { message: raft } = message;
  const head = `${raft.kind} t${raft.term}`;
  switch (raft.kind) {
    case 'vote':
      return `${head}${raft.pre ? ' pre' : ''} last ${raft.lastIndex}/${raft.lastTerm}`;
    case 'vote-reply':
      return `${head}${raft.pre ? ' pre' : ''} ${raft.granted ? 'granted' : 'refused'}`;
    case 'append':
      return `${head} after ${raft.prevIndex}/${raft.prevTerm} +${raft.entries.length} commit ${raft.commit}`;
    case 'append-reply':
      return `${head} ${raft.rejected ? `rejected ${raft.index} hint ${raft.hintIndex}/${raft.hintTerm}` : `up to ${raft.index}`}`;
    case 'heartbeat':
      return `${head} commit ${raft.commit} round ${raft.readRound}`;
    case 'snapshot':
      return `${head} at ${raft.snapshot.index}/${raft.snapshot.term}`;
    default:
      return head;
  }
}
