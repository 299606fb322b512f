import {
  type CallOptions,
  type Channel,
  type ClientStream,
  RpcError,
  Status,
} from '../../../../rpc/index.js';
import type { MethodDescriptor } from '../../../../wire/index.js';
import { RuntimeError, type RuntimeErrorCode } from '../runtime-error.js';

/** How a call is made. */
export interface CriCallOptions {
  /** Default: two minutes, as kubelets have it. Infinity: any time. */
  readonly timeoutMs?: number;
  /** What a failure is that gRPC's code tells nothing else of. Default: `failed`. */
  readonly failure?: RuntimeErrorCode;
}

const timeoutMsDefault = 120_000;

/** Calls of a container runtime, whose failures are RuntimeErrors with the runtime's own words. */
export class CriCalls {
  readonly #channel: Channel;

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  /** Rejects with RuntimeError. */
  async call<Req, Res, ReqInit, ResInit>(
    method: MethodDescriptor<Req, Res, ReqInit, ResInit>,
    request: ReqInit,
    { timeoutMs = timeoutMsDefault, failure = 'failed' }: CriCallOptions = {},
  ): Promise<Res> {
    const options: CallOptions = timeoutMs === Number.POSITIVE_INFINITY ? {} : { timeoutMs };
    try {
      return await this.#channel.unary(method, request, options);
    } catch (error) {
      throw runtimeErrorOf(error, failure);
    }
  }

  /** The answers to one request, until the signal aborts. Its iteration throws RuntimeError. */
  async *answers<Req, Res, ReqInit, ResInit>(
    method: MethodDescriptor<Req, Res, ReqInit, ResInit>,
    request: ReqInit,
    signal: AbortSignal,
  ): AsyncIterable<Res> {
    const stream: ClientStream<ReqInit, Res> = this.#channel.stream(method, { signal });
    stream.send(request);
    stream.end();
    try {
      yield* stream.responses;
    } catch (error) {
      if (signal.aborted) return;
      throw runtimeErrorOf(error, 'failed');
    } finally {
      stream.cancel();
    }
  }

  close(): Promise<void> {
    return this.#channel.close();
  }
}

/** What is no error of a call is a bug, and stays what it is. */
function runtimeErrorOf(error: unknown, failure: RuntimeErrorCode): unknown {
  if (!(error instanceof RpcError)) return error;
  const code = codeOf(error, failure);
  const isAway = code === 'unreachable';
  const message = isAway ? awayText(error.message) : error.message;
  return new RuntimeError(code, message, { cause: error });
}

/** Without what the transport says around the reason. */
function awayText(text: string): string {
  const reason = /Last error: (?:Error: )?(.*?)\. Resolution note:/s.exec(text)?.[1] ?? text;
  return `the container runtime cannot be reached: ${reason}`;
}

function codeOf({ code }: RpcError, failure: RuntimeErrorCode): RuntimeErrorCode {
  switch (code) {
    case Status.notFound:
      return failure === 'image-pull' ? failure : 'not-found';
    case Status.deadlineExceeded:
      return 'timeout';
    case Status.unavailable:
    case Status.cancelled:
      return 'unreachable';
    case Status.unimplemented:
      return 'unsupported';
    default:
      return failure;
  }
}
