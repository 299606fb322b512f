import { ChannelCredentials, Client, type ServiceError } from '@grpc/grpc-js';
import { etcdserverpb, type MethodDescriptor } from '../../src/wire/index.js';

const { KV, Maintenance } = etcdserverpb;

/** One connection to one member, with nothing that retries or hides: what is sent and answered is what the test sees. */
export class RawClient {
  readonly endpoint: string;
  readonly #client: Client;

  constructor(endpoint: string) {
    this.endpoint = endpoint;
    this.#client = new Client(endpoint, ChannelCredentials.createInsecure(), {
      'grpc.use_local_subchannel_pool': 1,
      'grpc.enable_retries': 0,
      'grpc.max_send_message_length': -1,
      'grpc.max_receive_message_length': -1,
      'grpc.initial_reconnect_backoff_ms': 50,
      'grpc.min_reconnect_backoff_ms': 50,
      'grpc.max_reconnect_backoff_ms': 200,
    });
  }

  /** One unary call; rejects with grpc-js's own error, whose `code` and `details` are the server's. */
  call<Req, Res, ReqInit, ResInit>(
    method: MethodDescriptor<Req, Res, ReqInit, ResInit>,
    request: ReqInit,
    deadlineMs = 60_000,
  ): Promise<Res> {
    return this.callEncoded(method, method.request.encode(request), deadlineMs);
  }

  /** Like {@link call} for bytes that need not be a valid message. */
  callEncoded<Req, Res, ReqInit, ResInit>(
    method: MethodDescriptor<Req, Res, ReqInit, ResInit>,
    request: Uint8Array,
    deadlineMs = 60_000,
  ): Promise<Res> {
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
        method.path,
        (bytes: Uint8Array) => Buffer.from(bytes),
        (bytes: Buffer) => method.response.decode(bytes),
        request,
        { deadline: Date.now() + deadlineMs },
        (error, response) => {
          if (error !== null) reject(error);
          else if (response === undefined) reject(new Error('neither error nor response'));
          else resolve(response);
        },
      );
    });
  }

  put(key: string, value: string, deadlineMs?: number) {
    const request = { key: Buffer.from(key), value: Buffer.from(value) };
    return this.call(KV.methods.Put, request, deadlineMs);
  }

  /** All keys with a prefix, at one revision. */
  range(prefix: string) {
    const key = Buffer.from(prefix);
    const rangeEnd = Buffer.from(prefix);
    rangeEnd[rangeEnd.length - 1] = (rangeEnd.at(-1) ?? 0) + 1;
    return this.call(KV.methods.Range, { key, rangeEnd });
  }

  status() {
    return this.call(Maintenance.methods.Status, {});
  }

  hashKv(revision: number) {
    return this.call(Maintenance.methods.HashKV, { revision });
  }

  close(): void {
    this.#client.close();
  }
}

const patienceMs = 60_000;
const unavailable = 14;

/**
 * Asks again while a member answers that it has no leader, or none that answers in time: on a busy machine that may be so at any moment.
 * For what may be done twice.
 */
export async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (errorOf(error).code !== unavailable || performance.now() > deadline) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The gRPC code and text of a failed call. */
export function errorOf(error: unknown): Pick<ServiceError, 'code' | 'details'> {
  if (error instanceof Error && 'code' in error && 'details' in error) {
    return { code: Number(error.code), details: String(error.details) };
  }
  throw error;
}
