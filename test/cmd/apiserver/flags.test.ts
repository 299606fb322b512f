import t from 'tap';
import { apiserverFlags } from '../../../src/cmd/apiserver/flags.js';
import { apiserverHelp, parseApiserverFlags } from '../../../src/cmd/apiserver/parse.js';
import { UsageError } from '../../../src/cmd/usage-error.js';

t.test('parseApiserverFlags reads values in every form', async (t) => {
  const flags = parseApiserverFlags([
    '--etcd-servers=http://a:1,http://b:2',
    '--secure-port',
    '7443',
    '--anonymous-auth',
    '-bind-address=127.0.0.1',
    '--request-timeout=1m30s',
  ]);
  t.same(flags.list('etcd-servers'), ['http://a:1', 'http://b:2']);
  t.equal(flags.number('secure-port'), 7443);
  t.equal(flags.isTrue('anonymous-auth'), true);
  t.equal(flags.text('bind-address'), '127.0.0.1');
  t.equal(flags.durationMs('request-timeout'), 90_000);
  t.equal(flags.number('max-requests-inflight'), 400, 'what is not given has its default');
});

t.test('parseApiserverFlags adds up lists and lets the last of other flags count', async (t) => {
  const flags = parseApiserverFlags([
    '--service-account-key-file=a.pem',
    '--service-account-key-file=b.pem',
    '--secure-port=1',
    '--secure-port=2',
    '--authorization-mode=RBAC',
  ]);
  t.same(flags.list('service-account-key-file'), ['a.pem', 'b.pem']);
  t.equal(flags.number('secure-port'), 2);
  t.same(flags.list('authorization-mode'), ['RBAC'], 'a given list takes the place of the default');
});

for (const [argv, message] of [
  [['--nonsense=1'], /"--nonsense=1" is no flag/],
  [['word'], /"word" is no flag/],
  [['--secure-port'], /--secure-port needs a value/],
  [['--secure-port=many'], /"many" is not a whole number/],
  [['--watch-cache=maybe'], /"maybe" is not true or false/],
  [['--event-ttl=soon'], /"soon" is not a duration/],
] as const) {
  t.test(`parseApiserverFlags refuses ${argv.join(' ')}`, async (t) => {
    t.throws(() => parseApiserverFlags(argv), message);
    t.throws(() => parseApiserverFlags(argv), UsageError);
  });
}

t.test('the flags are named once, and the help has those that do something', async (t) => {
  const names = apiserverFlags.map(({ name }) => name);
  t.equal(new Set(names).size, names.length);
  const help = apiserverHelp();
  for (const { name, effect } of apiserverFlags) {
    if (effect === 'used') t.match(help, `--${name} `, name);
  }
});
