import t from 'tap';
import type { Node, Pod } from '../../../src/control/api/gen/core-v1.js';
import { PodWitness } from './pod-witness.js';

interface PodFacts {
  readonly node?: string;
  readonly ready?: boolean;
  readonly going?: boolean;
}

function pod({ node = '', ready = false, going = false }: PodFacts): Pod {
  return {
    metadata: {
      ...{ name: 'pod', uid: 'uid', labels: { app: 'web', version: 'v1' } },
      ...(going ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
    },
    spec: { nodeName: node, containers: [] },
    status: {
      phase: 'Running',
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
    },
  };
}

function node(ready: 'True' | 'Unknown'): Node {
  return { metadata: { name: 'n' }, status: { conditions: [{ type: 'Ready', status: ready }] } };
}

type Write = readonly [name: string, facts: PodFacts | null] | 'lost' | 'back';

/** Two pods that are ready, of three at most and two at least; then what is written. */
function watch(writes: readonly Write[]): PodWitness {
  const witness = new PodWitness({ podsMax: 3, readyMin: 2, podsPerNode: 3 });
  let revision = 0;
  const write = (name: string, facts: PodFacts | null) =>
    witness.onWrite(`/registry/pods/default/${name}`, facts && pod(facts), ++revision);
  write('a', { node: 'n', ready: true });
  write('b', { node: 'n', ready: true });
  witness.onComplete();
  for (const each of writes) {
    if (typeof each !== 'string') write(...each);
    else
      witness.onWrite(
        '/registry/minions/n',
        node(each === 'lost' ? 'Unknown' : 'True'),
        ++revision,
      );
  }
  return witness;
}

const unready: PodFacts = { node: 'n' };
const ready: PodFacts = { node: 'n', ready: true };
const going: PodFacts = { node: 'n', ready: true, going: true };

const cases: readonly {
  readonly name: string;
  readonly writes: readonly Write[];
  readonly violations: readonly RegExp[];
}[] = [
  { name: 'a pod more', writes: [['c', {}]], violations: [] },
  {
    name: 'two pods more',
    writes: [
      ['c', {}],
      ['d', {}],
    ],
    violations: [/web has 4 pods, 3 at most, at revision 4/],
  },
  {
    name: 'a pod that goes makes room at once, and is missed at once',
    writes: [
      ['c', ready],
      ['a', going],
      ['d', {}],
      ['b', going],
    ],
    violations: [/web has 1 ready, 2 at least/],
  },
  {
    name: 'a pod that moves',
    writes: [['a', { node: 'other', ready: true }]],
    violations: [/a moved from n to other/],
  },
  {
    name: 'a pod too many on a node, of those that go too',
    writes: [
      ['c', ready],
      ['c', going],
      ['d', ready],
    ],
    violations: [/n has 4 pods/],
  },
  {
    name: 'a pod that is not ready any more',
    writes: [['a', unready]],
    violations: [/web has 1 ready, 2 at least/],
  },
  {
    name: 'a pod whose node is not heard of, until it is ready again',
    writes: ['lost', ['a', unready], 'back', ['b', ready], ['a', ready]],
    violations: [],
  },
  {
    name: 'after that it is as good as any',
    writes: ['lost', ['a', unready], 'back', ['a', ready], ['a', unready]],
    violations: [/web has 1 ready, 2 at least/],
  },
  {
    name: 'a lost pod that is deleted is missed',
    writes: ['lost', ['a', unready], ['a', { node: 'n', going: true }]],
    violations: [/web has 1 ready, 2 at least/],
  },
  {
    name: 'a pod of a lost node that never was ready does not count',
    writes: ['lost', ['c', unready], ['a', null]],
    violations: [/web has 1 ready, 2 at least/],
  },
];

for (const { name, writes, violations } of cases) {
  t.test(`PodWitness: ${name}`, async (t) => {
    const witness = watch(writes);
    t.equal(witness.violations.length, violations.length, witness.violations.join());
    for (const [at, violation] of violations.entries()) t.match(witness.violations[at], violation);
  });
}
