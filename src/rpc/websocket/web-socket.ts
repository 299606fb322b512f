import type { Duplex } from 'node:stream';
import type { Clock, Timer } from '../../base/clock.js';
import { IdleWatch } from '../idle-watch.js';
import { FrameReader, opcodes } from './frame-reader.js';
import { closeCodes, WebSocketError } from './web-socket-error.js';

/** A message. */
export interface Message {
  readonly isText: boolean;
  readonly bytes: Buffer;
}

/** What a WebSocket is made of. */
export interface WebSocketOptions {
  readonly socket: Duplex;
  /** What the client sent behind its request. */
  readonly head: Uint8Array;
  readonly clock: Clock;
  /** Milliseconds without a message in either direction after which it is closed; 0 for never. */
  readonly idleMs: number;
}

/** Bytes of a message, and of a frame of one. */
const messageBytesMax = 4 * 1024 * 1024;
/** How often the client is asked whether it is there: a connection that nobody reads from would not notice its end. */
const pingMs = 30_000;
/** How long the other side has to close its end. */
const closeMsMax = 5000;
/** Messages in pieces have at most as many. */
const piecesMax = 4096;

/** The server's end of a WebSocket (RFC 6455), after its handshake. */
export class WebSocket {
  readonly #socket: Duplex;
  readonly #clock: Clock;
  readonly #head: Uint8Array;
  readonly #idle: IdleWatch;
  #pingTimer: Timer | null = null;
  #closeTimer: Timer | null = null;
  #hasSentClose = false;

  constructor({ socket, head, clock, idleMs }: WebSocketOptions) {
    this.#socket = socket;
    this.#clock = clock;
    this.#head = head;
    this.#idle = new IdleWatch(clock, idleMs, () => this.close(closeCodes.goingAway, 'idle'));
    socket.on('error', () => socket.destroy());
    socket.once('close', () => this.#onClosed());
    this.#schedulePing();
  }

  /** Nothing can be sent any more. */
  get isClosed(): boolean {
    return this.#hasSentClose || this.#socket.destroyed;
  }

  /** Calls back once the connection is gone. */
  onGone(callback: () => void): void {
    if (this.#socket.destroyed) callback();
    else this.#socket.once('close', callback);
  }

  /** The messages as they come, until the other side closes. What is against the protocol ends it too, and the other side is told. */
  async *messages(): AsyncGenerator<Message> {
    const reader = new MessageReader();
    try {
      yield* this.#messagesOf(reader, this.#head);
      for await (const chunk of this.#socket.iterator({ destroyOnReturn: false })) {
        this.#idle.touch();
        yield* this.#messagesOf(reader, chunk as Buffer);
        if (this.#hasSentClose) break;
      }
    } catch (error) {
      if (error instanceof WebSocketError) this.close(error.code, error.message);
      else if (!this.#socket.destroyed) throw error;
    }
    this.close(closeCodes.normal, '');
    this.#socket.end();
  }

  /** Sends a message of several pieces. `done` is called when it has left, or never will. */
  send(pieces: readonly Uint8Array[], { isText }: { readonly isText: boolean }, done: () => void) {
    if (this.isClosed) {
      done();
      return;
    }
    this.#idle.touch();
    this.#write(isText ? opcodes.text : opcodes.binary, pieces, done);
  }

  /** Says that nothing more comes; the connection ends when the other side says so too, or after a while. */
  close(code: number, reason: string): void {
    if (this.isClosed) return;
    const payload = Buffer.alloc(2 + Math.min(Buffer.byteLength(reason), 100));
    payload.writeUInt16BE(code);
    payload.write(reason, 2);
    this.#write(opcodes.close, [payload], () => {});
    this.#hasSentClose = true;
    this.#closeTimer = this.#clock.setTimer(closeMsMax, () => this.#socket.destroy());
  }

  *#messagesOf(reader: MessageReader, chunk: Uint8Array): Generator<Message> {
    reader.add(chunk);
    for (;;) {
      const found = reader.next();
      if (found === null) return;
      if (found.kind === 'message') {
        yield found.message;
      } else if (found.kind === 'ping') {
        // Who pings faster than it reads is not answered each time.
        if (!this.isClosed && !this.#socket.writableNeedDrain) {
          this.#write(opcodes.pong, [found.payload], () => {});
        }
      } else if (found.kind === 'close') {
        this.close(found.code, '');
        this.#socket.end();
        return;
      }
    }
  }

  #write(opcode: number, pieces: readonly Uint8Array[], done: () => void): void {
    const bytes = pieces.reduce((sum, { length }) => sum + length, 0);
    const socket = this.#socket;
    socket.cork();
    socket.write(headOf(opcode, bytes), pieces.length === 0 ? done : undefined);
    pieces.forEach((piece, at) => {
      socket.write(piece, at === pieces.length - 1 ? () => done() : undefined);
    });
    socket.uncork();
  }

  #schedulePing(): void {
    this.#pingTimer = this.#clock.setTimer(pingMs, () => {
      if (!this.isClosed && !this.#socket.writableNeedDrain) {
        this.#write(opcodes.ping, [], () => {});
      }
      this.#schedulePing();
    });
  }

  #onClosed(): void {
    this.#idle.stop();
    for (const timer of [this.#pingTimer, this.#closeTimer]) {
      if (timer !== null) this.#clock.clearTimer(timer);
    }
  }
}

