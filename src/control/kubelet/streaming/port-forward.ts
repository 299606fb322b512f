import type { Duplex, Readable, Writable } from 'node:stream';

/** Connects to a port of a pod. Rejects with RuntimeError. */
export type PortConnector = (port: number) => Promise<Duplex>;

/** What port forwarding needs to know of the pod, for its words. */
export interface ForwardedPod {
  readonly name: string;
  readonly uid: string;
  readonly connect: PortConnector;
}

/** One forwarded connection as the client has it. */
export interface ForwardedConnection {
  readonly port: number;
  /** What the client sends. */
  readonly input: Readable;
  /** What it gets. */
  readonly output: Writable;
  /** Says what went wrong; '' when nothing did. Ends the connection for the client. */
  end(problem: string): void;
}

/** Joins a client's connection with the port, until both directions have ended or one is broken. Never rejects. */
export async function forwardConnection(
  { port, input, output, end }: ForwardedConnection,
  pod: ForwardedPod,
): Promise<void> {
  const problem = await joined(input, output, () => pod.connect(port));
  end(
    problem === null
      ? ''
      : `error forwarding port ${port} to pod ${pod.name}, uid ${pod.uid}: ${problem.message}`,
  );
}

/** Null: it went well. */
async function joined(
  input: Readable,
  output: Writable,
  connect: () => Promise<Duplex>,
): Promise<Error | null> {
  let target: Duplex;
  try {
    target = await connect();
  } catch (error) {
    return error as Error;
  }
  return new Promise((resolve) => {
    let open = 2;
    const close = (problem: Error | null) => {
      input.destroy();
      target.destroy();
      resolve(problem);
    };
    const onEnd = () => {
      open -= 1;
      if (open === 0) close(null);
    };
    target.once('error', (error) => close(error));
    // A client that is gone needs nothing more; a target that is gone has given all that it had.
    input.once('error', () => close(null));
    output.once('error', () => close(null));
    output.once('close', () => {
      if (!output.writableFinished) close(null);
    });
    input.once('end', onEnd);
    input.once('close', () => {
      if (!input.readableEnded) close(null);
    });
    target.once('end', onEnd);
    target.once('close', () => close(null));
    input.pipe(target);
    // The end of what the target sends reaches the client while it may still send.
    target.pipe(output);
  });
}
