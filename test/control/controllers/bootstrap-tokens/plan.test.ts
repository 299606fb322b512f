import { createHmac } from 'node:crypto';
import t from 'tap';
import type { Secret } from '../../../../src/control/api/gen/core-v1.js';
import { withSignatures } from '../../../../src/control/controllers/bootstrap-signer/plan.js';
import { bootstrapTokenOf } from '../../../../src/control/controllers/bootstrap-tokens/bootstrap-token.js';

function secret(fields: Readonly<Record<string, string>> = {}, metadata: object = {}): Secret {
  const all: Record<string, string> = {
    'token-id': 'abcdef',
    'token-secret': '0123456789abcdef',
    'usage-bootstrap-signing': 'true',
    ...fields,
  };
  return {
    metadata: { name: 'bootstrap-token-abcdef', namespace: 'kube-system', ...metadata },
    type: 'bootstrap.kubernetes.io/token',
    data: Object.fromEntries(
      Object.entries(all).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
    ),
  };
}

const nowMs = Date.parse('2026-01-01T00:00:00Z');
const token = bootstrapTokenOf(secret())!;

const refused: readonly [title: string, subject: Secret][] = [
  ['another namespace', secret({}, { namespace: 'default' })],
  ['another type', { ...secret(), type: 'Opaque' }],
  ['another name', secret({}, { name: 'bootstrap-token-xxxxxx' })],
  ['a short secret', secret({ 'token-secret': 'short' })],
  ['capital letters', secret({ 'token-secret': '0123456789ABCDEF' })],
  ['an end that is no time', secret({ expiration: 'tomorrow' })],
];
for (const [title, subject] of refused) {
  t.test(`bootstrapTokenOf gives nothing for ${title}`, (t) => {
    t.equal(bootstrapTokenOf(subject), null);
    t.end();
  });
}

t.test('bootstrapTokenOf reads when a token ends, and whether it signs', (t) => {
  t.same(token, { id: 'abcdef', secret: '0123456789abcdef', expiresMs: null, isForSigning: true });
  const ending = bootstrapTokenOf(
    secret({ expiration: '2026-01-01T01:00:00+01:00', 'usage-bootstrap-signing': 'no' }),
  );
  t.match(ending, { expiresMs: nowMs, isForSigning: false });
  t.end();
});

t.test(
  'withSignatures signs with each token that does, and takes the signatures of others away',
  (t) => {
    const info = {
      metadata: {},
      data: { kubeconfig: 'content', 'jws-kubeconfig-old': 'x', other: 'y' },
    };
    const others = [
      { ...token, id: 'ended1', expiresMs: nowMs },
      { ...token, id: 'unused', isForSigning: false },
    ];
    const signed = withSignatures(info, [token, ...others], nowMs);
    t.same(Object.keys(signed?.data ?? {}).sort(), [
      'jws-kubeconfig-abcdef',
      'kubeconfig',
      'other',
    ]);
    const [header = '', body, signature] =
      signed?.data?.['jws-kubeconfig-abcdef']?.split('.') ?? [];
    t.equal(body, '');
    t.same(JSON.parse(Buffer.from(header, 'base64url').toString()), {
      alg: 'HS256',
      kid: 'abcdef',
    });
    const whole = `${header}.${Buffer.from('content').toString('base64url')}`;
    t.equal(signature, createHmac('sha256', token.secret).update(whole).digest('base64url'));
    t.equal(withSignatures(signed!, [token], nowMs), null);
    t.same(withSignatures({ metadata: {}, data: {} }, [token], nowMs), null, 'nothing to sign');
    t.end();
  },
);
