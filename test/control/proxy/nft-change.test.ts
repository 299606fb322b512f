import t, { type Test } from 'tap';
import { Prng } from '../../../src/base/prng.js';
import type { Service } from '../../../src/control/api/gen/core-v1.js';
import type { EndpointSlice } from '../../../src/control/api/gen/discovery-v1.js';
import {
  change,
  type NftCommand,
  rebuild,
  rebuildKeeping,
} from '../../../src/control/dataplane/nft-change.js';
import {
  type NftObject,
  type NftTable,
  nftTable,
  objectKey,
} from '../../../src/control/dataplane/nft-table.js';
import { deepEqual } from '../../../src/control/machinery/deep-equal.js';
import { viewService } from '../../../src/control/proxy/model/view-service.js';
import { NftablesBackend } from '../../../src/control/proxy/nftables/nftables-backend.js';
import { isAffinitySet } from '../../../src/control/proxy/nftables/object-names.js';
import { planTable } from '../../../src/control/proxy/nftables/plan-table.js';
import { ServiceTable } from '../../../src/control/proxy/nftables/service-table.js';
import { labNode, needsNetwork } from './network-lab.js';
import { nodeFacts, service, slice } from './objects.js';

const place = { name: 'n1', zone: 'z1' };
const seeds = Number(process.env.SEEDS ?? 12);
const firstSeed = Number(process.env.SEED ?? 1);

/** A table as a dumb machine keeps it: rules and elements by name. It refuses what the kernel refuses. */
class DumbTable {
  readonly chains = new Map<string, string[]>();
  readonly sets = new Map<string, Map<string, string>>();

  apply(commands: readonly NftCommand[]): void {
    for (const command of commands) this.#apply(command);
  }

  state(): unknown {
    const sorted = <T>(map: ReadonlyMap<string, T>) =>
      [...map].sort(([a], [b]) => (a < b ? -1 : 1));
    return {
      chains: sorted(this.chains),
      sets: sorted(this.sets).map(([name, elements]) => [name, sorted(elements)]),
    };
  }

  #apply(command: NftCommand): void {
    switch (command.do) {
      case 'add-table':
        return;
      case 'delete-table':
        this.chains.clear();
        this.sets.clear();
        return;
      case 'add': {
        const { kind, name } = command.object;
        if (kind === 'chain') this.chains.set(name, this.chains.get(name) ?? []);
        else this.sets.set(name, this.sets.get(name) ?? new Map());
        return;
      }
      case 'delete':
        this.#delete(command.object.kind, command.object.name);
        return;
      case 'flush-chain':
        this.#chain(command.chain.name).length = 0;
        return;
      case 'flush-set':
        this.sets.get(command.set.name)!.clear();
        return;
      case 'add-rule':
        this.#checkReferences(command.rule);
        this.#chain(command.chain.name).push(command.rule);
        return;
      case 'add-element':
        for (const [key, value] of command.elements) {
          const elements = this.sets.get(command.set.name)!;
          if (elements.has(key)) throw new Error(`${key} is there`);
          this.#checkReferences(value);
          elements.set(key, value);
        }
        return;
      case 'delete-element':
        for (const [key] of command.elements)
          if (!this.sets.get(command.set.name)!.delete(key)) throw new Error(`no element ${key}`);
        return;
    }
  }

  #chain(name: string): string[] {
    const rules = this.chains.get(name);
    if (rules === undefined) throw new Error(`no chain ${name}`);
    return rules;
  }

  #delete(kind: string, name: string): void {
    const used =
      kind === 'chain'
        ? new RegExp(`(goto|jump) ${escaped(name)}(?![^ ,}])`)
        : new RegExp(`@${escaped(name)}(?![^ ,}])`);
    const texts = [
      ...[...this.chains.values()].flat(),
      ...[...this.sets.values()].flatMap((each) => [...each.values()]),
    ];
    if (texts.some((text) => text.includes(name) && used.test(text)))
      throw new Error(`${name} is in use`);
    if (kind === 'chain' && this.#chain(name).length > 0) throw new Error(`${name} has rules`);
    if (!(kind === 'chain' ? this.chains : this.sets).delete(name)) throw new Error(`no ${name}`);
  }

  #checkReferences(text: string): void {
    for (const [, name = ''] of text.matchAll(/(?:goto|jump) ([^ ,}]+)/g)) this.#chain(name);
    for (const [, name = ''] of text.matchAll(/@([^ ,}]+)/g))
      if (!this.sets.has(name)) throw new Error(`no set ${name}`);
  }
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** Services that come, change and go. */
class RandomCluster {
  readonly #prng: Prng;
  readonly #services = new Map<string, readonly [Service, EndpointSlice]>();

  constructor(prng: Prng) {
    this.#prng = prng;
  }

