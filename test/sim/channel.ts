import { concatBytes } from '../../src/base/bytes.js';
import type { Prng } from '../../src/base/prng.js';
import { encodeAnswer } from '../../src/rpc/dispatch.js';
import {
  type Answer,
  type CallContext,
  CallError,
  type CallOptions,
  type Channel,
  type ClientStream,
  type Metadata,
  PendingAnswer,
  RpcError,
  type ServerStream,
  type ServiceImplementation,
  Status,
  type StatusCode,
  streamEnd,
} from '../../src/rpc/service.js';
import type { MethodDescriptor } from '../../src/wire/descriptor.js';
import { AsyncQueue } from './async-queue.js';
import type { MachineTime } from './clock.js';
import { rootChain } from './root-certificate.js';
import type { Scheduler } from './scheduler.js';

/** A process that serves clients. */
export interface ServingProcess {
  readonly services: ReadonlyMap<string, ServiceImplementation>;
  isAlive(): boolean;
  /** Calls back when the process dies. Returns how to forget that. */
  onDeath(callback: () => void): () => void;
}

/** Where clients connect to: a machine, and the process that listens there now (null: none). */
export interface SimHost {
  readonly machine: MachineTime;
  process(): ServingProcess | null;
}

/** How the network between clients and members behaves. */
export interface ClientNetworkKnobs {
  readonly delayMsMean: number;
  /** Chance per call that its connection breaks while it is under way: the client never learns the answer. */
  readonly breakChance: number;
}

interface ChannelOptions {
  readonly scheduler: Scheduler;
  readonly prng: Prng;
  /** Owner of what happens on the client's side. */
  readonly client: string;
  readonly host: SimHost;
  readonly knobs: () => ClientNetworkKnobs;
}

/** Responses of a stream that may be under way before the server is told to wait. */
const streamWindow = 8;

/**
 * gRPC over the simulated network: the same handlers that the listeners call, with every message encoded and decoded. When
 * the process dies, calls to it fail as reset connections do.
 */
export class SimChannel implements Channel {
  readonly #options: ChannelOptions;

  constructor(options: ChannelOptions) {
    this.#options = options;
  }

  unary<Req, Res, ReqInit, ResInit>(
    method: MethodDescriptor<Req, Res, ReqInit, ResInit>,
    request: ReqInit,
    options: CallOptions = {},
  ): Promise<Res> {
    const bytes = method.request.encode(request);
    return new Promise((resolve, reject) => {
      const call = this.#open(method.path, options, reject);
      this.#onServer(0, method.name, () => {
        const process = this.#serve(call);
        if (process === null) return;
        const handler = process.services.get(serviceOf(method.path))?.unary.get(method.name);
        if (handler === undefined) return call.fail(unimplemented(method.path));
        const answer = async () => {
          const request = method.request.decode(bytes);
          const pending = handler(request, call.context({ requestBytes: bytes }));
          const response = await (pending instanceof PendingAnswer ? pending.promise() : pending);
          return encodeAnswer(method.response, response as Answer<ResInit>);
        };
        answer().then(
          (encoded) => call.settle(() => resolve(method.response.decode(encoded))),
          (error: unknown) => call.failWith(error),
        );
      });
    });
  }

  stream<Req, Res, ReqInit, ResInit>(
    method: MethodDescriptor<Req, Res, ReqInit, ResInit>,
    options: CallOptions = {},
  ): ClientStream<ReqInit, Res> {
    const responses = new AsyncQueue<Res>(() => onTaken());
    const requests = new AsyncQueue<Req>();
    const call = this.#open(method.path, options, (error) => responses.end(error));
    let underWay = 0;
    let onRoom: (() => void)[] = [];
    const onTaken = () => {
      underWay--;
      if (underWay >= streamWindow) return;
      const waiting = onRoom;
      onRoom = [];
      for (const wake of waiting) this.#onServer(0, 'window', wake);
    };
    const sendEncoded = (bytes: Uint8Array | readonly Uint8Array[]) => {
      if (call.isOver) return true;
      underWay++;
      const copy = bytes instanceof Uint8Array ? bytes.slice() : concatBytes(bytes);
      call.arrive('response', () => responses.push(method.response.decode(copy)));
      return underWay < streamWindow;
    };
    const serverStream = call.context<Omit<ServerStream<Req, ResInit>, keyof CallContext>>({
      requests,
      send: (response) => sendEncoded(method.response.encode(response)),
      sendEncoded,
      drained: () =>
        call.isOver || underWay < streamWindow
          ? Promise.resolve()
          : new Promise<void>((resolve) => onRoom.push(resolve)),
    });
    this.#onServer(0, method.name, () => {
      const process = this.#serve(call);
      const handler = process?.services.get(serviceOf(method.path))?.stream.get(method.name);
      if (process === null) return;
      if (handler === undefined) return call.fail(unimplemented(method.path));
      streamEnd(() => handler(serverStream as ServerStream<unknown, unknown>)).then(
        () => call.settle(() => responses.end()),
        (error: unknown) => call.failWith(error),
      );
    });
    const last = { arrival: 0 };
    return {
      send: (request) => {
        const bytes = method.request.encode(request);
        this.#onServer(this.#inOrder(last), 'request', () => {
          if (!call.isOver) requests.push(method.request.decode(bytes));
        });
        return true;
      },
      drained: () => Promise.resolve(),
      end: () => this.#onServer(this.#inOrder(last), 'half-close', () => requests.end()),
      cancel: () => {
        call.cancel(Status.cancelled, 'cancelled by the client');
        this.#onServer(0, 'cancel', () =>
          requests.end(new RpcError(Status.cancelled, 'cancelled')),
        );
      },
      responses,
    };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #open(path: string, options: CallOptions, reject: (error: CallError) => void): Call {
    const call = new Call(this.#options, options, () => this.#delay(), reject);
    const { timeoutMs, signal } = options;
    const { scheduler, client, prng, knobs } = this.#options;
    if (timeoutMs !== undefined) {
      scheduler.after(timeoutMs, client, 'deadline', () =>
        call.cancel(Status.deadlineExceeded, `no answer to ${path} in ${timeoutMs} ms`),
      );
    }
    if (prng.chance(knobs().breakChance)) {
      scheduler.after(prng.float() * 100, client, 'break', () =>
        call.cancel(Status.unavailable, 'the connection broke'),
      );
    }
    signal?.addEventListener('abort', () => call.cancel(Status.cancelled, 'cancelled'));
    return call;
  }

  /** The process that takes the call; null when there is none, and the call has failed. */
  #serve(call: Call): ServingProcess | null {
    if (call.isOver) return null;
    const process = this.#options.host.process();
    if (process === null) {
      call.refuse();
      return null;
    }
    call.onServed(process);
    return process;
  }

  #onServer(extraMs: number, label: string, run: () => void): void {
    this.#options.host.machine.plan(this.#delay() + extraMs, label, run);
  }

  /** Extra delay that keeps what is sent on one stream in order. */
  #inOrder(last: { arrival: number }): number {
    const now = this.#options.scheduler.now;
    last.arrival = Math.max(now, last.arrival) + 20 * this.#options.knobs().delayMsMean;
    return last.arrival - now;
  }

  #delay(): number {
    const { prng, knobs } = this.#options;
    return Math.min(-Math.log(1 - prng.float()), 10) * knobs().delayMsMean;
  }
}

