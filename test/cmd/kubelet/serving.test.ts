import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { silentLogger } from '../../../src/base/logger.js';
import { Prng } from '../../../src/base/prng.js';
import { kubeletFlags } from '../../../src/cmd/kubelet/flags.js';
import {
  certificateFile,
  keepCertificate,
  keptCertificate,
} from '../../../src/cmd/kubelet/kept-certificate.js';
import { serveKubelet } from '../../../src/cmd/kubelet/serving.js';
import { kubeletSettings } from '../../../src/cmd/kubelet/settings.js';
import { parseFlags } from '../../../src/cmd/program/flags.js';
import { ProgramMetrics } from '../../../src/cmd/program/metrics.js';
import type { ControlClient } from '../../../src/control/client/index.js';
import type { KubeletView } from '../../../src/control/kubelet/kubelet-view.js';
import { makeCertificate } from '../../../src/host/certificate-maker.js';
import { hostClock } from '../../../src/host/clock.js';
import type { MachineIdentity } from '../../../src/host/machine.js';

/** A folder until the test ends. */
async function folder(t: Test): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'flotilla-serving-'));
  t.teardown(() => rm(dir, { recursive: true }));
  return dir;
}

async function serve(dir: string, ...more: readonly string[]) {
  const words = [`--root-dir=${dir}`, '--address=127.0.0.1', '--port=0', ...more];
  const flags = parseFlags('kubelet', kubeletFlags, words);
  const settings = kubeletSettings(flags, { hostname: 'n1', document: {} });
  return serveKubelet({
    ...{ flags, settings, clock: hostClock, prng: new Prng(1), logger: silentLogger },
    // Nobody is asked anything.
    client: {} as ControlClient,
    addresses: ['127.0.0.1'],
    metrics: new ProgramMetrics(hostClock),
  });
}

function statusOf(port: number, path: string, isTls: boolean): Promise<number> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path, agent: false, rejectUnauthorized: false };
    const request = (isTls ? https : http).get(options, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    request.on('error', reject);
  });
}

const view = {
  nodeName: 'n1',
  pods: () => [],
  health: () => null,
} as unknown as KubeletView;
const machine = { cpus: 1 } as MachineIdentity;

t.test('serveKubelet lets in nobody who proves nothing, unless it is told to', async (t) => {
  const dir = await folder(t);
  const closed = await serve(dir);
  t.teardown(() => closed.close());
  closed.show(view, machine);
  t.equal(await statusOf(closed.port, '/pods', true), 401);
  const open = await serve(dir, '--anonymous-auth', '--authorization-mode=AlwaysAllow');
  t.teardown(() => open.close());
  t.equal(await statusOf(open.port, '/pods', true), 503, 'before there is a kubelet to show');
  open.show(view, machine);
  t.equal(await statusOf(open.port, '/pods', true), 200);
  t.same(await readdir(join(dir, 'pki')), ['kubelet.crt', 'kubelet.key']);
});

t.test('serveKubelet refuses a mode of authorization that there is not', async (t) => {
  const dir = await folder(t);
  await t.rejects(serve(dir, '--authorization-mode=RBAC'), {
    message: '--authorization-mode: "RBAC" is neither Webhook nor AlwaysAllow',
  });
  await t.rejects(serve(dir, `--client-ca-file=${dir}/none`), { code: 'ENOENT' });
});

t.test('a certificate that the cluster has signed is kept until its time is over', async (t) => {
  const dir = join(await folder(t), 'pki');
  const nowMs = Date.now();
  const path = certificateFile(dir, 'server');
  t.equal(await keptCertificate(path, nowMs), null, 'there is none');
  const pair = await makeCertificate({
    ...{ commonName: 'n1', use: 'self-signed-server' },
    ...{ notBeforeMs: nowMs - 1000, notAfterMs: nowMs + 60_000 },
  });
  await keepCertificate(path, pair);
  t.same(await keptCertificate(path, nowMs), { cert: pair.cert, key: pair.key });
  t.equal(await keptCertificate(path, nowMs + 120_000), null);
  t.match(await readFile(join(dir, 'kubelet-server-current.pem'), 'utf8'), /PRIVATE KEY/);
});