type Found =
  | { readonly kind: 'message'; readonly message: Message }
  | { readonly kind: 'ping'; readonly payload: Buffer }
  | { readonly kind: 'pong' }
  | { readonly kind: 'close'; readonly code: number };

/** Puts messages together of their frames. */
class MessageReader {
  readonly #frames = new FrameReader(messageBytesMax);
  #pieces: Buffer[] = [];
  #bytes = 0;
  /** Of the message that is under way; null: none is. */
  #isText: boolean | null = null;

  add(chunk: Uint8Array): void {
    this.#frames.add(chunk);
  }

  /** Throws WebSocketError. */
  next(): Found | null {
    for (;;) {
      const frame = this.#frames.next();
      if (frame === null) return null;
      const { opcode, isFinal, payload } = frame;
      if (opcode === opcodes.ping) return { kind: 'ping', payload };
      if (opcode === opcodes.pong) return { kind: 'pong' };
      if (opcode === opcodes.close) return { kind: 'close', code: closeCodeOf(payload) };
      if ((opcode === opcodes.continuation) !== (this.#isText !== null)) {
        throw new WebSocketError(closeCodes.protocolError, 'a piece of a message is out of place');
      }
      if (opcode !== opcodes.continuation) this.#isText = opcode === opcodes.text;
      this.#pieces.push(payload);
      this.#bytes += payload.length;
      if (this.#bytes > messageBytesMax || this.#pieces.length > piecesMax) {
        throw new WebSocketError(closeCodes.tooBig, `a message is larger than ${messageBytesMax}`);
      }
      if (isFinal) return { kind: 'message', message: this.#whole() };
    }
  }

  #whole(): Message {
    const [first] = this.#pieces;
    const isSingle = this.#pieces.length === 1 && first !== undefined;
    const message = {
      isText: this.#isText === true,
      bytes: isSingle ? first : Buffer.concat(this.#pieces),
    };
    this.#pieces = [];
    this.#bytes = 0;
    this.#isText = null;
    return message;
  }
}

function closeCodeOf(payload: Buffer): number {
  if (payload.length === 0) return closeCodes.normal;
  if (payload.length === 1) {
    throw new WebSocketError(closeCodes.protocolError, 'a close frame has half a code');
  }
  const code = payload.readUInt16BE();
  const isSendable =
    (code >= 1000 && code <= 1003) ||
    (code >= 1007 && code <= 1014) ||
    (code >= 3000 && code < 5000);
  if (!isSendable) throw new WebSocketError(closeCodes.protocolError, `${code} is no close code`);
  return code;
}

function headOf(opcode: number, bytes: number): Buffer {
  if (bytes < 126) return Buffer.from([0x80 | opcode, bytes]);
  if (bytes < 65_536) {
    const head = Buffer.from([0x80 | opcode, 126, 0, 0]);
    head.writeUInt16BE(bytes, 2);
    return head;
  }
  const head = Buffer.alloc(10);
  head[0] = 0x80 | opcode;
  head[1] = 127;
  head.writeBigUInt64BE(BigInt(bytes), 2);
  return head;
}
