import { join } from 'node:path';
import { until } from '../../client/until.js';
import { projectDir } from '../project.js';
import { deadlineMs, type WholeCluster } from './whole-cluster.js';

const namespace = 'noticeboard';
const nodePort = 30_080;
const askMs = 10_000;

/** What a server answers with success; empty when it does not, or not all of it comes. */
export async function textOf(asking: Promise<Response>): Promise<string> {
  try {
    const answer = await asking;
    return answer.ok ? await answer.text() : '';
  } catch {
    return '';
  }
}

/** The example application on a cluster. */
export class Noticeboard {
  readonly #cluster: WholeCluster;

  constructor(cluster: WholeCluster) {
    this.#cluster = cluster;
  }

  /** Applies it, and resolves once all of it is there. */
  async apply(): Promise<void> {
    await this.#cluster.kubectl('apply', '-f', join(projectDir, 'examples/noticeboard'));
    await this.untilReady();
  }

  async untilReady(): Promise<void> {
    for (const name of ['statefulset/store', 'deploy/api', 'deploy/web', 'deploy/worker']) {
      const args = ['rollout', 'status', name, `--timeout=${deadlineMs / 1000}s`];
      // The API server may just be killed.
      await this.#cluster.untilShown(
        /successfully|complete|up to date|roll out/,
        '-n',
        namespace,
        ...args,
      );
    }
  }

  /** From now on nothing makes or removes pods by itself: for those who compare what runs with what ran. */
  async keepScale(): Promise<void> {
    await this.kubectl('delete', 'hpa', 'web');
    await this.untilReady();
    const leaving = 'jsonpath=[{.items[*].metadata.deletionTimestamp}]';
    const pods = ['get', 'pods', '-l', 'app!=reminder', '-o', leaving];
    await this.#cluster.untilShown(/^\[\]$/, '-n', namespace, ...pods);
  }

  /** kubectl in the application's namespace. */
  kubectl(...args: readonly string[]): Promise<string> {
    return this.#cluster.kubectl('-n', namespace, ...args);
  }

  /** The address of a node. */
  async nodeAddress(node: string): Promise<string> {
    const path = 'jsonpath={.status.addresses[?(@.type=="InternalIP")].address}';
    return this.#cluster.kubectl('get', 'node', node, '-o', path);
  }

  /** Pins a note by the port of a node, and resolves once the page shows it. */
  async pin(node: string, note: string): Promise<void> {
    const url = `http://${await this.nodeAddress(node)}:${nodePort}/cgi-bin/board`;
    await until(
      `a note by ${node}`,
      async () => {
        const body = new URLSearchParams({ note });
        const signal = AbortSignal.timeout(askMs);
        // The answer leads to the page, which has the note.
        const page = await textOf(fetch(url, { method: 'POST', body, signal }));
        return page.includes(`<li>${note}</li>`);
      },
      deadlineMs,
    );
  }

  /** The page as a node's port shows it. Empty when it does not. */
  async page(node: string): Promise<string> {
    const url = `http://${await this.nodeAddress(node)}:${nodePort}/cgi-bin/board`;
    return textOf(fetch(url, { signal: AbortSignal.timeout(askMs) }));
  }

  /** Who runs: each container's id with how often it was started again, by pod. */
  async containers(): Promise<Readonly<Record<string, string>>> {
    const fields =
      '{.metadata.name}{" "}{range .status.containerStatuses[*]}{.containerID}{"/"}{.restartCount}{","}{end}';
    const text = await this.#cluster.untilShown(
      /store-0/,
      ...['-n', namespace, 'get', 'pods', '-l', 'app!=reminder'],
      ...['-o', `jsonpath={range .items[*]}${fields}{"\\n"}{end}`],
    );
    const rows = text.split('\n').filter((line) => line !== '');
    return Object.fromEntries(rows.map((line) => line.split(' ', 2) as [string, string]));
  }
}
