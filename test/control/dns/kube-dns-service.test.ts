import t from 'tap';
import { silentLogger } from '../../../src/base/logger.js';
import { startTestEnv } from '../../../src/cmd/testenv/index.js';
import {
  ControlClient,
  RestTransport,
  readKubeconfig,
  resources,
  UnreachableError,
} from '../../../src/control/client/index.js';
import type { ApiCall, CallControl } from '../../../src/control/client/transport.js';
import { untilKubeDns } from '../../../src/control/dns/index.js';
import { StatusError } from '../../../src/control/machinery/status.js';
import { forbidden } from '../../../src/control/machinery/status-errors.js';
import { hostClock } from '../../../src/host/clock.js';
import { entropyPrng } from '../../../src/host/entropy.js';

const refusal = forbidden({ group: '', resource: 'services' }, 'kube-dns', 'not loaded yet');

/** The first requests fail as those to a server that starts do. */
class StartingTransport extends RestTransport {
  readonly failures: Error[] = [refusal, new UnreachableError('connection refused'), refusal];

  override async call(call: ApiCall, control?: CallControl) {
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure;
    return await super.call(call, control);
  }
}

t.test('untilKubeDns', async (t) => {
  const env = await startTestEnv();
  t.teardown(() => env.close());
  const access = await readKubeconfig(env.kubeconfig);
  const transport = new StartingTransport({ access, clock: hostClock, userAgent: 'test' });
  const client = new ControlClient(transport, { clock: hostClock });
  t.teardown(() => client.close());
  const parts = { clock: hostClock, prng: entropyPrng(), logger: silentLogger };
  const { signal } = new AbortController();
  const servers = [{ host: '192.0.2.1', port: 53 }];

  t.test('goes on when the API server refuses it at first', async (t) => {
    await untilKubeDns(client, { clusterIp: '10.0.0.10', servers }, parts, signal);
    t.same(transport.failures, []);
    const made = await env.client
      .objects(resources.services)
      .get({ namespace: 'kube-system', name: 'kube-dns' });
    t.equal(made.spec?.clusterIP, '10.0.0.10');
  });

  t.test('rejects when the Service cannot be so', async (t) => {
    const asked = untilKubeDns(client, { clusterIp: '192.0.2.7', servers }, parts, signal);
    const error = await asked.then(
      () => null,
      (error: unknown) => error,
    );
    t.ok(error instanceof StatusError);
    t.match(error, { reason: 'Invalid', message: /may not change once set/ });
  });
});