  step(): void {
    for (let changes = this.#prng.int(1, 4); changes > 0; changes--) {
      const n = this.#prng.int(0, 8);
      if (this.#prng.chance(0.25)) this.#services.delete(`s${n}`);
      else this.#services.set(`s${n}`, this.#random(n));
    }
  }

  ports() {
    const sorted = [...this.#services].sort(([a], [b]) => (a < b ? -1 : 1));
    return sorted.flatMap(([, [object, endpoints]]) => viewService(object, [endpoints], place));
  }

  #random(n: number): readonly [Service, EndpointSlice] {
    const prng = this.#prng;
    const maybe = <T>(value: T) => (prng.chance(0.4) ? value : undefined);
    const isBalanced = prng.chance(0.3);
    const spec = JSON.parse(
      JSON.stringify({
        clusterIP: `10.96.0.${n + 10}`,
        type: isBalanced ? 'LoadBalancer' : 'NodePort',
        ports: [{ port: 80, protocol: 'TCP', nodePort: maybe(30_000 + n) }],
        externalIPs: maybe([`198.51.100.${prng.int(1, 4)}`]),
        sessionAffinity: maybe('ClientIP'),
        sessionAffinityConfig: { clientIP: { timeoutSeconds: prng.pick([10, 60]) } },
        internalTrafficPolicy: maybe('Local'),
        externalTrafficPolicy: maybe('Local'),
        loadBalancerSourceRanges: maybe(['192.0.2.0/24']),
      }),
    );
    const object: Service = {
      ...service(`s${n}`, spec),
      status: { loadBalancer: { ingress: isBalanced ? [{ ip: `203.0.113.${n}` }] : [] } },
    };
    const endpoints = Array.from({ length: prng.int(0, 5) }, () => ({
      addresses: [`10.244.0.${prng.int(2, 9)}`],
      nodeName: prng.pick(['n1', 'n2']),
      conditions: prng.pick([
        {},
        { ready: false },
        { ready: false, serving: true, terminating: true },
      ]),
    }));
    return [object, slice(`s${n}`, endpoints)];
  }
}

const empty: NftTable = nftTable({ family: 'ip', name: 'kube-proxy' }, []);

/** Runs steps of random clusters; the first that throws fails the test with its seed. */
function eachStep(
  t: Test,
  newRun: () => (ports: ReturnType<RandomCluster['ports']>) => readonly [DumbTable, DumbTable],
): void {
  for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
    const cluster = new RandomCluster(new Prng(seed));
    const run = newRun();
    for (let step = 0; step < 25; step++) {
      cluster.step();
      try {
        const [kept, fresh] = run(cluster.ports());
        if (JSON.stringify(kept.state()) === JSON.stringify(fresh.state())) continue;
        t.same(kept.state(), fresh.state(), `SEED=${seed} step ${step}`);
      } catch (error) {
        t.fail(`SEED=${seed} step ${step}: ${(error as Error).message}`);
      }
      return;
    }
  }
  t.pass();
}

function rebuilt(table: NftTable): DumbTable {
  const fresh = new DumbTable();
  fresh.apply(rebuild(table));
  return fresh;
}

t.test('change makes, step by step, the table that a rebuild makes at once', async (t) => {
  eachStep(t, () => {
    const kept = new DumbTable();
    let before = empty;
    return (ports) => {
      const after = planTable(ports, nodeFacts());
      kept.apply(change(before, after));
      before = after;
      return [kept, rebuilt(after)];
    };
  });
});

for (const balance of ['random', 'round-robin'] as const) {
  t.test(
    `ServiceTable takes up changes (${balance}) as a plan of all ports has them`,
    async (t) => {
      eachStep(t, () => {
        const facts = nodeFacts({ balance });
        const table = new ServiceTable(facts);
        const kept = rebuilt(table.whole());
        let known: ReturnType<RandomCluster['ports']> = [];
        return (ports) => {
          // As the catalog gives them: ports that say the same are the same objects.
          known = ports.map((port) => known.find((old) => deepEqual(old, port)) ?? port);
          const { before, after } = table.update(known);
          kept.apply(change(before, after));
          if (change(...tablesOf(table.update(known))).length > 0) throw new Error('not settled');
          return [kept, rebuilt(planTable(ports, facts))];
        };
      });
    },
  );
}

