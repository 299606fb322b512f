import type { CallOptions, Channel } from '../rpc/index.js';
import { type Credentials, isTokenRefusal } from './credentials.js';

/** How often one request is made with another token before its server is believed. */
const tokensMax = 3;

/** One request to one server, by whoever the client is: logs in before, and again when the token is good no more. */
export class AuthorisedCall {
  readonly #credentials: Credentials | null;
  #isSent = false;

  /** Null: the client is nobody in particular. */
  constructor(credentials: Credentials | null) {
    this.#credentials = credentials;
  }

  /** The request itself has been sent: logging in did not fail. */
  get isSent(): boolean {
    return this.#isSent;
  }

  /** Makes the request by `send`; ends as the last attempt does. */
  async run<T, Call extends CallOptions>(
    channel: Channel,
    call: Call,
    send: (call: Call) => Promise<T>,
  ): Promise<T> {
    const credentials = this.#credentials;
    if (credentials === null) {
      this.#isSent = true;
      return send(call);
    }
    for (let tokens = 1; ; tokens++) {
      this.#isSent = false;
      const metadata = await credentials.metadata(channel, call);
      this.#isSent = true;
      try {
        return await send({ ...call, metadata });
      } catch (error) {
        if (!isTokenRefusal(error)) throw error;
        credentials.drop(metadata);
        if (tokens === tokensMax) throw error;
      }
    }
  }
}
