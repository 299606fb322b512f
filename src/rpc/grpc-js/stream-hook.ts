import type {
  Http2Session,
  OutgoingHttpHeaders,
  ServerHttp2Session,
  ServerHttp2Stream,
} from 'node:http2';
import { type Server, ServerInterceptingCall, type ServerInterceptor } from '@grpc/grpc-js';
import { assert } from '../../base/assert.js';
import { messageTooLarge, type Routes } from '../dispatch.js';
import { RpcError, Status } from '../service.js';
import { peerHeader } from './metadata.js';

/**
 * Where grpc-js says things otherwise than grpc-go, which every etcd client was written against, and where it trips over
 * legal input. It offers no public way to change this, so two of its seams are used: the per-call object handed to an
 * interceptor, and the server's handler of new HTTP/2 streams. The contract tests notice when either goes away.
 */

type Headers = Record<string, string | string[] | undefined>;
type StreamHandler = (interceptors: unknown, stream: ServerHttp2Stream, headers: Headers) => void;
type SessionHandler = (session: ServerHttp2Session) => void;

/** The private parts of grpc-js's Server that are overridden. */
interface Seams {
  _streamHandler: StreamHandler;
  _sessionHandler: (server: unknown) => SessionHandler;
}

/** The longest deadline that grpc-js's timers hold: 2^31-1 ms. It takes a longer one for one that has passed. */
const timeoutSecondsMax = 2_147_483;

/** Answers unknown paths in grpc-go's words, bounds deadlines, and tells calls who their caller is. */
export class StreamHook {
  readonly #peers = new WeakMap<Http2Session, string>();
  /** The peer of the connection being injected. */
  #injecting = 'unknown';

  /** Overrides the server's handlers: make the hook before the server's first injector. */
  constructor(server: Server, routes: Routes) {
    const seams = server as unknown as Seams;
    const { _streamHandler: onStream, _sessionHandler: makeOnSession } = seams;
    assert(typeof onStream === 'function', 'this version of grpc-js has no _streamHandler');
    assert(typeof makeOnSession === 'function', 'this version of grpc-js has no _sessionHandler');
    seams._sessionHandler = (http2Server) => {
      const onSession = makeOnSession.call(server, http2Server);
      return (session) => {
        this.#peers.set(session, this.#injecting);
        onSession(session);
      };
    };
    seams._streamHandler = (interceptors, stream, headers) => {
      if (this.#admit(routes, stream, headers)) {
        onStream.call(server, interceptors, stream, headers);
      }
    };
  }

  /** Runs `inject`, which makes a session at once, for a connection from `peer`. */
  injecting(peer: string, inject: () => void): void {
    this.#injecting = peer;
    inject();
    this.#injecting = 'unknown';
  }

  /** False: the call has been refused, or its caller is gone. */
  #admit(routes: Routes, stream: ServerHttp2Stream, headers: Headers): boolean {
    if (stream.destroyed || stream.closed) {
      ignoreErrors(stream);
      return false;
    }
    if (!String(headers['content-type'] ?? '').startsWith('application/grpc')) {
      refuse(stream, { ':status': 415 });
      return false;
    }
    const path = headers[':path'];
    const route = routes.find(typeof path === 'string' ? path : '');
    if (route instanceof RpcError) {
      refuse(stream, {
        ':status': 200,
        'content-type': 'application/grpc',
        'grpc-status': String(route.code),
        'grpc-message': encodeURI(wellFormed(route.message)),
      });
      return false;
    }
    const timeout = headers['grpc-timeout'];
    if (typeof timeout === 'string') headers['grpc-timeout'] = boundTimeout(timeout);
    const peer = stream.session === undefined ? undefined : this.#peers.get(stream.session);
    headers[peerHeader] = peer ?? 'unknown';
    return true;
  }
}

/** Answers with headers alone, on a stream that is open. */
function refuse(stream: ServerHttp2Stream, headers: OutgoingHttpHeaders): void {
  ignoreErrors(stream);
  stream.respond(headers, { endStream: true });
  stream.resume();
}

/** The caller may go away at any moment, and then there is nobody to tell. */
function ignoreErrors(stream: ServerHttp2Stream): void {
  stream.on('error', () => {});
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
    if (size) return messageTooLarge(Number(size[1]), Number(size[2])).message;
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
