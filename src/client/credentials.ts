import { type CallOptions, type Channel, RpcError } from '../rpc/index.js';
import { Auth } from '../wire/index.js';

/** Who a client logs in as. */
export interface UserPassword {
  readonly name: string;
  readonly password: string;
}

/** Answers to a token that is good no more; the request had no effect, and another token may do. */
const tokenRefusals: ReadonlySet<string> = new Set([
  'etcdserver: invalid auth token',
  'etcdserver: revision of auth store is old',
  // The server had authentication disabled when we asked for a token, and has it enabled now.
  'etcdserver: user name is empty',
]);

/** The words that Go puts before an error of gRPC's where it passes one on as text: reasons for which watches end. */
const grpcPrefix = /^rpc error: code = \w+ desc = /;

/** Whether an error, or its text, says that another token is needed. */
export function isTokenRefusal(error: unknown): boolean {
  if (typeof error === 'string') return tokenRefusals.has(error.replace(grpcPrefix, ''));
  return error instanceof RpcError && tokenRefusals.has(error.message);
}

/** Logs a user in when a request needs it, and again when the server has forgotten the token. All requests share the token. */
export class Credentials {
  readonly #user: UserPassword;
  /** Null: none was asked for, or it is good no more. '' while the server has authentication disabled. */
  #token: string | null = null;
  /** The request for a token under way. */
  #asking: Promise<string> | null = null;

  constructor(user: UserPassword) {
    this.#user = user;
  }

  /** What a request carries that shows who makes it. Logs in through the channel if need be; rejects as that call does. */
  async metadata(channel: Channel, call: CallOptions): Promise<Readonly<Record<string, string>>> {
    const token = this.#token ?? (await this.#ask(channel, call));
    return token === '' ? {} : { token };
  }

  /** The token that was sent is good no more. One that was asked for meanwhile stays. */
  drop(sent: Readonly<Record<string, string>>): void {
    if ((sent.token ?? '') === this.#token) this.#token = null;
  }

  #ask(channel: Channel, call: CallOptions): Promise<string> {
    this.#asking ??= this.#logIn(channel, call).finally(() => {
      this.#asking = null;
    });
    return this.#asking;
  }

  async #logIn(channel: Channel, { timeoutMs }: CallOptions): Promise<string> {
    const options = timeoutMs === undefined ? {} : { timeoutMs };
    try {
      this.#token = (await channel.unary(Auth.methods.Authenticate, this.#user, options)).token;
    } catch (error) {
      if (!isAuthDisabled(error)) throw error;
      this.#token = '';
    }
    return this.#token;
  }
}

function isAuthDisabled(error: unknown): boolean {
  return error instanceof RpcError && error.message === 'etcdserver: authentication is not enabled';
}
