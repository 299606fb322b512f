import type { Target } from '../model/service-port.js';

/** Clients that are remembered for a service; beyond that those are forgotten who came first. */
const clientsMax = 100_000;

interface Stay {
  readonly target: Target;
  untilMs: number;
}

/** Chooses endpoints by turns, and keeps clients with theirs. */
export class Balancer {
  #targets: readonly Target[] = [];
  #affinityMs = 0;
  #next = 0;
  /** By client, in the order in which they last came. */
  readonly #stays = new Map<string, Stay>();

  /** Who stays with an endpoint that is gone is free again. */
  update(targets: readonly Target[], affinitySeconds: number): void {
    const kept = new Map(targets.map((target) => [keyOf(target), target]));
    this.#targets = targets;
    this.#affinityMs = affinitySeconds * 1000;
    for (const [client, { target }] of this.#stays)
      if (this.#affinityMs === 0 || !kept.has(keyOf(target))) this.#stays.delete(client);
  }

  /** Where a client goes that comes now; null: nowhere. `failed` are endpoints that did not answer it: who stayed with one is sent on. */
  choose(client: string, nowMs: number, failed: readonly Target[] = []): Target | null {
    const left = this.#targets.filter((target) => !failed.some((each) => isSame(each, target)));
    if (left.length === 0) return null;
    const stay = this.#stays.get(client);
    const isKept =
      stay !== undefined && nowMs < stay.untilMs && left.some((each) => isSame(each, stay.target));
    const target = isKept ? stay.target : this.#turn(failed);
    if (target !== null && this.#affinityMs > 0) this.#remember(client, target, nowMs);
    return target;
  }

  #turn(failed: readonly Target[]): Target | null {
    for (let tries = 0; tries < this.#targets.length; tries++) {
      const target = this.#targets[this.#next++ % this.#targets.length];
      if (target !== undefined && !failed.some((each) => isSame(each, target))) return target;
    }
    return null;
  }

  #remember(client: string, target: Target, nowMs: number): void {
    this.#stays.delete(client);
    this.#stays.set(client, { target, untilMs: nowMs + this.#affinityMs });
    if (this.#stays.size <= clientsMax) return;
    const [oldest] = this.#stays.keys();
    if (oldest !== undefined) this.#stays.delete(oldest);
  }
}

function keyOf({ ip, port }: Target): string {
  return `${ip} ${port}`;
}

function isSame(a: Target, b: Target): boolean {
  return a.ip === b.ip && a.port === b.port;
}
