import https from 'node:https';
import type { AddressInfo } from 'node:net';
import t, { type Test } from 'tap';
import { makeSelfSigned } from '../../../../src/cmd/apiserver/self-signed.js';
import type { TokenReview } from '../../../../src/control/api/gen/authentication-v1.js';
import { webPoster } from '../../../../src/control/apiserver/admission/webhooks/web-poster.js';
import { WebhookCredentials } from '../../../../src/control/apiserver/admission/webhooks/webhook-credentials.js';
import {
  readWebhookKubeconfig,
  webhookReviewer,
} from '../../../../src/control/apiserver/authentication/webhook-kubeconfig.js';
import { WebhookTokenAuthenticator } from '../../../../src/control/apiserver/authentication/webhook-token.js';
import { hostClock } from '../../../../src/host/clock.js';
import { WebClient } from '../../../../src/rpc/web-client.js';

/** A server of webhooks over TLS; `answer` gets path, authorization and body. */
async function serve(
  t: Test,
  answer: (asked: {
    path: string;
    authorization: string;
    body: unknown;
  }) => { status?: number; body: unknown } | null,
): Promise<{ port: number; ca: string; client: WebClient }> {
  const { cert, key } = await makeSelfSigned(['localhost', '127.0.0.1', 'hook.n.svc'], Date.now());
  const server = https.createServer({ cert, key }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const reply = answer({
        path: request.url ?? '',
        authorization: request.headers.authorization ?? '',
        body: JSON.parse(Buffer.concat(chunks).toString()),
      });
      if (reply === null) return; // Never answered.
      response.writeHead(reply.status ?? 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(reply.body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = new WebClient({ clock: hostClock });
  t.teardown(() => {
    client.close();
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, ca: cert, client };
}

t.test('WebhookTokenAuthenticator asks the server of a kubeconfig', async (t) => {
  const { port, ca, client } = await serve(t, ({ body, authorization, path }) => {
    const review = body as TokenReview;
    t.equal(authorization, 'Bearer own');
    t.equal(path, '/authn');
    const token = review.spec?.token;
    if (token === 'good')
      return {
        body: {
          ...review,
          status: { authenticated: true, user: { username: 'jane', groups: ['dev'] } },
        },
      };
    if (token === 'other')
      return {
        body: {
          ...review,
          status: { authenticated: true, user: { username: 'jane' }, audiences: ['elsewhere'] },
        },
      };
    if (token === 'broken') return { status: 500, body: {} };
    return { body: { ...review, status: { error: token === 'expired' ? 'too old' : '' } } };
  });
  const kubeconfig = `
current-context: c
contexts: [{ name: c, context: { cluster: k, user: u } }]
clusters: [{ name: k, cluster: { server: 'https://127.0.0.1:${port}/authn', certificate-authority: ca.pem } }]
users: [{ name: u, user: { token: own } }]
`;
  const target = await readWebhookKubeconfig(kubeconfig, async (path) => {
    t.equal(path, 'ca.pem');
    return ca;
  });
  const authenticator = new WebhookTokenAuthenticator(webhookReviewer(client, target));
  const identity = await authenticator.authenticateToken('good', ['api']);
  t.same(identity, {
    user: { name: 'jane', uid: '', groups: ['dev'], extra: {} },
    audiences: ['api'],
  });
  t.equal(await authenticator.authenticateToken('unknown', []), null);
  t.equal(await authenticator.authenticateToken('other', ['api']), null, 'for another audience');
  await t.rejects(authenticator.authenticateToken('expired', []), {
    name: 'TokenError',
    message: 'too old',
  });
  await t.rejects(authenticator.authenticateToken('broken', []), {
    name: 'TokenError',
    message: 'the token webhook did not answer',
  });
  const untrusted = new WebhookTokenAuthenticator(
    webhookReviewer(client, { ...target, caPem: '' }),
  );
  await t.rejects(
    untrusted.authenticateToken('good', []),
    { name: 'TokenError' },
    'a server that nobody vouches for',
  );
});

t.test('readWebhookKubeconfig says what is missing', async (t) => {
  const read = (text: string) =>
    readWebhookKubeconfig(text, () => Promise.reject(new Error('no file')));
  await t.rejects(read('[]'), { name: 'WebhookKubeconfigError' });
  await t.rejects(read('current-context: c'), /no contexts entry "c"/);
  await t.rejects(
    read('{ current-context: c, contexts: [{ name: c, context: { cluster: k } }] }'),
    /no clusters entry "k"/,
  );
  await t.rejects(
    read(
      '{ current-context: c, contexts: [{ name: c, context: { cluster: k } }], clusters: [{ name: k, cluster: {} }] }',
    ),
    /has no server/,
  );
});

t.test(
  'webPoster posts over verified TLS by the name of the service, and gives up in time',
  async (t) => {
    let isSilent = false;
    const { port, ca, client } = await serve(t, ({ body, path, authorization }) =>
      isSilent ? null : { body: { path, body, authorization } },
    );
    const kubeconfig = JSON.stringify({ users: [{ name: 'hook.n.svc', user: { token: 't' } }] });
    const post = webPoster(
      client,
      await WebhookCredentials.parse(kubeconfig, (path) => Promise.reject(new Error(path))),
    );
    const question = {
      url: `https://127.0.0.1:${port}/hook`,
      body: Buffer.from('{"a":1}'),
      caPem: ca,
      serverName: 'hook.n.svc',
      credentialsFor: 'hook.n.svc:443',
      timeoutMs: 10_000,
      signal: new AbortController().signal,
    };
    const reply = await post(question);
    t.same(JSON.parse(Buffer.from(reply.body).toString()), {
      ...{ path: '/hook', body: { a: 1 } },
      authorization: 'Bearer t',
    });
    const nobody = await post({ ...question, credentialsFor: 'other.n.svc:443' });
    t.equal(JSON.parse(Buffer.from(nobody.body).toString()).authorization, '');
    await t.rejects(
      post({ ...question, serverName: 'other.n.svc' }),
      { name: 'WebClientError' },
      'a certificate of somebody else',
    );
    await t.rejects(post({ ...question, caPem: '' }), { name: 'WebClientError' });
    isSilent = true;
    await t.rejects(post({ ...question, timeoutMs: 50 }), { name: 'WebClientError' });
  },
);
