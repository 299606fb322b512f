import t from 'tap';
import { findViolations, type Stored, type Write } from './writers.js';

const sent: readonly Write[] = [
  { key: 'a', value: '1', revision: 2 },
  { key: 'b', value: '2', revision: null },
];
const a: Stored = { key: 'a', value: '1', version: 1, modRevision: 2 };
const b: Stored = { key: 'b', value: '2', version: 1, modRevision: 3 };

const cases: readonly { name: string; stored: readonly Stored[]; violations: readonly RegExp[] }[] =
  [
    { name: 'all as sent', stored: [a, b], violations: [] },
    { name: 'an unacknowledged write that did not happen', stored: [a], violations: [] },
    { name: 'a lost write', stored: [b], violations: [/^a: acknowledged at revision 2, but lost/] },
    { name: 'a write from nowhere', stored: [a, { ...b, key: 'c' }], violations: [/^c: nobody/] },
    { name: 'another value', stored: [{ ...a, value: '7' }], violations: [/^a: holds 7, not 1/] },
    { name: 'applied twice', stored: [a, { ...b, version: 2 }], violations: [/^b: .*2 times/] },
    { name: 'another revision', stored: [{ ...a, modRevision: 9 }], violations: [/stored at 9/] },
  ];

for (const { name, stored, violations } of cases) {
  t.test(`findViolations: ${name}`, async (t) => {
    const found = findViolations(sent, stored);
    t.equal(found.length, violations.length, found.join('\n'));
    violations.forEach((pattern, index) => {
      t.match(found[index], pattern);
    });
  });
}
