import { Registry } from 'prom-client';
import type { Clock } from '../../base/clock.js';
import { collectProcessMetrics } from '../../host/process-metrics.js';
import type { PeerTraffic } from '../../raft/transport/index.js';
import type { HttpHandler, MethodCounts } from '../../rpc/index.js';
import type { HealthCounts } from '../api/http.js';
import type { Member } from '../member/member.js';
import { addCallMetrics } from './call-metrics.js';
import { DiskMetrics } from './disk-metrics.js';
import { addMemberMetrics } from './member-metrics.js';

/**
 * A member's metrics, under the names of etcd's that mean the same here (docs/store-metrics.md). Nearly all of them are looked
 * up when somebody asks.
 */
export class StoreMetrics {
  /** The disks that the member is to be opened on. */
  readonly disk: DiskMetrics;
  /** To be counted in by whoever answers health checks. */
  readonly health: HealthCounts = { healthy: 0, unhealthy: 0 };
  readonly #registry = new Registry();
  #hasProcess = false;

  constructor(clock: Clock) {
    this.disk = new DiskMetrics(this.#registry, clock);
  }

  /** Has the metrics tell about a member as well, which was opened since. Once. */
  addMember(member: Member, peers: () => readonly PeerTraffic[]): void {
    addMemberMetrics(this.#registry, { member, peers, health: this.health });
  }

  /** And about who calls it. Once. */
  addCalls(calls: () => readonly MethodCounts[], options: { readonly isTimed: boolean }): void {
    addCallMetrics(this.#registry, { calls, ...options });
  }

  /** Answers a scrape, in Prometheus' text format. */
  readonly handler: HttpHandler = async () => {
    // These cost a little all the time, and so begin when somebody asks.
    if (!this.#hasProcess) collectProcessMetrics(this.#registry);
    this.#hasProcess = true;
    const registry = this.#registry;
    return { status: 200, contentType: registry.contentType, body: await registry.metrics() };
  };
}
