import type { ServerHttp2Stream } from 'node:http2';
import { type Server, ServerInterceptingCall, type ServerInterceptor } from '@grpc/grpc-js';
import { assert } from '../../base/assert.js';
import type { Routes } from '../dispatch.js';
import { RpcError, Status } from '../service.js';

/**
 * Where grpc-js says things otherwise than grpc-go, which every etcd client was written against, and where it trips over
 * legal input. It offers no public way to change this, so two of its seams are used: the per-call object handed to an
 * interceptor, and the server's handler of new HTTP/2 streams. The contract tests notice when either goes away.
 */

type Headers = Record<string, string | string[] | undefined>;
type StreamHandler = (interceptors: unknown, stream: ServerHttp2Stream, headers: Headers) => void;

/** The longest deadline that grpc-js's timers hold: 2^31-1 ms. It takes a longer one for one that has passed. */
const timeoutSecondsMax = 2_147_483;

/** Answers unknown paths in grpc-go's words, and bounds deadlines. Call before any connection is attached. */
export function installStreamHook(server: Server, routes: Routes): void {
  const target = server as unknown as { _streamHandler: StreamHandler };
  const original = target._streamHandler;
  assert(typeof original === 'function', 'this version of grpc-js has no _streamHandler');
  target._streamHandler = function streamHandler(interceptors, stream, headers) {
    const path = headers[':path'];
    const isGrpc = String(headers['content-type'] ?? '').startsWith('application/grpc');
    const route = routes.find(typeof path === 'string' ? path : '');
    if (isGrpc && route instanceof RpcError) {
      refuse(stream, route);
      return;
    }
    const timeout = headers['grpc-timeout'];
    if (typeof timeout === 'string') headers['grpc-timeout'] = boundTimeout(timeout);
    original.call(server, interceptors, stream, headers);
  };
}

function refuse(stream: ServerHttp2Stream, error: RpcError): void {
  stream.on('error', () => {
    // The caller went away; there is nobody to tell.
  });
  if (stream.destroyed || stream.closed) return;
  stream.respond(
    {
      ':status': 200,
      'content-type': 'application/grpc',
      'grpc-status': String(error.code),
      'grpc-message': encodeURI(wellFormed(error.message)),
    },
    { endStream: true },
  );
  stream.resume();
}

const secondsPerUnit: Readonly<Record<string, number>> = { H: 3600, M: 60, S: 1 };

function boundTimeout(header: string): string {
  const match = /^(\d{1,8})([HMS])$/.exec(header);
  const seconds = Number(match?.[1]) * (secondsPerUnit[match?.[2] ?? ''] ?? 0);
  return seconds > timeoutSecondsMax ? `${timeoutSecondsMax}S` : header;
}

/** Rewrites the statuses that grpc-js makes up by itself into grpc-go's texts. */
export const goTexts: ServerInterceptor = (_method, call) => {
  const sendStatus = call.sendStatus.bind(call);
  call.sendStatus = (status) => {
    sendStatus({
      ...status,
      details: wellFormed(goText(status.code ?? Status.unknown, status.details ?? '')),
    });
  };
  return new ServerInterceptingCall(call);
};

function goText(code: number, details: string): string {
  if (code === Status.ok) return '';
  if (code === Status.resourceExhausted) {
    const size = /^Received message larger than max \((\d+) vs (\d+)\)$/.exec(details);
    if (size) return `grpc: received message larger than max (${size[1]} vs. ${size[2]})`;
    const inflated = /^Received message that decompresses to a size larger than (\d+)$/.exec(
      details,
    );
    if (inflated) {
      return `grpc: received message after decompression larger than max ${inflated[1]}`;
    }
  }
  if (code === Status.unimplemented) {
    const encoding = /^Received message compressed with unsupported encoding (".*")$/.exec(details);
    if (encoding) return `grpc: Decompressor is not installed for grpc-encoding ${encoding[1]}`;
  }
  return details;
}

/** Lone surrogates cannot be percent-encoded: grpc-js would throw outside of any handler. */
function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\uFFFD');
}
