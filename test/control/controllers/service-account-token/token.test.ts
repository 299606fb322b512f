import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { startTestEnv } from '../../../../src/cmd/testenv/index.js';
import type { SelfSubjectReview } from '../../../../src/control/api/gen/authentication-v1.js';
import type { Secret, ServiceAccount } from '../../../../src/control/api/gen/core-v1.js';
import {
  apiResource,
  connectRest,
  readKubeconfig,
  resources,
} from '../../../../src/control/client/index.js';
import { serviceAccountTokenDefinition } from '../../../../src/control/controllers/service-account-token/definition.js';
import {
  base64,
  planSecret,
} from '../../../../src/control/controllers/service-account-token/plan.js';
import { StatusError } from '../../../../src/control/machinery/status.js';
import { hostClock } from '../../../../src/host/clock.js';
import { eventually, startControllers } from '../batch-env.js';

const selfReviews = apiResource<SelfSubjectReview>(
  'authentication.k8s.io/v1',
  'selfsubjectreviews',
  'SelfSubjectReview',
  'cluster',
);

const account: ServiceAccount = { metadata: { name: 'a', namespace: 'n', uid: 'u1' } };

function secret(annotations: Record<string, string>, data: Record<string, string> = {}): Secret {
  return {
    metadata: {
      ...{ name: 's', namespace: 'n' },
      annotations: { 'kubernetes.io/service-account.name': 'a', ...annotations },
    },
    type: 'kubernetes.io/service-account-token',
    data,
  };
}

t.test('planSecret: what is missing is filled, and what belongs to nobody goes', async (t) => {
  const own = { 'kubernetes.io/service-account.uid': 'u1' };
  const full = { 'ca.crt': base64('CA'), namespace: base64('n'), token: base64('T') };
  t.same(planSecret(secret(own, full), account, 'CA'), { kind: 'none' });
  t.match(planSecret(secret({}), account, 'CA'), {
    ...{ kind: 'fill', needsToken: true },
    secret: {
      metadata: { annotations: own },
      data: { 'ca.crt': base64('CA'), namespace: base64('n') },
    },
  });
  t.match(planSecret(secret(own, full), account, 'other'), { kind: 'fill', needsToken: false });
  t.same(planSecret(secret(own, full), account, null), { kind: 'none' });
  t.same(planSecret(secret(own), undefined, null), { kind: 'delete' });
  t.same(planSecret(secret({ 'kubernetes.io/service-account.uid': 'u0' }), account, null), {
    kind: 'delete',
  });
  t.same(planSecret({ ...secret(own), type: 'Opaque' }, account, null), { kind: 'none' });
});

t.test(
  'ServiceAccountTokenController: the server believes the tokens, until the account is gone',
  async (t) => {
    const dir = await mkdtemp(join(tmpdir(), 'flotilla-tokens-'));
    t.teardown(() => rm(dir, { recursive: true, force: true }));
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const keyFile = join(dir, 'key.pem');
    await writeFile(keyFile, pem);
    const env = await startTestEnv({
      apiServerFlags: [`--service-account-signing-key-file=${keyFile}`],
    });
    t.teardown(() => env.close());
    const { client } = env;
    const flags = new Map([['service-account-private-key-file', pem]]);
    const controllers = startControllers(client, [serviceAccountTokenDefinition], flags);
    t.teardown(() => controllers.stop());
    const namespace = 'default';
    const secrets = client.objects(resources.secrets);
    await client
      .objects(resources.serviceAccounts)
      .create({ metadata: { name: 'bot', namespace } });
    await secrets.create({
      metadata: {
        ...{ name: 'bot-token', namespace },
        annotations: { 'kubernetes.io/service-account.name': 'bot' },
      },
      type: 'kubernetes.io/service-account-token',
    });
    const filled = await eventually(
      t,
      'a token',
      () => secrets.get({ namespace, name: 'bot-token' }),
      ({ data }) => data?.token !== undefined,
    );
    t.equal(filled.data?.namespace, base64(namespace));
    const token = Buffer.from(filled.data?.token ?? '', 'base64').toString('utf8');
    const access = await readKubeconfig(env.kubeconfig);
    const bot = connectRest(
      { ...access, authorization: () => Promise.resolve(`Bearer ${token}`) },
      { clock: hostClock, userAgent: 'test' },
    );
    t.teardown(() => bot.close());
    // The server looks at what it remembers, which may be a moment old.
    const review = await eventually(
      t,
      'the server knows the token',
      () =>
        bot
          .objects(selfReviews)
          .create({ metadata: {} })
          .catch((error: unknown) => {
            if (error instanceof StatusError && error.code === 401) return null;
            throw error;
          }),
      (answer) => answer !== null,
    );
    t.equal(review?.status?.userInfo?.username, 'system:serviceaccount:default:bot');
    await client.objects(resources.serviceAccounts).delete({ namespace, name: 'bot' });
    await eventually(
      t,
      'no secret',
      () => secrets.get({ namespace, name: 'bot-token' }).catch((error: unknown) => error),
      (answer) => answer instanceof StatusError && answer.reason === 'NotFound',
    );
  },
);
