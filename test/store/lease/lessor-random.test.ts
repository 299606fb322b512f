import t from 'tap';
import { noDefects } from '../../../src/base/defect.js';
import { Prng } from '../../../src/base/prng.js';
import { StoreError } from '../../../src/store/errors.js';
import { Lessor } from '../../../src/store/lease/lessor.js';
import type { LeaseRecord } from '../../../src/wire/gen/store.js';
import { ManualClock } from '../manual-clock.js';

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));

/** A member that applies the log, with a clock of its own, and what it has stored. */
class Member {
  readonly clock = new ManualClock();
  readonly #records = new Map<bigint, LeaseRecord>();
  readonly #leaseOfKey = new Map<string, bigint>();
  #lessor = this.#newLessor();

  /** Applies one entry and returns everything that it answers. */
  apply(entry: Entry, index: number): unknown {
    try {
      return this.#apply(entry, index);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      return error.code;
    }
  }

  /** Forgets all but what is stored. */
  restart(): void {
    this.#lessor = this.#newLessor();
    const attachments = [...this.#leaseOfKey].map(([key, id]) => [id, key] as const);
    this.#lessor.load([...this.#records.values()], attachments);
  }

  expired() {
    return this.#lessor.takeExpired({ countMax: 5, retryMs: 100 });
  }

  checkpoints() {
    return this.#lessor.takeCheckpoints({ countMax: 5 });
  }

  get ids(): readonly bigint[] {
    return [...this.#lessor.list()].sort((a, b) => Number(a - b));
  }

  #newLessor(): Lessor {
    return new Lessor({ clock: this.clock, minTtlSeconds: 2, defects: noDefects });
  }

  #apply(entry: Entry, index: number): unknown {
    switch (entry.kind) {
      case 'grant':
        return this.#store([this.#lessor.grant({ ID: entry.id, TTL: entry.ttl }, index).record]);
      case 'revoke':
        return this.#revoke(entry.id);
      case 'renew': {
        const { ttlSeconds, changed } = this.#lessor.renew(entry.ids, index);
        return [ttlSeconds, this.#store(changed)];
      }
      case 'expire':
        return this.#lessor.expirable(entry.items).map((id) => [id, this.#revoke(id)]);
      case 'checkpoint':
        return this.#store(this.#lessor.checkpoint(entry.items).changed);
      case 'put':
        return this.#put(entry.key, entry.id);
    }
  }

  #store(records: readonly LeaseRecord[]): readonly LeaseRecord[] {
    for (const record of records) this.#records.set(record.id, record);
    return records;
  }

  #revoke(id: bigint): readonly string[] {
    const keys = this.#lessor.revoke(id);
    this.#records.delete(id);
    for (const key of keys) this.#leaseOfKey.delete(key);
    return keys;
  }

  /** A put with a lease, or without (0), which detaches. */
  #put(key: string, id: bigint): void {
    const before = this.#leaseOfKey.get(key);
    if (id !== 0n) {
      this.#lessor.attach(id, key);
      this.#leaseOfKey.set(key, id);
    } else if (before !== undefined) {
      this.#lessor.detach(before, key);
      this.#leaseOfKey.delete(key);
    }
  }
}

type Entry =
  | { readonly kind: 'grant'; readonly id: bigint; readonly ttl: number }
  | { readonly kind: 'revoke'; readonly id: bigint }
  | { readonly kind: 'renew'; readonly ids: readonly bigint[] }
  | { readonly kind: 'expire'; readonly items: ReturnType<Member['expired']> }
  | { readonly kind: 'checkpoint'; readonly items: ReturnType<Member['checkpoints']> }
  | { readonly kind: 'put'; readonly key: string; readonly id: bigint };

function randomEntry(prng: Prng, proposer: Member): Entry {
  const id = BigInt(prng.int(-3, 9));
  switch (prng.int(0, 8)) {
    case 0:
    case 1:
      return { kind: 'grant', id, ttl: prng.pick([1, 3, 10, 60, 9_000_000_001]) };
    case 2:
      return { kind: 'revoke', id };
    case 3:
      return { kind: 'renew', ids: [id, BigInt(prng.int(-3, 9)), id] };
    case 4:
      return { kind: 'expire', items: proposer.expired() };
    case 5:
      return { kind: 'checkpoint', items: proposer.checkpoints() };
    default:
      return {
        kind: 'put',
        key: prng.pick(['a', 'b', '\xff', '']),
        id: prng.chance(0.2) ? 0n : id,
      };
  }
}

t.test(
  `Lessor answers alike on members that restart and whose clocks differ (SEED=${seed})`,
  async (t) => {
    const prng = new Prng(seed);
    const members = [new Member(), new Member(), new Member()] as const;
    /** Proposed by somebody, not in the log yet: it may be overtaken by others. */
    const proposed: Entry[] = [];
    let ended = 0;
    let shortened = 0;
    for (let index = 1; index <= 8_000; index++) {
      for (const member of members) {
        member.clock.jump(prng.chance(0.01) ? prng.int(0, 60_000) : prng.int(0, 500));
        if (prng.chance(0.02)) member.restart();
      }
      proposed.push(randomEntry(prng, prng.pick(members)));
      if (proposed.length < 4 && prng.chance(0.5)) continue;
      const entry = proposed.splice(prng.int(0, proposed.length), 1)[0]!;
      const [first, ...others] = members.map((member) =>
        text([member.apply(entry, index), member.ids]),
      );
      for (const other of others) {
        if (other !== first)
          throw new Error(`entry ${index} ${text(entry)}: ${other}, not ${first}`);
      }
      if (entry.kind === 'expire' && first?.startsWith('[[[')) ended++;
      if (entry.kind === 'checkpoint' && first?.startsWith('[[{')) shortened++;
    }
    t.ok(ended > 20, `${ended} expiries took effect`);
    t.ok(shortened > 20, `${shortened} checkpoints took effect`);
  },
);

function text(value: unknown): string {
  return JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? `${part}n` : part)) ?? '';
}
