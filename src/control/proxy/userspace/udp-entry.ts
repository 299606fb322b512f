import type { Clock, Timer } from '../../../base/clock.js';
import type { Address } from '../../../host/net.js';
import { type DatagramSocket, openDatagrams } from '../../../host/udp.js';
import type { Target } from '../model/service-port.js';
import { Balancer } from './balancer.js';
import type { OpenEntry } from './open-entry.js';
import type { Entry } from './plan-entries.js';
import { admits } from './source-ranges.js';

/** Clients that an entry talks for at a time; datagrams of more are dropped. */
const flowsMax = 10_000;

/** One client's conversation with an endpoint. */
interface Flow {
  readonly target: Target;
  /** Null: not open yet. */
  socket: DatagramSocket | null;
  lastMs: number;
  isClosed: boolean;
}

/** Passes datagrams on, those of a client to one endpoint for as long as they keep coming, and the answers back. */
export class UdpEntry implements OpenEntry {
  readonly #clock: Clock;
  readonly #idleMs: number;
  readonly #balancer = new Balancer();
  readonly #sockets: DatagramSocket[] = [];
  /** By where datagrams come in and whom they come from. */
  readonly #flows = new Map<string, Flow>();
  #admits: (host: string) => boolean = () => true;
  #timer: Timer | null = null;

  /** `idleMs`: a conversation ends after that long without a datagram. */
  constructor(clock: Clock, idleMs: number) {
    this.#clock = clock;
    this.#idleMs = idleMs;
  }

  get port(): number {
    return this.#sockets[0]?.port ?? 0;
  }

  /** Rejects with the system's error; nothing listens then. */
  async open({ hosts, port }: Entry): Promise<void> {
    try {
      for (const host of hosts) await this.#listen({ host, port: this.port || port }, hosts.length);
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  update({ targets, affinitySeconds, sourceRanges }: Entry): void {
    this.#balancer.update(targets, affinitySeconds);
    this.#admits = admits(sourceRanges);
    // Nobody answers there any more.
    for (const [key, flow] of this.#flows)
      if (!targets.some(({ ip, port }) => ip === flow.target.ip && port === flow.target.port))
        this.#end(key, flow);
  }

  async close(): Promise<void> {
    for (const [key, flow] of this.#flows) this.#end(key, flow);
    for (const socket of this.#sockets.splice(0)) socket.close();
    if (this.#timer !== null) this.#clock.clearTimer(this.#timer);
    this.#timer = null;
  }

  async #listen(address: Address, sockets: number): Promise<void> {
    const at = this.#sockets.length;
    const onDatagram = (bytes: Uint8Array, from: Address) => {
      const socket = this.#sockets[at];
      if (socket !== undefined && this.#admits(from.host))
        void this.#pass(bytes, { at, from, socket });
    };
    const options = { sharesPort: sockets > 1, isOneFamily: true };
    this.#sockets.push(await openDatagrams(address, onDatagram, options));
  }

  async #pass(
    bytes: Uint8Array,
    of: { readonly at: number; readonly from: Address; readonly socket: DatagramSocket },
  ): Promise<void> {
    const { from } = of;
    const key = `${of.at} ${from.host} ${from.port}`;
    const flow = this.#flows.get(key) ?? (await this.#start(key, of));
    if (flow === null) return;
    flow.lastMs = this.#clock.now();
    // While its socket is being opened there is nowhere to keep datagrams, and they may get lost.
    flow.socket?.send(bytes, { host: flow.target.ip, port: flow.target.port });
  }

  async #start(
    key: string,
    { from, socket }: { readonly from: Address; readonly socket: DatagramSocket },
  ): Promise<Flow | null> {
    const nowMs = this.#clock.now();
    const target = this.#balancer.choose(from.host, nowMs);
    if (target === null || this.#flows.size >= flowsMax) return null;
    const flow: Flow = { target, socket: null, lastMs: nowMs, isClosed: false };
    this.#flows.set(key, flow);
    this.#watch();
    const host = target.ip.includes(':') ? '::' : '0.0.0.0';
    const onAnswer = (bytes: Uint8Array, by: Address) => {
      if (by.host !== target.ip || by.port !== target.port) return;
      flow.lastMs = this.#clock.now();
      socket.send(bytes, from);
    };
    const opened = await openDatagrams({ host, port: 0 }, onAnswer).catch(() => null);
    if (opened === null) {
      this.#end(key, flow);
      return null;
    }
    if (flow.isClosed) {
      opened.close();
      return null;
    }
    flow.socket = opened;
    return flow;
  }

  #end(key: string, flow: Flow): void {
    flow.isClosed = true;
    flow.socket?.close();
    if (this.#flows.get(key) === flow) this.#flows.delete(key);
  }

  /** One timer for all of them: each ends within twice its time. */
  #watch(): void {
    this.#timer ??= this.#clock.setTimer(this.#idleMs, () => {
      this.#timer = null;
      const oldestMs = this.#clock.now() - this.#idleMs;
      for (const [key, flow] of this.#flows) if (flow.lastMs <= oldestMs) this.#end(key, flow);
      if (this.#flows.size > 0) this.#watch();
    });
  }
}
