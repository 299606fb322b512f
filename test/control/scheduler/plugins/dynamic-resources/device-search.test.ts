import t from 'tap';
import { Prng } from '../../../../../src/base/prng.js';
import type { Device, ResourceClaim } from '../../../../../src/control/api/gen/resource-v1.js';
import { claimNeeds } from '../../../../../src/control/scheduler/plugins/dynamic-resources/claim-needs.js';
import { DevicePools } from '../../../../../src/control/scheduler/plugins/dynamic-resources/device-pools.js';
import {
  SearchError,
  searchDevices,
} from '../../../../../src/control/scheduler/plugins/dynamic-resources/device-search.js';
import { DeviceSelectors } from '../../../../../src/control/scheduler/plugins/dynamic-resources/device-selector.js';
import { nodeOf } from '../../objects.js';
import { claimOf, device, deviceClass, driver, request, sliceOf, where } from './devices.js';

const selectors = new DeviceSelectors();

/** The devices of each claim, as `request:device`, or null. */
function search(
  claims: readonly ResourceClaim[],
  devices: readonly Device[],
  { taken = [], slice = {} }: { taken?: readonly string[]; slice?: object } = {},
): readonly string[] | null {
  const needs = claims.map((claim) => {
    const found = claimNeeds(claim, (name) => (name === 'gpu' ? deviceClass('gpu') : undefined));
    if (typeof found === 'string') throw new SearchError(found);
    return found;
  });
  const pools = new DevicePools([sliceOf('n1', devices, slice)]).for(nodeOf('n1'));
  const isTaken = ({ id }: { id: string }) => taken.some((name) => id === `${driver}/n1/${name}`);
  const found = searchDevices(needs, { pools, selectors, isTaken });
  if (found === null) return null;
  return found.map((chosen) =>
    chosen
      .map(
        ({ need, devices: own }) => `${need.name}:${own.map((each) => each.device.name).join('+')}`,
      )
      .join(' '),
  );
}

const gpus = [
  device('a', { model: 'old', slot: 1, numa: 0 }),
  device('b', { model: 'new', slot: 2, numa: 0 }),
  device('c', { model: 'new', slot: 3, numa: 1 }, { capacity: { memory: { value: '40Gi' } } }),
  device('d', { model: 'new', slot: 4, numa: 1, [`${driver}/fast`]: true }),
];
const model = (name: string) => where(`device.attributes["${driver}"].model == "${name}"`);
const firstAvailable = [
  { name: 'best', deviceClassName: 'gpu', ...model('newest') },
  { name: 'good', deviceClassName: 'gpu', count: 2, ...model('new') },
];

const rows: readonly (readonly [
  string,
  readonly ResourceClaim[],
  readonly string[] | null,
  string[]?,
])[] = [
  ['the first that is there', [claimOf('x', [request('r')])], ['r:a']],
  ['not one that is taken', [claimOf('x', [request('r')])], ['r:b'], ['a']],
  ['one of a model', [claimOf('x', [request('r', model('new'))])], ['r:b']],
  ['several', [claimOf('x', [request('r', { count: 3, ...model('new') })])], ['r:b+c+d']],
  ['more than there are', [claimOf('x', [request('r', { count: 4, ...model('new') })])], null],
  ['all', [claimOf('x', [request('r', { allocationMode: 'All', ...model('new') })])], ['r:b+c+d']],
  [
    'all, of which one is taken',
    [claimOf('x', [request('r', { allocationMode: 'All' })])],
    null,
    ['d'],
  ],
  ['all of none', [claimOf('x', [request('r', { allocationMode: 'All', ...model('no') })])], null],
  ['two claims', [claimOf('x', [request('r')]), claimOf('y', [request('s')])], ['r:a', 's:b']],
  [
    'what the first must leave to the second',
    [claimOf('x', [request('r')]), claimOf('y', [request('s', model('old'))])],
    ['r:b', 's:a'],
  ],
  [
    'a first request must go on for the second',
    [claimOf('x', [request('r', { count: 2 }), request('s', model('old'))])],
    ['r:b+c s:a'],
  ],
  [
    'two on one node of memory',
    [claimOf('x', [request('r', { count: 2 })], [{ matchAttribute: `${driver}/numa` }])],
    ['r:c+d'],
    ['a'],
  ],
  [
    'two on different ones',
    [claimOf('x', [request('r', { count: 2 })], [{ distinctAttribute: `${driver}/numa` }])],
    ['r:a+c'],
  ],
  [
    'a constraint of one request alone',
    [
      claimOf(
        'x',
        [request('r', model('old')), request('s', { count: 2 })],
        [{ requests: ['s'], matchAttribute: `${driver}/numa` }],
      ),
    ],
    ['r:a s:c+d'],
  ],
  [
    'an attribute that not all have',
    [claimOf('x', [request('r', { count: 2 })], [{ matchAttribute: `${driver}/fast` }])],
    null,
  ],
  ['the second best way', [claimOf('x', [{ name: 'r', firstAvailable }])], ['r/good:b+c']],
  [
    'a look at what others use',
    [claimOf('x', [request('r', { adminAccess: true, allocationMode: 'All' })])],
    ['r:a+b+c+d'],
    ['a', 'b', 'c', 'd'],
  ],
  [
    'by capacity',
    [
      claimOf('x', [
        request(
          'r',
          where(
            `device.capacity["${driver}"].?memory.optMap(m, m.compareTo(quantity("10Gi")) > 0).orValue(false)`,
          ),
        ),
      ]),
    ],
    ['r:c'],
  ],
  [
    'of a domain that nobody speaks of',
    [claimOf('x', [request('r', where('!("x" in device.attributes["other.example.com"])'))])],
    ['r:a'],
  ],
];
for (const [title, claims, expected, taken = []] of rows) {
  t.test(`searchDevices: ${title}`, async (t) => t.same(search(claims, gpus, { taken }), expected));
}

