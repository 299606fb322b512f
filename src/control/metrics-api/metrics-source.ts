import type { Node, Pod } from '../api/gen/core-v1.js';
import { type Lister, namespaceIndex } from '../client/index.js';
import { type MetricsObject, nodeMetrics, podMetrics } from './metrics-objects.js';
import type { UsageBook } from './usage-book.js';

/** What metrics are made of. */
export interface MetricsSourceParts {
  readonly nodes: Lister<Node>;
  readonly pods: Lister<Pod>;
  readonly book: UsageBook;
  /** Wall-clock milliseconds. */
  readonly now: () => number;
}

/** The metrics of nodes and pods, as far as they are known. */
export class MetricsSource {
  readonly #parts: MetricsSourceParts;

  constructor(parts: MetricsSourceParts) {
    this.#parts = parts;
  }

  /** By name. */
  nodes(): readonly MetricsObject[] {
    return sorted([...this.#parts.nodes.all()].flatMap((node) => this.#ofNode(node) ?? []));
  }

  /** Of a namespace, or of all with ''; by namespace and name. */
  pods(namespace: string): readonly MetricsObject[] {
    const { pods: lister } = this.#parts;
    const pods = namespace === '' ? [...lister.all()] : lister.byIndex(namespaceIndex, namespace);
    return sorted(pods.flatMap((pod) => this.#ofPod(pod) ?? []));
  }

  node(name: string): MetricsObject | null {
    const node = this.#parts.nodes.get('', name);
    return node === undefined ? null : this.#ofNode(node);
  }

  pod(namespace: string, name: string): MetricsObject | null {
    const pod = this.#parts.pods.get(namespace, name);
    return pod === undefined ? null : this.#ofPod(pod);
  }

  #ofNode(node: Node): MetricsObject | null {
    const { book, now } = this.#parts;
    const usage = book.node(node.metadata.name ?? '');
    return usage === null ? null : nodeMetrics(node, usage, now());
  }

  #ofPod(pod: Pod): MetricsObject | null {
    const { book, now } = this.#parts;
    const { namespace = '', name = '' } = pod.metadata;
    const containers = book.pod(pod.spec?.nodeName ?? '', namespace, name);
    return containers === null || containers.length === 0
      ? null
      : podMetrics(pod, containers, now());
  }
}

function sorted(objects: readonly MetricsObject[]): readonly MetricsObject[] {
  const key = ({ namespace, name }: MetricsObject) => `${namespace}/${name}`;
  return [...objects].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}
