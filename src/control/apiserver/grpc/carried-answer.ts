import { concatBytes } from '../../../base/bytes.js';
import type { ServerStream } from '../../../rpc/index.js';
import type { WebHeaders, WebResponse } from '../../../rpc/web.js';
import { type Answer, type ReadRequest, WatchEvent } from '../../../wire/gen/control.js';
import { genericServerResponse } from '../../machinery/generic-server-response.js';
import { LineSplitter } from '../../machinery/line-splitter.js';
import type { PiecewiseAnswer } from '../exchange.js';
import { RecentFrames } from '../handlers/recent-frames.js';

const okMax = 299;

/** Takes an answer of REST in, whole. */
export class WholeAnswer implements WebResponse {
  #code = 0;
  #warnings: readonly string[] = [];
  readonly #parts: Uint8Array[] = [];

  get isStarted(): boolean {
    return this.#code !== 0;
  }

  start(status: number, headers: WebHeaders): void {
    this.#code = status;
    const { warning = [] } = headers;
    this.#warnings = typeof warning === 'string' ? [warning] : warning;
  }

  write(chunk: Uint8Array): undefined {
    this.#parts.push(chunk);
  }

  end(chunk?: Uint8Array): void {
    if (chunk !== undefined) this.#parts.push(chunk);
  }

  /** What was answered. The bytes of an object are those that all its readers share. */
  answer(): Answer {
    const [first] = this.#parts;
    const isOne = this.#parts.length === 1 && first !== undefined;
    const body = isOne ? first : concatBytes(this.#parts);
    return { code: this.#code, body, warnings: [...this.#warnings] };
  }
}

/** The messages of frames that several watchers are sent: made once. */
const messages = new RecentFrames<Uint8Array>(1 << 20);

/** Passes the events of a watch of REST on as they come; a refusal becomes an event of type ERROR. */
export class WatchAnswer implements PiecewiseAnswer {
  readonly isPiecewise = true;
  readonly #stream: ServerStream<ReadRequest, WatchEvent>;
  readonly #splitter = new LineSplitter(Number.MAX_SAFE_INTEGER);
  readonly #refusal: Uint8Array[] = [];
  #code = 0;

  constructor(stream: ServerStream<ReadRequest, WatchEvent>) {
    this.#stream = stream;
  }

  get isStarted(): boolean {
    return this.#code !== 0;
  }

  start(status: number): void {
    this.#code = status;
  }

  write(chunk: Uint8Array): Promise<void> | undefined {
    if (this.#code > okMax) {
      this.#refusal.push(chunk);
      return undefined;
    }
    let hasRoom = true;
    if (this.#isWholeLine(chunk)) {
      const make = () => WatchEvent.encode(eventOf(chunk.subarray(0, -1)));
      hasRoom = this.#stream.sendEncoded(messages.frameOf(chunk, make));
    } else {
      for (const line of this.#splitter.push(chunk)) hasRoom = this.#stream.send(eventOf(line));
    }
    return hasRoom ? undefined : this.#stream.drained();
  }

  /** Nothing of a line came before it, and nothing comes after: events are written so. */
  #isWholeLine(chunk: Uint8Array): boolean {
    return this.#splitter.isBetweenLines && chunk.indexOf(lineFeed) === chunk.length - 1;
  }

  end(chunk?: Uint8Array): void {
    if (chunk !== undefined) void this.write(chunk);
    if (this.#code <= okMax) return;
    this.#stream.send({ type: 'ERROR', object: statusOf(this.#code, concatBytes(this.#refusal)) });
  }
}

/** A refusal as a Status: some paths are refused in plain text, those of resources that are served no more among them. */
function statusOf(code: number, refusal: Uint8Array): Uint8Array {
  if (refusal[0] === openingBrace) return refusal;
  const { status } = genericServerResponse({
    ...{ code, verb: 'GET', resource: { group: '', resource: '' }, name: '' },
    serverMessage: new TextDecoder().decode(refusal).slice(0, refusalCharsMax),
    ...{ retryAfterSeconds: 0, isUnexpected: true },
  });
  return new TextEncoder().encode(JSON.stringify(status));
}

const openingBrace = 0x7b;
const lineFeed = 0x0a;
const refusalCharsMax = 1024;
const decoder = new TextDecoder('latin1');
/** Longer than any head of an event. */
const headBytesMax = 48;

/** Type and object of an event, `{"type":"ADDED","object":{...}}`; the object is not decoded. */
export function eventOf(line: Uint8Array): WatchEvent {
  const head = /^{"type":"([A-Z]+)","object":/.exec(decoder.decode(line.subarray(0, headBytesMax)));
  if (head !== null) {
    return { type: head[1] ?? '', object: line.subarray(head[0].length, line.length - 1) };
  }
  const event = JSON.parse(new TextDecoder().decode(line)) as { type: string; object: unknown };
  return { type: event.type, object: new TextEncoder().encode(JSON.stringify(event.object)) };
}