t.test('searchDevices: taints, and what cannot be given away here', async (t) => {
  const taints = [{ key: 'broken', effect: 'NoSchedule' }];
  const devices = [
    device('tainted', {}, { taints }),
    device('shared', {}, { allowMultipleAllocations: true }),
    device('slow', {}, { bindingConditions: ['attached'] }),
  ];
  const tolerations = [{ key: 'broken', operator: 'Exists' }];
  t.equal(search([claimOf('x', [request('r')])], devices), null);
  t.same(search([claimOf('x', [request('r', { tolerations })])], devices), ['r:tainted']);
});

t.test('searchDevices: devices share what their pool has', async (t) => {
  const part = (name: string, memory: string) =>
    device(
      name,
      {},
      {
        consumesCounters: [{ counterSet: 'gpu', counters: { memory: { value: memory } } }],
      },
    );
  const slice = { sharedCounters: [{ name: 'gpu', counters: { memory: { value: '40Gi' } } }] };
  const devices = [part('whole', '40Gi'), part('half1', '20Gi'), part('half2', '20480Mi')];
  const both = [claimOf('x', [request('r', { count: 2 })])];
  t.same(search(both, devices, { slice }), ['r:half1+half2']);
  t.equal(search(both, devices, { slice, taken: ['half1'] }), null);
  t.same(search([claimOf('x', [request('r')])], devices, { slice, taken: ['half1'] }), ['r:half2']);
  t.equal(search([claimOf('x', [request('r')])], devices, { slice, taken: ['whole'] }), null);
});

t.test('searchDevices: says what is wrong', async (t) => {
  const one = (more: object) => () => search([claimOf('x', [request('r', more)])], gpus);
  t.throws(one(where('device.what')), {
    message: /claim default\/x: request r: selector #0: .*CEL compile error/,
  });
  t.throws(one(where(`device.attributes["${driver}"].none == 1`)), {
    message: /CEL runtime error: no such key: none/,
  });
  t.throws(one({ deviceClassName: 'none' }), {
    message: 'request r: device class none does not exist',
  });
  t.throws(one({ capacity: { requests: { memory: '1Gi' } } }), { message: /not allocated/ });
  const slice = { pool: { name: 'n1', generation: 1, resourceSliceCount: 2 } };
  t.equal(
    search([claimOf('x', [request('r')])], gpus, { slice }),
    null,
    'a pool that is not whole',
  );
  t.throws(
    () => search([claimOf('x', [request('r', { allocationMode: 'All' })])], gpus, { slice }),
    {
      message:
        /asks for all devices, but resource pool gpu.example.com\/n1 is currently being updated/,
    },
  );
});

