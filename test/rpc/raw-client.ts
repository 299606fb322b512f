import { Client, credentials, Metadata } from '@grpc/grpc-js';

const identity = (bytes: Buffer) => bytes;

/** How a raw call ended. */
export interface RawResult {
  readonly code: number;
  readonly details: string;
  readonly messages: readonly Buffer[];
}

/** Sends the bytes as one request message each, whatever they are, and waits for the end of the call. */
export function rawCall(
  endpoint: string,
  path: string,
  requests: readonly Uint8Array[],
  options: {
    readonly metadata?: Readonly<Record<string, string | Buffer>>;
    /** Keeps the request side open, until this many responses came. */
    readonly cancelAfter?: number;
  } = {},
): Promise<RawResult> {
  const client = new Client(endpoint.replace('http://', ''), credentials.createInsecure(), {
    'grpc.use_local_subchannel_pool': 1,
    'grpc.max_send_message_length': -1,
    'grpc.max_receive_message_length': -1,
    'grpc.enable_http_proxy': 0,
  });
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(options.metadata ?? {})) metadata.set(key, value);
  return new Promise((resolve) => {
    const messages: Buffer[] = [];
    const call = client.makeBidiStreamRequest(path, identity, identity, metadata, {
      deadline: Date.now() + 60_000,
    });
    call.on('data', (bytes: Buffer) => {
      messages.push(bytes);
      if (messages.length === options.cancelAfter) call.cancel();
    });
    call.on('error', () => {
      // The status says it.
    });
    call.on('status', (status: { code: number; details: string }) => {
      client.close();
      resolve({ code: status.code, details: status.details, messages });
    });
    for (const request of requests) call.write(Buffer.from(request));
    if (options.cancelAfter === undefined) call.end();
  });
}
