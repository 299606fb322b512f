import { kindNamed, type ServedKind } from './discovery.js';
import type { ObjectName } from './page-route.js';

/** A document that somebody wants applied. */
export interface ApplyTarget {
  /** `Deployment shop/web`, as far as the document says it. */
  readonly title: string;
  readonly document: unknown;
  /** Where it goes; null: see the problem. */
  readonly target: ObjectName | null;
  /** '' when there is a target. */
  readonly problem: string;
}

interface Written {
  readonly apiVersion?: unknown;
  readonly kind?: unknown;
  readonly metadata?: { readonly name?: unknown; readonly namespace?: unknown };
  readonly items?: unknown;
}

/** Where documents go that the API is to have, in their order; lists are taken apart. `namespace` is of those that name none; '' is `default`. */
export function applyTargets(
  documents: readonly unknown[],
  { kinds, namespace }: { readonly kinds: readonly ServedKind[]; readonly namespace: string },
): readonly ApplyTarget[] {
  return documents
    .filter((document) => document !== null && document !== undefined)
    .flatMap(itemsOf)
    .map((document) => targetOf(document, { kinds, namespace: namespace || 'default' }));
}

function itemsOf(document: unknown): readonly unknown[] {
  const { kind, items } = document as Written;
  const isList = typeof kind === 'string' && kind.endsWith('List') && Array.isArray(items);
  return isList ? (items as readonly unknown[]) : [document];
}

function targetOf(
  document: unknown,
  of: { readonly kinds: readonly ServedKind[]; readonly namespace: string },
): ApplyTarget {
  const written = (typeof document === 'object' ? (document ?? {}) : {}) as Written;
  const kind = textOf(written.kind);
  const apiVersion = textOf(written.apiVersion);
  const name = textOf(written.metadata?.name);
  const served = kindNamed(of.kinds, { apiVersion, kind });
  const isNamespaced = served?.isNamespaced ?? false;
  const namespace = isNamespaced ? textOf(written.metadata?.namespace) || of.namespace : '';
  const title = [kind, namespace === '' ? name : `${namespace}/${name}`].filter(Boolean).join(' ');
  const problem = problemOf({ apiVersion, kind, name, isServed: served !== null });
  if (served === null || problem !== '') return { title, document, target: null, problem };
  const { group, resource } = served;
  const version = apiVersion.replace(/^.*\//, '');
  return { title, document, target: { group, version, resource, namespace, name }, problem };
}

function problemOf(of: {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly isServed: boolean;
}): string {
  if (of.apiVersion === '' || of.kind === '') return 'apiVersion and kind are missing';
  if (!of.isServed) return `${of.kind} of ${of.apiVersion} is not served`;
  return of.name === '' ? 'metadata.name is missing' : '';
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
