import type { Duplex } from 'node:stream';
import { sleep } from '../../../../../base/clock.js';
import { ownEnvironment, startDetached } from '../../../../../host/child-process.js';
import { connectLocal } from '../../../../../host/local-socket.js';
import { RuntimeError } from '../../runtime-error.js';
import type { RuntimePaths } from '../runtime-paths.js';
import type { ProcessRuntimeSettings } from '../settings.js';
import { firstLine, type KeeperAnswer, type KeeperRequest } from './keeper-protocol.js';

const startMs = 20_000;
const retryMs = 25;
const triesMax = 5;

/** The runtime's way to the log keeper, which it starts when there is none and starts again when it is gone. */
export class LogKeeperClient {
  readonly #settings: ProcessRuntimeSettings;
  readonly #paths: RuntimePaths;
  #held: Duplex | null = null;
  #starting: Promise<void> | null = null;
  #isClosed = false;

  constructor(settings: ProcessRuntimeSettings, paths: RuntimePaths) {
    this.#settings = settings;
    this.#paths = paths;
  }

  /** Resolves when what `request` asks is done. Rejects with RuntimeError. */
  async request(request: KeeperRequest): Promise<void> {
    (await this.#ask(request)).stream.destroy();
  }

  /** The connection on which frames follow, and the bytes that came with the answer. */
  attach(id: string): Promise<{ stream: Duplex; rest: Buffer }> {
    return this.#ask({ op: 'attach', id });
  }

  /** Sees to it that a keeper is there, from now on. */
  ensure(): Promise<void> {
    if (this.#held !== null) return Promise.resolve();
    this.#starting ??= this.#hold().finally(() => {
      this.#starting = null;
    });
    return this.#starting;
  }

  close(): void {
    this.#isClosed = true;
    this.#held?.destroy();
  }

  async #hold(): Promise<void> {
    const { clock } = this.#settings;
    const giveUpAt = clock.now() + startMs;
    let isStarted = false;
    for (;;) {
      const stream = await connectLocal(this.#paths.logKeeperSocket).catch(() => null);
      if (stream !== null) {
        await converse(stream, { op: 'hold' });
        this.#held = stream;
        stream.once('close', () => this.#onLost());
        return;
      }
      if (!isStarted) {
        isStarted = true;
        await startDetached([...this.#settings.logKeeperCommand, this.#paths.root], {
          env: ownEnvironment(),
          cwd: '/',
        });
      }
      if (clock.now() > giveUpAt || this.#isClosed) {
        throw new RuntimeError('failed', 'the log keeper does not start');
      }
      await sleep(clock, retryMs);
    }
  }

  #onLost(): void {
    this.#held = null;
    if (this.#isClosed) return;
    this.#settings.logger.warn('the log keeper is gone, starting another');
    this.ensure().catch((error: Error) =>
      this.#settings.logger.error('no log keeper', { error: error.message }),
    );
  }

  async #ask(request: KeeperRequest): Promise<{ stream: Duplex; rest: Buffer }> {
    for (let tries = 1; ; tries += 1) {
      await this.ensure();
      try {
        const stream = await connectLocal(this.#paths.logKeeperSocket);
        return { stream, rest: await converse(stream, request) };
      } catch (error) {
        // A keeper that goes away while it is asked is one that has to be started again; what it is asked bears repetition.
        const isRefused = error instanceof RuntimeError && error.code !== 'unreachable';
        if (isRefused || tries === triesMax) throw error;
        await sleep(this.#settings.clock, retryMs);
      }
    }
  }
}

/** Sends a request and reads the answer; resolves with the bytes after it. The stream is paused then. */
function converse(stream: Duplex, request: KeeperRequest): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let bytes: Buffer = Buffer.alloc(0);
    const refuse = (code: 'failed' | 'unreachable', text: string) => {
      stream.destroy();
      reject(new RuntimeError(code, `log keeper: ${text}`));
    };
    const onClose = () => refuse('unreachable', 'the connection was lost');
    stream.on('error', () => undefined);
    stream.once('close', onClose);
    const onData = (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      const answer = firstLine(bytes);
      if (answer === null) return;
      stream.off('data', onData);
      stream.off('close', onClose);
      if (request.op === 'attach') stream.pause();
      else stream.resume();
      const { error } = JSON.parse(answer.line) as KeeperAnswer;
      if (error === '') resolve(answer.rest);
      else refuse('failed', error);
    };
    stream.on('data', onData);
    stream.write(`${JSON.stringify(request)}\n`);
  });
}
