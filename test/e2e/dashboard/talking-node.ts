import { join } from 'node:path';
import type { TestEnv } from '../../../src/cmd/testenv/index.js';
import { resources } from '../../../src/control/client/index.js';
import { until } from '../../client/until.js';
import { ManagerProcess } from '../manager-process.js';
import { patienceMs } from './browser.js';

/** The node's name. */
export const nodeName = 'talking';

/** A kubelet that runs plain processes, without root: enough for logs. */
export class TalkingNode {
  readonly #env: TestEnv;
  readonly #kubelet: ManagerProcess;

  constructor(env: TestEnv) {
    this.#env = env;
    const dir = join(env.dir, 'node');
    this.#kubelet = new ManagerProcess('kubelet', 'kubelet', [
      `--kubeconfig=${env.kubeconfig}`,
      '--process-isolation=false',
      '--process-missing-images=host',
      `--process-runtime-dir=${join(dir, 'runtime')}`,
      `--root-dir=${join(dir, 'kubelet')}`,
      `--pod-logs-dir=${join(dir, 'logs')}`,
      `--hostname-override=${nodeName}`,
      '--node-ip=127.0.0.1',
      '--address=127.0.0.1',
      '--port=0',
      '--healthz-port=0',
      '--anonymous-auth=true',
      '--authorization-mode=AlwaysAllow',
      '--eviction-hard=memory.available<1Mi',
    ]);
  }

  /** Deletes its pods, so that nothing of them is left running, and stops. */
  async close(): Promise<void> {
    const pods = this.#env.client.objects(resources.pods);
    const own = () => pods.list({ fieldSelector: `spec.nodeName=${nodeName}` });
    for (const { metadata } of (await own()).items) {
      const { name = '', namespace = '' } = metadata ?? {};
      // With some grace, so that the pod is there until the kubelet has ended it.
      await pods.delete({ name, namespace }, { gracePeriodSeconds: 1 });
    }
    const isEmpty = async () => (await own()).items.length === 0;
    await until('the pods of the node are gone', isEmpty, patienceMs);
    this.#kubelet.signal('SIGTERM');
    await this.#kubelet.exit;
  }
}
