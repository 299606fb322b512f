import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startTestEnv, type TestEnv } from '../../../src/cmd/testenv/index.js';
import { resources } from '../../../src/control/client/index.js';

const run = promisify(execFile);

/** Where the tests' objects are. */
export const namespace = 'shop';
/** Text that would run where somebody took it for markup. */
export const markup = '<img src=x onerror="alert(1)"><script>alert(2)</script>';

/** An API server with its store, stock kubectl, and who may do what. */
export class DashboardCluster {
  readonly env: TestEnv;
  /** May do everything. */
  readonly adminToken: string;
  /** May look at what is in the namespace, and at nothing else. */
  readonly viewerToken: string;
  readonly #kubectlPath: string;

  private constructor(
    env: TestEnv,
    kubectlPath: string,
    tokens: { readonly admin: string; readonly viewer: string },
  ) {
    this.env = env;
    this.#kubectlPath = kubectlPath;
    this.adminToken = tokens.admin;
    this.viewerToken = tokens.viewer;
  }

  static async start(kubectlPath: string): Promise<DashboardCluster> {
    const apiServerFlags = ['--kubelet-preferred-address-types=InternalIP'];
    const env = await startTestEnv({ apiServerFlags });
    try {
      const admin = /token: (\S+)/.exec(await readFile(env.kubeconfig, 'utf8'))?.[1] ?? '';
      await makeObjects(env);
      const started = new DashboardCluster(env, kubectlPath, { admin, viewer: '' });
      const binding = ['--clusterrole=view', `--serviceaccount=${namespace}:viewer`];
      await started.kubectl('create', 'rolebinding', 'viewer', ...binding);
      const viewer = await started.kubectl('create', 'token', 'viewer');
      return new DashboardCluster(env, kubectlPath, { admin, viewer: viewer.trim() });
    } catch (error) {
      await env.close();
      throw error;
    }
  }

  /** What kubectl prints, in the namespace. */
  async kubectl(...args: readonly string[]): Promise<string> {
    const common = [`--kubeconfig=${this.env.kubeconfig}`, `--namespace=${namespace}`];
    const { stdout } = await run(this.#kubectlPath, [...common, ...args]);
    return stdout;
  }

  /** A field of an object as kubectl prints it. */
  field(object: string, path: string): Promise<string> {
    return this.kubectl('get', object, '-o', `jsonpath={${path}}`);
  }

  /** Makes an empty file in the environment's folder. */
  async touch(name: string): Promise<void> {
    await writeFile(join(this.env.dir, name), '');
  }

  close(): Promise<void> {
    return this.env.close();
  }
}

async function makeObjects({ client }: TestEnv): Promise<void> {
  await client.objects(resources.namespaces).create({ metadata: { name: namespace } });
  await client
    .objects(resources.serviceAccounts)
    .create({ metadata: { name: 'viewer', namespace } });
  await client.objects(resources.deployments).create({
    metadata: { name: 'web', namespace, annotations: { note: markup } },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: { containers: [{ name: 'web', image: 'web' }] },
      },
    },
  });
  await client.objects(resources.configMaps).create({
    metadata: { name: 'greeting', namespace },
    data: { text: markup },
  });
}
