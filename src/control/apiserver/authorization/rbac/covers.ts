import type { PolicyRule } from '../../../api/gen/rbac-v1.js';

/** The smallest piece of a rule: one verb on one resource of one group, of one name or of all; or one verb on one URL. */
interface Piece {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  /** Undefined: every name. */
  readonly name: string | undefined;
  readonly url: string | undefined;
}

/** What `wanted` allows and `held` does not, as rules that are as compact as they can be told; empty when all is held. */
export function missingRules(
  held: readonly PolicyRule[],
  wanted: readonly PolicyRule[],
): readonly PolicyRule[] {
  const missing = wanted
    .flatMap(pieces)
    .filter((piece) => !held.some((rule) => covers(rule, piece)));
  return compact(missing);
}

function pieces(rule: PolicyRule): Piece[] {
  const result: Piece[] = [];
  for (const verb of rule.verbs ?? []) {
    for (const url of rule.nonResourceURLs ?? [])
      result.push({ verb, group: '', resource: '', name: undefined, url });
    for (const group of rule.apiGroups ?? [])
      for (const resource of rule.resources ?? []) {
        const names = rule.resourceNames ?? [];
        for (const name of names.length === 0 ? [undefined] : names)
          result.push({ verb, group, resource, name, url: undefined });
      }
  }
  return result;
}

function covers(rule: PolicyRule, piece: Piece): boolean {
  if (!holds(rule.verbs, piece.verb)) return false;
  if (piece.url !== undefined) return (rule.nonResourceURLs ?? []).some(coversUrl(piece.url));
  const names = rule.resourceNames ?? [];
  return (
    holds(rule.apiGroups, piece.group) &&
    coversResource(rule.resources ?? [], piece.resource) &&
    (names.length === 0 || (piece.name !== undefined && names.includes(piece.name)))
  );
}

function holds(values: readonly string[] | undefined, wanted: string): boolean {
  return values?.some((value) => value === '*' || value === wanted) ?? false;
}

/** `*` before a slash covers that subresource of every resource. */
function coversResource(resources: readonly string[], wanted: string): boolean {
  const slash = wanted.indexOf('/');
  const ofAll = slash < 0 ? null : `*${wanted.slice(slash)}`;
  return resources.some((value) => value === '*' || value === wanted || value === ofAll);
}

function coversUrl(wanted: string): (url: string) => boolean {
  return (url) =>
    url === '*' || url === wanted || (url.endsWith('*') && wanted.startsWith(url.slice(0, -1)));
}

/** Joins the verbs of pieces that are otherwise the same. */
function compact(missing: readonly Piece[]): readonly PolicyRule[] {
  const rules = new Map<string, PolicyRule & { verbs: string[] }>();
  for (const { verb, group, resource, name, url } of missing) {
    const key = JSON.stringify([group, resource, name ?? null, url ?? null]);
    const known = rules.get(key);
    if (known !== undefined) {
      if (!known.verbs.includes(verb)) known.verbs.push(verb);
      continue;
    }
    const where =
      url === undefined
        ? {
            apiGroups: [group],
            resources: [resource],
            ...(name !== undefined && { resourceNames: [name] }),
          }
        : { nonResourceURLs: [url] };
    rules.set(key, { ...where, verbs: [verb] });
  }
  return [...rules.values()];
}
