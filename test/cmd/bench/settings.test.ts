import t from 'tap';
import { type BenchFlags, plans } from '../../../src/cmd/bench/flags.js';
import { toSpec } from '../../../src/cmd/bench/settings.js';
import { shareOf } from '../../../src/cmd/bench/spec.js';
import { UsageError } from '../../../src/cmd/usage-error.js';

function specOf(name: string, flags: Partial<BenchFlags> = {}) {
  return toSpec(plans.find((plan) => plan.name === name)!, flags);
}

t.test('toSpec: the defaults of put', async (t) => {
  t.match(specOf('put'), {
    kind: 'put',
    endpoints: ['http://127.0.0.1:2379'],
    channel: 'http2',
    connections: 8,
    clients: 800,
    ratePerSecond: null,
    durationMs: 10_000,
    total: null,
    warmUpMs: 1000,
    valueSizeBytes: 256,
    isSequential: false,
  });
});

t.test('toSpec: every load has a command whose defaults make sense', async (t) => {
  for (const { name, kind } of plans) t.equal(specOf(name).kind, kind, name);
});

t.test('toSpec: reads what is given', async (t) => {
  const spec = specOf('put', {
    endpoints: 'a:1, https://b:2,unix:///s',
    rate: '2500.5',
    total: '100',
    valueSize: '1MiB',
    keySize: '1KiB',
    warmup: '300ms',
    sequentialKeys: true,
    targetLeader: true,
    channel: 'grpc-js',
  });
  t.match(spec, {
    endpoints: ['http://a:1', 'https://b:2', 'unix:///s'],
    ratePerSecond: 2500.5,
    total: 100,
    durationMs: null,
    valueSizeBytes: 1_048_576,
    keySizeBytes: 1024,
    warmUpMs: 300,
    isSequential: true,
    isLeaderOnly: true,
    channel: 'grpc-js',
  });
  t.equal(specOf('put', { total: '5' }).warmUpMs, 0, 'a total is not warmed up');
  t.equal(specOf('put', { duration: '3' }).durationMs, 3000, 'a plain number is seconds');
});

t.test('toSpec: fill makes as many transactions as its keys take', async (t) => {
  t.equal(specOf('fill', { keySpace: '1001' }).total, 11);
  const large = specOf('fill', { keySpace: '10', valueSize: '512KiB' });
  t.equal(large.total, 10, 'transactions stay below what a request may have');
});

const refused: readonly (readonly [string, Partial<BenchFlags>, RegExp])[] = [
  ['put', { clients: '0' }, /^--clients: "0"/],
  ['put', { clients: '1e3' }, /^--clients: "1e3"/],
  ['put', { clients: '200000' }, /--clients: 200000 is more than 100000/],
  ['put', { rate: '0' }, /^--rate: "0"/],
  ['put', { rate: '-1' }, /^--rate: "-1"/],
  ['put', { duration: 'x' }, /^--duration: "x" is no duration/],
  ['put', { duration: '0' }, /^--duration: give a time above 0/],
  ['put', { total: '5', duration: '1s' }, /give one of them/],
  ['put', { timeout: '0' }, /^--timeout/],
  ['put', { valueSize: '1MB' }, /^--value-size: "1MB" is no size/],
  ['put', { keySize: '6' }, /6 bytes cannot tell 10000 keys apart; give 7 or more/],
  ['put', { endpoints: '' }, /names no endpoint/],
  ['put', { endpoints: 'host' }, /cannot use "host"/],
  ['put', { cert: 'a.pem' }, /--cert and --key: give both/],
  ['put', { cacert: '/no/such/file' }, /--cacert: cannot read \/no\/such\/file/],
  ['put', { processes: '4', clients: '3' }, /--clients: 3 cannot be shared by 4 processes/],
  ['put', { processes: '4', total: '3' }, /--total: 3 cannot be shared by 4 processes/],
  ['mixed', { reads: '1.5' }, /--reads: "1.5" is not a number from 0 to 1/],
  ['txn', { puts: '11', keySpace: '10' }, /no key twice; give 10 or fewer/],
  ['watch', { valueSize: '11' }, /give 12 or more/],
  ['fill', { total: '5' }, /give --key-space/],
];

t.test('toSpec: refuses what makes no sense, naming the option', async (t) => {
  for (const [name, flags, message] of refused) {
    const error = refusalOf(() => specOf(name, flags));
    t.ok(error instanceof UsageError, `${name} ${JSON.stringify(flags)}`);
    t.match(error.message, message);
  }
});

function refusalOf(action: () => unknown): Error {
  try {
    action();
  } catch (error) {
    return error as Error;
  }
  return new Error('it was accepted');
}

t.test('shareOf: the shares of the processes add up to the load', async (t) => {
  const spec = specOf('put', {
    processes: '3',
    clients: '100',
    conns: '8',
    total: '1000',
    rate: '90',
  });
  const shares = [0, 1, 2].map((index) => shareOf(spec, index));
  const sum = (of: (share: (typeof shares)[number]) => number) =>
    shares.reduce((total, share) => total + of(share), 0);
  t.equal(
    sum(({ clients }) => clients),
    100,
  );
  t.equal(
    sum(({ connections }) => connections),
    8,
  );
  t.equal(
    sum(({ total }) => total ?? 0),
    1000,
  );
  t.equal(
    sum(({ ratePerSecond }) => ratePerSecond ?? 0),
    90,
  );
  t.equal(new Set(shares.map(({ seed }) => seed)).size, 3);
});
