import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { silentLogger } from '../../../src/base/logger.js';
import { Prng } from '../../../src/base/prng.js';
import { bootstrapKubeconfig, RotatedAccess } from '../../../src/cmd/kubelet/client-certificate.js';
import { certificateFile } from '../../../src/cmd/kubelet/kept-certificate.js';
import {
  apiResource,
  connectRest,
  readKubeconfig,
  resources,
} from '../../../src/control/client/index.js';
import { certificateApprovingDefinition } from '../../../src/control/controllers/certificate-approving/definition.js';
import { certificateSigningDefinition } from '../../../src/control/controllers/certificate-signing/definition.js';
import { makeCertificate } from '../../../src/host/certificate-maker.js';
import { hostClock } from '../../../src/host/clock.js';
import { eventually, startControllers, testEnv } from '../../control/controllers/cluster-env.js';

const hourMs = 3_600_000;
const bindings = apiResource<never>(
  'rbac.authorization.k8s.io/v1',
  'clusterrolebindings',
  'ClusterRoleBinding',
  'cluster',
);

t.test(
  'a kubelet is given a client certificate, and the next one before its time is over',
  async (t) => {
    const dir = t.testdir({ 'ca.crt': '' });
    const nowMs = Date.now();
    const during = { notBeforeMs: nowMs - hourMs, notAfterMs: nowMs + 24 * hourMs };
    const authority = await makeCertificate({ commonName: 'ca', use: 'authority', ...during });
    writeFileSync(join(dir, 'ca.crt'), authority.cert);
    const env = await testEnv(t, [
      `--client-ca-file=${join(dir, 'ca.crt')}`,
      '--authorization-mode=Node',
    ]);
    startControllers(
      t,
      env,
      [certificateApprovingDefinition, certificateSigningDefinition],
      new Map([
        ['cluster-signing-cert-file', authority.cert],
        ['cluster-signing-key-file', authority.key],
      ]),
    );
    const metadata = { name: 'nodes-renew' };
    await env.client.objects(bindings).create({
      metadata,
      subjects: [{ kind: 'Group', name: 'system:nodes', apiGroup: 'rbac.authorization.k8s.io' }],
      roleRef: {
        ...{ kind: 'ClusterRole', apiGroup: 'rbac.authorization.k8s.io' },
        name: 'system:certificates.k8s.io:certificatesigningrequests:selfnodeclient',
      },
    } as never);
    const folder = join(dir, 'pki');
    const kubeconfig = join(dir, 'conf', 'kubelet.kubeconfig');
    const parts = {
      ...{ clock: hostClock, prng: new Prng(1), logger: silentLogger, nodeName: 'n1', folder },
    };
    const stop = new AbortController();
    t.teardown(() => stop.abort());
    const bootstrap = env.kubeconfig;
    await bootstrapKubeconfig({ kubeconfig, bootstrap }, parts, stop.signal);
    const first = readFileSync(certificateFile(folder, 'client'), 'utf8');
    t.equal(new X509Certificate(first).subject, 'O=system:nodes\nCN=system:node:n1');

    // What is good is left alone: nobody is asked.
    await bootstrapKubeconfig({ kubeconfig, bootstrap: join(dir, 'none') }, parts, stop.signal);

    const given = await readKubeconfig(kubeconfig);
    const access = await RotatedAccess.open(given, parts);
    t.equal(access.server, env.url);
    const client = connectRest(access, { clock: hostClock, userAgent: 'test' });
    t.teardown(() => client.close());
    const requests = client.objects(resources.certificateSigningRequests);
    const known = (await env.client.objects(resources.certificateSigningRequests).list()).items;
    t.equal(known.length, 1);

    // One that is nearly over is replaced at once, by the node itself.
    const old = await makeCertificate(
      {
        ...{ commonName: 'system:node:n1', organizations: ['system:nodes'], use: 'client' },
        ...{ notBeforeMs: nowMs - 20 * hourMs, notAfterMs: nowMs + hourMs },
      },
      authority,
    );
    writeFileSync(certificateFile(folder, 'client'), old.cert + old.key);
    const later = await RotatedAccess.open(given, parts);
    t.equal(later.tls.cert, old.cert, 'what is kept counts before the kubeconfig');
    const node = connectRest(later, { clock: hostClock, userAgent: 'test' });
    t.teardown(() => node.close());
    const running = later.rotate(node, stop.signal);
    await eventually(
      'the certificate is replaced',
      () => later.tls.cert,
      (cert) => cert !== old.cert,
    );
    t.equal(new X509Certificate(later.tls.cert ?? '').subject, 'O=system:nodes\nCN=system:node:n1');
    t.ok(new X509Certificate(later.tls.cert ?? '').checkPrivateKey, 'with its key');
    await requests.get({ name: known[0]?.metadata.name ?? '' });
    const kept = readFileSync(certificateFile(folder, 'client'), 'utf8');
    t.ok(kept.includes((later.tls.cert ?? '').trim()), 'and kept');
    stop.abort();
    await running;

    await t.rejects(
      bootstrapKubeconfig({ kubeconfig: '', bootstrap }, parts, stop.signal),
      /needs --kubeconfig/,
    );
    const admin = await readKubeconfig(env.kubeconfig);
    if (admin.tls.cert === undefined)
      await t.rejects(
        RotatedAccess.open(admin, parts),
        /needs a --kubeconfig with a client certificate/,
      );
    t.ok(existsSync(kubeconfig));
  },
);
