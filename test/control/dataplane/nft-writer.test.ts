import t from 'tap';
import { type NftTable, nftTable } from '../../../src/control/dataplane/nft-table.js';
import { NftWriter } from '../../../src/control/dataplane/nft-writer.js';
import type { CommandLine, RunCommand } from '../../../src/host/command.js';

const at = { family: 'ip', name: 'test' } as const;

function table(...rules: string[]): NftTable {
  return nftTable(at, [
    { kind: 'set', name: 'kept', spec: 'type ipv4_addr;', elements: new Map() },
    { kind: 'chain', name: 'c', spec: '', rules },
  ]);
}

/** nft as its writer sees it: what was asked of it, and what it is to answer. */
function fakeNft() {
  const asked: CommandLine[] = [];
  const answers = { listing: '', listingExit: 0, failures: 0 };
  const run: RunCommand = async (line) => {
    asked.push(line);
    if (line.args.includes('list'))
      return { exitCode: answers.listingExit, stdout: answers.listing, stderr: '' };
    const isRefused = answers.failures > 0;
    if (isRefused) answers.failures--;
    return { exitCode: isRefused ? 1 : 0, stdout: '', stderr: isRefused ? 'no such chain' : '' };
  };
  /** The transactions since the last time. */
  const written = () => asked.splice(0).flatMap(({ stdin }) => stdin ?? []);
  return { run, answers, written };
}

const listing = (...rows: object[]) => JSON.stringify({ nftables: rows });
const whole =
  'add table ip test\ndelete table ip test\nadd table ip test\nadd set ip test kept { type ipv4_addr; }\nadd chain ip test c\nadd rule ip test c accept\n';
const changed = 'flush chain ip test c\nadd rule ip test c drop\n';
const rebuilt = whole.replace('accept', 'drop');

t.test('NftWriter writes all of a table, then what changed, then nothing', async (t) => {
  const nft = fakeNft();
  const writer = new NftWriter({ run: nft.run, at });
  await writer.write(table('accept'));
  t.same(nft.written(), [whole]);
  await writer.write(table('drop'));
  t.same(nft.written(), [changed]);
  await writer.write(table('drop'));
  t.same(nft.written(), []);
});

t.test('NftWriter makes everything anew when a change does not fit', async (t) => {
  const nft = fakeNft();
  const writer = new NftWriter({ run: nft.run, at });
  await writer.write(table('accept'));
  nft.written();
  nft.answers.failures = 1;
  await writer.write(table('drop'));
  t.same(nft.written(), [changed, rebuilt]);
});

t.test('NftWriter rejects when that fails too, and begins anew the next time', async (t) => {
  const nft = fakeNft();
  const writer = new NftWriter({ run: nft.run, at });
  nft.answers.failures = 2;
  await t.rejects(writer.write(table('accept')), {
    name: 'CommandError',
    message: 'nft -f -: no such chain',
  });
  nft.written();
  await writer.write(table('drop'));
  t.same(nft.written(), [rebuilt]);
});

const rule = { rule: { table: 'test', chain: 'c' } };
const checks: readonly (readonly [
  name: string,
  listing: string,
  exit: number,
  isThere: boolean,
])[] = [
  ['the chain has rules', listing(rule), 0, true],
  ['the chain has none', listing({ chain: { table: 'test', name: 'c' } }), 0, false],
  ['another table has them', listing({ rule: { table: 'other', chain: 'c' } }), 0, false],
  ['everything was flushed', listing({ metainfo: {} }), 0, false],
  ['nobody can tell', '', 1, false],
];
for (const [name, text, exit, isThere] of checks) {
  t.test(`NftWriter.check: ${name}`, async (t) => {
    const nft = fakeNft();
    const writer = new NftWriter({ run: nft.run, at });
    await writer.write(table('accept'));
    nft.written();
    Object.assign(nft.answers, { listing: text, listingExit: exit });
    await writer.check('c');
    await writer.write(table('accept'));
    t.same(nft.written(), isThere ? [] : [whole]);
  });
}

t.test('NftWriter keeps what some sets hold when it makes everything anew', async (t) => {
  const nft = fakeNft();
  const isKept = (name: string) => name === 'kept' || name === 'gone';
  const writer = new NftWriter({ run: nft.run, at, isKept });
  nft.answers.listing = listing(
    ...[{ chain: { table: 'test', name: 'old' } }, { set: { table: 'test', name: 'kept' } }],
    ...[{ set: { table: 'test', name: 'gone' } }, { map: { table: 'test', name: 'm' } }],
    { set: { table: 'other', name: 'theirs' } },
  );
  await writer.write(table('accept'));
  const lines = [
    ...['add table ip test', 'flush chain ip test old'],
    ...['flush set ip test gone', 'flush map ip test m'],
    ...['delete chain ip test old', 'delete set ip test gone', 'delete map ip test m'],
    ...['add chain ip test c', 'add rule ip test c accept'],
  ];
  t.same(nft.written(), [`${lines.join('\n')}\n`]);
  writer.forget();
  nft.answers.failures = 1;
  await writer.write(table('accept'));
  t.equal(nft.written()[1], whole, 'from nothing when the kernel does not take that');
});
