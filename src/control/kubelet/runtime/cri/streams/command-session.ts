import type { Readable } from 'node:stream';
import type { Clock } from '../../../../../base/clock.js';
import type { AttachRequest, ProcessSession } from '../../container-runtime.js';
import { RuntimeError } from '../../runtime-error.js';
import { openStreams } from './open-streams.js';

/** The protocol of commands whose end is told as a Status. */
const commandProtocol = 'v4.channel.k8s.io';
const endBytesMax = 64 * 1024;

/** Talks with a command or a container where the runtime says. Rejects with RuntimeError. */
export async function openSession(
  url: string,
  wanted: AttachRequest,
  { clock }: { readonly clock: Clock },
): Promise<ProcessSession> {
  const client = await openStreams(url, commandProtocol, clock);
  // The runtime waits for all of them, and knows them by their names.
  const open = (streamtype: string) => client.open({ streamtype });
  const errors = open('error');
  const stdin = wanted.stdin ? open('stdin') : null;
  const stdout = wanted.stdout ? open('stdout') : null;
  const stderr = wanted.stderr && !wanted.tty ? open('stderr') : null;
  const sizes = wanted.tty ? open('resize') : null;
  errors.output.end();
  for (const output of [stdout, stderr]) output?.output.end();
  stdin?.input.resume();
  sizes?.input.resume();
  const ended = endOf(errors.input);
  // Whoever lets go of a session need not hear how it ended.
  ended.catch(() => {});
  return {
    stdin: stdin?.output ?? null,
    stdout: stdout?.input ?? null,
    stderr: stderr?.input ?? null,
    resize: (columns, rows) =>
      void sizes?.output.write(JSON.stringify({ Width: columns, Height: rows })),
    ended,
    close: () => client.close(),
  };
}

/** The exit code, of the Status that the runtime sends last; 0 when the connection ends without. Rejects with RuntimeError. */
async function endOf(errors: Readable): Promise<number> {
  let text = '';
  try {
    for await (const chunk of errors) {
      if (text.length < endBytesMax) text += String(chunk);
    }
  } catch {
    // It was let go of.
  }
  return text === '' ? 0 : exitCodeOf(text);
}

function exitCodeOf(text: string): number {
  const { status, reason, message, details } = parse(text);
  if (status === 'Success') return 0;
  const cause = details?.causes?.find((each) => each.reason === 'ExitCode')?.message;
  if (reason === 'NonZeroExitCode' && cause !== undefined) return Number(cause);
  const words = message ?? text;
  throw new RuntimeError(
    'start-failed',
    words.replace(
      /^Internal error occurred: (error (executing command in|attaching to) container: )?/,
      '',
    ),
  );
}

/** As much of a Status as is looked at. */
interface EndStatus {
  readonly status?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly details?: { readonly causes?: readonly { reason?: string; message?: string }[] };
}

function parse(text: string): EndStatus {
  try {
    return JSON.parse(text) as EndStatus;
  } catch {
    return { message: text };
  }
}
