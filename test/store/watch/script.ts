import { concatBytes } from '../../../src/base/bytes.js';
import type { RevisionEvents, WatchSink, WatchStream } from '../../../src/store/contracts.js';
import { WatchHub } from '../../../src/store/watch/hub.js';
import {
  type Event,
  ResponseHeader,
  WatchCreateRequest,
  WatchResponse,
} from '../../../src/wire/index.js';
import { ManualClock } from '../manual-clock.js';
import { type Change, FakeHistory } from './fake-history.js';

/**
 * Runs conversations with a hub. A script is a text: `#` starts a comment, `> ` a command, and the lines from there to
 * the next blank line, comment or command are the responses that clients are expected to be sent. See scripts/README.md.
 */
export async function runScript(text: string): Promise<string> {
  const runner = new ScriptRunner();
  const output: string[] = [];
  let inExpected = false;
  for (const line of text.split('\n')) {
    if (line.startsWith('> ')) {
      output.push(line, ...(await runner.run(line.slice(2))));
      inExpected = true;
    } else if (line === '' || line.startsWith('#')) {
      output.push(line);
      inExpected = false;
    } else if (!inExpected) {
      throw new Error(`script line is neither a command nor a comment: ${line}`);
    }
  }
  return output.join('\n');
}

/** A client that reads only when told to, and reports what it is sent. */
class Client implements WatchSink {
  unread = 0;
  readonly #name: string;
  readonly #capacity: number;
  readonly #print: (line: string) => void;

  constructor(name: string, capacity: number, print: (line: string) => void) {
    this.#name = name;
    this.#capacity = capacity;
    this.#print = print;
  }

  get isFull(): boolean {
    return this.unread >= this.#capacity;
  }

  send(response: readonly Uint8Array[]): boolean {
    this.unread++;
    this.#print(`${this.#name} ${describe(WatchResponse.decode(concatBytes(response)))}`);
    return !this.isFull;
  }
}

class ScriptRunner {
  readonly #clock = new ManualClock();
  readonly #history = new FakeHistory(this.#clock);
  readonly #clients = new Map<string, { client: Client; stream: WatchStream }>();
  readonly #unpublished: RevisionEvents[] = [];
  #hub = this.#newHub(new Map());
  #output: string[] = [];

  /** Carries out one command and lets everything settle; returns what clients were sent. */
  async run(command: string): Promise<string[]> {
    this.#output = [];
    const [name = '', ...rest] = command.trim().split(/\s+/);
    await this.#dispatch(name, rest);
    await this.#clock.settle();
    return this.#output;
  }

