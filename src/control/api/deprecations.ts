import { apiVersionOf, type GroupVersionKind } from '../machinery/object.js';

/** Since when a kind is deprecated, and what takes its place. None of them has a release in which it goes. */
interface Deprecation {
  readonly since: string;
  readonly replacement: string;
}

const deprecations: ReadonlyMap<string, Deprecation> = new Map([
  ['v1 ComponentStatus', { since: 'v1.19+', replacement: '' }],
  ['v1 Endpoints', { since: 'v1.33+', replacement: 'discovery.k8s.io/v1 EndpointSlice' }],
]);

/** What clients of a built-in kind are warned of; undefined when it is not deprecated. */
export function deprecationWarningOf(kind: GroupVersionKind): string | undefined {
  const name = `${apiVersionOf(kind)} ${kind.kind}`;
  const deprecation = deprecations.get(name);
  if (deprecation === undefined) return undefined;
  const { since, replacement } = deprecation;
  return `${name} is deprecated in ${since}${replacement === '' ? '' : `; use ${replacement}`}`;
}
