import { writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { extenderPosts } from '../../../src/cmd/scheduler/extender-posts.js';
import {
  type ExtenderConfiguration,
  parseConfiguration,
} from '../../../src/control/scheduler/index.js';
import { hostClock } from '../../../src/host/clock.js';
import { WebClient } from '../../../src/rpc/web-client.js';
import { ca, clientCert, clientKey, serverCert, serverKey } from '../../rpc/certificates.js';

const answers: http.RequestListener = async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const { method, url, headers } = request;
  if (url === '/never') return;
  response.writeHead(url === '/broken' ? 500 : 200);
  response.end(`${method} ${url} ${headers['content-type']} ${Buffer.concat(chunks)}`);
};

async function listen(t: Test, server: Server & { closeAllConnections(): void }): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}

function extenderOf(fields: object): ExtenderConfiguration {
  const document = {
    apiVersion: 'kubescheduler.config.k8s.io/v1',
    kind: 'KubeSchedulerConfiguration',
    extenders: [fields],
  };
  return parseConfiguration(JSON.stringify(document)).extenders[0] as ExtenderConfiguration;
}

async function post(t: Test, fields: object, url: string, timeoutMs = 60_000): Promise<string> {
  const client = new WebClient({ clock: hostClock });
  t.teardown(() => client.close());
  const extender = extenderOf(fields);
  const postOf = await extenderPosts([extender], client);
  const { signal } = new AbortController();
  const answer = await postOf(extender)({ url, body: Buffer.from('{}'), timeoutMs, signal });
  return `${answer.status} ${Buffer.from(answer.body)}`;
}

t.test('extenderPosts asks over HTTP', async (t) => {
  const base = `http://127.0.0.1:${await listen(t, http.createServer(answers))}`;
  t.equal(await post(t, {}, `${base}/filter`), '200 POST /filter application/json {}');
  t.match(await post(t, {}, `${base}/broken`), /^500 /);
  await t.rejects(post(t, {}, `${base}/never`, 50), /failed/, 'it waits so long and no longer');
});

t.test('extenderPosts asks over HTTPS, and trusts as it is told', async (t) => {
  const server = https.createServer(
    { cert: serverCert, key: serverKey, ca, requestCert: true, rejectUnauthorized: false },
    (_, response) => response.end(),
  );
  server.removeAllListeners('request');
  server.on('request', (request, response) => {
    const { authorized } = request.socket as unknown as { authorized: boolean };
    response.end(authorized ? 'known' : 'unknown');
  });
  const url = `https://127.0.0.1:${await listen(t, server)}/`;
  const folder = t.testdir({ 'key.pem': '' });
  writeFileSync(join(folder, 'key.pem'), clientKey);
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  await t.rejects(post(t, {}, url), /certificate/, 'it is known to nobody');
  t.equal(
    await post(t, { enableHTTPS: true }, url),
    '200 unknown',
    'no authority: any certificate',
  );
  t.equal(await post(t, { tlsConfig: { insecure: true } }, url), '200 unknown');
  const known = {
    ...{ caData: base64(ca), certData: base64(clientCert), keyFile: join(folder, 'key.pem') },
  };
  t.equal(await post(t, { enableHTTPS: true, tlsConfig: known }, url), '200 known');
  await t.rejects(
    post(t, { enableHTTPS: true, tlsConfig: { ...known, serverName: 'other.test' } }, url),
    /other\.test/,
  );
  await t.rejects(post(t, { urlPrefix: 'https://x', tlsConfig: { caFile: '/none' } }, url), {
    message: /^--config: extender "https:\/\/x": cannot read \/none: /,
  });
});