t.test('DevicePools: the newest generation counts, and who reaches what', async (t) => {
  const at = (generation: number, names: readonly string[], spec: object) =>
    sliceOf(
      'p',
      names.map((name) => device(name)),
      {
        ...{ pool: { name: 'p', generation, resourceSliceCount: 1 }, ...spec },
      },
    );
  const names = (pools: DevicePools, node: ReturnType<typeof nodeOf>) =>
    pools.for(node).flatMap(({ devices }) => devices.map((each) => each.device.name));
  const local = new DevicePools([at(1, ['old'], {}), at(2, ['new'], {})]);
  t.same(names(local, nodeOf('p')), ['new']);
  t.same(names(local, nodeOf('q')), []);
  t.same(names(new DevicePools([at(1, ['x'], { allNodes: true })]), nodeOf('q')), ['x']);
  const matchExpressions = [{ key: 'rack', operator: 'In', values: ['1'] }];
  const nodeSelector = { nodeSelectorTerms: [{ matchExpressions }] };
  const racked = new DevicePools([at(1, ['x'], { nodeSelector })]);
  t.same(names(racked, nodeOf('q', { labels: { rack: '1' } })), ['x']);
  t.same(names(racked, nodeOf('q', { labels: { rack: '2' } })), []);
  const devices = [
    device('of-p', {}, { nodeName: 'p' }),
    device('of-q', {}, { nodeName: 'q' }),
    device('of-all', {}, { allNodes: true }),
  ];
  const mixed = new DevicePools([at(1, [], { perDeviceNodeSelection: true, devices })]);
  t.same(names(mixed, nodeOf('q')), ['of-q', 'of-all']);
});

/** Every way to give devices to requests, tried. */
function isPossible(
  wanted: readonly {
    readonly count: number;
    readonly kind: string | null;
    readonly group: boolean;
  }[],
  devices: readonly { readonly kind: string; readonly numa: number; readonly isFree: boolean }[],
): boolean {
  const used = new Set<number>();
  const place = (at: number, missing: number, numa: number | null): boolean => {
    const need = wanted[at];
    if (need === undefined) return true;
    if (missing === 0) return place(at + 1, wanted[at + 1]?.count ?? 0, null);
    return devices.some((each, index) => {
      if (!each.isFree || used.has(index)) return false;
      if (need.kind !== null && each.kind !== need.kind) return false;
      if (need.group && numa !== null && each.numa !== numa) return false;
      used.add(index);
      const found = place(at, missing - 1, need.group ? each.numa : null);
      used.delete(index);
      return found;
    });
  };
  return place(0, wanted[0]?.count ?? 0, null);
}

t.test('searchDevices: finds devices exactly where trying everything does', async (t) => {
  const seeds = Number(process.env.SEEDS ?? 400);
  const first = Number(process.env.SEED ?? 1);
  for (let seed = first; seed < first + seeds; seed++) {
    const prng = new Prng(seed);
    const kinds = ['x', 'y', 'z'];
    const devices = Array.from({ length: 1 + prng.int(0, 6) }, () => ({
      ...{ kind: kinds[prng.int(0, 3)] ?? 'x', numa: prng.int(0, 2), isFree: prng.int(0, 5) > 0 },
    }));
    const wanted = Array.from({ length: 1 + prng.int(0, 3) }, () => ({
      count: 1 + prng.int(0, 2),
      kind: prng.int(0, 3) === 0 ? null : (kinds[prng.int(0, 3)] ?? 'x'),
      group: prng.int(0, 2) === 0,
    }));
    const claims = wanted.map(({ count, kind, group }, at) =>
      claimOf(
        `c${at}`,
        [
          request('r', {
            count,
            ...(kind === null ? {} : where(`device.attributes["${driver}"].kind == "${kind}"`)),
          }),
        ],
        group ? [{ matchAttribute: `${driver}/numa` }] : [],
      ),
    );
    const offered = devices.map(({ kind, numa }, at) => device(`d${at}`, { kind, numa }));
    const taken = devices.flatMap(({ isFree }, at) => (isFree ? [] : [`d${at}`]));
    const found = search(claims, offered, { taken });
    if ((found !== null) !== isPossible(wanted, devices)) {
      t.fail(`seed ${seed}: ${JSON.stringify({ devices, wanted, found })}`);
      return;
    }
    const names = (found ?? []).flatMap((text) => text.slice(2).split('+'));
    if (new Set(names).size !== names.length || names.some((name) => taken.includes(name))) {
      t.fail(`seed ${seed}: a device is given twice: ${JSON.stringify(found)}`);
      return;
    }
  }
  t.pass(`${seeds} seeds`);
});
