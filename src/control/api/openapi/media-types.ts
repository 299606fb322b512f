import type { ApiOperation } from './operation.js';

const json = 'application/json';
const yaml = 'application/yaml';
const protobuf = 'application/vnd.kubernetes.protobuf';

/** The formats of an operation's answer. */
export function answerTypes({ content, path, kind }: ApiOperation): readonly string[] {
  if (content === 'any') return path.endsWith('/log') ? ['text/plain', json, yaml] : ['*/*'];
  if (content === 'json') return [json];
  const isStream = content === 'list';
  const formats = hasProtobuf(kind) ? [json, yaml, protobuf] : [json, yaml];
  if (!isStream) return formats;
  return [
    ...formats,
    ...formats.filter((type) => type !== yaml).map((type) => `${type};stream=watch`),
  ];
}

/** The formats of an operation's body. */
export function bodyTypes({ content, kind }: ApiOperation): readonly string[] {
  if (content !== 'patch') return hasProtobuf(kind) ? [json, yaml, protobuf] : [json, yaml];
  return [
    'application/apply-patch+yaml',
    'application/json-patch+json',
    'application/merge-patch+json',
    ...(hasProtobuf(kind) ? ['application/strategic-merge-patch+json'] : []),
  ];
}

/** Kinds of custom resources have no messages, and no rules for strategic merge patches. */
function hasProtobuf(kind: ApiOperation['kind']): boolean {
  return kind === null || !isCustomGroup(kind.group);
}

const ownGroups: ReadonlySet<string> = new Set(['', 'apps', 'autoscaling', 'batch', 'policy']);

/** Groups under k8s.io are protected: no custom resource is in them without an approval. */
function isCustomGroup(group: string): boolean {
  return !ownGroups.has(group) && !group.endsWith('.k8s.io');
}

/** The names in braces of a path, in order. */
export function parametersIn(path: string): readonly string[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
}
