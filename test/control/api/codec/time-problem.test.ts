import t from 'tap';
import { readScalar } from '../../../../src/control/api/codec/scalars.js';
import { customNode } from '../custom-node.js';

type Format = 'date-time' | 'micro-time';

/** The canonical form, or the text of the refusal. */
function read(text: string, format: Format): unknown {
  const { value, problem } = readScalar(text, customNode({ type: 'string', format }));
  return problem === undefined ? value : problem.text;
}

const seconds = '"2006-01-02T15:04:05Z07:00"';
const micros = '"2006-01-02T15:04:05.000000Z07:00"';
const cases: readonly (readonly [text: string, format: Format, read: string])[] = [
  ['2026-01-02T03:04:05Z', 'date-time', '2026-01-02T03:04:05Z'],
  ['2026-01-02T03:04:05.9Z', 'date-time', '2026-01-02T03:04:05Z'],
  ['2026-01-02T00:04:05+02:00', 'date-time', '2026-01-01T22:04:05Z'],
  ['2024-02-29T00:00:00Z', 'date-time', '2024-02-29T00:00:00Z'],
  ['', 'date-time', `parsing time "" as ${seconds}: cannot parse "" as "2006"`],
  ['2026', 'date-time', `parsing time "2026" as ${seconds}: cannot parse "" as "-"`],
  ['2026-01-02', 'date-time', `parsing time "2026-01-02" as ${seconds}: cannot parse "" as "T"`],
  [
    '2026-01-02 03:04:05Z',
    'date-time',
    `parsing time "2026-01-02 03:04:05Z" as ${seconds}: cannot parse " 03:04:05Z" as "T"`,
  ],
  [
    '2026-01-02T03:04:05',
    'date-time',
    `parsing time "2026-01-02T03:04:05" as ${seconds}: cannot parse "" as "Z07:00"`,
  ],
  ['2026-13-02T03:04:05Z', 'date-time', 'parsing time "2026-13-02T03:04:05Z": month out of range'],
  ['2026-00-02T03:04:05Z', 'date-time', 'parsing time "2026-00-02T03:04:05Z": month out of range'],
  ['2026-02-29T03:04:05Z', 'date-time', 'parsing time "2026-02-29T03:04:05Z": day out of range'],
  ['2026-01-02T24:04:05Z', 'date-time', 'parsing time "2026-01-02T24:04:05Z": hour out of range'],
  ['2026-01-02T03:60:05Z', 'date-time', 'parsing time "2026-01-02T03:60:05Z": minute out of range'],
  ['2026-01-02T03:04:60Z', 'date-time', 'parsing time "2026-01-02T03:04:60Z": second out of range'],
  ['2026-01-02T03:04:05Zx', 'date-time', 'parsing time "2026-01-02T03:04:05Zx": extra text: "x"'],
  ['2026-01-02T03:04:05.123456Z', 'micro-time', '2026-01-02T03:04:05.123456Z'],
  ['2026-01-02T03:04:05.000001+01:00', 'micro-time', '2026-01-02T02:04:05.000001Z'],
  [
    '2026-01-02T03:04:05Z',
    'micro-time',
    `parsing time "2026-01-02T03:04:05Z" as ${micros}: cannot parse "Z" as ".000000"`,
  ],
  [
    '2026-01-02T03:04:05.123456789Z',
    'micro-time',
    `parsing time "2026-01-02T03:04:05.123456789Z" as ${micros}: cannot parse "789Z" as "Z07:00"`,
  ],
];

t.test('readScalar reads times, and refuses others in the words of Go', async (t) => {
  for (const [text, format, expected] of cases) t.equal(read(text, format), expected, text);
});
