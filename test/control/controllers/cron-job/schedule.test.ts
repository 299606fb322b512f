import t from 'tap';
import { Prng } from '../../../../src/base/prng.js';
import {
  parseSchedule,
  ScheduleError,
} from '../../../../src/control/controllers/cron-job/schedule.js';
import { Zone } from '../../../../src/control/controllers/cron-job/zone.js';

const iso = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());

const cases: readonly (readonly [
  schedule: string,
  zone: string,
  after: string,
  next: readonly (string | null)[],
])[] = [
  ['* * * * *', 'UTC', '2026-01-01T00:00:30Z', ['2026-01-01T00:01:00Z', '2026-01-01T00:02:00Z']],
  ['*/15 * * * *', 'UTC', '2026-01-01T00:00:00Z', ['2026-01-01T00:15:00Z', '2026-01-01T00:30:00Z']],
  ['5/20 8 * * *', 'UTC', '2026-01-01T00:00:00Z', ['2026-01-01T08:05:00Z', '2026-01-01T08:25:00Z']],
  ['0 9 * * mon-fri', 'UTC', '2026-01-02T09:00:00Z', ['2026-01-05T09:00:00Z']],
  [
    '0 0 13 * 5',
    'UTC',
    '2026-01-01T00:00:00Z',
    ['2026-01-02T00:00:00Z', '2026-01-09T00:00:00Z', '2026-01-13T00:00:00Z'],
  ],
  ['0 0 */2 * 1', 'UTC', '2026-01-01T00:00:00Z', ['2026-01-03T00:00:00Z', '2026-01-05T00:00:00Z']],
  ['0 0 * * 1', 'UTC', '2026-01-01T00:00:00Z', ['2026-01-05T00:00:00Z', '2026-01-12T00:00:00Z']],
  [
    '0 12 29 feb ?',
    'UTC',
    '2026-01-01T00:00:00Z',
    ['2028-02-29T12:00:00Z', '2032-02-29T12:00:00Z'],
  ],
  ['59 23 31 2 *', 'UTC', '2026-01-01T00:00:00Z', [null]],
  ['@hourly', 'UTC', '2026-01-01T00:30:00Z', ['2026-01-01T01:00:00Z']],
  ['@weekly', 'UTC', '2026-01-01T00:30:00Z', ['2026-01-04T00:00:00Z']],
  ['@yearly', 'UTC', '2026-01-01T00:00:00Z', ['2027-01-01T00:00:00Z']],
  [
    '@every 90s',
    'UTC',
    '2026-01-01T00:00:00.500Z',
    ['2026-01-01T00:01:30Z', '2026-01-01T00:03:00Z'],
  ],
  ['0 9 * * *', 'Asia/Kolkata', '2026-01-01T00:00:00Z', ['2026-01-01T03:30:00Z']],
  ['0 0 1 * *', 'Pacific/Kiritimati', '2026-01-15T00:00:00Z', ['2026-01-31T10:00:00Z']],
  ['0 0 1 * *', 'Pacific/Pago_Pago', '2026-01-15T00:00:00Z', ['2026-02-01T11:00:00Z']],
  ['TZ=America/New_York 0 12 * * *', 'UTC', '2026-01-01T00:00:00Z', ['2026-01-01T17:00:00Z']],
  // Clocks go from 2:00 to 3:00 on 8 March: 2:30 does not come that day.
  ['30 2 * * *', 'America/New_York', '2026-03-07T12:00:00Z', ['2026-03-09T06:30:00Z']],
  [
    '0 * * * *',
    'America/New_York',
    '2026-03-08T06:00:00Z',
    ['2026-03-08T07:00:00Z', '2026-03-08T08:00:00Z'],
  ],
  // Clocks go from 2:00 back to 1:00 on 1 November: 1:30 comes twice.
  [
    '30 1 * * *',
    'America/New_York',
    '2026-11-01T00:00:00Z',
    ['2026-11-01T05:30:00Z', '2026-11-01T06:30:00Z', '2026-11-02T06:30:00Z'],
  ],
];

