import type { JsonObject } from '../machinery/json.js';
import { amountsOf, type MetricsObject, windowText } from './metrics-objects.js';

const columns = [
  { name: 'Name', format: 'name', description: 'Name of the node or pod.' },
  { name: 'cpu', format: '', description: 'CPU that is used.' },
  { name: 'memory', format: '', description: 'Memory that is used.' },
  { name: 'Window', format: 'duration', description: 'Over how long it was measured.' },
].map((column): JsonObject => ({ ...column, type: 'string', priority: 0 }));

/** Objects as the table that `kubectl get` shows. `version` is that of meta.k8s.io. */
export function metricsTable(objects: readonly MetricsObject[], version: string): JsonObject {
  return {
    kind: 'Table',
    apiVersion: `meta.k8s.io/${version}`,
    metadata: {},
    columnDefinitions: columns,
    rows: objects.map(({ name, usage, document }) => {
      const { cpu, memory } = amountsOf(usage);
      return {
        cells: [name, cpu, memory, windowText(usage.windowMs)],
        object: {
          kind: 'PartialObjectMetadata',
          apiVersion: `meta.k8s.io/${version}`,
          metadata: document.metadata,
        },
      };
    }),
  };
}

/** The version of tables that an Accept header asks for before anything else; null: none. */
export function tableVersion(accept: string): string | null {
  for (const range of accept.split(',')) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    if (type !== 'application/json' && type !== '*/*' && type !== 'application/*') continue;
    const values = new Map(parameters.map((text): [string, string] => pairOf(text)));
    if (values.get('as') !== 'table') return null;
    const version = values.get('v') ?? '';
    const isKnown =
      values.get('g') === 'meta.k8s.io' && (version === 'v1' || version === 'v1beta1');
    if (isKnown) return version;
  }
  return null;
}

function pairOf(text: string): [string, string] {
  const at = text.indexOf('=');
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}