  async #dispatch(name: string, args: string[]): Promise<void> {
    const options = new Map(args.map((arg) => arg.split('=', 2) as [string, string | undefined]));
    const [first = '', second = ''] = args;
    switch (name) {
      case 'hub':
        this.#hub = this.#newHub(options);
        break;
      case 'write':
        this.#apply(args);
        this.#publish();
        break;
      case 'apply':
        this.#apply(args);
        break;
      case 'publish':
        this.#publish();
        break;
      case 'compact':
        this.#history.compact(Number(first));
        break;
      case 'restored':
        this.#unpublished.length = 0;
        this.#hub.onRestored();
        break;
      case 'cold':
        this.#history.coldPart = 1;
        break;
      case 'failing':
        this.#history.failingPart = first === 'no' ? 0 : 1;
        break;
      case 'advance':
        await this.#clock.advance(Number(first));
        break;
      case 'open':
        this.#open(first, Number(options.get('capacity') ?? Number.POSITIVE_INFINITY));
        break;
      case 'create':
        this.#stream(first).create(createRequest(options));
        break;
      case 'cancel':
        this.#stream(first).cancel(BigInt(second));
        break;
      case 'progress':
        this.#stream(first).requestProgress();
        break;
      case 'drain':
        this.#drain(first);
        break;
      case 'close':
        this.#stream(first).close();
        break;
      case 'reads':
        this.#output.push(`${this.#history.reads} reads`);
        break;
      default:
        throw new Error(`unknown command ${name}`);
    }
  }

  #newHub(options: ReadonlyMap<string, string | undefined>): WatchHub {
    return new WatchHub({
      history: this.#history,
      clock: this.#clock,
      header: (revision) => ResponseHeader.encode({ revision }),
      progressIntervalMs: Number(options.get('interval') ?? 600_000),
      responseBytesMax: Number(options.get('bytes') ?? 1_000_000),
      overflowStreamBytesMax: 0,
    });
  }

  /** Changes like `a=1 b=2 -c`: two puts and a delete. `a=1*30` is a value of thirty ones; `x=1 times=9` nine revisions. */
  #apply(args: readonly string[]): void {
    const changes = args.map((arg): Change => {
      if (arg.startsWith('-')) return [arg.slice(1), null];
      const [key = '', value = ''] = arg.split('=');
      const [unit = '', count] = value.split('*');
      return [key, unit.repeat(Number(count ?? 1))];
    });
    const times = changes.find(([key]) => key === 'times')?.[1] ?? '1';
    const real = changes.filter(([key]) => key !== 'times');
    for (let i = Number(times); i > 0; i--) this.#unpublished.push(this.#history.apply(real));
  }

  #publish(): void {
    for (const events of this.#unpublished.splice(0)) this.#hub.publish(events);
    this.#hub.flush();
  }

  #open(name: string, capacity: number): void {
    const client = new Client(name, capacity, (line) => this.#output.push(line));
    this.#clients.set(name, { client, stream: this.#hub.openStream(client) });
  }

  #stream(name: string): WatchStream {
    const found = this.#clients.get(name);
    if (found === undefined) throw new Error(`no stream ${name}`);
    return found.stream;
  }

  #drain(name: string): void {
    const client = this.#clients.get(name)?.client;
    if (client === undefined) throw new Error(`no stream ${name}`);
    client.unread = 0;
    this.#stream(name).onDrained();
  }
}

function createRequest(options: ReadonlyMap<string, string | undefined>): WatchCreateRequest {
  const bytes = (text = '') => new TextEncoder().encode(text === '\\0' ? '\0' : text);
  const filters = (options.get('filters') ?? '').split(',').filter((name) => name !== '');
  return WatchCreateRequest.create({
    key: bytes(options.get('key')),
    rangeEnd: bytes(options.get('end')),
    startRevision: Number(options.get('start') ?? 0),
    watchId: BigInt(options.get('id') ?? 0),
    prevKv: options.has('prev'),
    fragment: options.has('fragment'),
    progressNotify: options.has('notify'),
    filters: filters.map((name) => ['noput', 'nodelete'].indexOf(name)),
  });
}

function describe(response: WatchResponse): string {
  const words = [`${response.watchId}`, `@${response.header?.revision}`];
  if (response.created) words.push('created');
  if (response.canceled) words.push('canceled');
  if (response.compactRevision !== 0) words.push(`compacted ${response.compactRevision}`);
  if (response.cancelReason !== '') words.push(`"${response.cancelReason}"`);
  if (response.fragment) words.push('fragment');
  if (words.length === 2 && response.events.length === 0) words.push('progress');
  if (response.events.length > 8) words.push(`${response.events.length} events`);
  else words.push(...response.events.map(describeEvent));
  return words.join(' ');
}

function describeEvent({ type, kv, prevKv }: Event): string {
  const text = (bytes: Uint8Array | undefined) => {
    const value = Buffer.from(bytes ?? []).toString();
    return value.length > 8 ? `${value[0]}*${value.length}` : value;
  };
  const change = type === 0 ? `${text(kv?.key)}=${text(kv?.value)}` : `-${text(kv?.key)}`;
  const before = prevKv === undefined ? '' : `(${text(prevKv.value)})`;
  return `${change}${before}/${kv?.modRevision}`;
}