for (const [schedule, zone, after, expected] of cases) {
  t.test(`parseSchedule: ${schedule} in ${zone} after ${after}`, async (t) => {
    const parsed = parseSchedule(schedule, zone);
    let fromMs = Date.parse(after);
    for (const time of expected) {
      const next = parsed.next(fromMs);
      t.equal(iso(next), time === null ? null : new Date(time).toISOString());
      fromMs = next ?? fromMs;
    }
  });
}

t.test('parseSchedule refuses what the API refuses', async (t) => {
  const refused = [
    ['* * * *', 'expected exactly 5 fields, found 4: [* * * *]'],
    ['@never', 'unrecognized descriptor: @never'],
    ['61 * * * *', 'end of range (61) above maximum (59): 61'],
    ['TZ=Nowhere * * * * *', 'provided bad location Nowhere: unknown time zone Nowhere'],
  ] as const;
  for (const [text, message] of refused) {
    t.throws(() => parseSchedule(text, 'UTC'), new ScheduleError(message));
  }
});

t.test(
  'Schedule.next is the first minute whose clock reads right, as going through all minutes finds',
  async (t) => {
    const seed = Number(process.env.SEED ?? 7);
    const prng = new Prng(seed);
    const zones = [
      'UTC',
      'Europe/Berlin',
      'America/New_York',
      'Australia/Lord_Howe',
      'Asia/Kathmandu',
    ];
    // Around changes of clocks, which come on the hour or half past.
    const starts = [
      '2026-03-08T05:00:00Z',
      '2026-03-28T23:30:00Z',
      '2026-04-04T12:00:00Z',
      '2026-10-24T22:00:00Z',
      '2026-11-01T03:00:00Z',
    ];
    for (let round = 0; round < 60; round++) {
      const zone = new Zone(prng.pick(zones));
      const minute = prng.int(0, 60);
      const hour = prng.chance(0.5) ? '*' : String(prng.int(0, 5));
      const weekday = prng.chance(0.7) ? '*' : String(prng.int(0, 7));
      const day = prng.chance(0.7) ? '*' : String(prng.int(1, 32));
      const text = `${minute} ${hour} ${day} * ${weekday}`;
      const fromMs = Date.parse(prng.pick(starts)) + prng.int(0, 180) * 60_000;
      const matches = (ms: number) => {
        const local = new Date(ms + zone.offsetMs(ms));
        const isDay = day === '*' || local.getUTCDate() === Number(day);
        const isWeekday = weekday === '*' || local.getUTCDay() === Number(weekday);
        const bothBounded = day !== '*' && weekday !== '*';
        return (
          local.getUTCMinutes() === minute &&
          (hour === '*' || local.getUTCHours() === Number(hour)) &&
          (bothBounded ? isDay || isWeekday : isDay && isWeekday)
        );
      };
      let expected: number | null = null;
      for (let at = fromMs + 60_000; at < fromMs + 10 * 86_400_000; at += 60_000) {
        if (!matches(at)) continue;
        expected = at;
        break;
      }
      if (expected === null) continue;
      const found = parseSchedule(text, zone.name).next(fromMs);
      if (found !== expected) {
        t.equal(iso(found), iso(expected), `${text} ${zone.name} ${iso(fromMs)}, SEED=${seed}`);
      }
    }
    t.pass();
  },
);

t.test('Zone.format writes times as the zone reads them', async (t) => {
  const at = Date.parse('2026-07-01T12:00:00Z');
  t.equal(new Zone('UTC').format(at), '2026-07-01T12:00:00Z');
  t.equal(new Zone('Europe/Berlin').format(at), '2026-07-01T14:00:00+02:00');
  t.equal(new Zone('America/St_Johns').format(at), '2026-07-01T09:30:00-02:30');
});