/** One call under way, from its client's end. Settles once. */
class Call {
  isOver = false;
  readonly #options: ChannelOptions;
  readonly #timeoutMs: number | null;
  readonly #metadata: Metadata;
  readonly #delay: () => number;
  readonly #reject: (error: CallError) => void;
  /** Made when it is first read: it costs more than the rest of a call. */
  #abort: AbortController | null = null;
  #isAborted = false;
  #process: ServingProcess | null = null;
  #forgetDeath: () => void = () => {};
  #lastArrival = 0;

  constructor(
    options: ChannelOptions,
    call: CallOptions,
    delay: () => number,
    reject: (error: CallError) => void,
  ) {
    this.#options = options;
    this.#delay = delay;
    this.#reject = reject;
    this.#timeoutMs = call.timeoutMs ?? null;
    this.#metadata = new Map(
      Object.entries(call.metadata ?? {}).map(([name, value]) => [name, [value]]),
    );
  }

  /** What the handler is given, with what its kind of call has besides. */
  context<Rest extends object>(rest: Rest): CallContext & Rest {
    const signal = () => this.#signal;
    return {
      metadata: this.#metadata,
      peerCertificates: rootChain,
      peer: this.#options.client,
      timeoutMs: this.#timeoutMs,
      get signal() {
        return signal();
      },
      ...rest,
    };
  }

  /** The server's process has the call now; when it dies the connection is reset. */
  onServed(process: ServingProcess): void {
    this.#process = process;
    this.#forgetDeath = process.onDeath(() => {
      this.arrive('reset', () => this.#end(Status.unavailable, 'connection reset', true));
    });
  }

  /** Nobody listens: the call was certainly not sent. */
  refuse(): void {
    this.arrive('refused', () => this.#end(Status.unavailable, 'connection refused', false));
  }

  /** The server answers with an error. */
  fail({ code, message }: { readonly code: StatusCode; readonly message: string }): void {
    this.settle(() => this.#reject(new CallError(code, message, true)));
  }

  /** The handler threw. After the call is over nobody cares: it was told to stop. */
  failWith(error: unknown): void {
    if (!this.isOver) this.fail(statusOf(error));
  }

  /** The server ends the call; the client sees it, in order after what was sent before. */
  settle(conclude: () => void): void {
    if (this.#process?.isAlive() === false) return;
    this.arrive('reply', () => {
      this.#close();
      conclude();
    });
  }

  /** Something from the server arrives at the client, in order, unless the call is over by then. */
  arrive(label: string, run: () => void): void {
    const { scheduler, client } = this.#options;
    this.#lastArrival = Math.max(this.#lastArrival, scheduler.now + this.#delay());
    scheduler.after(this.#lastArrival - scheduler.now, client, label, () => {
      if (!this.isOver) run();
    });
  }

  /** The client's side gives up. */
  cancel(code: StatusCode, message: string): void {
    if (this.isOver) return;
    this.#end(code, message, true);
    this.#options.host.machine.plan(this.#delay(), 'cancelled', () => {
      this.#isAborted = true;
      this.#abort?.abort();
    });
  }

  get #signal(): AbortSignal {
    if (this.#abort === null) {
      this.#abort = new AbortController();
      if (this.#isAborted) this.#abort.abort();
    }
    return this.#abort.signal;
  }

  #end(code: StatusCode, message: string, sent: boolean): void {
    this.#close();
    this.#reject(new CallError(code, message, sent));
  }

  #close(): void {
    this.isOver = true;
    this.#forgetDeath();
  }
}

function serviceOf(path: string): string {
  return path.slice(1, path.lastIndexOf('/'));
}

function unimplemented(path: string): { code: StatusCode; message: string } {
  return { code: Status.unimplemented, message: `unknown method ${path}` };
}

/** What a listener would send for what a handler threw; anything but an operating error is a bug and stops the run. */
function statusOf(error: unknown): { code: StatusCode; message: string } {
  if (error instanceof RpcError) return error;
  if (error instanceof Error && 'status' in error) {
    return { code: error.status as StatusCode, message: error.message };
  }
  throw error;
}