t.test(
  'rebuildKeeping makes any table of any other, and keeps what clients it knows',
  async (t) => {
    eachStep(t, () => {
      const kept = new DumbTable();
      let before = empty;
      return (ports) => {
        const after = planTable(ports, nodeFacts());
        const known = new Map([...kept.sets].filter(([name]) => isAffinitySet(name)));
        for (const elements of known.values()) elements.set('10.244.0.9', '');
        const existing = [...before.objects.values()].map(bareObject);
        kept.apply(rebuildKeeping(after, existing, isAffinitySet));
        for (const [name, elements] of kept.sets) {
          if (!isAffinitySet(name)) continue;
          if (elements.has('10.244.0.9') !== known.has(name))
            throw new Error(`${name} is not kept`);
          elements.clear();
        }
        before = after;
        return [kept, rebuilt(after)];
      };
    });
  },
);

/** What the kernel's list says of it. */
function bareObject(object: NftObject): NftObject {
  return object.kind === 'chain' ? { ...object, rules: [] } : { ...object, elements: new Map() };
}

function tablesOf({ before, after }: ReturnType<ServiceTable['update']>) {
  return [before, after] as const;
}

t.test('ServiceTable: services are elements, and a change costs what changed', async (t) => {
  const endpoints = (first: number) =>
    [first, 2, 3].map((host) => ({ addresses: [`10.244.0.${host}`], nodeName: 'n2' }));
  const view = (n: number, first: number) => {
    const spec = { clusterIP: `10.96.${n >> 8}.${n & 255}`, type: 'NodePort' };
    const ports = [{ port: 80, nodePort: 30_000 + n }];
    return viewService(
      service(`s${n}`, { ...spec, ports }),
      [slice(`s${n}`, endpoints(first))],
      place,
    );
  };
  const tableOf = (count: number) => {
    const table = new ServiceTable(nodeFacts());
    const ports = Array.from({ length: count }, (_, n) => view(n, 1)).flat();
    table.update(ports);
    return { table, ports };
  };
  const { table, ports } = tableOf(1000);
  t.equal(table.whole().objects.size, tableOf(1).table.whole().objects.size);
  const commands = change(...tablesOf(table.update([...view(0, 9), ...ports.slice(1)])));
  const elements = commands.map((command) => ('elements' in command ? command.elements.length : 0));
  // The first of its endpoints comes after the others now: all three have other numbers, by two destinations.
  t.same(elements, [3, 3, 3, 3]);
  const gone = change(...tablesOf(table.update(ports.slice(1))));
  t.ok(gone.every((command) => command.do === 'delete-element'));
});

t.test('change of a table to itself is nothing', async (t) => {
  const cluster = new RandomCluster(new Prng(7));
  for (let step = 0; step < 5; step++) cluster.step();
  const table = () => planTable(cluster.ports(), nodeFacts());
  t.same(change(table(), table()), []);
});

t.test('change to an empty table leaves nothing', async (t) => {
  const cluster = new RandomCluster(new Prng(8));
  for (let step = 0; step < 20; step++) cluster.step();
  const table = planTable(cluster.ports(), nodeFacts());
  const kept = rebuilt(table);
  t.ok(kept.chains.size + kept.sets.size > 0);
  kept.apply(change(table, empty));
  t.equal(kept.chains.size + kept.sets.size, 0);
});

t.test('objectKey tells sets, maps and chains of one name apart', async (t) => {
  const chain = { kind: 'chain', name: 'x', spec: '', rules: [] } as const;
  const set = { kind: 'set', name: 'x', spec: '', elements: new Map() } as const;
  t.not(objectKey(chain), objectKey(set));
});

t.test('NftablesBackend keeps in a kernel what a rebuild makes', needsNetwork('nft'), async (t) => {
  const [kept, fresh] = [await labNode(t, 'kept'), await labNode(t, 'fresh')];
  const seed = firstSeed;
  const cluster = new RandomCluster(new Prng(seed));
  const backend = new NftablesBackend({ run: kept.run, family: 4 });
  const facts = nodeFacts();
  for (let step = 0; step < 12; step++) {
    cluster.step();
    await backend.sync({ facts, ports: cluster.ports() });
  }
  await new NftablesBackend({ run: fresh.run, family: 4 }).sync({ facts, ports: cluster.ports() });
  const blocks = async (at: typeof kept) => {
    const text = await at.ok('nft -s list ruleset');
    return text
      .split('\n\n')
      .map((block) =>
        block
          .split('\n')
          .filter((line) => !/^(table.*|})?$/.test(line))
          .join('\n'),
      )
      .sort();
  };
  t.same(await blocks(kept), await blocks(fresh), `SEED=${seed}`);
  const again = new NftablesBackend({ run: kept.run, family: 4 });
  await again.sync({ facts, ports: cluster.ports() });
  t.same(await blocks(kept), await blocks(fresh), 'a new process makes the same');
  await kept.ok('nft flush ruleset');
  await backend.sync({ facts, ports: cluster.ports() }, { isPeriodic: true });
  t.same(await blocks(kept), await blocks(fresh), 'what somebody flushed comes back');
});
