import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';

/** How a program is run. */
export interface ProgramOptions {
  /** Null: this process's own. */
  readonly env?: Readonly<Record<string, string>> | null;
  readonly cwd?: string;
  readonly stdin?: string | Uint8Array;
  /** It is killed after that long; the outcome says so. */
  readonly timeoutMs?: number;
  /** What it writes beyond is dropped; 16 MiB as a rule. */
  readonly outputBytesMax?: number;
  readonly signal?: AbortSignal;
}

/** How a program ended. */
export interface ProgramOutcome {
  /** 128 and the signal's number when it died of one; 127 when there is no such program. */
  readonly exitCode: number;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  readonly hasTimedOut: boolean;
  /** It wrote more than is kept. */
  readonly isCut: boolean;
  /** The signal that it died of, or null. */
  readonly signal: NodeJS.Signals | null;
  /** There is such a program, and it may be run. */
  readonly hasStarted: boolean;
}

const outputBytesMaxDefault = 16 * 1024 * 1024;

/** Runs a program to its end, in a session of its own so that a timeout ends all that it started. Never rejects. */
export function runProgram(
  argv: readonly string[],
  options: ProgramOptions = {},
): Promise<ProgramOutcome> {
  return new Promise((resolve) => {
    const child = spawn(argv[0] ?? '', argv.slice(1), {
      ...(options.env == null ? {} : { env: { ...options.env } }),
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    });
    const bytesMax = options.outputBytesMax ?? outputBytesMaxDefault;
    const stdout = new Output(child.stdout, bytesMax);
    const stderr = new Output(child.stderr, bytesMax);
    let hasTimedOut = false;
    let hasStarted = true;
    const end = () => {
      hasTimedOut = true;
      killSession(child);
    };
    const timer = options.timeoutMs === undefined ? null : setTimeout(end, options.timeoutMs);
    options.signal?.addEventListener('abort', end, { once: true });
    const settle = (code: number | null, signal: NodeJS.Signals | null) => {
      if (timer !== null) clearTimeout(timer);
      options.signal?.removeEventListener('abort', end);
      resolve({
        exitCode: exitCodeOf(code, signal),
        ...{ stdout: stdout.bytes(), stderr: stderr.bytes() },
        ...{ signal, hasTimedOut, hasStarted, isCut: stdout.isCut || stderr.isCut },
      });
    };
    child.once('error', (error) => {
      hasStarted = false;
      stderr.add(Buffer.from(`${error.message}\n`));
      settle(127, null);
    });
    // A grandchild may hold the outputs open for ever: after the exit they get a moment to drain.
    child.once('exit', (code, signal) => {
      const drained = setTimeout(() => settle(code, signal), 500);
      child.once('close', () => {
        clearTimeout(drained);
        settle(code, signal);
      });
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.stdin);
  });
}

/** A program that somebody talks with. */
export interface TalkingChild {
  readonly pid: number;
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** The exit code as {@link ProgramOutcome} has it, after its outputs are drained. Never rejects. */
  readonly ended: Promise<number>;
  /** Sends a signal to it and to all in its session's first group. */
  kill(signal: NodeJS.Signals): void;
}

/** Starts a program with pipes, in a session of its own. Rejects when it cannot be started. */
export function startTalking(
  argv: readonly string[],
  options: { readonly env?: Readonly<Record<string, string>>; readonly cwd?: string } = {},
): Promise<TalkingChild> {
  return new Promise((resolve, reject) => {
    const child = spawn(argv[0] ?? '', argv.slice(1), {
      ...(options.env === undefined ? {} : { env: { ...options.env } }),
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    });
    const ended = new Promise<number>((settle) => {
      child.once('close', (code, signal) => settle(exitCodeOf(code, signal)));
    });
    child.stdin.on('error', () => undefined);
    child.once('error', reject);
    child.once('spawn', () =>
      resolve({
        pid: child.pid ?? 0,
        stdin: child.stdin,
        stdout: child.stdout,
        stderr: child.stderr,
        ended,
        kill: (signal) => killSession(child, signal),
      }),
    );
  });
}

/** A child that goes on when this process ends. */
export interface DetachedChild {
  readonly pid: number;
  /** What it writes to descriptor 5: up to the line `started`, or all until it has closed it. */
  readonly report: Promise<string>;
}

/**
 * Starts a program that outlives this process: a session of its own, no standard streams of ours, and a pipe as descriptor
 * 5 on which it reports how its start went. Rejects when it cannot be started.
 */
export function startDetached(
  argv: readonly string[],
  options: { readonly env: Readonly<Record<string, string>>; readonly cwd: string },
): Promise<DetachedChild> {
  return new Promise((resolve, reject) => {
    const child = spawn(argv[0] ?? '', argv.slice(1), {
      env: { ...options.env },
      cwd: options.cwd,
      stdio: ['ignore', 'ignore', 'ignore', 'ignore', 'ignore', 'pipe'],
      detached: true,
    });
    const pipe = (child.stdio as readonly unknown[])[5] as Readable;
    let text = '';
    const report = new Promise<string>((settle) => {
      pipe.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
        if (text.endsWith('started\n')) pipe.destroy();
      });
      pipe.once('close', () => settle(text));
    });
    pipe.on('error', () => undefined);
    child.once('error', reject);
    child.once('spawn', () => {
      child.unref();
      resolve({ pid: child.pid ?? 0, report });
    });
  });
}

/** Sends a signal by name or number; false when there is no such process. */
export function sendSignal(pid: number, signal: NodeJS.Signals | number): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

/** Whether this process runs as the superuser. */
export function isSuperuser(): boolean {
  return process.geteuid?.() === 0;
}

/** What this process was started with, for starting another of the same. */
export function ownEnvironment(): Readonly<Record<string, string>> {
  const present = Object.entries(process.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return Object.fromEntries(present);
}

const signalNumbers: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGABRT: 6,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGPIPE: 13,
  SIGALRM: 14,
  SIGTERM: 15,
};

function exitCodeOf(code: number | null, signal: NodeJS.Signals | null): number {
  if (code !== null) return code;
  return 128 + (signalNumbers[signal ?? ''] ?? 0);
}

function killSession(child: ChildProcess, signal: NodeJS.Signals = 'SIGKILL'): void {
  if (child.pid === undefined || child.exitCode !== null) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    child.kill(signal);
  }
}

/** What a stream brings, up to a bound. */
class Output {
  readonly #bytesMax: number;
  readonly #chunks: Buffer[] = [];
  #size = 0;
  isCut = false;

  constructor(stream: Readable, bytesMax: number) {
    this.#bytesMax = bytesMax;
    stream.on('data', (chunk: Buffer) => this.add(chunk));
  }

  add(chunk: Buffer): void {
    const kept = chunk.subarray(0, Math.max(0, this.#bytesMax - this.#size));
    this.#size += kept.length;
    this.isCut ||= kept.length < chunk.length;
    if (kept.length > 0) this.#chunks.push(kept);
  }

  bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }
}

/** The interpreter that runs this program. */
export function ownProgram(): string {
  return process.execPath;
}
