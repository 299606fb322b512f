import t from 'tap';
import { formatAge, formatBytes, parseAge } from '../../../../src/control/dashboard/model/age.js';
import {
  labelQuery,
  parseLabelQuery,
  selectorQuery,
} from '../../../../src/control/dashboard/model/label-query.js';
import { LogLines, plainText } from '../../../../src/control/dashboard/model/log-lines.js';
import {
  linkToObject,
  objectOfRoute,
  objectPath,
  resourceOfRoute,
  resourcePath,
  routeParts,
} from '../../../../src/control/dashboard/model/page-route.js';
import { toneOf } from '../../../../src/control/dashboard/model/tone.js';

const [s, m, h, d, y] = [1e3, 60e3, 3600e3, 86_400e3, 365 * 86_400e3];
// As kubectl prints them (duration.HumanDuration).
const ages: readonly (readonly [ms: number, text: string])[] = [
  [-5, '0s'],
  [0, '0s'],
  [119 * s, '119s'],
  [120 * s, '2m'],
  [9 * m + 59 * s, '9m59s'],
  [10 * m, '10m'],
  [179 * m, '179m'],
  [3 * h, '3h'],
  [7 * h + 59 * m, '7h59m'],
  [8 * h, '8h'],
  [47 * h, '47h'],
  [48 * h, '2d'],
  [7 * d + 23 * h, '7d23h'],
  [8 * d, '8d'],
  [729 * d, '729d'],
  [2 * y, '2y'],
  [7 * y + 364 * d, '7y364d'],
  [8 * y, '8y'],
];

t.test('formatAge is as coarse as kubectl, and parseAge reads it', (t) => {
  for (const [ms, text] of ages) {
    t.equal(formatAge(ms), text);
    const back = parseAge(text) ?? Number.NaN;
    t.ok(back <= Math.max(0, ms) && formatAge(back) === text, text);
  }
  for (const text of ['', '<unknown>', '5', 'm', '5m 3s']) t.equal(parseAge(text), null, text);
  t.end();
});

t.test('formatBytes', (t) => {
  t.strictSame([0, 1023, 1024, 1536, 104_857_600, 5e15].map(formatBytes), [
    '0 B',
    '1023 B',
    '1.0 KiB',
    '1.5 KiB',
    '100 MiB',
    '4547 TiB',
  ]);
  t.end();
});

t.test('selectorQuery writes what the API reads', (t) => {
  t.equal(labelQuery({ a: '1', b: '2' }), 'a=1,b=2');
  const matchExpressions = [
    { key: 'x', operator: 'In', values: ['1', '2'] },
    { key: 'y', operator: 'NotIn', values: ['3'] },
    { key: 'z', operator: 'Exists' },
    { key: 'w', operator: 'DoesNotExist' },
  ];
  t.equal(
    selectorQuery({ matchLabels: { a: '1' }, matchExpressions }),
    'a=1,x in (1,2),y notin (3),z,!w',
  );
  t.equal(selectorQuery({}), '');
  t.strictSame(parseLabelQuery('a=1,b='), { a: '1', b: '' });
  t.equal(parseLabelQuery('<none>'), null);
  t.end();
});

t.test('routes lead there and back, whatever the names', (t) => {
  const odd = {
    group: 'a.b',
    version: 'v1',
    resource: 'things',
    namespace: 'n/1',
    name: 'é?#%&/ x',
  };
  const core = { group: '', version: 'v1', resource: 'nodes', namespace: '', name: 'n' };
  for (const object of [odd, core]) {
    const [place, ...parts] = routeParts(linkToObject(object));
    t.equal(place, 'objects');
    t.strictSame(objectOfRoute(parts), object);
  }
  t.strictSame(routeParts('#/'), []);
  t.strictSame(routeParts('#/a/%zz'), ['a', '%zz']);
  t.equal(objectOfRoute(['-', 'v1', 'pods', 'default']), null);
  t.equal(resourceOfRoute(['-', 'v1']), null);
  t.equal(objectPath(odd), '/apis/a.b/v1/namespaces/n%2F1/things/%C3%A9%3F%23%25%26%2F%20x');
  t.equal(resourcePath(core, ''), '/api/v1/nodes');
  t.end();
});

t.test('LogLines keeps the last lines, without colours', (t) => {
  const lines = new LogLines(2);
  lines.push(['one', '\x1b[31mred\x1b[0m', '\x1b]0;title\x07three\r']);
  t.equal(lines.text(), 'red\nthree');
  t.equal(lines.droppedCount, 1);
  t.equal(plainText('10%\r20%'), '10%\n20%');
  t.equal(plainText('<b>[31m</b>'), '<b>[31m</b>');
  t.end();
});

t.test('toneOf', (t) => {
  const tones: Readonly<Record<string, string>> = {
    Running: 'good',
    'Ready,SchedulingDisabled': 'busy',
    NotReady: 'busy',
    'Init:0/2': 'busy',
    CrashLoopBackOff: 'bad',
    CreateContainerConfigError: 'bad',
    ClusterIP: 'plain',
    '': 'plain',
  };
  for (const [status, tone] of Object.entries(tones)) t.equal(toneOf(status), tone, status);
  t.end();
});
