import t from 'tap';
import { parseLogLine } from '../../../../src/control/kubelet/logs/log-line.js';
import {
  type LogQuery,
  LogQueryError,
  parseLogQuery,
} from '../../../../src/control/kubelet/logs/log-query.js';
import { LogText } from '../../../../src/control/kubelet/logs/log-text.js';

const all: LogQuery = {
  ...{ isPrevious: false, isFollowing: false, tailLines: null, sinceMs: null },
  ...{ hasTimestamps: false, limitBytes: null, stream: 'All' },
};

const file = [
  '2026-01-02T03:04:05.1Z stdout F first',
  '2026-01-02T03:04:06.123456789Z stdout P sec',
  '2026-01-02T03:04:06.223456789Z stdout P o',
  '2026-01-02T03:04:06.323456789Z stdout F nd',
  'this is no line of a container',
  '2026-01-02T04:04:07+01:00 stderr F third',
  '2026-01-02T03:04:08Z stdout F ',
  '2026-01-02T03:04:09Z stdout F:tag and spaces ',
];

function textOf(query: Partial<LogQuery>): string {
  const text = new LogText({ ...all, ...query });
  const pieces: Buffer[] = [];
  for (const line of file) {
    if (text.isFull) break;
    pieces.push(...text.add(Buffer.from(line)));
  }
  return Buffer.concat(pieces).toString();
}

t.test('LogText gives what is wanted of a log', (t) => {
  const cases: readonly [string, Partial<LogQuery>, string][] = [
    ['everything', {}, 'first\nsecond\nthird\n\nand spaces \n'],
    ['one stream', { stream: 'Stderr' }, 'third\n'],
    ['the other', { stream: 'Stdout' }, 'first\nsecond\n\nand spaces \n'],
    ['from a time on', { sinceMs: Date.parse('2026-01-02T03:04:07Z') }, 'third\n\nand spaces \n'],
    ['not more than so many bytes', { limitBytes: 9 }, 'first\nsec'],
    ['a limit that ends with a line', { limitBytes: 6 }, 'first\n'],
    [
      'with times, once for a line in parts and all equally long',
      { hasTimestamps: true },
      [
        '2026-01-02T03:04:05.100000000Z first',
        '2026-01-02T03:04:06.123456789Z second',
        '2026-01-02T04:04:07.000000000+01:00 third',
        '2026-01-02T03:04:08.000000000Z ',
        '2026-01-02T03:04:09.000000000Z and spaces ',
        '',
      ].join('\n'),
    ],
    ['times count as bytes', { hasTimestamps: true, limitBytes: 20 }, '2026-01-02T03:04:05.'],
  ];
  for (const [name, query, expected] of cases) t.equal(textOf(query), expected, name);
  t.end();
});

t.test('parseLogLine refuses what is no line of a container', (t) => {
  const lines = [
    '',
    ' ',
    'word',
    '2026-01-02T03:04:05Z',
    '2026-01-02T03:04:05Z stdout',
    '2026-01-02T03:04:05Z stdout X text',
    '2026-01-02T03:04:05Z stdin F text',
    `${'x'.repeat(200)} stdout F text`,
    '{"log":"text\\n","stream":"stdout","time":"2026-01-02T03:04:05Z"}',
  ];
  for (const line of lines) t.equal(parseLogLine(Buffer.from(line)), null, JSON.stringify(line));
  const last = parseLogLine(Buffer.from('2026-01-02T03:04:05Z stdout P'));
  t.equal(last?.text.length, 0, 'a line without text need not have the space before it');
  t.equal(last?.isPartial, true);
  t.end();
});

t.test('parseLogQuery reads what kubectl and the API server ask', (t) => {
  const nowMs = 1_000_000;
  const cases: readonly [string, Partial<LogQuery>][] = [
    ['', {}],
    ['follow=true&previous=false', { isFollowing: true }],
    ['previous=true&timestamps=1', { isPrevious: true, hasTimestamps: true }],
    ['tailLines=0', { tailLines: 0 }],
    ['tail=5', { tailLines: 5 }],
    ['tail=all', {}],
    ['sinceSeconds=10', { sinceMs: 990_000 }],
    ['sinceTime=1970-01-01T00:00:01.5Z', { sinceMs: 1500 }],
    ['limitBytes=1', { limitBytes: 1 }],
    ['stream=Stderr', { stream: 'Stderr' }],
    ['insecureSkipTLSVerifyBackend=true', {}],
  ];
  for (const [query, expected] of cases) {
    t.same(parseLogQuery(new URLSearchParams(query), nowMs), { ...all, ...expected }, query);
  }
  const refusals: readonly [string, number][] = [
    ['tailLines=x', 400],
    ['tailLines=1.5', 400],
    ['tailLines=-1', 422],
    ['limitBytes=0', 422],
    ['sinceSeconds=0', 422],
    ['sinceTime=yesterday', 400],
    ['sinceSeconds=1&sinceTime=1970-01-01T00:00:01Z', 422],
    ['stream=stdout', 422],
    ['stream=Stdout&tailLines=1', 422],
  ];
  for (const [query, status] of refusals) {
    t.throws(
      () => parseLogQuery(new URLSearchParams(query), nowMs),
      new LogQueryError(status as 400),
      query,
    );
  }
  t.end();
});
