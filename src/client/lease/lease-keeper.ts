import { assert } from '../../base/assert.js';
import type { Clock, Timer } from '../../base/clock.js';
import type { LeaseKeepAliveResponse } from '../../wire/index.js';
import { ClientError } from '../errors.js';

/** Options of {@link LeaseClient.keepAlive}. */
export interface KeepAliveOptions {
  /** Stops renewing when aborted; the lease then runs out by itself. */
  readonly signal?: AbortSignal;
  /** The lease's time to live in seconds and when (on the client's clock) its grant was asked for, if known. */
  readonly granted?: { readonly ttlSeconds: number; readonly atMs: number };
  /** Called after each renewal with the server's answer. */
  readonly onRenewed?: (response: LeaseKeepAliveResponse) => void;
}

/** What a keeper asks of the stream that it shares. */
export interface KeeperHost {
  /** Sends a renewal; false while there is no stream. */
  sendRenewal(keeper: LeaseKeeper): boolean;
  /** A renewal has been unanswered for too long. */
  onSilence(keeper: LeaseKeeper): void;
  onClosed(keeper: LeaseKeeper): void;
}

/** Renewals of a lease whose time to live is not known yet are repeated this often. */
const renewMsUnknown = 1000;
/** The shortest pause between renewals. */
const renewMsMin = 250;
/** The shortest silence of a server that counts. */
const silenceMsMin = 1000;

/**
 * Keeps one lease alive. The time left is counted on the client's own clock from when the renewal was *sent*, so it ends
 * no later than at the server: who stops work when {@link lost} fires has stopped before anyone else can own its keys.
 */
export class LeaseKeeper {
  readonly id: bigint;
  readonly #clock: Clock;
  readonly #host: KeeperHost;
  readonly #onRenewed: ((response: LeaseKeepAliveResponse) => void) | undefined;
  readonly #lost = new AbortController();
  /** Undoes the subscription to the caller's signal. */
  #unsubscribe: () => void = () => {};

  /** 0 until the first answer when the grant was not given. */
  #ttlMs: number;
  /** When the lease is lost unless renewed; infinite while its time to live is unknown. */
  #deadline: number;
  /** When the unanswered renewals on this stream were sent, oldest first. */
  #sentAt: number[] = [];
  #timer: Timer | null = null;
  #isOver = false;

  constructor(id: bigint, options: KeepAliveOptions, clock: Clock, host: KeeperHost) {
    this.id = id;
    this.#clock = clock;
    this.#host = host;
    this.#onRenewed = options.onRenewed;
    this.#ttlMs = (options.granted?.ttlSeconds ?? 0) * 1000;
    this.#deadline =
      options.granted === undefined ? Number.POSITIVE_INFINITY : options.granted.atMs + this.#ttlMs;
    const { signal } = options;
    if (signal === undefined) return;
    const onAbort = () => this.close();
    signal.addEventListener('abort', onAbort, { once: true });
    this.#unsubscribe = () => signal.removeEventListener('abort', onAbort);
  }

  /**
   * Aborted, with a {@link ClientError} `lease-lost` (or `closed`) as its reason, once the lease is gone or cannot be
   * known to be there: the server said so, or its time passed without a renewal.
   */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Milliseconds until the lease is lost unless renewed; infinite while its time to live is unknown. */
  get leftMs(): number {
    return Math.max(0, this.#deadline - this.#clock.now());
  }

  /** Stops renewing; the lease runs out by itself. {@link lost} is not fired. */
  close(): void {
    this.#finish();
  }

  /** Starts renewing, on a new stream if the last one ended. For the stream only, as everything below. */
  onStreamOpen(): void {
    this.#sentAt = [];
    this.#renew();
  }

  /** Renewals sent on the stream that ended are not waited for; the clock runs on. */
  onStreamDown(): void {
    this.#sentAt = [];
    this.#schedule();
  }

  onResponse(response: LeaseKeepAliveResponse): void {
    if (this.#isOver) return;
    const sentAt = this.#sentAt.shift();
    if (sentAt === undefined) return;
    if (response.TTL <= 0) {
      this.fail(new ClientError('lease-lost', 'the lease has expired or was revoked'));
      return;
    }
    this.#ttlMs = response.TTL * 1000;
    this.#deadline = sentAt + this.#ttlMs;
    this.#schedule();
    this.#onRenewed?.(response);
  }

  /** Ends the keeping and tells the owner. */
  fail(error: ClientError): void {
    if (this.#isOver) return;
    this.#finish();
    this.#lost.abort(error);
  }

  #finish(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#clearTimer();
    this.#unsubscribe();
    this.#host.onClosed(this);
  }

  #renew(): void {
    assert(!this.#isOver);
    const sentAt = this.#clock.now();
    if (this.#host.sendRenewal(this)) this.#sentAt.push(sentAt);
    this.#schedule();
  }

  #schedule(): void {
    this.#clearTimer();
    if (this.#isOver) return;
    const waitMs = Math.min(this.#intervalMs(), this.leftMs);
    this.#timer = this.#clock.setTimer(waitMs, () => this.#onTimer());
  }

  #onTimer(): void {
    this.#timer = null;
    if (this.leftMs === 0) {
      this.fail(new ClientError('lease-lost', 'the lease was not renewed in time'));
      return;
    }
    const oldest = this.#sentAt[0];
    const isSilent =
      oldest !== undefined &&
      this.#clock.now() - oldest >= Math.max(silenceMsMin, this.#intervalMs());
    if (!isSilent) {
      this.#renew();
      return;
    }
    this.#host.onSilence(this);
    this.#schedule();
  }

  #intervalMs(): number {
    return this.#ttlMs === 0 ? renewMsUnknown : Math.max(renewMsMin, this.#ttlMs / 3);
  }

  #clearTimer(): void {
    if (this.#timer !== null) this.#clock.clearTimer(this.#timer);
    this.#timer = null;
  }
}
