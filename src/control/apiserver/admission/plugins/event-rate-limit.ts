import type { Clock } from '../../../../base/clock.js';
import { tooManyRequests } from '../../../machinery/status-errors.js';
import type { AdmissionPlugin, AdmissionRequest } from '../../contracts.js';
import { definePlugin } from '../plugin.js';

/** One limit of the plugin's configuration. */
export interface EventLimit {
  readonly type: 'Server' | 'Namespace' | 'User' | 'SourceAndObject';
  /** Events a second that are let through for long. */
  readonly qps: number;
  /** And at once. */
  readonly burst: number;
  /** Namespaces, users or objects that are told apart; default 4096. */
  readonly cacheSize: number;
}

export interface EventRateLimitOptions {
  readonly limits: readonly EventLimit[];
}

interface Bucket {
  tokens: number;
  filledMs: number;
}

/** Keeps a storm of events from filling the store. */
export function eventRateLimit({ limits }: EventRateLimitOptions, clock: Clock): AdmissionPlugin {
  const buckets = limits.map((limit) => new BucketTable(limit, clock));
  return definePlugin('EventRateLimit', ['CREATE', 'UPDATE'], {
    validate(request) {
      const isEvent =
        request.resource === 'events' &&
        (request.group === '' || request.group === 'events.k8s.io');
      if (!isEvent || request.subresource !== '') return;
      const refused = limits.filter((limit, index) => !buckets[index]?.take(keyOf(limit, request)));
      if (refused.length === 0) return;
      const texts = refused.map(
        ({ type }) => `limit reached on type ${type} for key ${keyOf({ type }, request)}`,
      );
      throw tooManyRequests(texts.length === 1 ? (texts[0] ?? '') : `[${texts.join(', ')}]`, 1);
    },
  });
}

class BucketTable {
  readonly #limit: EventLimit;
  readonly #clock: Clock;
  /** Least recently used first. */
  readonly #buckets = new Map<string, Bucket>();

  constructor(limit: EventLimit, clock: Clock) {
    this.#limit = limit;
    this.#clock = clock;
  }

  take(key: string): boolean {
    const { qps, burst, cacheSize } = this.#limit;
    const now = this.#clock.now();
    const bucket = this.#buckets.get(key) ?? { tokens: burst, filledMs: now };
    this.#buckets.delete(key);
    if (this.#buckets.size >= cacheSize) {
      const [oldest] = this.#buckets.keys();
      if (oldest !== undefined) this.#buckets.delete(oldest);
    }
    bucket.tokens = Math.min(burst, bucket.tokens + ((now - bucket.filledMs) / 1000) * qps);
    bucket.filledMs = now;
    this.#buckets.set(key, bucket);
    if (bucket.tokens < 1) return false;
    bucket.tokens--;
    return true;
  }
}

interface EventFields {
  source?: { component?: string; host?: string };
  involvedObject?: {
    kind?: string;
    namespace?: string;
    name?: string;
    uid?: string;
    apiVersion?: string;
  };
  regarding?: {
    kind?: string;
    namespace?: string;
    name?: string;
    uid?: string;
    apiVersion?: string;
  };
  reportingController?: string;
}

function keyOf({ type }: Pick<EventLimit, 'type'>, request: AdmissionRequest): string {
  switch (type) {
    case 'Server':
      return '';
    case 'Namespace':
      return request.namespace;
    case 'User':
      return request.context.user.name;
    case 'SourceAndObject': {
      const event = request.object as unknown as EventFields;
      const about = event.involvedObject ?? event.regarding ?? {};
      return [
        event.source?.component ?? event.reportingController ?? '',
        event.source?.host ?? '',
        about.kind ?? '',
        about.namespace ?? '',
        about.name ?? '',
        about.uid ?? '',
        about.apiVersion ?? '',
      ].join('');
    }
  }
}
