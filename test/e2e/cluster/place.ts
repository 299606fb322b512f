import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pod } from '../../../src/control/api/gen/core-v1.js';
import type { ApiResource } from '../../../src/control/client/index.js';
import { resources } from '../../../src/control/client/index.js';
import type { KubeObject } from '../../../src/control/machinery/object.js';
import { until } from '../../client/until.js';
import type { Kubectl } from '../kubectl/kubectls.js';
import type { LiveCluster } from './live-cluster.js';

/** What a command printed, both streams together, and how it ended. */
export interface Printed {
  readonly text: string;
  readonly code: number | null;
}

const commandMsMax = 240_000;
const waitMsMax = 180_000;

/** A namespace of a scenario, with kubectl at work in it. */
export class Place {
  readonly cluster: LiveCluster;
  readonly namespace: string;
  readonly dir: string;
  readonly kubectlVersion: string;
  readonly #kubectl: Kubectl;

  constructor(
    cluster: LiveCluster,
    {
      namespace,
      dir,
      kubectl = cluster.kubectl,
    }: { readonly namespace: string; readonly dir: string; readonly kubectl?: Kubectl },
  ) {
    this.cluster = cluster;
    this.namespace = namespace;
    this.dir = dir;
    this.#kubectl = kubectl;
    this.kubectlVersion = kubectl.version;
  }

  /** The same place, with another kubectl at work in it. */
  with(kubectl: Kubectl): Place {
    return new Place(this.cluster, { namespace: this.namespace, dir: this.dir, kubectl });
  }

  /** Runs `kubectl`, its arguments in one line, in single quotes where they have spaces; rejects when it fails. Gives what it printed. */
  async kubectl(line: string, input?: string): Promise<string> {
    const { text, code } = await this.tryKubectl(line, input);
    if (code !== 0) throw new Error(`kubectl ${line}: exit code ${code}\n${text}`);
    return text;
  }

  /** Like {@link kubectl}, for commands that are to fail. */
  tryKubectl(line: string, input?: string): Promise<Printed> {
    const words = line.match(/(?:'[^']*'|[^\s'])+/g) ?? [];
    const args = words.map((word) => word.replaceAll("'", ''));
    const child = spawn(this.#kubectl.path, [`--namespace=${this.namespace}`, ...args], {
      cwd: this.dir,
      env: {
        PATH: process.env.PATH ?? '',
        // Shared, so that what the server has is asked for once.
        HOME: this.cluster.plane.dir,
        KUBECONFIG: this.cluster.plane.kubeconfig,
        LC_ALL: 'C',
        TZ: 'UTC',
      },
    });
    const timer = setTimeout(() => child.kill('SIGKILL'), commandMsMax);
    let text = '';
    const onText = (chunk: string) => {
      text += chunk;
    };
    child.stdout.setEncoding('utf8').on('data', onText);
    child.stderr.setEncoding('utf8').on('data', onText);
    child.stdin.on('error', () => undefined);
    child.stdin.end(input ?? '');
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => {
        clearTimeout(timer);
        resolve({ text: text.trimEnd(), code });
      });
    });
  }

  /** Applies objects. */
  async apply(...objects: readonly object[]): Promise<string> {
    const items = { apiVersion: 'v1', kind: 'List', items: objects };
    return this.kubectl('apply -f -', JSON.stringify(items));
  }

  /** Writes a file into the scenario's folder and gives its path. */
  async file(name: string, text: string): Promise<string> {
    const path = join(this.dir, name);
    await writeFile(path, text);
    return path;
  }

  /** A kubeconfig, written into the scenario's folder, that names the server and nobody who asks. */
  anonymous(): Promise<string> {
    const server = this.cluster.plane.url;
    return this.file(
      'anonymous.kubeconfig',
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Config',
        clusters: [{ name: 'test', cluster: { server, 'insecure-skip-tls-verify': true } }],
        contexts: [{ name: 'test', context: { cluster: 'test', user: '' } }],
        'current-context': 'test',
      }),
    );
  }

  /** The object of a name here; rejects when it is not there. */
  get<T extends KubeObject>(resource: ApiResource<T>, name: string): Promise<T> {
    return this.cluster.client.objects(resource).get({ namespace: this.namespace, name });
  }

  /** The objects here, by name. */
  async list<T extends KubeObject>(
    resource: ApiResource<T>,
    labelSelector?: string,
  ): Promise<readonly T[]> {
    const selection = labelSelector === undefined ? {} : { labelSelector };
    const client = this.cluster.client.objects(resource);
    const { items } = await client.list({ namespace: this.namespace, ...selection });
    return items;
  }

  pods(labelSelector?: string): Promise<readonly Pod[]> {
    return this.list(resources.pods, labelSelector);
  }

  /** Waits until the pods here are as they should; gives them. */
  async untilPods(
    what: string,
    condition: (pods: readonly Pod[]) => boolean,
    labelSelector?: string,
  ): Promise<readonly Pod[]> {
    let seen: readonly Pod[] = [];
    try {
      await this.until(what, async () => {
        seen = await this.pods(labelSelector);
        return condition(seen);
      });
    } catch (error) {
      throw new Error(`${error}; the pods: ${seen.map(summary).join(', ')}`);
    }
    return seen;
  }

  /** Waits on a condition, as long as a busy machine may need. */
  until<T>(what: string, condition: () => Promise<T>): Promise<NonNullable<T>> {
    return until(`${this.namespace}: ${what}`, condition, waitMsMax);
  }

  /** Waits until a command prints what it should; gives all of it. */
  async untilPrinted(line: string, wanted: RegExp): Promise<string> {
    let last = '';
    try {
      return await this.until(`kubectl ${line}`, async () => {
        last = (await this.tryKubectl(line)).text;
        return wanted.test(last) ? last : '';
      });
    } catch (error) {
      throw new Error(`${error}; wanted ${wanted}, the last output was:\n${last}`);
    }
  }
}

function summary({ metadata, spec, status }: Pod): string {
  return `${metadata?.name} ${status?.phase} on ${spec?.nodeName ?? 'no node'}`;
}
