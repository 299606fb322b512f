import { Counter, type Registry } from 'prom-client';
import type { Asked } from '../../control/dns/index.js';

/** Types that get a series of their own; who asks for others chooses among 65,536. */
const knownTypes: ReadonlySet<string> = new Set(
  'A AAAA ANY CNAME HTTPS MX NS PTR SOA SRV SVCB TXT'.split(' '),
);
const codes = 'NOERROR FORMERR SERVFAIL NXDOMAIN NOTIMP REFUSED'.split(' ');

/** What a name server counts, under CoreDNS' names. */
export class DnsMetrics {
  readonly #requests: Counter<'type'>;
  readonly #responses: Counter<'rcode'>;
  readonly #hits: Counter;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#requests = new Counter({
      ...{ name: 'coredns_dns_requests_total', help: 'Questions by type.' },
      ...{ labelNames: ['type'], registers },
    });
    this.#responses = new Counter({
      ...{ name: 'coredns_dns_responses_total', help: 'Answers by code.' },
      ...{ labelNames: ['rcode'], registers },
    });
    this.#hits = new Counter({
      name: 'coredns_cache_hits_total',
      help: "Other servers' answers that were given again.",
      registers,
    });
  }

  onAnswer({ question }: Asked, code: number): void {
    this.#requests.inc({ type: knownTypes.has(question.type) ? question.type : 'other' });
    this.#responses.inc({ rcode: codes[code] ?? 'other' });
  }

  onCacheHit(): void {
    this.#hits.inc();
  }
}
